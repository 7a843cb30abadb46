#include "parallelism/sweep/sweep.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <string.h>

static struct knobs list;
static struct axis axes[SWEEP_AXES_MAX];

static enum status parse(const struct scenario *s, const char *text, struct axis *axis,
                         struct error *e)
{
    error_init(e);
    knobs_list(s, &list);
    return axis_parse(s, &list, text, axis, e);
}

static void check_axis(const struct scenario *s, const char *text, const char *const *values)
{
    struct error e;
    if (parse(s, text, &axes[0], &e) != STATUS_OK)
        fail_msg("%s: %s", text, e.message);
    int n = 0;
    for (; values[n]; n++) {
        if (n < axes[0].count)
            assert_string_equal(axes[0].value[n], values[n]);
    }
    assert_int_equal(axes[0].count, n);
}

static void test_axes(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    (void)state;
    check_axis(s, "gpus=64:4096:x2",
               (const char *const[]){"64", "128", "256", "512", "1024", "2048", "4096", NULL});
    check_axis(s, "gpu.memory=80GB:280GB:+100GB",
               (const char *const[]){"80000000000", "180000000000", "280000000000", NULL});
    check_axis(s, "gpu.peak=0.5x:2x:x2", (const char *const[]){"0.5x", "1x", "2x", NULL});
    check_axis(s, "gpu.peak=1x:1.3x:+0.1x",
               (const char *const[]){"1x", "1.1x", "1.2x", "1.3x", NULL});
    check_axis(s, "precision=bf16,fp8", (const char *const[]){"bf16", "fp8", NULL});
    check_axis(s, "gpus=32:8:x0.5", (const char *const[]){"32", "16", "8", NULL});
    check_axis(s, "gpus=32:8:-12", (const char *const[]){"32", "20", "8", NULL});
    check_axis(s, "gpus+global_batch=1x,2x", (const char *const[]){"1x", "2x", NULL});
    assert_int_equal(axes[0].knobs, 2);
    check_axis(s, "gpu=h100-sxm,b200-sxm", (const char *const[]){"h100-sxm", "b200-sxm", NULL});
    free(s);
}

static void test_wrong_axes(void **state)
{
    static const char *const wrong[] = {
        "gpus",          "gpus=",       "=1,2",          "gpus=1:2",       "gpus=1:8:2",
        "gpus=8:1:x2",   "gpus=1:8:x1", "gpus=1:8:+0",   "gpus=1,,2",      "gpus=0",
        "gpus=2.5",      "gpus=a,b",    "gpu.memory=1s", "precision=bf17", "precision=a:b:x2",
        "gpus=1:1e9:+1", "nothing=1",   "gpus+=1,2",     "gpus=1:8:x2:x2", "gpu.memory=0.1x,-1x",
    };
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct error e;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        if (parse(s, wrong[i], &axes[0], &e) != STATUS_USAGE)
            fail_msg("%s was taken", wrong[i]);
        assert_true(e.message[0] != '\0');
    }
    free(s);
}

static struct sweep_request request_of(const struct scenario *s, const struct search_options *o,
                                       int axis_count)
{
    return (struct sweep_request){
        .scenario = s, .options = o, .axes = axes, .axis_count = axis_count};
}

/* Each point is what a search of its scenario finds. */
static void test_points_are_searches(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16), *at = malloc(sizeof *at);
    struct search_options options;
    struct sweep sweep;
    struct error e;
    (void)state;
    search_options_default(&options);
    options.top = 1;
    options.choices[SEARCH_VPP] = (struct choices){1, {1}};
    strategy_complete(&options.base, NULL, s);
    assert_int_equal(parse(s, "gpus+global_batch=1x,2x", &axes[0], &e), STATUS_OK);
    assert_int_equal(parse(s, "tier.scale_out.bandwidth=100Gb/s,400Gb/s,1.6Tb/s", &axes[1], &e),
                     STATUS_OK);
    struct sweep_request request = request_of(s, &options, 2);
    assert_int_equal(sweep_search(&request, &sweep, &e), STATUS_OK);
    assert_int_equal(sweep.count, 6);
    for (int i = 0; i < 6; i++) {
        static const double bytes_per_s[] = {12.5e9, 50e9, 200e9};
        struct search_result result;
        *at = *s;
        at->system.gpus = i < 3 ? 16 : 32;
        at->job.global_batch = i < 3 ? 32 : 64;
        at->system.tier[1].bandwidth_bytes_per_s = bytes_per_s[i % 3];
        assert_int_equal(search_run(at, &options, &result, &e), STATUS_OK);
        assert_true(sweep.points[i].found && result.count == 1);
        check_near(sweep.points[i].best.cost.step_s, result.results[0].cost.step_s, 0);
        check_near(sweep.points[i].number[1][0], bytes_per_s[i % 3], 1e-12);
        search_result_free(&result);
    }
    /* a faster network is never slower */
    for (int i = 1; i < 3; i++)
        assert_true(sweep.points[i].best.cost.step_s <= sweep.points[i - 1].best.cost.step_s);
    sweep_free(&sweep);
    free(at);
    free(s);
}

/* A whole system first, then its parts: "1x" of the memory is that of the point's own part. */
static void test_order_of_axes(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16), *at = malloc(sizeof *at);
    struct search_options options;
    struct error e;
    struct sweep_point point = {
        .value = {1, 1}
    };
    (void)state;
    search_options_default(&options);
    assert_int_equal(parse(s, "gpu.memory=1x,0.5x", &axes[0], &e), STATUS_OK);
    assert_int_equal(parse(s, "system=dgx-h100,dgx-b200", &axes[1], &e), STATUS_OK);
    struct sweep_request request = request_of(s, &options, 2);
    assert_int_equal(sweep_scenario(&request, &point, at, &e), STATUS_OK);
    struct system b200;
    assert_int_equal(system_find("dgx-b200", NULL, &b200, &e), STATUS_OK);
    check_near(at->system.gpu.memory_bytes, 0.5 * b200.gpu.memory_bytes, 1e-15);
    check_near(at->system.gpus, 16, 0);
    free(at);
    free(s);
}

static void test_nothing_fits(void **state)
{
    struct scenario *s = catalog_scenario("llama3-70b", "dgx-h100", 8);
    struct search_options options;
    struct sweep sweep;
    struct error e;
    (void)state;
    search_options_default(&options);
    options.choices[SEARCH_VPP] = (struct choices){1, {1}};
    assert_int_equal(parse(s, "gpu.memory=20GB,2000GB", &axes[0], &e), STATUS_OK);
    struct sweep_request request = request_of(s, &options, 1);
    assert_int_equal(sweep_search(&request, &sweep, &e), STATUS_OK);
    assert_false(sweep.points[0].found);
    assert_true(sweep.points[1].found);
    sweep_free(&sweep);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_axes),
        cmocka_unit_test(test_wrong_axes),
        cmocka_unit_test(test_points_are_searches),
        cmocka_unit_test(test_order_of_axes),
        cmocka_unit_test(test_nothing_fits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
