#include "hardware/alignment.h"
#include <math.h>

/* Unaligned batched attention products, relative to aligned ones. measured: training runs of 2022
 * with head sizes 108, 150 and 450 beside 104, 112 and 216 on A100 (BigScience,
 * chronicles-prequel). */
const double gemm_unaligned_factor = 5;

double gemm_alignment_factor(enum dtype dtype, const struct gemm *g)
{
    double n_bytes = g->n * dtype_bytes(dtype), k_bytes = g->k * dtype_bytes(dtype);
    return fmod(n_bytes, 16) == 0 && fmod(k_bytes, 16) == 0 ? 1 : gemm_unaligned_factor;
}
