#include "hardware/roofline.h"
#include "hardware/tiles.h"
#include <math.h>
#include <string.h>

/* Matrix products of a pass: forward S = Q K' and O = P V; backward recomputes S and makes dV, dP,
 * dQ, dK: 3 of width d_qk, 2 of width d_v. [FlashAttention-2] */
struct products {
    double qk, v;
};
static const struct products pass_products[ATTENTION_PASSES] = {
    [ATTENTION_FORWARD] = {1, 1},
    [ATTENTION_BACKWARD] = {3, 2},
    [ATTENTION_DECODE] = {1, 1},
};

/* Passes over the tensors: forward reads Q, K, V and writes O; backward reads Q, K, V, O, dO and
 * writes dQ, dK, dV: each tensor and its gradient once. */
static const double pass_moves[ATTENTION_PASSES] = {
    [ATTENTION_FORWARD] = 1, [ATTENTION_BACKWARD] = 2, [ATTENTION_DECODE] = 1};

/* Exponentials per SM and clock where a gpu file does not say: 16 from Ampere to Blackwell. */
static const double exp_per_sm_clock = 16;

static double scores(const struct attention *a)
{
    return a->batch * a->heads * a->seq_q * a->seq_kv * a->visible_frac;
}

static double flop_per_score(enum attention_pass pass, const struct attention *a)
{
    return 2 * (pass_products[pass].qk * a->head_dim_qk + pass_products[pass].v * a->head_dim_v);
}

double attention_flop(enum attention_pass pass, const struct attention *a)
{
    return scores(a) * flop_per_score(pass, a);
}

double attention_bytes(enum dtype dtype, enum attention_pass pass, const struct attention *a)
{
    double width = a->head_dim_qk + a->head_dim_v;
    double query = a->batch * a->heads * a->seq_q * width;
    double key = a->batch * a->kv_heads * a->seq_kv * width;
    return pass_moves[pass] * (2 * query + dtype_bytes(dtype) * key);
}

/* Rate at a head size over that at 128: linear in log2 of the size between the fitted ones. */
static double head_frac(const struct attention_constants *c, const struct attention *a)
{
    const double size[] = {64, 128, 192, 256, 512};
    const double frac[] = {c->head_64, 1, c->head_192, c->head_256, c->head_512};
    enum { SIZES = sizeof size / sizeof size[0] };
    double d = (a->head_dim_qk + a->head_dim_v) / 2;
    if (d <= size[0])
        return frac[0];
    for (int i = 1; i < SIZES; i++)
        if (d <= size[i])
            return frac[i - 1] +
                   (frac[i] - frac[i - 1]) * log2(d / size[i - 1]) / log2(size[i] / size[i - 1]);
    return frac[SIZES - 1];
}

bool attention_runs_fp8(const struct gpu *gpu, enum dtype dtype, enum dtype kv_dtype)
{
    bool fp8 = dtype_bytes(dtype) < 2, cache_fp8 = dtype_bytes(kv_dtype) < 2;
    /* Ada's kernels turn an 8 bit cache into 16 bit before they multiply (measured: the same rate).
     */
    bool mixed = strcmp(gpu->architecture, "ada") != 0;
    return (fp8 || (cache_fp8 && mixed)) && gpu->peak_flop_per_s[DTYPE_FP8] > 0;
}

/* Rate of its products: fp8, or the 16 bit type asked for, or the other one. */
static double math_flop_per_s(const struct gpu *gpu, enum dtype dtype, int fp8)
{
    const double *peak = gpu->peak_flop_per_s;
    enum dtype wide = dtype == DTYPE_FP16 ? DTYPE_FP16 : DTYPE_BF16;
    if (fp8)
        return peak[DTYPE_FP8];
    return peak[wide] > 0 ? peak[wide] : gpu_peak_16bit_flop_per_s(gpu);
}

double attention_peak_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                        const struct attention *a)
{
    int fp8 = attention_runs_fp8(gpu, dtype, dtype);
    return attention_flop(pass, a) / math_flop_per_s(gpu, dtype, fp8);
}

/* A pass as the forms below see it. */
struct attention_kernel {
    const struct attention_constants *c;
    enum attention_pass pass;
    double flop_per_s, fixed_s; /* fixed_s: of a CTA */
};

/* Seconds of one score on the whole chip: ((f / (R e_a))^p + (1 / (X e_x))^p)^(1/p) / head_frac, f
 * its flop, X = SMs clock x exponentials a second: tensor cores and exponential unit work side by
 * side. */
static double score_s(const struct gpu *gpu, const struct attention_kernel *kernel,
                      const struct attention *a)
{
    const struct attention_constants *c = kernel->c;
    double exps = gpu->exp_per_sm_clock > 0 ? gpu->exp_per_sm_clock : exp_per_sm_clock;
    double math_s = flop_per_score(kernel->pass, a) / (kernel->flop_per_s * c->math_frac);
    double exp_s = 1 / (gpu->sm_count * gpu->clock_hz * exps * c->exp_frac);
    return join_s(math_s, exp_s, c->p) / head_frac(c, a);
}

/* A CTA owns `rows` queries of a head and skips whole tiles only, so that a causal mask leaves it
 * half a tile of rows more than the scores it needs. All CTAs spread over the SMs, joined with the
 * longest one:
 *     executed = tiles rows max(keys, least) min(1, visible + rows / (2 keys))
 *     T        = (T_all^tail + T_longest^tail)^(1/tail) */
static double kernel_s(const struct gpu *gpu, const struct attention_kernel *kernel,
                       const struct attention *a)
{
    const struct attention_constants *c = kernel->c;
    double tiles = ceil(a->seq_q / c->tile_rows), keys = fmax(a->seq_kv, c->least_keys);
    double visible = a->visible_frac < 1 ? fmin(1, a->visible_frac + c->tile_rows / (2 * keys)) : 1;
    if (tiles == 1)
        visible = 1;
    double one_s = score_s(gpu, kernel, a), fixed_s = kernel->fixed_s;
    double executed = tiles * c->tile_rows * keys * visible;
    double all_s = a->batch * a->heads * (executed * one_s + tiles * fixed_s / gpu->sm_count);
    double longest_s = c->tile_rows * keys * fmin(1, 2 * visible) * one_s * gpu->sm_count + fixed_s;
    double peak_s = attention_flop(kernel->pass, a) / kernel->flop_per_s;
    return fmax(join_s(all_s, longest_s, c->tail), peak_s);
}

/* Backward, a CTA loads a block of keys and values and stores their gradients, and the sums of dQ
 * are cleared before and converted after: by bytes, where forward starts and ends alike. */
static double fixed_s(const struct attention_constants *c, enum attention_pass pass,
                      const struct attention *a)
{
    static const double measured_head = 128;
    double head = (a->head_dim_qk + a->head_dim_v) / 2;
    return pass == ATTENTION_BACKWARD ? c->cta_s * head / measured_head
                                      : c->cta_s / head_frac(c, a);
}

double attention_around_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                          const struct attention *a)
{
    if (scores(a) <= 0 || pass == ATTENTION_DECODE)
        return 0;
    const struct attention_constants *c =
        &gpu->calibration.attention[pass][attention_runs_fp8(gpu, dtype, dtype)];
    double ctas = a->batch * a->heads * ceil(a->seq_q / c->tile_rows);
    return c->t0_s + ctas * fixed_s(c, pass, a) / gpu->sm_count;
}

double attention_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                   const struct attention *a)
{
    if (scores(a) <= 0)
        return 0;
    if (pass == ATTENTION_DECODE)
        return attention_decode_s(gpu, dtype, a);
    int fp8 = attention_runs_fp8(gpu, dtype, dtype);
    const struct attention_constants *c = &gpu->calibration.attention[pass][fp8];
    struct attention_kernel kernel = {c, pass, math_flop_per_s(gpu, dtype, fp8),
                                      fixed_s(c, pass, a)};
    double memory_s =
        attention_bytes(dtype, pass, a) / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac);
    return fmax(c->t0_s + fmax(kernel_s(gpu, &kernel, a), memory_s),
                attention_peak_s(gpu, dtype, pass, a));
}

/* Serving's prefill: a kernel that reads Q, K, V of 2 bytes, rotates them, writes Q and the cache,
 * then attention. That kernel moves, K and V weighted by w_kv,
 *     bytes = tokens (d_qk + d_v) (2 heads + w_kv kv_heads (2 + cache bytes)) */
double attention_prefill_s(const struct gpu *gpu, enum dtype dtype, enum dtype kv_dtype,
                           const struct attention *a)
{
    if (scores(a) <= 0)
        return 0;
    int fp8 = attention_runs_fp8(gpu, dtype, kv_dtype);
    const struct attention_constants *c = &gpu->calibration.attention[ATTENTION_PREFILL][fp8];
    struct attention_kernel kernel = {c, ATTENTION_FORWARD, math_flop_per_s(gpu, dtype, fp8),
                                      fixed_s(c, ATTENTION_FORWARD, a)};
    double tokens = a->batch * a->seq_q, width = a->head_dim_qk + a->head_dim_v;
    double query = 2 * a->heads, key = a->kv_heads * (2 + dtype_bytes(kv_dtype));
    double bytes = tokens * width * (query + c->cache_kv_weight * key);
    double miss = miss_frac(bytes, gpu->l2_bytes);
    double bytes_per_s = gpu->memory_bandwidth_bytes_per_s * c->cache_bandwidth_frac;
    double cache_s = c->cache_t0_s + bytes / bytes_per_s * (miss + (1 - miss) / c->cache_l2_ratio);
    double seconds = c->t0_s + kernel_s(gpu, &kernel, a) + cache_s;
    return seconds *
           correction_factor(&gpu->calibration.attention_correction[ATTENTION_PREFILL][fp8],
                             a->batch * a->heads, a->seq_q, a->head_dim_qk);
}
