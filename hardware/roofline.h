#ifndef HARDWARE_ROOFLINE_H
#define HARDWARE_ROOFLINE_H
#include "base/op.h"
#include "hardware/gpu.h"

/* Seconds of one kernel on one GPU, at the benchmark's clocks, without the stack's own overheads.
 * Pure functions; dimensions are element counts > 0 (a dimension of 0 costs 0). */

/* GEMM of datatype `dtype` (inputs of dtype_bytes each, output g->output_bytes). The
 * weight-gradient pass reads and writes an fp32 output when g->accumulate. Excludes quantisation:
 * see quantise_s. */
double gemm_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g);

/* The kernel that turns `elements` of a bf16 activation into `dtype`; 0 for datatypes that need
 * none. */
double quantise_s(const struct gpu *gpu, enum dtype dtype, double elements);

/* Grouped GEMM over g->batch experts, g->m (forward, backward input) or g->k (weight gradient) the
 * mean rows of a group, g->skew the largest over the mean. */
double grouped_gemm_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g);

/* A dense GEMM as a benchmark of one linear layer times it: quantisation of its activations with
 * it, weights that the last cache may hold, clocks that fall under long kernels. */
double gemm_benchmark_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g);

/* The product alone in a loop of the same operands, which the last cache may keep, quantised
 * before: short, its clock falls by its own length; sustained, it is gemm_settled_s's. */
double gemm_loop_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g, bool sustained);

/* What a product, or its groups, of `seconds` at full clock takes once the clock has settled under
 * the power cap (hardware/power.h). */
double gemm_settled_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g,
                      double seconds);

/* A layer of experts on one rank as a benchmark times it, with balanced routing: `tokens` enter,
 * each with top_k of `experts`, of which the rank has experts / ep with expert_ffn / tp columns
 * each. Covers routing, permutation, both gated layers and the weighted sum. */
struct expert_layer {
    double tokens, hidden, expert_ffn, top_k, experts, tp, ep;
};
/* Its two products, balanced: `batch` experts with tokens, m of them each; gate and up side by
 * side. */
struct expert_products {
    struct gemm up, down;
};
struct expert_products expert_products_of(const struct expert_layer *layer);
double expert_layer_s(const struct gpu *gpu, enum dtype dtype, const struct expert_layer *layer);

/* Fused attention; `pass` chooses forward, backward (2.5 times the matmul work) or decode. */
double attention_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                   const struct attention *a);

/* Of attention_s, what surrounds the products: launch, and the fixed times of its CTAs. 0 of
 * decode. */
double attention_around_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                          const struct attention *a);

/* Serving's attention, visible_frac a causal half: prefill stores the keys and values it computes
 * into a cache of kv_dtype first; decode has one query a sequence and reads a cache of kv_dtype. */
double attention_prefill_s(const struct gpu *gpu, enum dtype dtype, enum dtype kv_dtype,
                           const struct attention *a);
double attention_decode_s(const struct gpu *gpu, enum dtype kv_dtype, const struct attention *a);

/* Whether the matrix products of attention run in 8 bit: where the inputs or the cache are. */
bool attention_runs_fp8(const struct gpu *gpu, enum dtype dtype, enum dtype kv_dtype);

/* Memory-bound kernel of op->bytes in HBM. */
double memory_op_s(const struct gpu *gpu, const struct memory_op *op);

/* One without rows, columns, depth or groups: it takes no time. */
bool gemm_is_empty(const struct gemm *g);

/* Model FLOP (2 a multiply-add) and HBM bytes of the ops, for rooflines and bounds. */
double gemm_flop(const struct gemm *g);
double gemm_bytes(enum dtype dtype, const struct gemm *g);
double attention_flop(enum attention_pass pass, const struct attention *a);
double attention_bytes(enum dtype dtype, enum attention_pass pass, const struct attention *a);

/* Seconds at the datatype's peak: no kernel is faster, whatever its constants say. */
double gemm_peak_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g);
double attention_peak_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                        const struct attention *a);

/* A time no longer than gemm_s, and grouped_gemm_s, can return on this GPU for `flop` in products
 * of any shapes and groups (search bounds). */
double gemm_work_lower_s(const struct gpu *gpu, enum dtype dtype, double flop);
double grouped_work_lower_s(const struct gpu *gpu, enum dtype dtype, double flop);

#endif
