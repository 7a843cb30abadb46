#ifndef TESTS_UNIT_MODEL_FROM_H
#define TESTS_UNIT_MODEL_FROM_H
#include "model/model.h"
#include "tests/unit/check.h"
#include <string.h>

/* Reads a model from JSON text (named "m.json" in errors). */
static inline enum status model_from(const char *text, struct model *model, struct error *e)
{
    error_init(e);
    struct json *json = json_parse(text, strlen(text), "m.json", e);
    if (!json)
        return e->status;
    enum status status = model_read(json, json_root(json), model, e);
    json_free(json);
    return status;
}

/* The same for a text that must be read. */
static inline struct model good_model(const char *text)
{
    struct model model;
    struct error e;
    if (model_from(text, &model, &e) != STATUS_OK) {
        char shown[1024];
        error_format(&e, shown, sizeof shown);
        fail_msg("%s", shown);
    }
    return model;
}

/* A model of the catalog. */
static inline struct model catalog_model(const char *name)
{
    struct model model;
    struct error e;
    error_init(&e);
    if (model_find(name, NULL, &model, &e) != STATUS_OK)
        fail_msg("%s: %s", name, e.message);
    return model;
}

#endif
