#include "parallelism/scenario_read.h"
#include <math.h>
#include <string.h>

static enum status missing(const struct json *json, const struct json_value *object,
                           const char *key, struct error *e)
{
    return json_error(json, object, e, STATUS_INPUT, "\"%s\" is missing", key);
}

static enum status read_model(const struct json *json, const struct json_value *object,
                              const char *catalog, struct model *out, struct error *e)
{
    const struct json_value *part = json_member(object, "model");
    if (!part)
        return missing(json, object, "model", e);
    if (json_kind(part) == JSON_STRING)
        return model_find(json_string(part), catalog, out, e);
    return model_read(json, part, out, e);
}

static enum status read_system(const struct json *json, const struct json_value *object,
                               const char *catalog, struct system *out, struct error *e)
{
    const struct json_value *part = json_member(object, "system");
    const struct json_value *gpus = json_member(object, "gpus");
    if (!part)
        return missing(json, object, "system", e);
    if (json_kind(part) == JSON_STRING)
        system_find(json_string(part), catalog, out, e);
    else
        system_read(json, part, catalog, out, e);
    if (e->status != STATUS_OK || (!gpus && out->gpus >= 1))
        return e->status;
    if (!gpus)
        return missing(json, object, "gpus", e);
    if (json_kind(gpus) != JSON_NUMBER || !(json_number(gpus) >= 1) ||
        floor(json_number(gpus)) < json_number(gpus) || json_number(gpus) > SYSTEM_GPUS_MOST)
        return json_error(json, gpus, e, STATUS_INPUT, "expected a number of GPUs");
    out->gpus = json_number(gpus);
    return STATUS_OK;
}

static enum status read_stack(const struct json *json, const struct json_value *object,
                              const char *catalog, struct stack *out, struct error *e)
{
    const struct json_value *part = json_member(object, "stack");
    bool named = part && json_kind(part) == JSON_STRING;
    if (stack_find(named ? json_string(part) : NULL, catalog, out, e) != STATUS_OK || !part ||
        named)
        return e->status;
    return fields_read(json, part, (struct fields){stack_fields, stack_field_count}, out, NULL, e);
}

static enum status read_job(const struct json *json, const struct json_value *object,
                            struct job *out, struct error *e)
{
    const struct json_value *part = json_member(object, "job");
    job_default(out);
    if (!part)
        return missing(json, object, "job", e);
    const struct fields fields = {job_fields, job_field_count};
    if (fields_read(json, part, fields, out, NULL, e) != STATUS_OK)
        return e->status;
    if (floor(out->seq_length) < out->seq_length || floor(out->global_batch) < out->global_batch)
        return json_error(json, part, e, STATUS_INPUT,
                          "expected whole numbers of tokens and sequences");
    return STATUS_OK;
}

/* A misspelled part would be lost. */
static enum status check_parts(const struct json *json, const struct json_value *object,
                               struct error *e)
{
    static const char *const parts[] = {"model", "system", "gpus", "job", "stack"};
    static const size_t n = sizeof parts / sizeof *parts;
    for (const struct json_value *m = json_first(object); m; m = json_next(m)) {
        size_t i = 0;
        while (i < n && strcmp(parts[i], json_key(m)) != 0)
            i++;
        if (i < n)
            continue;
        const char *near = nearest_name(json_key(m), parts, n);
        json_error(json, m, e, STATUS_INPUT, "no part of a scenario");
        if (near)
            error_set_hint(e, "did you mean \"%s\"?", near);
        return e->status;
    }
    return STATUS_OK;
}

enum status scenario_read(const struct json *json, const struct json_value *object,
                          const char *catalog, struct scenario *out, struct error *e)
{
    if (!object || json_kind(object) != JSON_OBJECT)
        return json_error(json, object, e, STATUS_INPUT,
                          "expected an object with \"model\", \"system\", \"gpus\", \"job\"");
    if (check_parts(json, object, e) != STATUS_OK ||
        read_model(json, object, catalog, &out->model, e) != STATUS_OK ||
        read_system(json, object, catalog, &out->system, e) != STATUS_OK ||
        read_stack(json, object, catalog, &out->stack, e) != STATUS_OK)
        return e->status;
    return read_job(json, object, &out->job, e);
}

/* Of an estimate's strategy only what was asked for counts: the rest follows anew. */
static enum status keep_asked_for(const struct json *json, const struct json_value *asked,
                                  bool *read, struct error *e)
{
    bool kept[STRATEGY_FIELDS_MAX] = {false};
    for (const struct json_value *v = json_first(asked); v; v = json_next(v)) {
        size_t i =
            json_kind(v) == JSON_STRING ? strategy_row(json_string(v)) : strategy_field_count;
        if (i == strategy_field_count)
            return json_error(json, v, e, STATUS_INPUT, "expected a key of the strategy");
        kept[i] = read[i];
    }
    memcpy(read, kept, sizeof kept);
    return STATUS_OK;
}

enum status strategy_read(const struct json *json, const struct json_value *object,
                          const struct json_value *asked, struct strategy *strategy, bool *given,
                          struct error *e)
{
    struct strategy values;
    bool read[STRATEGY_FIELDS_MAX] = {false};
    struct fields_options options = {.given = read};
    strategy_default(&values);
    const struct fields fields = {strategy_fields, strategy_field_count};
    if (fields_read(json, object, fields, &values, &options, e) != STATUS_OK ||
        (asked && keep_asked_for(json, asked, read, e) != STATUS_OK))
        return e->status;
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (!read[i])
            continue;
        field_copy(&strategy_fields[i], &values, strategy);
        given[i] = true;
    }
    return STATUS_OK;
}
