#include "parallelism/search/open.h"
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

/* Dimensions that flags open. */
static void put_open(struct json_writer *w, const struct search_report *report)
{
    json_open_array_compact(w, "open");
    for (int i = 0; i < OPEN_ALL; i++)
        if (search_is_open(report->options, (enum search_opening)i))
            json_put_string(w, NULL, search_opening_names[i]);
    json_close_array(w);
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
    json_open_object_compact(w, "pruned_by");
    for (int i = 0; i < SEARCH_BOUNDS; i++)
        json_put_number(w, search_bound_names[i], (double)r->pruned_by[i]);
    json_close_object(w);
    put_restricted(w, report->options);
    put_fixed(w, report);
    put_open(w, report);
    json_close_object(w);
}

static struct result result_at(const struct search_report *report, int i)
{
    const struct ranked *ranked = &report->result->results[i];
    const struct search_answers *answers = report->answers;
    return (struct result){.scenario = report->scenario,
                           .strategy = &ranked->strategy,
                           .cost = &ranked->cost,
                           .provenance = report->provenance ? &report->provenance[i] : NULL,
                           .simulated_s =
                               answers && answers->simulated_s ? answers->simulated_s[i] : 0};
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
    if (report->answers)
        search_answers_json(&w, report->scenario, report->answers,
                            report->result->count > 0 ? report->result->results : NULL);
    json_close_object(&w);
}

static void csv_ranked(const struct search_report *report, const struct ranked *ranked, int rank,
                       struct text *out)
{
    struct result result = {
        .scenario = report->scenario, .strategy = &ranked->strategy, .cost = &ranked->cost};
    result_csv_row(out, &result, rank);
}

/* The front's points lie on clusters of their own. */
static void csv_front(const struct search_report *report, struct text *out)
{
    const struct pareto_clusters *front = report->answers->front;
    struct scenario here = *report->scenario;
    struct search_report there = *report;
    there.scenario = &here;
    for (int i = 0; i < front->count; i++) {
        here.system.gpus = front->point[i].gpus;
        csv_ranked(&there, &front->point[i].ranked, i + 1, out);
    }
}

void search_csv(const struct search_report *report, struct text *out)
{
    const struct search_answers *answers = report->answers;
    const struct ties *ties = answers ? answers->ties : NULL;
    result_csv_titles(out, true);
    if (answers && answers->front) {
        csv_front(report, out);
        return;
    }
    for (int i = 0; ties && i < ties->count; i++)
        csv_ranked(report, &ties->ties[i].ranked, i + 1, out);
    for (int i = 0; !ties && i < report->result->count; i++)
        csv_ranked(report, &report->result->results[i], i + 1, out);
}
