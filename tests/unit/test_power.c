#include "hardware/power.h"
#include "tests/unit/check.h"

/* A board of 700 W, 100 of them idle, 2 pJ a FLOP. */
static const struct gpu board = {.power_cap_w = 700, .idle_power_w = 100, .flop_j = 2e-12};

/* All clocked: P = idle + f^3 E / T, so f = ((cap - idle) T / E)^(1/3). */
static void test_cube_root(void **state)
{
    (void)state;
    struct power_load load = {.math_j = 1200, .clocked_s = 1};
    check_near(power_clock_frac(&board, &load), cbrt(600.0 / 1200), 1e-6);
    load.math_j = 599;
    check_near(power_clock_frac(&board, &load), 1, 0);
}

/* Time that does not scale with the clock thins the power out, energy that does not adds to it. */
static void test_waiting_and_memory(void **state)
{
    (void)state;
    struct power_load load = {.math_j = 1200, .other_j = 300, .clocked_s = 1, .fixed_s = 0.5};
    double f = power_clock_frac(&board, &load);
    assert_true(f > 0.3 && f < 1);
    check_near(100 + (f * f * 1200 + 300) / (1 / f + 0.5), 700, 1e-6);
}

static void test_unknown_figures(void **state)
{
    (void)state;
    struct power_load load = {.math_j = 1e6, .clocked_s = 1};
    struct gpu gpu = board;
    gpu.power_cap_w = 0;
    check_near(power_clock_frac(&gpu, &load), 1, 0);
    gpu = board;
    gpu.idle_power_w = 0;
    check_near(power_clock_frac(&gpu, &load), 1, 0);
    gpu = board;
    gpu.flop_j = 0;
    check_near(power_clock_frac(&gpu, &load), 1, 0);
}

/* At the peak of 600 TFLOP/s the board would draw 100 + 1200 W: f = (1/2)^(1/3). */
static void test_slow_down(void **state)
{
    (void)state;
    struct gpu gpu = board;
    gpu.peak_flop_per_s[DTYPE_BF16] = 600e12;
    check_near(power_slow_down(&gpu, DTYPE_BF16), cbrt(2) - 1, 1e-6);
    check_near(power_slow_down(&gpu, DTYPE_FP16), 0, 0);
    gpu.power_cap_w = 1300;
    check_near(power_slow_down(&gpu, DTYPE_BF16), 0, 0);
    gpu.power_cap_w = 0;
    check_near(power_slow_down(&gpu, DTYPE_BF16), 0, 0);
}

/* A narrower type costs less a FLOP, never less than its rate saves. */
static void test_datatypes(void **state)
{
    (void)state;
    check_near(power_flop_j(&board, DTYPE_BF16), 2e-12, 1e-12);
    check_near(power_flop_j(&board, DTYPE_FP16), 2e-12, 1e-12);
    assert_true(power_flop_j(&board, DTYPE_FP8) < power_flop_j(&board, DTYPE_BF16));
    assert_true(power_flop_j(&board, DTYPE_NVFP4) < power_flop_j(&board, DTYPE_FP8));
    assert_true(power_flop_j(&board, DTYPE_TF32) > power_flop_j(&board, DTYPE_BF16));

    struct gpu stated = board;
    stated.flop_fp8_j = 1.5e-12;
    check_near(power_flop_j(&stated, DTYPE_FP8), 1.5e-12, 1e-12);
    check_near(power_flop_j(&stated, DTYPE_MXFP8), 1.5e-12, 1e-12);
    check_near(power_flop_j(&stated, DTYPE_INT8), power_flop_j(&board, DTYPE_INT8), 1e-12);
    check_near(power_flop_j(&stated, DTYPE_BF16), 2e-12, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cube_root),       cmocka_unit_test(test_waiting_and_memory),
        cmocka_unit_test(test_unknown_figures), cmocka_unit_test(test_slow_down),
        cmocka_unit_test(test_datatypes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
