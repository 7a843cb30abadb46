#include "reports/sweep_report.h"
#include "reports/csv.h"
#include "reports/format.h"
#include "reports/result.h"
#include "reports/scenario_json.h"
#include "reports/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* One point after the other with its scenario. */
struct visit {
    const struct sweep_report *report;
    struct scenario *scenario;
    struct provenance *provenance;
    struct error *e;
};

static bool visit_init(struct visit *v, const struct sweep_report *report, struct error *e)
{
    *v = (struct visit){report, malloc(sizeof *v->scenario), malloc(sizeof *v->provenance), e};
    if (!v->scenario || !v->provenance)
        error_set(e, STATUS_IO, "out of memory");
    return e->status == STATUS_OK;
}

static void visit_free(struct visit *v)
{
    free(v->scenario);
    free(v->provenance);
}

/* The result of point i; its values are those that the run left. */
static struct result visit_point(struct visit *v, int i)
{
    struct sweep_point *point = &v->report->sweep->points[i];
    struct result r = {
        .scenario = v->scenario, .strategy = &point->best.strategy, .cost = &point->best.cost};
    sweep_scenario(v->report->request, point, v->scenario, v->e);
    if (point->best.cost.legal) {
        provenance_find(v->scenario, &point->best.strategy, v->provenance);
        r.provenance = v->provenance;
    }
    return r;
}

/* The value of one input at a point: its number, or its name. */
static void value_text(const struct axis *axis, const struct sweep_point *point, int a, int knob,
                       struct text *out)
{
    const struct knob *k = &axis->knob[knob];
    char number[32];
    if (k->section == KNOB_CATALOG || !knob_is_number(k)) {
        text_add(out, axis->value[point->value[a]]);
        return;
    }
    number_format(point->number[a][knob], number, sizeof number);
    text_add(out, number);
}

/* ---- CSV ---- */

static void csv_values(const struct sweep_report *r, const struct sweep_point *point,
                       struct text *out)
{
    struct text value = {0};
    for (int a = 0; a < r->request->axis_count; a++) {
        for (int k = 0; k < r->request->axes[a].knobs; k++) {
            text_clear(&value);
            value_text(&r->request->axes[a], point, a, k, &value);
            csv_text(out, text_string(&value));
        }
    }
    text_free(&value);
}

enum status sweep_csv(const struct sweep_report *r, struct text *out, struct error *e)
{
    struct visit v;
    for (int a = 0; a < r->request->axis_count; a++)
        for (int k = 0; k < r->request->axes[a].knobs; k++)
            csv_text(out, r->request->axes[a].knob[k].name);
    result_csv_titles(out, false);
    if (visit_init(&v, r, e)) {
        for (int i = 0; i < r->sweep->count && e->status == STATUS_OK; i++) {
            struct result result = visit_point(&v, i);
            csv_values(r, &r->sweep->points[i], out);
            result_csv_row(out, &result, 0);
        }
    }
    visit_free(&v);
    return e->status;
}

/* ---- JSON ---- */

static void put_axes(struct json_writer *w, const struct sweep_request *r)
{
    json_open_array(w, "vary");
    for (int a = 0; a < r->axis_count; a++) {
        const struct axis *axis = &r->axes[a];
        json_open_object(w, NULL);
        json_open_array_compact(w, "inputs");
        for (int k = 0; k < axis->knobs; k++)
            json_put_string(w, NULL, axis->knob[k].name);
        json_close_array(w);
        json_put_string(w, "unit", unit_name(axis->knob[0].field->unit));
        json_open_array_compact(w, "values");
        for (int i = 0; i < axis->count; i++)
            json_put_string(w, NULL, axis->label[i]);
        json_close_array(w);
        json_close_object(w);
    }
    json_close_array(w);
}

static void put_values(struct json_writer *w, const struct sweep_request *r,
                       const struct sweep_point *point)
{
    json_open_object_compact(w, "values");
    for (int a = 0; a < r->axis_count; a++) {
        const struct axis *axis = &r->axes[a];
        for (int k = 0; k < axis->knobs; k++) {
            const struct knob *knob = &axis->knob[k];
            if (knob->section == KNOB_CATALOG || !knob_is_number(knob))
                json_put_string(w, knob->name, axis->value[point->value[a]]);
            else
                json_put_number(w, knob->name, point->number[a][k]);
        }
    }
    json_close_object(w);
}

static void put_point(struct json_writer *w, struct visit *v, int i)
{
    const struct sweep_point *point = &v->report->sweep->points[i];
    struct result result = visit_point(v, i);
    json_open_object(w, NULL);
    put_values(w, v->report->request, point);
    json_put_number(w, "gpus", v->scenario->system.gpus);
    json_put_number(w, "configs", (double)point->configs);
    result_json(w, &result);
    json_close_object(w);
}

enum status sweep_json(const struct sweep_report *r, struct text *out, struct error *e)
{
    struct json_writer w;
    struct visit v;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    scenario_json(&w, "scenario", r->request->scenario);
    put_axes(&w, r->request);
    json_put_number(&w, "elapsed_s", r->sweep->elapsed_s);
    json_put_number(&w, "threads", r->sweep->threads);
    json_open_array(&w, "points");
    if (visit_init(&v, r, e)) {
        for (int i = 0; i < r->sweep->count && e->status == STATUS_OK; i++)
            put_point(&w, &v, i);
    }
    visit_free(&v);
    json_close_array(&w);
    json_close_object(&w);
    return e->status;
}

/* ---- text ---- */

static const struct table_column result_columns[] = {
    {"step",           false},
    {"tokens/sec/GPU", false},
    {"MFU",            false},
    {"memory",         false},
    {"fastest",        true },
};
enum { RESULT_COLUMNS = sizeof result_columns / sizeof *result_columns };

static void add_result_cells(struct table *t, const struct result *r, bool found)
{
    if (!found) {
        for (int i = 0; i + 1 < RESULT_COLUMNS; i++)
            table_cell(t, "-");
        table_cell(t, "nothing fits%s%s", r->cost->reason[0] ? ": the nearest " : "",
                   r->cost->reason);
        return;
    }
    double tokens_per_s = step_tokens_per_s(r->scenario, r->cost);
    table_unit(t, r->cost->step_s, UNIT_SECONDS, 4);
    table_count(t, tokens_per_s / r->scenario->system.gpus);
    table_cell(t, "%.1f %%", 100 * step_mfu(r->scenario, r->cost));
    table_unit(t, r->cost->memory_total_bytes, UNIT_BYTES, 3);
    table_strategy(t, r->strategy);
}

static bool same_strategy(const struct sweep_point *a, const struct sweep_point *b)
{
    struct text x = {0}, y = {0};
    strategy_describe(&a->best.strategy, &x);
    strategy_describe(&b->best.strategy, &y);
    bool same = x.data && y.data && strcmp(x.data, y.data) == 0;
    text_free(&x);
    text_free(&y);
    return same;
}

/* What the grid shows as a whole: the ends of the step time, how often the best strategy changes.
 */
static void add_summary(const struct sweep *sweep, struct text *out)
{
    struct text scratch = {0};
    int found = 0, strategies = 0;
    double least = HUGE_VAL, most = 0;
    for (int i = 0; i < sweep->count; i++) {
        const struct sweep_point *p = &sweep->points[i];
        bool seen = false;
        if (!p->found)
            continue;
        found++;
        least = fmin(least, p->best.cost.step_s);
        most = fmax(most, p->best.cost.step_s);
        for (int j = 0; j < i && !seen; j++)
            seen = sweep->points[j].found && same_strategy(&sweep->points[j], p);
        strategies += !seen;
    }
    text_addf(out, "\n%d point%s", sweep->count, sweep->count == 1 ? "" : "s");
    if (found > 0) {
        text_addf(out, ": step time %s", format_step(&scratch, least));
        if (found > 1)
            text_addf(out, " to %s, %d different fastest strateg%s",
                      format_unit(&scratch, most, UNIT_SECONDS, 4), strategies,
                      strategies == 1 ? "y" : "ies");
    }
    if (found > 1 && least == most && strategies == 1)
        text_add(out, "; what was varied changes nothing here");
    if (found < sweep->count)
        text_addf(out, "; nothing fits at %d", sweep->count - found);
    text_addf(out, "; %s on %d thread%s.\n",
              format_unit(&scratch, sweep->elapsed_s, UNIT_SECONDS, 2), sweep->threads,
              sweep->threads == 1 ? "" : "s");
    text_free(&scratch);
}

static void add_rows(struct visit *v, struct table *t)
{
    const struct sweep_request *request = v->report->request;
    for (int i = 0; i < v->report->sweep->count && v->e->status == STATUS_OK; i++) {
        const struct sweep_point *point = &v->report->sweep->points[i];
        struct result result = visit_point(v, i);
        for (int a = 0; a < request->axis_count; a++)
            table_cell(t, "%s", request->axes[a].label[point->value[a]]);
        add_result_cells(t, &result, point->found);
    }
}

enum status sweep_text(const struct sweep_report *r, struct text *out, struct error *e)
{
    struct table_column columns[SWEEP_AXES_MAX + RESULT_COLUMNS];
    struct text names[SWEEP_AXES_MAX] = {{0}};
    int axes = r->request->axis_count;
    struct table t;
    struct visit v;
    for (int a = 0; a < axes; a++) {
        axis_name(&r->request->axes[a], &names[a]);
        columns[a] = (struct table_column){text_string(&names[a]), false};
    }
    memcpy(columns + axes, result_columns, sizeof result_columns);
    format_scenario(r->request->scenario, out);
    text_add(out, "\n\n");
    table_init(&t, columns, (size_t)axes + RESULT_COLUMNS);
    if (visit_init(&v, r, e))
        add_rows(&v, &t);
    visit_free(&v);
    table_write(&t, 0, out);
    add_summary(r->sweep, out);
    table_free(&t);
    for (int a = 0; a < axes; a++)
        text_free(&names[a]);
    return e->status;
}
