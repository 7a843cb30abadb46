#include "hardware/collective_constants.h"
#include "tests/unit/check.h"
#include <string.h>

static struct collective_calibration round_trip(const struct collective_calibration *c)
{
    struct collective_calibration back = {0};
    struct text text = {0};
    struct json_writer w;
    struct error e;
    error_init(&e);
    json_writer_init(&w, &text);
    json_open_object(&w, NULL);
    collective_calibration_write(&w, "collectives", c);
    json_close_object(&w);
    struct json *json = json_parse(text.data, text.length, "test", &e);
    assert_non_null(json);
    const struct json_value *v = json_member(json_root(json), "collectives");
    assert_int_equal(collective_calibration_read(json, v, &back, &e), STATUS_OK);
    json_free(json);
    text_free(&text);
    return back;
}

/* What was fitted predicts the same bits after it was written and read. */
static void test_round_trip(void **state)
{
    (void)state;
    struct collective_calibration c = {.kind = SOURCE_MEASURED,
                                       .source = "a log",
                                       .date = "2026-11-21",
                                       .samples = 21,
                                       .error_frac = 1.0 / 3,
                                       .low_bytes = 512,
                                       .high_bytes = 1e9,
                                       .low_ranks = 2,
                                       .high_ranks = 8};
    c.op[COLLECTIVE_ALL_GATHER] = (struct collective_constants){
        .regimes = 2,
        .regime = {{COLLECTIVE_RING, 1e-6 / 3, 2e-7, 0, 0.7, 1, 0},
                   {COLLECTIVE_TREE, 5e-6, 0, 1e-5, 0.1 + 0.2, 1.25, 0}            },
        .standard_error = {{COLLECTIVE_RING, 1e-8, 0, 0, 0.01, 0, 0},
                   {COLLECTIVE_TREE, 0, 0, 0, 0, 0, 0}                             },
        .switches = 1,
        .switch_regime = 1,
        .change = {{2, 1.8e-6, -2.8e-6, 0.3, 0.8}                 },
        .groups = 2,
        .group_ranks = {2,                                              8               },
        .group_frac = {0.7,                                              1},
        .knots = 3,
        .knot_bytes = {512,                                           1024,                4096},
        .ratio = {{1.1, 0.9, 1},                                   {1, 2.0 / 3, 1}},
        .split = {1,                                               3}
    };
    struct collective_calibration back = round_trip(&c);
    assert_memory_equal(&back, &c, sizeof c);
}

static void check_refused(const char *text, const char *says)
{
    struct error e;
    error_init(&e);
    struct json *json = json_parse(text, strlen(text), "test", &e);
    assert_non_null(json);
    struct collective_calibration c = {.samples = 7};
    assert_int_equal(collective_calibration_read(json, json_root(json), &c, &e), STATUS_INPUT);
    if (!strstr(e.message, says))
        fail_msg("\"%s\" does not say \"%s\"", e.message, says);
    assert_true(c.samples == 7);
    json_free(json);
}

#define OP(members) "{\"kind\": \"measured\", \"source\": \"x\", \"all_reduce\": {" members "}}"
#define LINE                                                                                       \
    "{\"algorithm\": \"ring\", \"alpha\": 1e-6, \"step\": 0, \"hop\": 0, \"bandwidth_frac\": "     \
    "0.8, \"join\": 1}"

static void test_refusals(void **state)
{
    (void)state;
    check_refused("{\"source\": \"x\"}", "kind");
    check_refused(OP(""), "regimes");
    check_refused(OP("\"regimes\": [{\"algorithm\": \"ring\"}]"), "alpha");
    check_refused(OP("\"regimes\": [" LINE "], \"knots\": [1, 1]"), "increasing");
    check_refused(OP("\"regimes\": [" LINE "], \"knots\": [1, 2]"), "groups");
    check_refused(OP("\"regimes\": [" LINE
                     "], \"knots\": [1, 2], \"groups\": [{\"ranks\": 2, \"frac\": 1, "
                     "\"ratios\": [1]}]"),
                  "list of 2 numbers");
    check_refused(OP("\"regimes\": [" LINE
                     "], \"switches\": [{\"ranks\": 2, \"alpha\": 1e-6, \"step\": 0, "
                     "\"low_frac\": 0.8, \"high_frac\": 0.3}], \"switch_regime\": 0"),
                  "low_frac");
}

static void test_transfer(void **state)
{
    (void)state;
    struct collective_calibration c = {
        .kind = SOURCE_MEASURED, .source = "a log", .error_frac = 0.1};
    collective_calibration_transfer(&c, "h100-sxm");
    assert_int_equal(c.kind, SOURCE_TRANSFERRED);
    assert_string_equal(c.source, "h100-sxm: a log");
    assert_true(c.error_frac == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_round_trip),
                                       cmocka_unit_test(test_refusals),
                                       cmocka_unit_test(test_transfer)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
