#ifndef BASE_OP_H
#define BASE_OP_H
#include <stdbool.h>

/* The vocabulary that model, hardware, parallelism and the benchmarks share: datatypes and ops.
 * An op is one kernel or one collective on one GPU, with its shape. */

enum dtype {
    DTYPE_BF16,
    DTYPE_FP16,
    DTYPE_FP8,       /* per-tensor scaling (delayed or current) */
    DTYPE_FP8_BLOCK, /* 1x128 / 128x128 block scaling */
    DTYPE_MXFP8,     /* E8M0 scale per 32 elements */
    DTYPE_NVFP4,     /* 16-element blocks */
    DTYPE_FP32,
    DTYPE_TF32,
    DTYPE_INT8,
    DTYPES
};
extern const char *const dtype_names[DTYPES + 1]; /* "bf16" ..., NULL-ended */
double dtype_bytes(enum dtype dtype);             /* bytes of one element: 2, 2, 1, 1, 1, 0.5, 4, 4, 1 */

bool dtype_is_fp8(enum dtype dtype); /* fp8 elements, whatever their scales */

/* The part of the step an op belongs to. The phase is a property of an op, so that forward-only and
 * decode need no second path. */
enum phase { PHASE_FORWARD, PHASE_BACKWARD_INPUT, PHASE_BACKWARD_WEIGHT, PHASE_DECODE, PHASES };
extern const char *const phase_names[PHASES + 1];

enum op_kind { OP_GEMM, OP_GROUPED_GEMM, OP_ATTENTION, OP_MEMORY, OP_COLLECTIVE, OP_SCAN, OP_KINDS };
extern const char *const op_kind_names[OP_KINDS + 1];

/* C[m,n] = A[m,k] B[k,n] (forward: m tokens, k in-features, n out-features). `batch` equal products;
 * for a grouped GEMM `batch` groups whose mean row count is m, the largest group skew*m (weight
 * gradient: k is the mean count). accumulate: the output is read and added to (fp32 main gradient). */
struct gemm {
    double m, n, k, batch;
    double output_bytes; /* bytes of one output element: 2, or 4 for an fp32 gradient */
    bool accumulate;
    double skew; /* >= 1, grouped only */
};

/* Fused attention. Score elements computed: batch*heads*seq_q*seq_kv*visible_frac. */
struct attention {
    double batch, heads, kv_heads, seq_q, seq_kv;
    double head_dim_qk, head_dim_v;
    double visible_frac; /* 1 bidirectional, about 1/2 causal, less with a window or packed documents */
};

/* The chunked scan of a recurrent mixer over `tokens` of each of `batch` sequences: `heads` states of
 * key_dim x value_dim elements, keys and queries shared by heads / groups. Within a chunk it is
 * products like attention's, from chunk to chunk the state passes. */
enum scan_form {
    SCAN_SSD,   /* decays: Mamba-2, lightning attention [Dao24] */
    SCAN_DELTA, /* decays and the delta rule: gated DeltaNet, KDA [Yang24] */
    SCAN_FORMS
};
extern const char *const scan_form_names[SCAN_FORMS + 1];
struct scan {
    enum scan_form form;
    double batch, tokens, heads, groups;
    double key_dim, value_dim, chunk;
};

/* A memory-bound kernel: bytes read and written in HBM. Each class has its own share of the bandwidth. */
enum memory_class {
    MEMORY_ELEMENTWISE, /* copy, residual add, activation functions, rope */
    MEMORY_NORM,
    MEMORY_SOFTMAX,
    MEMORY_CROSS_ENTROPY,
    MEMORY_PERMUTE, /* gather, scatter, MoE permutation, embedding */
    MEMORY_QUANTISE,
    MEMORY_OPTIMIZER,
    MEMORY_CLASSES
};
extern const char *const memory_class_names[MEMORY_CLASSES + 1];
struct memory_op {
    enum memory_class class_;
    double bytes;
};

/* Collectives; `bytes` as nccl-tests counts "size": per-rank buffer for all-reduce, all-to-all and
 * send/recv; total output for all-gather; total input for reduce-scatter. [NCCL-perf] */
enum collective {
    COLLECTIVE_ALL_REDUCE,
    COLLECTIVE_ALL_GATHER,
    COLLECTIVE_REDUCE_SCATTER,
    COLLECTIVE_ALL_TO_ALL,
    COLLECTIVE_SEND_RECV,
    COLLECTIVE_BROADCAST,
    COLLECTIVE_REDUCE,
    COLLECTIVES
};
extern const char *const collective_names[COLLECTIVES + 1];

/* The communicators of a training step. */
enum comm { COMM_TP, COMM_CP, COMM_EP, COMM_ETP, COMM_PP, COMM_DP, COMM_EXPERT_DP, COMMS };

#endif
