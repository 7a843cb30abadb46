#include "reports/result.h"
#include "reports/scenario_json.h"
#include "reports/search_report.h"

static void put_choice(struct json_writer *w, const struct field *field, int value)
{
    if (field->kind == FIELD_BOOL)
        json_put_bool(w, NULL, value != 0);
    else if (field->kind == FIELD_ENUM)
        json_put_string(w, NULL, field->names[value]);
    else
        json_put_number(w, NULL, value);
}

/* The values that flags allow in a dimension, so that the search can be repeated. */
static void put_restricted(struct json_writer *w, const struct search_options *options)
{
    json_open_object(w, "restricted");
    for (int d = 0; d < SEARCH_DIMENSIONS; d++) {
        const struct choices *choices = &options->choices[d];
        if (choices->count == 0)
            continue;
        json_open_array_compact(w, search_dimension_names[d]);
        for (int i = 0; i < choices->count; i++)
            put_choice(w, search_dimension_field((enum search_dimension)d), choices->value[i]);
        json_close_array(w);
    }
    json_close_object(w);
}

/* Keys that are not searched and that flags set. */
static void put_fixed(struct json_writer *w, const struct search_report *report)
{
    json_open_object(w, "fixed");
    for (size_t i = 0; i < strategy_field_count; i++) {
        if (report->fixed[i])
            fields_write(w, &strategy_fields[i], 1, &report->options->base, NULL);
    }
    json_close_object(w);
}

static void put_space(struct json_writer *w, const struct search_report *report)
{
    const struct search_result *r = report->result;
    json_open_object(w, "space");
    json_put_number(w, "configs", (double)r->configs);
    json_put_number(w, "legal", (double)r->legal);
    json_put_number(w, "evaluated", (double)r->evaluated);
    json_put_number(w, "pruned", (double)r->pruned);
    json_put_number(w, "fitting", (double)r->fitting);
    put_restricted(w, report->options);
    put_fixed(w, report);
    json_close_object(w);
}

static struct result result_at(const struct search_report *report, int i)
{
    const struct ranked *ranked = &report->result->results[i];
    return (struct result){report->scenario, &ranked->strategy, &ranked->cost,
                           report->provenance ? &report->provenance[i] : NULL, NULL};
}

static void put_rejected(struct json_writer *w, const struct search_result *r)
{
    json_open_object(w, "rejected");
    for (int i = 0; i < r->rules; i++) {
        if (r->rejected[i].count > 0)
            json_put_number(w, r->rejected[i].name, (double)r->rejected[i].count);
    }
    json_close_object(w);
}

void search_json(const struct search_report *report, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    scenario_json(&w, "scenario", report->scenario);
    put_space(&w, report);
    json_put_number(&w, "elapsed_s", report->result->elapsed_s);
    json_put_number(&w, "threads", report->result->threads);
    json_open_array(&w, "results");
    for (int i = 0; i < report->result->count; i++) {
        struct result result = result_at(report, i);
        json_open_object(&w, NULL);
        json_put_number(&w, "rank", i + 1);
        result_json(&w, &result);
        json_close_object(&w);
    }
    json_close_array(&w);
    put_rejected(&w, report->result);
    json_close_object(&w);
}

void search_csv(const struct search_report *report, struct text *out)
{
    result_csv_titles(out, true);
    for (int i = 0; i < report->result->count; i++) {
        struct result result = result_at(report, i);
        result_csv_row(out, &result, i + 1);
    }
}
