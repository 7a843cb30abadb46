#include "reports/validation_report.h"
#include "base/json_write.h"
#include "reports/csv.h"
#include "reports/error_cells.h"
#include "reports/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORST_SHOWN = 10 };

/* True at the first case of its family. */
static bool starts_family(const struct cases *cases, size_t i)
{
    for (size_t j = 0; cases->items && j < i; j++) {
        if (strcmp(cases->items[j].family, cases->items[i].family) == 0)
            return false;
    }
    return true;
}

/* ---- JSON ---- */

static void put_known(struct json_writer *w, const char *key, double value, bool known)
{
    json_put_known(w, key, known ? value : (double)NAN);
}

static void put_case(struct json_writer *w, const struct run_case *c, const struct prediction *p)
{
    bool known = p->skipped[0] == '\0';
    json_open_object(w, NULL);
    json_put_string(w, "id", c->id);
    json_put_string(w, "file", c->family);
    put_known(w, "predicted_step_time_s", p->step_s, known);
    put_known(w, "predicted_step_time_low_s", p->step_low_s, known);
    put_known(w, "predicted_step_time_high_s", p->step_high_s, known);
    json_put_positive(w, "measured_step_time_s", c->step_s);
    json_put_known(w, "error_frac", case_step_error(c, p));
    put_known(w, "predicted_memory_bytes", p->memory_bytes, known);
    json_put_positive(w, "measured_memory_bytes", c->memory_bytes);
    json_put_string(w, "memory_of", memory_measure_names[c->memory_of]);
    if (known)
        json_put_bool(w, "predicted_fits", p->fits);
    else
        json_put_null(w, "predicted_fits");
    json_put_bool(w, "measured_oom", c->oom);
    json_put_string(w, "stack", c->scenario.stack.name);
    json_put_string(w, "skipped", known ? NULL : p->skipped);
    json_open_array(w, "assumed");
    for (int i = 0; i < c->assumed_count; i++)
        json_put_string(w, NULL, c->assumed[i]);
    json_close_array(w);
    json_close_object(w);
}

static void put_summary(struct json_writer *w, const char *key, const struct validation *v)
{
    json_open_object(w, key);
    json_put_number(w, "n", (double)v->cases);
    json_put_number(w, "predicted", (double)v->predicted);
    json_put_number(w, "skipped", (double)v->skipped);
    json_put_number(w, "compared", (double)v->step.n);
    error_members(w, &v->step);
    json_put_known(w, "interval_coverage", v->coverage);
    json_put_number(w, "memory_compared", (double)v->memory_compared);
    json_put_known(w, "memory_mape", v->memory_mape);
    json_put_known(w, "memory_bias", v->memory_bias);
    json_put_known(w, "oom_foreseen", (double)v->oom_foreseen / (double)v->oom);
    json_put_known(w, "fit_foreseen", (double)v->fit_foreseen / (double)v->ran);
    json_close_object(w);
}

static enum status put_family(struct json_writer *w, const struct validation_report *r,
                              const char *family, struct error *e)
{
    struct validation v;
    if (validation_summarise(r->cases, r->predictions, family, &v, e) == STATUS_OK)
        put_summary(w, family ? family : "all", &v);
    return e->status;
}

enum status validation_json(const struct validation_report *r, struct text *out, struct error *e)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_open_array(&w, "cases");
    for (size_t i = 0; i < r->cases->count; i++)
        put_case(&w, &r->cases->items[i], &r->predictions[i]);
    json_close_array(&w);
    json_open_object(&w, "summary");
    for (size_t i = 0; i < r->cases->count && e->status == STATUS_OK; i++) {
        if (starts_family(r->cases, i))
            put_family(&w, r, r->cases->items[i].family, e);
    }
    put_family(&w, r, NULL, e);
    json_close_object(&w);
    json_close_object(&w);
    return e->status;
}

/* ---- CSV ---- */

enum status validation_csv(const struct validation_report *r, struct text *out, struct error *e)
{
    text_add(out,
             "file,id,stack,predicted_step_time_s,measured_step_time_s,error_frac,"
             "predicted_memory_bytes,measured_memory_bytes,predicted_fits,measured_oom,skipped,"
             "memory_of\n");
    for (size_t i = 0; i < r->cases->count; i++) {
        const struct run_case *c = &r->cases->items[i];
        const struct prediction *p = &r->predictions[i];
        bool known = p->skipped[0] == '\0';
        csv_text(out, c->family);
        csv_text(out, c->id);
        csv_text(out, c->scenario.stack.name);
        csv_number(out, known ? p->step_s : (double)NAN);
        csv_number(out, c->step_s > 0 ? c->step_s : (double)NAN);
        csv_number(out, case_step_error(c, p));
        csv_number(out, known ? p->memory_bytes : (double)NAN);
        csv_number(out, c->memory_bytes > 0 ? c->memory_bytes : (double)NAN);
        csv_text(out, !known ? "" : p->fits ? "true" : "false");
        csv_text(out, c->oom ? "true" : "false");
        csv_text(out, p->skipped);
        csv_text(out, memory_measure_names[c->memory_of]);
        csv_end(out);
    }
    return e->status;
}

/* ---- text ---- */

static void share_cell(struct table *t, size_t part, size_t whole)
{
    if (whole > 0)
        table_cell(t, "%zu of %zu", part, whole);
    else
        table_cell(t, "-");
}

static enum status add_family(struct table *t, const struct validation_report *r,
                              const char *family, struct error *e)
{
    struct validation v;
    if (validation_summarise(r->cases, r->predictions, family, &v, e) != STATUS_OK)
        return e->status;
    table_cell(t, "%s", family ? family : "all");
    table_cell(t, "%zu", v.cases);
    table_cell(t, "%zu", v.skipped);
    error_cells(t, &v.step);
    table_percent(t, v.coverage, 1);
    table_percent(t, v.memory_mape, 1);
    share_cell(t, v.oom_foreseen, v.oom);
    share_cell(t, v.fit_foreseen, v.ran);
    return STATUS_OK;
}

static enum status add_families(const struct validation_report *r, struct text *out,
                                struct error *e)
{
    static const struct table_column columns[] = {
        {"file",                   true },
        {"cases",                  false},
        {"skipped",                false},
        {"mean |error|",           false},
        {"median",                 false},
        {"p90",                    false},
        {"worst",                  false},
        {"bias",                   false},
        {"in 80 % interval",       false},
        {"memory",                 false},
        {"out of memory foreseen", false},
        {"fit foreseen",           false}
    };
    struct table t;
    size_t families = 0;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t i = 0; i < r->cases->count && e->status == STATUS_OK; i++) {
        if (starts_family(r->cases, i)) {
            families++;
            add_family(&t, r, r->cases->items[i].family, e);
        }
    }
    if (families > 1)
        add_family(&t, r, NULL, e);
    table_write(&t, 0, out);
    table_free(&t);
    return e->status;
}

/* The index of the case with the largest error among those not yet shown; the count if none is
 * left. */
static size_t worst_left(const struct validation_report *r, const bool *shown)
{
    size_t worst = r->cases->count;
    double most = -1;
    for (size_t i = 0; i < r->cases->count; i++) {
        double error = fabs(case_step_error(&r->cases->items[i], &r->predictions[i]));
        if (!shown[i] && error > most) {
            most = error;
            worst = i;
        }
    }
    return worst;
}

static void add_worst(const struct validation_report *r, bool *shown, struct text *out)
{
    static const struct table_column columns[] = {
        {"worst cases", true },
        {"measured",    false},
        {"predicted",   false},
        {"error",       false},
        {"layout",      true }
    };
    struct table t;
    struct text scratch = {0};
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int n = 0; n < WORST_SHOWN; n++) {
        size_t i = worst_left(r, shown);
        if (i == r->cases->count)
            break;
        shown[i] = true;
        const struct run_case *c = &r->cases->items[i];
        table_cell(&t, "%s", c->id);
        table_unit(&t, c->step_s, UNIT_SECONDS, 3);
        table_unit(&t, r->predictions[i].step_s, UNIT_SECONDS, 3);
        table_cell(&t, "%+.1f %%", 100 * case_step_error(c, &r->predictions[i]));
        text_clear(&scratch);
        strategy_describe(&c->strategy, &scratch);
        table_cell(&t, "%s", scratch.data);
    }
    if (t.cell_count > 0) {
        text_add(out, "\n");
        table_write(&t, 0, out);
    }
    table_free(&t);
    text_free(&scratch);
}

/* Skipped cases, one line a reason. */
static void add_skipped(const struct validation_report *r, struct text *out)
{
    for (size_t i = 0; i < r->cases->count; i++) {
        const char *reason = r->predictions[i].skipped;
        size_t same = 0;
        bool first = reason[0] != '\0';
        for (size_t j = 0; j < r->cases->count && first; j++) {
            bool equal = strcmp(r->predictions[j].skipped, reason) == 0;
            same += equal;
            first = !(equal && j < i);
        }
        if (first)
            text_addf(out, "\nskipped: %s (%s%s", reason, r->cases->items[i].id,
                      same > 1 ? "" : ")");
        if (first && same > 1)
            text_addf(out, " and %zu more)", same - 1);
    }
}

enum status validation_text(const struct validation_report *r, struct text *out, struct error *e)
{
    bool *shown = calloc(r->cases->count + 1, sizeof *shown);
    if (!shown)
        return error_set(e, STATUS_IO, "out of memory");
    if (add_families(r, out, e) == STATUS_OK) {
        add_worst(r, shown, out);
        add_skipped(r, out);
    }
    if (out->length > 0 && out->data[out->length - 1] != '\n')
        text_add(out, "\n");
    free(shown);
    return e->status;
}
