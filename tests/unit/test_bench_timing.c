#include "base/values.h"
#include "calibrate/bench/timing.h"
#include "tests/unit/check.h"

static void median_of_odd_and_even_counts(void **state)
{
    (void)state;
    double odd[] = {9, 1, 5}, even[] = {4, 1, 3, 2}, one[] = {7};
    check_near(values_median(odd, 3), 5, 0);
    check_near(values_median(even, 4), 2.5, 0);
    check_near(values_median(one, 1), 7, 0);
}

/* By hand: median 3; deviations 2 1 0 1 97; their median 1. */
static void mad_ignores_one_wild_value(void **state)
{
    (void)state;
    double values[] = {1, 2, 3, 4, 100};
    struct timing t = timing_of(values, 5);
    check_near(t.median_s, 3, 0);
    check_near(t.mad_s, 1, 0);
    assert_int_equal(t.repetitions, 5);
    check_near(timing_spread_frac(&t), 1.4826 / 3, 1e-12);
    assert_true(timing_noisy(&t));
}

static void quiet_rows_are_not_noisy(void **state)
{
    (void)state;
    double values[] = {100, 101, 102, 103, 104};
    struct timing t = timing_of(values, 5);
    assert_false(timing_noisy(&t)); /* 1.4826 * 1 / 102 = 1.5 % */
}

/* The others: median 10, MAD 0, so that one standard deviation is the floor, 2 % of 10. */
static void outlier_is_scored_against_the_others(void **state)
{
    (void)state;
    double times[] = {10, 10, 12, 10, 10};
    check_near(outlier_score(times, 5, 2, 0.02), 2 / 0.2, 1e-12);
    check_near(outlier_score(times, 5, 0, 0.02), 0, 1e-12);
    check_near(outlier_score(times, 1, 0, 0.02), 0, 0); /* nobody to compare with */
}

/* A call that takes 1 ms, except that every fifth batch is disturbed. */
struct fake {
    int batches, calls, fail_at;
};

static enum status fake_run(void *context, int calls, double *seconds, struct error *e)
{
    struct fake *fake = context;
    fake->batches++;
    fake->calls += calls;
    if (fake->batches == fake->fail_at)
        return error_set(e, STATUS_IO, "the device fell off the bus");
    *seconds = 1e-3 * calls * (fake->batches % 5 == 0 ? 3 : 1);
    return STATUS_OK;
}

static void measure_fills_batches_and_repeats(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct work work = {fake_run, &fake};
    struct measure_plan plan = {
        .warmup_calls = 2, .batch_s = 10e-3, .min_repetitions = 10, .max_s = 1};
    struct timing t;
    struct error e;
    error_init(&e);
    assert_int_equal(measure(&plan, &work, &t, &e), STATUS_OK);
    check_near(t.median_s, 1e-3, 1e-12);
    assert_int_equal(t.repetitions, 10);
    assert_int_equal(fake.calls, 2 + 10 * 10); /* warm-up, then batches of 10 ms */
}

static void measure_respects_the_time_limit(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct work work = {fake_run, &fake};
    struct measure_plan plan = {.warmup_calls = 1, .min_repetitions = 1000, .max_s = 2.5e-3};
    struct timing t;
    struct error e;
    error_init(&e);
    assert_int_equal(measure(&plan, &work, &t, &e), STATUS_OK);
    assert_int_equal(t.repetitions, 3); /* never fewer than three */
}

/* A graph has a fixed number of calls: they are neither fewer nor more, warm-up included. */
static void measure_keeps_a_fixed_number_of_calls(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct work work = {fake_run, &fake};
    struct measure_plan plan = {.warmup_calls = 2, .calls = 64, .min_repetitions = 10, .max_s = 9};
    struct timing t;
    struct error e;
    error_init(&e);
    assert_int_equal(measure(&plan, &work, &t, &e), STATUS_OK);
    check_near(t.median_s, 1e-3, 1e-12);
    assert_int_equal(fake.calls, 64 * (2 + 10));
}

/* One call is a quarter of the point's time: no second warm-up, three repetitions of one call. */
static void measure_makes_few_long_calls(void **state)
{
    (void)state;
    struct fake fake = {0};
    struct work work = {fake_run, &fake};
    struct measure_plan plan = {
        .warmup_calls = 2, .min_calls = 3, .min_repetitions = 7, .max_s = 3e-3};
    struct timing t;
    struct error e;
    error_init(&e);
    assert_int_equal(measure(&plan, &work, &t, &e), STATUS_OK);
    assert_int_equal(fake.calls, 1 + 3);
}

static void measure_passes_a_failure_on(void **state)
{
    (void)state;
    struct fake fake = {.fail_at = 4};
    struct work work = {fake_run, &fake};
    struct measure_plan plan = {.warmup_calls = 1, .min_repetitions = 10, .max_s = 1};
    struct timing t = {.repetitions = -1};
    struct error e;
    error_init(&e);
    assert_int_equal(measure(&plan, &work, &t, &e), STATUS_IO);
    assert_int_equal(t.repetitions, -1); /* outputs are written on success alone */
    assert_string_equal(e.message, "the device fell off the bus");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(median_of_odd_and_even_counts),
        cmocka_unit_test(mad_ignores_one_wild_value),
        cmocka_unit_test(quiet_rows_are_not_noisy),
        cmocka_unit_test(outlier_is_scored_against_the_others),
        cmocka_unit_test(measure_fills_batches_and_repeats),
        cmocka_unit_test(measure_respects_the_time_limit),
        cmocka_unit_test(measure_keeps_a_fixed_number_of_calls),
        cmocka_unit_test(measure_makes_few_long_calls),
        cmocka_unit_test(measure_passes_a_failure_on),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
