#ifndef TESTS_UNIT_MODEL_COUNTS_H
#define TESTS_UNIT_MODEL_COUNTS_H
#include "base/json_read.h"
#include "tests/unit/model_from.h"

/* model_counts.json: models with their published counts and sources. The caller frees it. */
static inline struct json *load_counts(void)
{
    struct error e;
    error_init(&e);
    struct json *json = json_load("tests/unit/model_counts.json", &e);
    if (!json)
        fail_msg("%s", e.message);
    return json;
}

/* A row names a catalog model, or carries the config.json of one. */
static inline struct model row_model(const struct json *json, const struct json_value *row)
{
    struct model model;
    struct error e;
    const char *name = json_string(json_member(row, "name"));
    const struct json_value *config = json_member(row, "config");
    error_init(&e);
    if (!config)
        return catalog_model(name);
    if (model_read(json, config, &model, &e) != STATUS_OK)
        fail_msg("%s: %s: %s", name, e.path, e.message);
    return model;
}

#endif
