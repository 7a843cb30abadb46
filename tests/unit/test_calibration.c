#include "hardware/calibration.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>

static void fill(struct calibration *c)
{
    struct calibration_slot slot;
    unsigned seed = 7;
    calibration_default(c, "hopper");
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        struct calibration_group *group = calibration_group_of(c, &slot);
        group->kind = (enum calibration_kind)(i % 3);
        snprintf(group->source, sizeof group->source, "source %d", (int)i);
        snprintf(group->date, sizeof group->date, "2026-01-02");
        group->samples = (double)i + 1;
        group->error_frac = 0.01 * (double)i / 3;
        for (size_t row = 0; row < slot.count; row++) {
            double *value = calibration_constant(c, &slot, row);
            seed = seed * 1664525u + 1013904223u;
            double share = (double)seed / 4294967296.0;
            *value = slot.constants[row].min +
                     share * (slot.constants[row].max - slot.constants[row].min);
            group->standard_error[row] = *value / 3;
        }
        for (size_t dim = 0; slot.dims[dim]; dim++) {
            group->low[dim] = 1.0 / 3;
            group->high[dim] = 1e9 / 7;
        }
    }
}

static void test_read_back_same_bits(void **state)
{
    (void)state;
    struct calibration written, read;
    struct text text = {0};
    struct json_writer w;
    struct error e;
    fill(&written);
    json_writer_init(&w, &text);
    calibration_write(&w, NULL, &written);
    assert_int_equal(w.bad, 0);
    error_init(&e);
    struct json *json = json_parse(text.data, text.length, "test.json", &e);
    assert_non_null(json);
    calibration_default(&read, "hopper");
    assert_int_equal(calibration_read(json, json_root(json), &read, &e), STATUS_OK);
    assert_memory_equal(&written, &read, sizeof read);
    json_free(json);
    text_free(&text);
}

static void test_defaults_are_not_written(void **state)
{
    (void)state;
    struct calibration c;
    struct text text = {0};
    struct json_writer w;
    calibration_default(&c, "ampere");
    json_writer_init(&w, &text);
    calibration_write(&w, NULL, &c);
    assert_null(strstr(text.data, "gemm"));
    text_free(&text);
}

static void test_refused(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "[]",
        "{\"format\": 2, \"gem\": {}}",
        "{\"format\": 2, \"gemm\": {\"bf17\": {}}}",
        "{\"format\": 2, \"gemm\": {\"bf16\": {\"kind\": \"measured\", \"source\": \"s\"}}}",
        "{\"format\": 2, \"memory\": {\"norm\": {\"source\": \"s\", \"constants\": "
        "{\"bandwidth_frac\": 1, "
        "\"t0_s\": 0}}}}",
        "{\"format\": 2, \"memory\": {\"norm\": {\"kind\": \"measured\", \"source\": \"s\", "
        "\"constants\": {\"bandwidth_frac\": 1}}}}",
        "{\"format\": 2, \"memory\": {\"norm\": {\"kind\": \"measured\", \"source\": \"s\", "
        "\"constants\": {\"bandwidth_frac\": -1, \"t0_s\": 0}}}}",
        "{\"format\": 2, \"memory\": {\"norm\": {\"kind\": \"measured\", \"source\": \"s\", "
        "\"range\": {\"m\": "
        "[1, 2]}, "
        "\"constants\": {\"bandwidth_frac\": 1, \"t0_s\": 0}}}}",
        "{\"format\": 2, \"memory\": {\"norm\": {\"kind\": \"measured\", \"source\": \"s\", "
        "\"standard_errors\": "
        "{\"x\": 1}, "
        "\"constants\": {\"bandwidth_frac\": 1, \"t0_s\": 0}}}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct calibration c, before;
        struct error e;
        error_init(&e);
        calibration_default(&c, "hopper");
        before = c;
        struct json *json = json_parse(texts[i], strlen(texts[i]), "test.json", &e);
        assert_non_null(json);
        assert_int_equal(calibration_read(json, json_root(json), &c, &e), STATUS_INPUT);
        assert_memory_equal(&c, &before, sizeof c);
        json_free(json);
    }
}

/* Constants that another form of the kernels was fitted with are not misread. */
static void test_format(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        enum status status;
        const char *message;
    } cases[] = {
        {"{}",                            STATUS_OK,    ""                        },
        {"{\"format\": 2}",               STATUS_OK,    ""                        },
        {"{\"gemm\": {}}",                STATUS_INPUT, "expected \"format\": 2: "},
        {"{\"gemm\": {}, \"format\": 1}", STATUS_INPUT, "expected \"format\": 2: "},
        {"{\"format\": \"2\"}",           STATUS_INPUT, "expected \"format\": 2: "},
        {"{\"format\": 3, \"gemm\": {}}", STATUS_INPUT, "expected format 2, got 3"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct calibration c;
        struct error e;
        error_init(&e);
        calibration_default(&c, "hopper");
        struct json *json = json_parse(cases[i].text, strlen(cases[i].text), "test.json", &e);
        assert_non_null(json);
        assert_int_equal(calibration_read(json, json_root(json), &c, &e), cases[i].status);
        assert_memory_equal(e.message, cases[i].message, strlen(cases[i].message));
        json_free(json);
    }
}

static void test_transfer(void **state)
{
    (void)state;
    struct calibration c;
    calibration_default(&c, "hopper");
    snprintf(c.gemm_group[0].source, sizeof c.gemm_group[0].source, "a data set");
    c.gemm_group[0].kind = CALIBRATION_MEASURED;
    c.gemm_correction[0].knots[0] = 2;
    calibration_transfer(&c, "h100-sxm", true);
    assert_int_equal(c.gemm_group[0].kind, CALIBRATION_TRANSFERRED);
    assert_string_equal(c.gemm_group[0].source, "h100-sxm: a data set");
    assert_int_equal(c.gemm_group[1].kind, CALIBRATION_ASSUMED);
    assert_int_equal(c.gemm_correction[0].knots[0], 2);
    /* on to a part of another architecture: the source stays the first, the corrections go */
    calibration_transfer(&c, "h200-sxm", false);
    assert_string_equal(c.gemm_group[0].source, "h100-sxm: a data set");
    assert_int_equal(c.gemm_correction[0].knots[0], 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_back_same_bits),
        cmocka_unit_test(test_defaults_are_not_written),
        cmocka_unit_test(test_refused),
        cmocka_unit_test(test_format),
        cmocka_unit_test(test_transfer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
