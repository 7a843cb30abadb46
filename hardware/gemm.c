#include "hardware/roofline.h"
#include <math.h>

/* The tile menu that library heuristics choose from: CTA tiles of Ampere to Blackwell kernels. */
struct tile {
    double m, n;
};
static const struct tile tiles[] = {
    {256, 128},
    {128, 256},
    {128, 128},
    {128, 64 },
    {64,  128},
    {64,  256},
    {256, 64 },
    {64,  64 },
    {128, 32 },
    {32,  128},
    {64,  32 },
    {32,  64 },
};
enum { TILES = sizeof tiles / sizeof tiles[0] };
static const double splits[] = {1, 2, 4, 8, 16};
enum { SPLITS = sizeof splits / sizeof splits[0] };

/* Split-K is worth its partial sums only while each part keeps this many steps of K. */
static const double split_k_least = 256;

double gemm_flop(const struct gemm *g)
{
    return 2 * g->batch * g->m * g->n * g->k;
}

double gemm_bytes(enum dtype dtype, const struct gemm *g)
{
    double input = dtype_bytes(dtype) * (g->m * g->k + g->k * g->n);
    double output = g->output_bytes * g->m * g->n * (g->accumulate ? 2 : 1);
    return g->batch * (input + output);
}

/* What does not depend on the tile. */
struct gemm_setting {
    const struct gemm_constants *c;
    const struct gemm *g;
    double flop_per_s, sm_count;
    double memory_s; /* operands once, at full bandwidth */
    double split_s;  /* partial sums of one split */
};

/* Waves of n CTAs on the chip: W = ceil(q) - phi (ceil(q) - max(q, 1)), q = n / SMs. */
static double waves(const struct gemm_setting *s, double ctas)
{
    double q = ctas / s->sm_count, whole = ceil(q);
    return whole - s->c->phi * (whole - fmax(q, 1));
}

/* One tile and split:
 *     T_math = W 2 Tm Tn (K / sk + K0) SMs / (R AI / (AI + a0)),  AI = Tm Tn / (Tm + Tn)
 *     T_mem  = bytes / (BW eb act) + partial sums,                 act = min(1, CTAs / (beta SMs))
 *     T      = (T_math^p + T_mem^p)^(1/p)
 * Few CTAs draw less than the full bandwidth. Returns infinity when T cannot be below `best`. */
static double tile_s(const struct gemm_setting *s, struct tile t, double split, double best)
{
    const struct gemm *g = s->g;
    double ctas = g->batch * ceil(g->m / t.m) * ceil(g->n / t.n) * split;
    double intensity = t.m * t.n / (t.m + t.n);
    double rate = s->flop_per_s * intensity / (intensity + s->c->a0);
    double math_s = waves(s, ctas) * 2 * t.m * t.n * (g->k / split + s->c->k0) * s->sm_count / rate;
    double active = fmin(1, ctas / (s->c->beta * s->sm_count));
    double memory_s = s->memory_s / active + (split > 1 ? split * s->split_s : 0);
    double larger = fmax(math_s, memory_s), smaller = fmin(math_s, memory_s);
    if (larger >= best)
        return HUGE_VAL;
    return larger * pow(1 + pow(smaller / larger, s->c->p), 1 / s->c->p);
}

double gemm_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    if (g->m <= 0 || g->n <= 0 || g->k <= 0 || g->batch <= 0)
        return 0;
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    double bytes_per_s = gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac;
    struct gemm_setting s = {
        .c = c,
        .g = g,
        .flop_per_s = gpu->peak_flop_per_s[dtype] * c->peak_frac,
        .sm_count = gpu->sm_count,
        .memory_s = gemm_bytes(dtype, g) / bytes_per_s,
        .split_s = 4 * g->batch * g->m * g->n / bytes_per_s,
    };
    double best = HUGE_VAL;
    for (int t = 0; t < TILES; t++) {
        double ctas = g->batch * ceil(g->m / tiles[t].m) * ceil(g->n / tiles[t].n);
        best = fmin(best, tile_s(&s, tiles[t], 1, best));
        for (int i = 1; i < SPLITS; i++)
            if (g->k / splits[i] >= split_k_least && ctas * splits[i] / 2 < s.sm_count)
                best = fmin(best, tile_s(&s, tiles[t], splits[i], best));
    }
    return c->t0_s + best;
}

double gemm_lower_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    double math_s = gemm_flop(g) / (gpu->peak_flop_per_s[dtype] * c->peak_frac);
    double memory_s =
        gemm_bytes(dtype, g) / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac);
    return fmax(math_s, memory_s) + (gemm_flop(g) > 0 ? c->t0_s : 0);
}

/* Reads bf16, writes the narrow type: (2 + w) bytes an element. Block scales are below 4 % of that.
 */
double quantise_s(const struct gpu *gpu, enum dtype dtype, double elements)
{
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    double width = dtype_bytes(dtype);
    if (width >= 2 || elements <= 0 || c->quantise_frac <= 0)
        return 0;
    double least_s = (2 + width) * elements / gpu->memory_bandwidth_bytes_per_s;
    return gpu->calibration.memory[MEMORY_QUANTISE].t0_s + c->quantise_frac * least_s;
}
