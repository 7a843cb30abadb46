#include "hardware/calibration.h"
#include <string.h>

/* What stands in for a measurement. GEMM: form T fitted to the A100 and H100 sweeps of
 * aiconfigurator (commit 095f58a), bf16 and per-tensor fp8. The part of the time that scales with
 * peak, bandwidth and SM count is the GPU's own; these constants are the shape of the curves. */
static const struct gemm_constants ampere_gemm = {
    .a0 = 18.4,
    .k0 = 140,
    .phi = 0.68,
    .p = 2.7,
    .beta = 1.09,
    .bandwidth_frac = 0.72,
    .t0_s = 3.8e-6,
    .quantise_frac = 0,
    .peak_frac = 1,
};
static const struct gemm_constants hopper_gemm = {
    .a0 = 20.1,
    .k0 = 102,
    .phi = 1.0,
    .p = 4.1,
    .beta = 0.85,
    .bandwidth_frac = 0.80,
    .t0_s = 2.7e-6,
    .quantise_frac = 0,
    .peak_frac = 1,
};
static const struct gemm_constants hopper_fp8_gemm = {
    .a0 = 28.4,
    .k0 = 266,
    .phi = 1.0,
    .p = 5.1,
    .beta = 0.85,
    .bandwidth_frac = 0.80,
    .t0_s = 2.7e-6,
    .quantise_frac = 2.0,
    .peak_frac = 1,
};

/* Grouped kernels reach less of the peak than dense ones: SimuMax's B200 tables give 0.30 where
 * dense GEMMs give 0.49 to 0.65, most of it explained by the union of tiles and by the weights'
 * bytes. */
static const struct grouped_constants default_grouped = {
    .efficiency_frac = 0.85,
    .bandwidth_frac = 0.75,
    .t0_s = 4e-6,
    .overhead_per_group_s = 0,
};

/* math_frac, exp_frac and s0 reproduce FlashAttention-3's forward rates on H100 (430 to 621 TFLOP/s
 * from 512 to 16384 tokens at head size 128, 0.62 of it at 64; arXiv 2407.08608, pytorch/benchmark
 * 2391); Ampere: FlashAttention-2 (50 to 73 % of peak). Backward runs at 0.7 to 0.85 of forward's
 * rate. */
static const struct attention_constants hopper_forward = {
    .math_frac = 0.652,
    .exp_frac = 0.48,
    .bandwidth_frac = 0.7,
    .s0 = 230,
    .p = 4,
    .t0_s = 3e-6,
};
static const struct attention_constants ampere_forward = {
    .math_frac = 0.70,
    .exp_frac = 0.60,
    .bandwidth_frac = 0.7,
    .s0 = 200,
    .p = 4,
    .t0_s = 5e-6,
};
static const double backward_of_forward = 0.78;
static const struct attention_constants default_decode = {
    .math_frac = 0.30,
    .exp_frac = 0.48,
    .bandwidth_frac = 0.70,
    .s0 = 256,
    .p = 4,
    .t0_s = 8e-6,
};

/* Shares of bandwidth: Calculon, SimuMax (permute 0.50, cross-entropy 0.28 to 0.32), copy kernels.
 */
static const double memory_frac[MEMORY_CLASSES] = {
    [MEMORY_ELEMENTWISE] = 0.85,   [MEMORY_NORM] = 0.80,    [MEMORY_SOFTMAX] = 0.45,
    [MEMORY_CROSS_ENTROPY] = 0.30, [MEMORY_PERMUTE] = 0.50, [MEMORY_QUANTISE] = 0.80,
    [MEMORY_OPTIMIZER] = 0.82,
};
static const double memory_t0_s = 3e-6;

static void gemm_default(struct calibration *c, bool ampere)
{
    for (int d = 0; d < DTYPES; d++) {
        c->gemm[d] = ampere ? ampere_gemm : hopper_gemm;
        if (dtype_bytes((enum dtype)d) <= 1 && d != DTYPE_INT8)
            c->gemm[d] = hopper_fp8_gemm;
        c->grouped[d] = default_grouped;
    }
}

static void attention_default(struct calibration *c, bool ampere)
{
    struct attention_constants forward = ampere ? ampere_forward : hopper_forward;
    struct attention_constants backward = forward;
    backward.math_frac *= backward_of_forward;
    backward.exp_frac *= backward_of_forward;
    for (int fp8 = 0; fp8 < 2; fp8++) {
        c->attention[ATTENTION_FORWARD][fp8] = forward;
        c->attention[ATTENTION_BACKWARD][fp8] = backward;
        c->attention[ATTENTION_DECODE][fp8] = default_decode;
    }
}

void calibration_default(struct calibration *c, const char *architecture)
{
    static const char *const older[] = {"volta", "ampere", "ada"};
    bool ampere = false;
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
        ampere = ampere || strcmp(architecture, older[i]) == 0;
    memset(c, 0, sizeof *c);
    gemm_default(c, ampere);
    attention_default(c, ampere);
    for (int m = 0; m < MEMORY_CLASSES; m++)
        c->memory[m] = (struct memory_constants){memory_frac[m], memory_t0_s};
}
