#include "reports/result.h"
#include "reports/csv.h"
#include <math.h>
#include <stdio.h>

const char result_flop_convention[] = "6 FLOP a matrix parameter and token, logits in, attention "
                                      "halved for causality; over the dense "
                                      "peak of the job's precision";

static double get_step(const struct result *r)
{
    return r->cost->step_s;
}

static double get_step_low(const struct result *r)
{
    return step_low_s(r->cost);
}

static double get_step_high(const struct result *r)
{
    return step_high_s(r->cost);
}

static double get_tokens_per_s(const struct result *r)
{
    return step_tokens_per_s(r->scenario, r->cost);
}

static double get_tokens_per_s_per_gpu(const struct result *r)
{
    return step_tokens_per_s(r->scenario, r->cost) / r->scenario->system.gpus;
}

static double get_model_flop(const struct result *r)
{
    return r->cost->model_flop;
}

static double get_model_flop_per_s_per_gpu(const struct result *r)
{
    return r->cost->model_flop / r->cost->step_s / r->scenario->system.gpus;
}

static double get_mfu(const struct result *r)
{
    return step_mfu(r->scenario, r->cost);
}

static double get_hfu(const struct result *r)
{
    return step_hfu(r->scenario, r->cost);
}

static double get_peak(const struct result *r)
{
    return r->cost->peak_flop_per_s;
}

/* The figures of a result, in the order in which JSON and CSV show them; ended by a NULL key. */
static const struct result_value {
    const char *key; /* with its unit */
    double (*get)(const struct result *result);
} result_values[] = {
    {"step_time_s",              get_step                    },
    {"step_time_low_s",          get_step_low                },
    {"step_time_high_s",         get_step_high               },
    {"tokens_per_s",             get_tokens_per_s            },
    {"tokens_per_s_per_gpu",     get_tokens_per_s_per_gpu    },
    {"model_flop_per_step",      get_model_flop              },
    {"model_flop_per_s_per_gpu", get_model_flop_per_s_per_gpu},
    {"mfu",                      get_mfu                     },
    {"hfu",                      get_hfu                     },
    {"peak_flop_per_s",          get_peak                    },
    {NULL,                       NULL                        },
};

/* An illegal strategy has no times: null, not a number. */
static void put_number(struct json_writer *w, const char *key, double value, bool known)
{
    if (known)
        json_put_number(w, key, value);
    else
        json_put_null(w, key);
}

static void put_times(struct json_writer *w, const struct step_cost *cost)
{
    json_open_object(w, "time");
    for (int t = 0; t < TERMS; t++) {
        char key[48];
        snprintf(key, sizeof key, "%s_s", term_names[t]);
        put_number(w, key, cost->term_s[t], cost->legal);
    }
    json_close_object(w);
}

static void put_memory(struct json_writer *w, const struct step_cost *cost)
{
    json_open_object(w, "memory");
    for (int k = 0; k < MEMORY_KINDS; k++) {
        char key[48];
        snprintf(key, sizeof key, "%s_bytes", memory_kind_names[k]);
        put_number(w, key, cost->memory_bytes[k], cost->legal);
    }
    put_number(w, "total_bytes", cost->memory_total_bytes, cost->legal);
    put_number(w, "capacity_bytes", cost->memory_capacity_bytes, cost->legal);
    put_number(w, "stage", cost->memory_stage, cost->legal);
    json_close_object(w);
}

static void put_provenance(struct json_writer *w, const struct provenance *p)
{
    json_open_array(w, "extrapolated");
    for (int i = 0; i < p->extrapolated_count; i++)
        json_put_string(w, NULL, p->extrapolated[i]);
    json_close_array(w);
    json_open_array(w, "provenance");
    for (int i = 0; i < p->items; i++) {
        json_open_object_compact(w, NULL);
        json_put_string(w, "what", p->item[i].what);
        json_put_number(w, "time_frac", p->item[i].time_frac);
        json_put_string(w, "kind", p->item[i].kind);
        json_put_string(w, "source", p->item[i].source);
        put_number(w, "error_frac", p->item[i].error_frac, p->item[i].error_frac > 0);
        json_close_object(w);
    }
    json_close_array(w);
}

/* The keys of the strategy that were asked for. */
static void put_given(struct json_writer *w, const bool *given)
{
    json_open_array_compact(w, "given");
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (given[i])
            json_put_string(w, NULL, strategy_fields[i].key);
    }
    json_close_array(w);
}

void result_json(struct json_writer *w, const struct result *r)
{
    const struct step_cost *cost = r->cost;
    json_put_string(w, "model", r->scenario->model.name);
    json_put_string(w, "system", r->scenario->system.name);
    json_open_object(w, "job");
    fields_write(w, job_fields, job_field_count, &r->scenario->job, NULL);
    json_close_object(w);
    json_open_object(w, "strategy");
    fields_write(w, strategy_fields, strategy_field_count, r->strategy, NULL);
    json_close_object(w);
    if (r->given)
        put_given(w, r->given);
    json_put_string(w, "stack", r->scenario->stack.name);
    json_put_bool(w, "legal", cost->legal);
    json_put_bool(w, "fits", cost->legal && cost->fits);
    json_put_string(w, "reason", cost->reason[0] ? cost->reason : NULL);
    for (const struct result_value *value = result_values; value->key; value++)
        put_number(w, value->key, cost->legal ? value->get(r) : 0, cost->legal);
    if (r->simulated_s > 0)
        json_put_number(w, "simulated_step_time_s", r->simulated_s);
    json_put_string(w, "flop_convention", result_flop_convention);
    put_times(w, cost);
    put_memory(w, cost);
    if (r->provenance)
        put_provenance(w, r->provenance);
}

void result_csv_titles(struct text *out, bool ranked)
{
    if (ranked)
        csv_text(out, "rank");
    static const char *const first[] = {"model", "system", "gpus", "stack"};
    for (size_t i = 0; i < sizeof first / sizeof *first; i++)
        csv_text(out, first[i]);
    for (size_t i = 0; i < job_field_count; i++)
        csv_text(out, job_fields[i].key);
    for (size_t i = 0; i < strategy_field_count; i++)
        csv_text(out, strategy_fields[i].key);
    csv_text(out, "legal");
    csv_text(out, "fits");
    for (const struct result_value *value = result_values; value->key; value++)
        csv_text(out, value->key);
    for (int t = 0; t < TERMS; t++)
        text_addf(out, "%s_s,", term_names[t]);
    for (int k = 0; k < MEMORY_KINDS; k++)
        text_addf(out, "%s_bytes,", memory_kind_names[k]);
    text_add(out, "total_bytes,capacity_bytes,stage,");
    csv_end(out);
}

static void csv_field(struct text *out, const struct field *field, const void *in)
{
    struct text value = {0};
    field_get(field, in, &value);
    csv_text(out, text_string(&value));
    text_free(&value);
}

void result_csv_row(struct text *out, const struct result *r, int rank)
{
    const struct step_cost *cost = r->cost;
    if (rank > 0)
        csv_number(out, rank);
    csv_text(out, r->scenario->model.name);
    csv_text(out, r->scenario->system.name);
    csv_number(out, r->scenario->system.gpus);
    csv_text(out, r->scenario->stack.name);
    for (size_t i = 0; i < job_field_count; i++)
        csv_field(out, &job_fields[i], &r->scenario->job);
    for (size_t i = 0; i < strategy_field_count; i++)
        csv_field(out, &strategy_fields[i], r->strategy);
    csv_text(out, cost->legal ? "true" : "false");
    csv_text(out, cost->legal && cost->fits ? "true" : "false");
    for (const struct result_value *value = result_values; value->key; value++)
        csv_number(out, cost->legal ? value->get(r) : (double)NAN);
    for (int t = 0; t < TERMS; t++)
        csv_number(out, cost->legal ? cost->term_s[t] : (double)NAN);
    for (int k = 0; k < MEMORY_KINDS; k++)
        csv_number(out, cost->legal ? cost->memory_bytes[k] : (double)NAN);
    csv_number(out, cost->memory_total_bytes);
    csv_number(out, cost->memory_capacity_bytes);
    csv_number(out, cost->memory_stage);
    csv_end(out);
}
