#include "hardware/roofline.h"
#include "tests/unit/check.h"
#include <string.h>

/* A100-SXM-80GB with the constants of form T: the forward, input-gradient and weight-gradient times
 * of the worked GPT-3 layer (2048 tokens, tensor parallel 8), in ms, whose roofs are joined by a
 * norm. */
static struct gpu a100(void)
{
    struct gpu gpu;
    memset(&gpu, 0, sizeof gpu);
    gpu.peak_flop_per_s[DTYPE_BF16] = 312e12;
    gpu.memory_bandwidth_bytes_per_s = 2.039e12;
    gpu.sm_count = 108;
    gpu.clock_hz = 1.41e9;
    calibration_default(&gpu.calibration, "ampere");
    gpu.calibration.gemm[DTYPE_BF16].split_s = 0;
    return gpu;
}

static struct gpu h100(void)
{
    struct gpu gpu;
    memset(&gpu, 0, sizeof gpu);
    gpu.peak_flop_per_s[DTYPE_BF16] = 989.4e12;
    gpu.peak_flop_per_s[DTYPE_FP8] = 1978.9e12;
    gpu.memory_bandwidth_bytes_per_s = 3.35e12;
    gpu.sm_count = 132;
    gpu.clock_hz = 1.83e9;
    calibration_default(&gpu.calibration, "hopper");
    return gpu;
}

static void test_gemm_worked_example(void **state)
{
    (void)state;
    const double hyperbola_for_norm = 0.007;
    static const struct {
        double n, k, forward_ms, input_ms, weight_ms;
    } layers[] = {
        {4608,  12288, 0.956, 0.974, 0.993},
        {12288, 1536,  0.347, 0.327, 0.350},
        {6144,  12288, 1.273, 1.287, 1.333},
        {12288, 6144,  1.287, 1.273, 1.333},
    };
    struct gpu gpu = a100();
    for (size_t i = 0; i < sizeof layers / sizeof layers[0]; i++) {
        double n = layers[i].n, k = layers[i].k, m = 2048;
        struct gemm forward = {m, n, k, 1, 2, false, 1};
        struct gemm input = {m, k, n, 1, 2, false, 1};
        struct gemm weight = {n, k, m, 1, 4, true, 1};
        check_near(gemm_s(&gpu, DTYPE_BF16, &forward) * 1e3, layers[i].forward_ms,
                   hyperbola_for_norm);
        check_near(gemm_s(&gpu, DTYPE_BF16, &input) * 1e3, layers[i].input_ms, hyperbola_for_norm);
        check_near(gemm_s(&gpu, DTYPE_BF16, &weight) * 1e3, layers[i].weight_ms,
                   hyperbola_for_norm);
    }
}

/* FlashAttention-3 forward on H100, head size 128, causal or not, 16k tokens together
 * (pytorch/benchmark 2391). */
static void test_attention_fa3(void **state)
{
    (void)state;
    static const double seq[] = {512, 1024, 2048, 4096, 8192, 16384};
    static const double tflop_per_s[] = {430, 517, 566, 590, 614, 621};
    struct gpu gpu = h100();
    for (int i = 0; i < 6; i++) {
        struct attention a = {16384 / seq[i], 16, 16, seq[i], seq[i], 128, 128, 1};
        double seconds = attention_s(&gpu, DTYPE_BF16, ATTENTION_FORWARD, &a);
        check_near(attention_flop(ATTENTION_FORWARD, &a) / seconds / 1e12, tflop_per_s[i], 0.05);
    }
}

static void test_counts(void **state)
{
    (void)state;
    struct gemm g = {100, 200, 300, 2, 4, true, 1};
    check_near(gemm_flop(&g), 24e6, 1e-15);
    check_near(gemm_bytes(DTYPE_BF16, &g), 2 * (2 * (30e3 + 60e3) + 8 * 20e3), 1e-15);
    struct attention a = {2, 8, 2, 100, 100, 64, 64, 0.5};
    check_near(attention_flop(ATTENTION_FORWARD, &a), 80e3 * 256, 1e-15);
    check_near(attention_flop(ATTENTION_BACKWARD, &a), 2.5 * 80e3 * 256, 1e-15);
    struct attention mla = {1, 128, 128, 4096, 4096, 192, 128, 0.5};
    check_near(attention_flop(ATTENTION_BACKWARD, &mla) / attention_flop(ATTENTION_FORWARD, &mla),
               2.6, 1e-12);
}

static void test_zero_costs_nothing(void **state)
{
    (void)state;
    struct gpu gpu = h100();
    struct gemm g = {0, 200, 300, 1, 2, false, 1};
    struct attention a = {0, 8, 8, 128, 128, 64, 64, 1};
    struct memory_op op = {MEMORY_NORM, 0};
    assert_true(gemm_s(&gpu, DTYPE_BF16, &g) == 0);
    assert_true(grouped_gemm_s(&gpu, DTYPE_BF16, &g) == 0);
    assert_true(attention_s(&gpu, DTYPE_BF16, ATTENTION_FORWARD, &a) == 0);
    assert_true(memory_op_s(&gpu, &op) == 0);
    assert_true(quantise_s(&gpu, DTYPE_BF16, 1e6) == 0);
}

/* Where the cache binds: an output of 2 bytes an element counts write_weight times, what a wider
 * one or one that is added to moves besides once. */
static void test_wide_outputs_weigh_their_bytes_once(void **state)
{
    (void)state;
    struct gpu gpu = h100();
    struct gemm_constants *c = &gpu.calibration.gemm[DTYPE_BF16];
    c->l2_ratio = 1e-5;
    c->write_weight = 3;
    double m = 4096, n = 8192, k = 64;
    double bytes_per_s = gpu.memory_bandwidth_bytes_per_s * c->bandwidth_frac * c->l2_ratio;
    static const struct {
        double bytes, moved;
        bool accumulate;
    } outputs[] = {
        {2, 3 * 2,     false},
        {1, 3 * 1,     false},
        {4, 3 * 2 + 2, false},
        {4, 3 * 2 + 6, true },
    };
    for (size_t i = 0; i < sizeof outputs / sizeof *outputs; i++) {
        struct gemm g = {m, n, k, 1, outputs[i].bytes, outputs[i].accumulate, 1};
        double moved = 2 * (m + n) * k + outputs[i].moved * m * n;
        check_near(gemm_s(&gpu, DTYPE_BF16, &g), moved / bytes_per_s, 1e-3);
    }
}

static void test_gemm_bounds(void **state)
{
    (void)state;
    struct gpu gpu = h100();
    for (double m = 1; m <= 16384; m *= 4)
        for (double n = 64; n <= 65536; n *= 4)
            for (double k = 64; k <= 65536; k *= 4) {
                struct gemm g = {m, n, k, 1, 2, false, 1};
                double seconds = gemm_s(&gpu, DTYPE_BF16, &g);
                double least_s = gemm_work_lower_s(&gpu, DTYPE_BF16, 2 * m * n * k);
                assert_true(least_s > 0 && least_s <= seconds * (1 + 1e-12));
            }
}

static void test_grouped_reads_every_weight(void **state)
{
    (void)state;
    struct gpu gpu = h100();
    struct gemm one_token = {1, 4096, 2048, 64, 2, false, 1};
    double least_s = 64 * 4096.0 * 2048 * 2 / gpu.memory_bandwidth_bytes_per_s;
    assert_true(grouped_gemm_s(&gpu, DTYPE_BF16, &one_token) > least_s);
    struct gemm skewed = {4096, 4096, 2048, 8, 2, false, 4};
    struct gemm even = {4096, 4096, 2048, 8, 2, false, 1};
    assert_true(grouped_gemm_s(&gpu, DTYPE_BF16, &skewed) >=
                grouped_gemm_s(&gpu, DTYPE_BF16, &even));
}

/* Training's groups in blocks of 128 run as one dense product over the union of their tiles. */
static void test_groups_in_blocks_run_as_a_dense_product(void **state)
{
    (void)state;
    struct gpu gpu = h100();
    gpu.peak_flop_per_s[DTYPE_FP8_BLOCK] = gpu.peak_flop_per_s[DTYPE_FP8];
    struct gemm groups = {8192, 4096, 7168, 4, 2, false, 1};
    struct gemm dense = {4 * 8192, 4096, 7168, 1, 2, false, 1};
    double seconds = grouped_gemm_s(&gpu, DTYPE_FP8_BLOCK, &groups);
    assert_true(seconds <= gemm_s(&gpu, DTYPE_FP8_BLOCK, &groups) * (1 + 1e-12));
    check_near(seconds, gemm_s(&gpu, DTYPE_FP8_BLOCK, &dense), 0.1);
    assert_true(grouped_gemm_s(&gpu, DTYPE_BF16, &groups) >
                gemm_s(&gpu, DTYPE_BF16, &groups) * 1.05);
}

static double rate(const struct gpu *gpu, enum attention_pass pass, double seq, double head)
{
    struct attention a = {32768 / seq, 2048 / head, 2048 / head, seq, seq, head, head, 0.5};
    return attention_flop(pass, &a) / attention_s(gpu, DTYPE_BF16, pass, &a);
}

/* Backward attention loses more than forward on wide heads, which leave room for smaller tiles, and
 * on short sequences, around whose blocks of keys more is done. */
static void test_backward_attention_loses_on_wide_heads(void **state)
{
    (void)state;
    struct gpu gpu = h100();
    const enum attention_pass forward = ATTENTION_FORWARD, backward = ATTENTION_BACKWARD;
    assert_true(rate(&gpu, backward, 16384, 256) < 0.85 * rate(&gpu, backward, 16384, 128));
    assert_true(rate(&gpu, forward, 16384, 256) > 0.95 * rate(&gpu, forward, 16384, 128));
    assert_true(rate(&gpu, backward, 1024, 128) / rate(&gpu, backward, 16384, 128) <
                rate(&gpu, forward, 1024, 128) / rate(&gpu, forward, 16384, 128));
}

/* V100 has fp16 tensor cores and no bf16; gaudi3's fp16 is slower than its bf16. */
static void test_attention_takes_the_peak_of_its_type(void **state)
{
    (void)state;
    struct attention a = {1, 16, 16, 4096, 4096, 128, 128, 0.5};
    struct gpu gpu = a100(), volta = a100(), uneven = a100();
    volta.peak_flop_per_s[DTYPE_BF16] = 0;
    volta.peak_flop_per_s[DTYPE_FP16] = 312e12;
    double bf16 = attention_s(&gpu, DTYPE_BF16, ATTENTION_FORWARD, &a);
    check_near(attention_s(&volta, DTYPE_FP16, ATTENTION_FORWARD, &a), bf16, 1e-12);
    check_near(attention_s(&volta, DTYPE_BF16, ATTENTION_FORWARD, &a), bf16, 1e-12);
    uneven.peak_flop_per_s[DTYPE_FP16] = 78e12;
    assert_true(attention_s(&uneven, DTYPE_FP16, ATTENTION_FORWARD, &a) > 2 * bf16);
    check_near(attention_s(&uneven, DTYPE_BF16, ATTENTION_FORWARD, &a), bf16, 1e-12);
}

/* All queries of a sequence in one tile: nothing of the keys is skipped, causal or not. 1000 heads
 * of 64 queries in a tile of 64 compute 128 keys at least, 512 FLOP each; with the longest CTA, on
 * one SM of 100, that is 1,100 tiles of 64 x 128 x 512 / 10^15 s. */
static void test_attention_in_one_tile(void **state)
{
    (void)state;
    struct gpu gpu;
    memset(&gpu, 0, sizeof gpu);
    gpu.peak_flop_per_s[DTYPE_BF16] = 1e15;
    gpu.memory_bandwidth_bytes_per_s = 1e18;
    gpu.sm_count = 100;
    gpu.clock_hz = 1e9;
    gpu.exp_per_sm_clock = 1e9;
    gpu.calibration.attention[ATTENTION_FORWARD][0] =
        (struct attention_constants){.math_frac = 1,
                                     .exp_frac = 1,
                                     .p = 8,
                                     .tile_rows = 64,
                                     .least_keys = 128,
                                     .tail = 1,
                                     .bandwidth_frac = 1};
    struct attention a = {1, 1000, 1000, 64, 64, 128, 128, 0.5};
    check_near(attention_s(&gpu, DTYPE_BF16, ATTENTION_FORWARD, &a), 1100 * 64.0 * 128 * 512 / 1e15,
               1e-9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_gemm_worked_example),
        cmocka_unit_test(test_attention_fa3),
        cmocka_unit_test(test_counts),
        cmocka_unit_test(test_attention_in_one_tile),
        cmocka_unit_test(test_zero_costs_nothing),
        cmocka_unit_test(test_wide_outputs_weigh_their_bytes_once),
        cmocka_unit_test(test_gemm_bounds),
        cmocka_unit_test(test_grouped_reads_every_weight),
        cmocka_unit_test(test_groups_in_blocks_run_as_a_dense_product),
        cmocka_unit_test(test_backward_attention_loses_on_wide_heads),
        cmocka_unit_test(test_attention_takes_the_peak_of_its_type),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
