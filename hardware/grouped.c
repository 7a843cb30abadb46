#include "hardware/roofline.h"
#include <math.h>

/* One persistent kernel walks the union of the groups' tiles, so that a group costs whole tiles of
 * its rows but no launch of its own: T = t0 + groups t_g + max(dense form over the tiles / e_g,
 * bytes / (BW eb)) The dense form with batch = groups counts those tiles, and reads every group's
 * weights once. The largest group only matters where its own tiles outlast the kernel: with skew s
 * the m (or k) dimension of the longest chain is s times the mean. */
static double dense_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    return gemm_s(gpu, dtype, g) - gpu->calibration.gemm[dtype].t0_s;
}

double grouped_gemm_s(const struct gpu *gpu, enum dtype dtype, const struct gemm *g)
{
    if (g->m <= 0 || g->n <= 0 || g->k <= 0 || g->batch <= 0)
        return 0;
    const struct grouped_constants *c = &gpu->calibration.grouped[dtype];
    struct gemm largest = *g;
    largest.batch = 1;
    largest.m = g->m * fmax(g->skew, 1);
    double work_s =
        fmax(dense_s(gpu, dtype, g), dense_s(gpu, dtype, &largest)) / c->efficiency_frac;
    double memory_s =
        gemm_bytes(dtype, g) / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac);
    return c->t0_s + g->batch * c->overhead_per_group_s + fmax(work_s, memory_s);
}
