#include "hardware/roofline.h"
#include "hardware/tiles.h"
#include <math.h>

/* Keys that a part of a split sequence keeps. */
static const double split_keys_least = 128;

/* Head size that the constants of one CTA refer to. */
static const double head_size = 128;

/* Time of a CTA's own part: its fixed cost, a key, and how fast it multiplies. */
struct cta {
    double count, fixed_s, key_s, math_frac;
};

static double mean_head(const struct attention *a)
{
    return (a->head_dim_qk + a->head_dim_v) / 2;
}

/* Grouped kernels have a CTA for the heads that share keys; outside the group sizes they are
 * written for every head has its own, and reads its keys from the cache. */
static struct cta cta_of(const struct decode_constants *c, const struct attention *a)
{
    double group = a->heads / a->kv_heads;
    double size = mean_head(a) / head_size / (mean_head(a) >= 2 * head_size ? c->head_256 : 1);
    if (group < c->group_least || group > c->group_most)
        return (struct cta){a->batch * a->heads, c->head_cta_s, c->head_key_s * size,
                            c->head_math_frac};
    double fixed_s = (c->group_cta_s + group * c->group_head_s) * size;
    return (struct cta){a->batch * a->kv_heads, fixed_s, c->group_key_s * size, c->group_math_frac};
}

/* Keys and values once, queries and outputs, from memory unless the cache of the benchmark holds
 * them. */
static double memory_s(const struct gpu *gpu, enum dtype dtype, const struct attention *a)
{
    const struct decode_constants *c = &gpu->calibration.decode[dtype_bytes(dtype) < 2];
    double bytes = attention_bytes(dtype, ATTENTION_DECODE, a);
    double miss = miss_frac(bytes, c->l2_frac * gpu->l2_bytes);
    return bytes / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac) *
           (miss + (1 - miss) / c->l2_ratio);
}

/* One query a sequence. Long sequences are split until the chip is full:
 *     split = min(splits SMs / CTAs, keys / 128), at least 1
 *     T_all = ((T_mem^p + T_math^p)^(1/p)) + CTAs t_cta / SMs,  T_long = keys / split t_key
 *     T     = t0 + (T_all^p + T_long^p)^(1/p) */
double attention_decode_s(const struct gpu *gpu, enum dtype kv_dtype, const struct attention *a)
{
    if (a->batch <= 0 || a->heads <= 0 || a->seq_kv <= 0)
        return 0;
    int fp8 = dtype_bytes(kv_dtype) < 2;
    const struct decode_constants *c = &gpu->calibration.decode[fp8];
    struct cta cta = cta_of(c, a);
    double keys = a->seq_kv * fmin(1, a->visible_frac);
    double split =
        fmin(fmax(1, c->splits * gpu->sm_count / cta.count), fmax(1, keys / split_keys_least));
    double math_s =
        attention_flop(ATTENTION_DECODE, a) / (gpu->peak_flop_per_s[DTYPE_BF16] * cta.math_frac);
    double all_s =
        join_s(memory_s(gpu, kv_dtype, a), math_s, c->p) + cta.count * cta.fixed_s / gpu->sm_count;
    double seconds = c->t0_s + join_s(all_s, keys / split * cta.key_s, c->p);
    return seconds * correction_factor(&gpu->calibration.decode_correction[fp8],
                                       a->batch * a->kv_heads, a->seq_kv, a->heads / a->kv_heads);
}
