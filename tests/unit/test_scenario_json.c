#include "model/model_json.h"
#include "reports/scenario_json.h"
#include "tests/unit/check.h"
#include <string.h>

/* What a result carries of its scenario reads back as the same scenario. */

static struct json *parse(const struct text *t)
{
    struct error e;
    error_init(&e);
    struct json *json = json_parse(t->data, t->length, "written", &e);
    if (!json)
        fail_msg("%s", e.message);
    return json;
}

/* What does not stand in the text would show in one of these. */
static void check_same_counts(const struct model *a, const struct model *b)
{
    struct model_parameters x = model_parameters(a), y = model_parameters(b);
    assert_memory_equal(&x, &y, sizeof x);
    check_near(model_flop_per_token(b, 8192), model_flop_per_token(a, 8192), 0);
}

static void test_every_model_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; model_catalog_name(i); i++) {
        static struct model model, back;
        struct text out = {0}, again = {0};
        struct json_writer w;
        struct error e;
        error_init(&e);
        assert_int_equal(model_find(model_catalog_name(i), NULL, &model, &e), STATUS_OK);
        json_writer_init(&w, &out);
        model_write(&w, NULL, &model);
        struct json *json = parse(&out);
        assert_true(model_is_resolved(json_root(json)));
        assert_int_equal(model_read(json, json_root(json), &back, &e), STATUS_OK);
        json_writer_init(&w, &again);
        model_write(&w, NULL, &back);
        assert_string_equal(out.data, again.data);
        check_same_counts(&model, &back);
        json_free(json);
        text_free(&out);
        text_free(&again);
    }
}

/* Every system with its gpu: written, read and written again it is the same text. */
static void test_every_system_reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; system_catalog_name(i); i++) {
        static struct system system, back;
        struct text out = {0}, again = {0};
        struct json_writer w;
        struct error e;
        error_init(&e);
        assert_int_equal(system_find(system_catalog_name(i), NULL, &system, &e), STATUS_OK);
        system.gpus = 64;
        json_writer_init(&w, &out);
        json_open_object(&w, NULL);
        system_write_whole(&w, &system);
        json_close_object(&w);
        struct json *json = parse(&out);
        if (system_read(json, json_root(json), NULL, &back, &e) != STATUS_OK)
            fail_msg("%s: %s: %s", system_catalog_name(i), e.path, e.message);
        json_writer_init(&w, &again);
        json_open_object(&w, NULL);
        system_write_whole(&w, &back);
        json_close_object(&w);
        assert_string_equal(out.data, again.data);
        json_free(json);
        text_free(&out);
        text_free(&again);
    }
}

static void check_refused(const char *text)
{
    static struct model model;
    struct error e;
    error_init(&e);
    struct json *json = json_parse(text, strlen(text), "text", &e);
    assert_non_null(json);
    assert_int_equal(model_read(json, json_root(json), &model, &e), STATUS_INPUT);
    json_free(json);
}

/* A resolved model that somebody edited is checked like any other input. */
static void test_broken_models_are_refused(void **state)
{
    (void)state;
#define GOOD                                                                                       \
    "\"layers\": 2, \"hidden_size\": 8, \"heads\": 2, \"kv_heads\": 1, \"head_dim\": 4, "          \
    "\"v_head_dim\": 4, \"intermediate_size\": 16, \"vocab_size\": 10"
#define KIND                                                                                       \
    "{\"experts\": false, \"intermediate_size\": 16, \"heads\": 2, \"kv_heads\": 1, "              \
    "\"head_dim\": 4}"
    check_refused("{\"layer_kinds\": []}");
    check_refused("{" GOOD ", \"layer_kinds\": [" KIND "]}");
    check_refused("{" GOOD ", \"layer_kinds\": [" KIND "], \"kind_of_layer\": [0]}");
    check_refused("{" GOOD ", \"layer_kinds\": [" KIND "], \"kind_of_layer\": [0, 1]}");
    check_refused("{" GOOD ", \"layer_kinds\": [" KIND "], \"kind_of_layer\": [0, 0.5]}");
    check_refused("{" GOOD ", \"layer_kinds\": [{\"experts\": true, \"heads\": 2, \"kv_heads\": 1, "
                  "\"head_dim\": 4}], \"kind_of_layer\": [0, 0]}");
    check_refused("{" GOOD ", \"surprise\": 1, \"layer_kinds\": [" KIND
                  "], \"kind_of_layer\": [0, 0]}");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_model_reads_back),
        cmocka_unit_test(test_every_system_reads_back),
        cmocka_unit_test(test_broken_models_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
