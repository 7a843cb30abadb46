#include "base/minmax.h"
#include "hardware/power.h"
#include "hardware/roofline.h"
#include "hardware/tiles.h"
#include <math.h>

/* The tile menu that library heuristics choose from: CTA tiles of Ampere to Blackwell kernels. */
static const struct tile menu[] = {
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
enum { TILES = sizeof menu / sizeof menu[0] };

/* The benchmark behind the samples cycles through as many copies of the weights as fill the last
 * cache, five at most. */
static const double weight_copies_most = 5;

/* Kernels up to this long run at full clock; the power controller then needs some 0.1 s to settle.
 */
static const double droop_from_s = 100e-6, droop_to_s = 0.1;

bool gemm_is_empty(const struct gemm *g)
{
    return g->m <= 0 || g->n <= 0 || g->k <= 0 || g->batch <= 0;
}

double gemm_flop(const struct gemm *g)
{
    return 2 * g->batch * g->m * g->n * g->k;
}

static double output_bytes(const struct gemm *g)
{
    return g->batch * g->output_bytes * g->m * g->n * (g->accumulate ? 2 : 1);
}

double gemm_bytes(enum dtype dtype, const struct gemm *g)
{
    return g->batch * dtype_bytes(dtype) * (g->m * g->k + g->k * g->n) + output_bytes(g);
}

/* Of an element of the output in the samples that write_weight was fitted to. */
static const double measured_output_bytes = 2;

/* Memory and cache roofs of one product. Operands that were used just before and that the last
 * cache holds do not come from memory:
 *     T_hbm = (miss(A + B + C) (A + C) + miss(A + copies B + C) B) / (BW eb)
 *     T_l2  = (A + B + w C') / (BW eb l2_ratio)
 * w is the cost of a product's end, measured on outputs of 2 bytes: what a wider output or one that
 * is added to moves besides is moved once.
 * copies: copies of B (the weights) in turn; 0: B is always cold, as in a training step. */
static double memory_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g, double copies)
{
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    double width = g->batch * dtype_bytes(dtype), output = output_bytes(g);
    double a = width * g->m * g->k, b = width * g->k * g->n;
    double cache = c->l2_frac * gpu->l2_bytes,
           bytes_per_s = gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac;
    double kept = miss_frac(a + b + output, cache);
    double cold = copies > 0 ? miss_frac(a + copies * b + output, cache) : 1;
    double hbm_s = (kept * (a + output) + cold * b) / bytes_per_s;
    double weighted = min2(output, g->batch * measured_output_bytes * g->m * g->n);
    double written = c->write_weight * weighted + output - weighted;
    double l2_s = (a + b + written) / (bytes_per_s * c->l2_ratio);
    return meet_s(hbm_s, l2_s, meeting(c->p));
}

static double product_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g,
                        double copies)
{
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    struct tiled_product p = {
        .c = c,
        .batch = g->batch,
        .m = g->m,
        .n = g->n,
        .k = g->k,
        .flop_per_s = gpu->peak_flop_per_s[dtype] * c->peak_frac,
        .sm_count = gpu->sm_count,
        .memory_s = memory_s(gpu, dtype, g, copies),
        .partial_s =
            4 * g->batch * g->m * g->n / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac),
        .menu = menu,
        .tiles = TILES,
    };
    return tiled_product_s(&p);
}

static double correction(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    return correction_factor(&gpu->calibration.gemm_correction[dtype], g->m * g->batch, g->n, g->k);
}

/* Nothing computes faster than the peak, whatever part its constants were measured on: peak_frac is
 * over 1 where the fixed cost of tiles makes up for it. */
double gemm_peak_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    return gemm_flop(g) / gpu->peak_flop_per_s[dtype];
}

double gemm_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    if (gemm_is_empty(g))
        return 0;
    double seconds = gpu->calibration.gemm[dtype].t0_s + product_s(gpu, dtype, g, 0);
    return fmax(seconds * correction(gpu, dtype, g), gemm_peak_s(gpu, dtype, g));
}

/* Clocks fall under long kernels: T_droop = flop / R droop ln(1 + flop / R / 100 us). A training
 * step has a clock of its own (hardware/power.c), so gemm_s leaves it out. */
static double droop_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    double ideal_s = gemm_peak_s(gpu, dtype, g);
    double droop = gpu->calibration.gemm[dtype].droop;
    return ideal_s * droop * log(1 + fmin(ideal_s, droop_to_s) / droop_from_s);
}

double gemm_benchmark_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    if (gemm_is_empty(g))
        return 0;
    double weight_bytes = dtype_bytes(dtype) * g->k * g->n;
    double copies = fmin(weight_copies_most, fmax(1, ceil(gpu->l2_bytes / weight_bytes)));
    double seconds = gpu->calibration.gemm[dtype].t0_s + product_s(gpu, dtype, g, copies);
    seconds += droop_s(gpu, dtype, g) + quantise_s(gpu, dtype, g->batch * g->m * g->k);
    return fmax(seconds * correction(gpu, dtype, g), gemm_peak_s(gpu, dtype, g));
}

double gemm_settled_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g, double seconds)
{
    struct power_load load = {.math_j = gemm_flop(g) * power_flop_j(gpu, dtype),
                              .other_j = gemm_bytes(dtype, g) * power_byte_j(),
                              .clocked_s = seconds};
    return seconds / power_clock_frac(gpu, &load);
}

double gemm_loop_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g, bool sustained)
{
    if (gemm_is_empty(g))
        return 0;
    double seconds = gpu->calibration.gemm[dtype].t0_s + product_s(gpu, dtype, g, 1);
    seconds *= correction(gpu, dtype, g);
    seconds = sustained ? gemm_settled_s(gpu, dtype, g, seconds) : seconds + droop_s(gpu, dtype, g);
    return fmax(seconds, gemm_peak_s(gpu, dtype, g));
}

double gemm_work_lower_s(const struct gpu *gpu, enum dtype dtype, double flop)
{
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    double flop_per_s = gpu->peak_flop_per_s[dtype] * c->peak_frac;
    return tiles_floor_s(menu, TILES, c->a0, flop_per_s, flop) *
           correction_least(&gpu->calibration.gemm_correction[dtype]);
}

/* Reads bf16, writes the narrow type: (2 + w) bytes an element. Block scales are below 4 % of that.
 */
double quantise_s(const struct gpu *gpu, enum dtype dtype, double elements)
{
    const struct gemm_constants *c = &gpu->calibration.gemm[dtype];
    double width = dtype_bytes(dtype);
    if (width >= 2 || elements <= 0 || c->quantise_frac <= 0)
        return 0;
    return c->quantise_t0_s +
           c->quantise_frac * (2 + width) * elements / gpu->memory_bandwidth_bytes_per_s;
}
