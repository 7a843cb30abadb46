#include "hardware/calibration.h"
#include <string.h>

/* What stands in for a measurement. GEMM: the tile form fitted to the A100 and H100 sweeps of
 * aiconfigurator (commit 095f58a), bf16 and per-tensor fp8, without cache and droop terms; a split
 * costs one more kernel; p, fitted as a norm's exponent, is 1.33 times that for the hyperbola
 * (within 0.7 % on large products). What scales with peak, bandwidth and SM count is the GPU's own;
 * these constants are the shape of the curves. */
static const struct gemm_constants ampere_gemm = {
    .peak_frac = 1,
    .a0 = 18.4,
    .k0 = 140,
    .persistence = 1,
    .phi = 0.68,
    .p = 3.6,
    .beta = 1.09,
    .bandwidth_frac = 0.72,
    .l2_ratio = 1e9,
    .write_weight = 1,
    .t0_s = 3.8e-6,
    .split_s = 2.6e-6,
};
static const struct gemm_constants hopper_gemm = {
    .peak_frac = 1,
    .a0 = 20.1,
    .k0 = 102,
    .persistence = 1,
    .phi = 1.0,
    .p = 5.5,
    .beta = 0.85,
    .bandwidth_frac = 0.80,
    .l2_ratio = 1e9,
    .write_weight = 1,
    .t0_s = 2.7e-6,
    .split_s = 2.6e-6,
};
static const struct gemm_constants hopper_fp8_gemm = {
    .peak_frac = 1,
    .a0 = 28.4,
    .k0 = 266,
    .persistence = 1,
    .phi = 1.0,
    .p = 6.8,
    .beta = 0.85,
    .bandwidth_frac = 0.80,
    .l2_ratio = 1e9,
    .write_weight = 1,
    .t0_s = 2.7e-6,
    .split_s = 2.6e-6,
    .quantise_frac = 2.0,
    .quantise_t0_s = 3e-6,
};

/* Grouped kernels reach less of the peak than dense ones: SimuMax's B200 tables give 0.30 where
 * dense GEMMs give 0.49 to 0.65, most of it explained by the union of tiles and by the weights'
 * bytes. */
static const struct grouped_constants default_grouped = {
    .peak_frac = 0.85,
    .a0 = 20,
    .k0 = 150,
    .phi = 0.7,
    .p = 4,
    .bandwidth_frac = 0.75,
    .l2_ratio = 1e9,
    .t0_s = 4e-6,
    .routing_s = 10e-6,
    .routing_bandwidth_frac = 0.5,
};

/* Other vendors' parts, and serving's kernels where nothing was measured: FlashAttention-3's
 * forward rates on H100 as it was published (430 to 621 TFLOP/s from 512 to 16384 tokens at head
 * size 128, 0.62 of it at 64; arXiv 2407.08608, pytorch/benchmark 2391). */
static const struct attention_constants general_forward = {
    .math_frac = 0.652,
    .exp_frac = 0.48,
    .p = 4,
    .tile_rows = 128,
    .least_keys = 64,
    .cta_s = 2.8e-6,
    .tail = 4,
    .head_64 = 1,
    .head_192 = 1,
    .head_256 = 1,
    .head_512 = 1,
    .bandwidth_frac = 0.7,
    .t0_s = 3e-6,
    .cache_t0_s = 8e-6,
    .cache_bandwidth_frac = 0.5,
    .cache_kv_weight = 0.5,
    .cache_l2_ratio = 1,
};

/* FlashAttention-2: 50 to 73 % of the peak, with its smaller tiles. */
static struct attention_constants ampere_forward(void)
{
    struct attention_constants c = general_forward;
    c.math_frac = 0.70;
    c.exp_frac = 0.60;
    c.tile_rows = 64;
    c.least_keys = 32;
    c.cta_s = 1.5e-6;
    c.t0_s = 5e-6;
    c.cache_t0_s = 6e-6;
    c.cache_bandwidth_frac = 0.4;
    return c;
}

/* Training's forward attention, fitted to rates that others published (calibrate/KERNELS.md,
 * "Public timings", calibrate/published/kernels): cuDNN 9.27 and
 * FlashAttention 3 and 4 on H100, H200 and H20; the same of Blackwell with cuDNN of 2025; within
 * 6.5 and 5 % for heads of 64 to 256 in 16 bit and fp8. Blackwell's kernels compute part of the
 * exponentials by polynomials on the FMA units [FlashAttention-4]: as many as the exponential unit
 * itself. */
static struct attention_constants hopper_forward(bool blackwell)
{
    struct attention_constants c = general_forward;
    c.math_frac = blackwell ? 0.89 : 0.79;
    c.exp_frac = blackwell ? 0.93 : 0.60;
    c.p = 2;
    c.cta_s = blackwell ? 1.5e-6 : 3.1e-6;
    c.head_256 = c.head_512 = 0.93;
    return c;
}

/* Backward attention, 2.5 times the work, by forward's constants: its CTAs own a block of keys,
 * before and after which more is done, and hold five products' operands, so that wide heads leave
 * room for smaller tiles alone. Fitted as forward's, Ampere's to FlashAttention 2 on A100 (within
 * 6, 7 and 2.5 %). In fp8 scores and their gradients are cast between the products; Hopper's kernel
 * of cuDNN computes masked scores too (352 of 706 TFLOP/s). */
struct backward {
    double math, exp, cta; /* over forward's */
    double head_192, head_256;
};
enum generation { AMPERE, HOPPER, BLACKWELL, GENERAL, GENERATIONS };
static const struct backward backward_of[GENERATIONS][2] = {
    [AMPERE] = {{0.85, 1, 8.6, 0.88, 0.76},  {0.85, 1, 8.6, 0.88, 0.76}},
    [HOPPER] = {{0.738, 1, 4.1, 0.91, 0.67}, {0.738, 0.123, 4.1, 1, 1} },
    [BLACKWELL] = {{0.6, 1, 2.3, 0.79, 0.78},   {0.64, 0.355, 3.5, 1, 1}  },
 /* 0.7 to 0.85 of forward's rate [FlashAttention-2] */
    [GENERAL] = {{0.78, 0.78, 1, 1, 1},       {0.78, 0.78, 1, 1, 1}     },
};

bool architecture_is_blackwell(const char *architecture)
{
    return strncmp(architecture, "blackwell", strlen("blackwell")) == 0;
}

static enum generation generation_of(const char *architecture)
{
    static const char *const older[] = {"volta", "ampere", "ada"};
    for (size_t i = 0; i < sizeof older / sizeof older[0]; i++)
        if (strcmp(architecture, older[i]) == 0)
            return AMPERE;
    if (architecture_is_blackwell(architecture))
        return BLACKWELL;
    return strcmp(architecture, "hopper") == 0 ? HOPPER : GENERAL;
}

static struct attention_constants forward_of(enum generation generation)
{
    if (generation == AMPERE)
        return ampere_forward();
    return generation == GENERAL ? general_forward : hopper_forward(generation == BLACKWELL);
}

/* Between what A100, H100 and L40S measured with TensorRT-LLM. */
static const struct decode_constants default_decode = {
    .group = {.bandwidth_frac = 0.9,
              .t0_s = 9e-6,
              .splits = 3,
              .cta_s = 3e-6,
              .key_s = 20e-9,
              .part_s = 0.03e-6,
              .math_frac = 0.2 },
    .head = {.bandwidth_frac = 0.9,
              .t0_s = 10e-6,
              .splits = 0.7,
              .cta_s = 1.3e-6,
              .key_s = 20e-9,
              .part_s = 0.3e-6,
              .math_frac = 0.01},
    .group_least = 2,
    .group_most = 32,
    .group_fill = 0.25,
    .group_head_s = 0.06e-6,
    .group_size_power = 0.7,
    .group_phi = 0.3,
    .group_64_s = 0.1e-6,
    .head_256 = 1.1,
    .l2_ratio = 2,
    .l2_frac = 0.8,
    .p = 1.6,
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

void calibration_backward(struct calibration *c, const char *architecture, int fp8)
{
    const struct backward *of = &backward_of[generation_of(architecture)][fp8];
    struct attention_constants *backward = &c->attention[ATTENTION_BACKWARD][fp8];
    *backward = c->attention[ATTENTION_FORWARD][fp8];
    backward->math_frac *= of->math;
    backward->exp_frac *= of->exp;
    backward->cta_s *= of->cta;
    backward->head_192 = of->head_192;
    backward->head_256 = backward->head_512 = of->head_256;
}

static void attention_default(struct calibration *c, const char *architecture)
{
    enum generation generation = generation_of(architecture);
    /* Ada runs Ampere's kernels in as many cycles of a faster clock */
    double cycles = strcmp(architecture, "ada") == 0 ? 1410.0 / 2520 : 1;
    for (int fp8 = 0; fp8 < 2; fp8++) {
        struct attention_constants *forward = &c->attention[ATTENTION_FORWARD][fp8],
                                   *prefill = &c->attention[ATTENTION_PREFILL][fp8];
        *forward = forward_of(generation);
        *prefill = generation == AMPERE ? ampere_forward() : general_forward;
        forward->cta_s *= cycles;
        prefill->cta_s *= cycles;
        prefill->cache_t0_s *= cycles;
        c->decode[fp8] = default_decode;
        if (generation == BLACKWELL) { /* its grouped kernels serve every group and batch
                                          (measured) */
            c->decode[fp8].group_least = 1;
            c->decode[fp8].group_fill = 0;
        }
        calibration_backward(c, architecture, fp8);
    }
}

void calibration_default(struct calibration *c, const char *architecture)
{
    memset(c, 0, sizeof *c);
    gemm_default(c, generation_of(architecture) == AMPERE);
    attention_default(c, architecture);
    for (int m = 0; m < MEMORY_CLASSES; m++)
        c->memory[m] = (struct memory_constants){memory_frac[m], memory_t0_s};
}

const char *calibration_group_source(const struct calibration *c,
                                     const struct calibration_group *group)
{
    if (group->source[0])
        return group->source;
    for (int pass = ATTENTION_FORWARD; pass <= ATTENTION_BACKWARD; pass++)
        for (int fp8 = 0; fp8 < 2; fp8++)
            if (group == &c->attention_group[pass][fp8])
                return "the architecture's, chosen on published timings of FlashAttention and "
                       "cuDNN (calibrate/KERNELS.md)";
    return "built-in default of the architecture";
}
