#include "hardware/roofline.h"
#include "hardware/tiles.h"
#include <math.h>

/* Groups have few rows: the menu holds flat tiles too. */
static const struct tile menu[] = {
    {256, 128},
    {128, 256},
    {128, 128},
    {64,  256},
    {64,  128},
    {128, 64 },
    {64,  64 },
    {32,  128},
    {16,  128},
    {32,  256},
    {16,  256},
};
enum { TILES = sizeof menu / sizeof menu[0] };

/* Share of the last cache that what one kernel wrote leaves for the next: between the 0.67 of
 * A100's two halves and the 1.0 of L40S (fitted to GEMMs). */
static const double l2_frac = 0.75;

/* Time of `bytes` that the kernel before wrote or that the next one reads, at `frac` of the
 * bandwidth of memory, or l2_ratio times that as far as the last cache holds them. */
static double passing_s(const struct gpu *gpu, double bytes, double frac, double l2_ratio)
{
    if (bytes <= 0)
        return 0;
    double miss = miss_frac(bytes, l2_frac * gpu->l2_bytes);
    return bytes / (gpu->memory_bandwidth_bytes_per_s * frac) * (miss + (1 - miss) / l2_ratio);
}

/* One persistent kernel walks the union of the groups' tiles, so that a group costs whole tiles of
 * its rows but no launch of its own: the tile form with batch = groups, which counts those tiles
 * and reads every group's weights once; the largest group only matters where its own tiles outlast
 * the rest. */
static double product_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    const struct grouped_constants *c = &gpu->calibration.grouped[dtype];
    struct gemm_constants constants = {
        .a0 = c->a0,
        .tile_area = c->tile_area,
        .k0 = c->k0,
        .persistence = 1,
        .phi = c->phi,
        .p = c->p,
        .beta =
            0.01, /* one CTA of a grouped kernel draws what it can: not identified, so left out */
    };
    struct tiled_product p = {
        .c = &constants,
        .batch = g->batch,
        .m = g->m,
        .n = g->n,
        .k = g->k,
        .flop_per_s = gpu->peak_flop_per_s[dtype] * c->peak_frac,
        .sm_count = gpu->sm_count,
        .memory_s = passing_s(gpu, gemm_bytes(dtype, g), c->bandwidth_frac, c->l2_ratio),
        .partial_s = -1,
        .menu = menu,
        .tiles = TILES,
    };
    return tiled_product_s(&p);
}

static struct gemm largest_group(const struct gemm *g)
{
    struct gemm largest = *g;
    largest.batch = 1;
    largest.m = g->m * fmax(g->skew, 1);
    return largest;
}

/* The grouped kernel that the experts were timed with. */
static double measured_kernel_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    struct gemm largest = largest_group(g);
    double seconds = fmax(product_s(gpu, dtype, g), product_s(gpu, dtype, &largest));
    return fmax(gpu->calibration.grouped[dtype].t0_s + seconds, gemm_peak_s(gpu, dtype, g));
}

/* Training in blocks of 128 runs DeepGEMM or a library's dense products, whose scheduler walks the
 * tiles of all groups as those of one product [DeepGEMM]: the dense form over their union. The
 * kernel that the samples time reaches half of that [calibrate/published/kernels/h800-sxm]. */
double grouped_gemm_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    if (gemm_is_empty(g))
        return 0;
    double seconds = measured_kernel_s(gpu, dtype, g);
    if (dtype != DTYPE_FP8_BLOCK)
        return seconds;
    struct gemm largest = largest_group(g);
    return fmin(seconds, fmax(gemm_s(gpu, dtype, g), gemm_s(gpu, dtype, &largest)));
}

double grouped_work_lower_s(const struct gpu *gpu, enum dtype dtype, double flop)
{
    const struct grouped_constants *c = &gpu->calibration.grouped[dtype];
    double flop_per_s = gpu->peak_flop_per_s[dtype] * c->peak_frac;
    double seconds = tiles_floor_s(menu, TILES, c->a0, flop_per_s, flop);
    return dtype == DTYPE_FP8_BLOCK ? fmin(seconds, gemm_work_lower_s(gpu, dtype, flop)) : seconds;
}

/* Balanced routing gives the rank tokens top_k / ep pairs over its experts / ep experts; few pairs
 * reach few of them. */
struct expert_products expert_products_of(const struct expert_layer *x)
{
    double pairs = fmax(1, x->tokens * x->top_k / x->ep);
    double active = fmax(1, fmin(x->experts / x->ep, pairs)), ffn = x->expert_ffn / x->tp;
    return (struct expert_products){
        .up = {pairs / active, 2 * ffn,   x->hidden, active, 2, false, 1},
        .down = {pairs / active, x->hidden, ffn,       active, 2, false, 1},
    };
}

/* With f = ffn / tp, pairs of token and expert on this rank:
 *     T = T_route + tokens experts t_score + (experts / ep) t_group + moved / bandwidth
 *         + GEMM[rows, 2 f, hidden] + GEMM[rows, hidden, f]
 * moved: the permutation reads and writes the hidden state, the gated activation reads 2 f and
 * writes f, the weighted sum reads each pair and writes each token twice (cleared, then added to);
 * 16 bit. */
double expert_layer_s(const struct gpu *gpu, enum dtype dtype, const struct expert_layer *x)
{
    if (x->tokens <= 0)
        return 0;
    const struct grouped_constants *c = &gpu->calibration.grouped[dtype];
    struct expert_products products = expert_products_of(x);
    double pairs = products.up.m * products.up.batch, experts = x->experts / x->ep;
    double ffn = products.down.k, moved = 3 * pairs * (x->hidden + ffn) + 2 * x->tokens * x->hidden;
    double seconds =
        c->routing_s + experts * c->per_group_s + x->tokens * x->experts * c->routing_token_s;
    seconds += passing_s(gpu, 2 * moved, c->routing_bandwidth_frac, c->l2_ratio);
    seconds +=
        measured_kernel_s(gpu, dtype, &products.up) + measured_kernel_s(gpu, dtype, &products.down);
    return seconds * correction_factor(&gpu->calibration.grouped_correction[dtype], x->tokens,
                                       experts, x->hidden * ffn);
}
