/* Parameter counts against published ones: model_counts.json gives model, count, source. */
#include "model/model.h"
#include "tests/unit/model_counts.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void published_counts(void **state)
{
    (void)state;
    struct json *json = load_counts();
    int rows = 0;
    for (const struct json_value *row = json_first(json_root(json)); row;
         row = json_next(row), rows++) {
        struct model model = row_model(json, row);
        struct model_parameters p = model_parameters(&model);
        const char *name = json_string(json_member(row, "name"));
        double active = json_number(json_member(row, "active")),
               tolerance = json_number(json_member(row, "tolerance"));
        assert_true(tolerance <= 0.03 && json_member(row, "source"));
        check_near_at(p.total, json_number(json_member(row, "parameters")), tolerance, name,
                      __FILE__, __LINE__);
        if (active > 0)
            check_near_at(p.active, active, json_number(json_member(row, "active_tolerance")), name,
                          __FILE__, __LINE__);
    }
    assert_true(rows > 80);
    json_free(json);
}

/* Every catalog file reads, says where it comes from, and is held to a published count above. */
static void catalog_is_counted(void **state)
{
    (void)state;
    struct json *json = load_counts();
    size_t n = 0;
    for (; model_catalog_name(n); n++) {
        const char *name = model_catalog_name(n);
        bool found = false;
        for (const struct json_value *row = json_first(json_root(json)); row; row = json_next(row))
            found = found || strcmp(json_string(json_member(row, "name")), name) == 0;
        if (!found)
            fail_msg("%s has no published count", name);
    }
    assert_true(n >= 32);
    json_free(json);
}

static void catalog_names_its_sources(void **state)
{
    (void)state;
    for (size_t i = 0; model_catalog_name(i); i++) {
        char path[256];
        struct error e;
        error_init(&e);
        snprintf(path, sizeof path, "model/catalog/%s.json", model_catalog_name(i));
        struct json *json = json_load(path, &e);
        assert_non_null(json);
        const struct json_value *source = json_member(json_root(json), "source");
        assert_non_null(source);
        assert_memory_equal(json_string(source), "https://", 8);
        json_free(json);
    }
}

/* The parts make the total, and the layers of a stage make the model. */
static void parts_sum_to_total(void **state)
{
    (void)state;
    for (size_t i = 0; model_catalog_name(i); i++) {
        struct model model;
        struct error e;
        error_init(&e);
        assert_int_equal(model_find(model_catalog_name(i), NULL, &model, &e), STATUS_OK);
        struct model_parameters p = model_parameters(&model);
        check_near(p.embedding + p.head + p.attention + p.scans + p.dense_mlp + p.experts + p.shared_experts +
                       p.router + p.norms,
                   p.total, 1e-14);
        assert_true(p.active <= p.total);
        double halves[MODEL_LAYER_KINDS_MAX] = {0}, whole[MODEL_LAYER_KINDS_MAX] = {0};
        model_count_kinds(&model, 0, model.layers / 2, halves);
        model_count_kinds(&model, model.layers / 2, model.layers - model.layers / 2, halves);
        model_count_kinds(&model, 0, model.layers, whole);
        assert_memory_equal(halves, whole, sizeof whole);
    }
}

/* Vectors of MODELLING's appendix A, by layer. */
static void layer_vectors(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        double attention, mlp;
    } rows[] = {
        {"llama2-7b",   67108864,  135266304 },
        {"llama3-8b",   41943040,  176160768 },
        {"llama3-70b",  150994944, 704643072 },
        {"llama3-405b", 570425344, 2617245696},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model m;
        struct error e;
        error_init(&e);
        assert_int_equal(model_find(rows[i].name, NULL, &m, &e), STATUS_OK);
        struct model_parameters p = layer_parameters(&m, &m.kind[0]);
        check_near(p.attention, rows[i].attention, 0);
        check_near(p.dense_mlp, rows[i].mlp, 0);
    }
    struct model v3, gpt;
    struct error e;
    error_init(&e);
    assert_int_equal(model_find("deepseek-v3", NULL, &v3, &e), STATUS_OK);
    assert_int_equal(v3.kinds, 2);
    assert_false(v3.kind[0].experts);
    struct model_parameters expert = layer_parameters(&v3, &v3.kind[1]);
    check_near(expert.attention, 187107328, 0);
    check_near(expert.experts / v3.experts, 44040192, 0);
    check_near(model_parameters(&v3).active - model_parameters(&v3).embedding, 36.63e9, 2e-4);
    check_near(model_parameters(&v3).mtp, 11.6e9, 0.01); /* [DeepSeek-V3] 2.2: 11.6 billion unique */
    assert_int_equal(model_find("gpt3-175b", NULL, &gpt, &e), STATUS_OK);
    /* attention 4h^2 and its biases 4h; MLP 8h^2, its biases left out of the matrices */
    check_near(layer_parameters(&gpt, &gpt.kind[0]).attention, 604028928, 0);
    check_near(layer_matrix_elements(&gpt, &gpt.kind[0]), 604028928 - 4 * 12288 + 1207959552.0, 0);
}

/* The hub's own files, where the folder of shared data holds them. */
static void shared_files(void **state)
{
    (void)state;
    static const struct {
        const char *file, *catalog;
    } rows[] = {
        {"Qwen--Qwen3-30B-A3B",            "qwen3-30b-a3b"},
        {"Qwen--Qwen3-8B",                 "qwen3-8b"     },
        {"deepseek-ai--DeepSeek-V3",       "deepseek-v3"  },
        {"meta-llama--Meta-Llama-3.1-70B", "llama3-70b"   },
        {"mistralai--Mixtral-8x7B-v0.1",   "mixtral-8x7b" },
        {"openai--gpt-oss-20b",            "gpt-oss-20b"  },
    };
    const char *shared = getenv("STEPCAST_SHARED");
    if (!shared)
        skip();
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char path[512];
        struct model file, own;
        struct error e;
        error_init(&e);
        snprintf(path, sizeof path, "%s/models/%s.json", shared, rows[i].file);
        if (model_find(path, NULL, &file, &e) != STATUS_OK)
            fail_msg("%s: %s", path, e.message);
        assert_int_equal(model_find(rows[i].catalog, NULL, &own, &e), STATUS_OK);
        assert_string_equal(file.name, rows[i].file);
        check_near(model_parameters(&file).total, model_parameters(&own).total, 0);
        check_near(model_parameters(&file).active, model_parameters(&own).active, 0);
        check_near(model_parameters(&file).mtp, model_parameters(&own).mtp, 0);
        check_near(model_flop_per_token(&file, 4096), model_flop_per_token(&own, 4096), 0);
        assert_int_equal(file.kinds, own.kinds);
        assert_memory_equal(file.kind_of_layer, own.kind_of_layer, sizeof own.kind_of_layer);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(published_counts),
        cmocka_unit_test(catalog_is_counted),
        cmocka_unit_test(catalog_names_its_sources),
        cmocka_unit_test(parts_sum_to_total),
        cmocka_unit_test(layer_vectors),
        cmocka_unit_test(shared_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
