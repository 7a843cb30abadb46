#include "reports/sample_report.h"
#include "base/json_write.h"
#include "calibrate/sample_columns.h"
#include "reports/csv.h"
#include "reports/error_cells.h"
#include "reports/format.h"
#include "reports/table.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WORST_SHOWN = 10 };

/* The shape of a row in words: "gemm bf16 m 512 n 4096 k 4096". */
static void describe_sample(const struct sample *s, struct text *out)
{
    text_add(out, sample_kind_names[s->kind]);
    for (const struct sample_column *c = sample_columns(s->kind); c->name; c++) {
        double value = 0;
        int index = 0;
        if (c->kind == COLUMN_SIZE || c->kind == COLUMN_BYTES || c->kind == COLUMN_RATIO) {
            memcpy(&value, (const char *)s + c->offset, sizeof value);
            if (c->required || value > 0)
                text_addf(out, " %s %.10g", c->name, value);
        } else if (c->kind == COLUMN_NAME && c->required) {
            memcpy(&index, (const char *)s + c->offset, sizeof index);
            const struct cell_name *name = c->names;
            while (name->name && name->value != index)
                name++;
            text_addf(out, " %s", name->name ? name->name : "?");
        }
    }
}

static double error_of(const struct sample_report *r, size_t i)
{
    return r->predictions[i].skipped ? (double)NAN
                                     : r->predictions[i].time_s / r->samples->items[i].time_s - 1;
}

static const char *file_of(const struct sample_report *r, size_t i)
{
    return r->samples->files[r->samples->items[i].file].path;
}

/* ---- JSON ---- */

static void put_row(struct json_writer *w, const struct sample_report *r, size_t i)
{
    const struct sample *s = &r->samples->items[i];
    const struct sample_prediction *p = &r->predictions[i];
    json_open_object_compact(w, NULL);
    json_put_string(w, "file", file_of(r, i));
    json_put_number(w, "row", (double)s->row);
    if (p->skipped)
        json_put_null(w, "predicted_time_s");
    else
        json_put_number(w, "predicted_time_s", p->time_s);
    if (r->rooflines && !r->rooflines[i].skipped)
        json_put_number(w, "roofline_time_s", r->rooflines[i].time_s);
    json_put_number(w, "measured_time_s", s->time_s);
    json_put_string(w, "skipped", p->skipped);
    json_close_object(w);
}

static void put_error(struct json_writer *w, const char *key, const struct sample_error *error)
{
    json_open_object_compact(w, key);
    json_put_number(w, "rows", (double)error->time.n);
    json_put_number(w, "skipped", (double)error->skipped);
    error_members(w, &error->time);
    json_close_object(w);
}

static enum status put_summary(struct json_writer *w, const struct sample_report *r,
                               struct error *e)
{
    struct sample_error error;
    struct sample_choice choice = {NULL, -1, SAMPLES_ALL};
    json_open_object(w, "summary");
    if (samples_error(r->samples, r->predictions, &choice, &error, e) == STATUS_OK)
        put_error(w, "all", &error);
    json_open_object(w, "files");
    for (size_t f = 0; f < r->samples->file_count && e->status == STATUS_OK; f++) {
        choice.file = &r->samples->files[f];
        if (samples_error(r->samples, r->predictions, &choice, &error, e) == STATUS_OK)
            put_error(w, choice.file->path, &error);
    }
    json_close_object(w);
    json_close_object(w);
    return e->status;
}

enum status sample_report_json(const struct sample_report *r, struct text *out, struct error *e)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_open_array(&w, "rows");
    for (size_t i = 0; i < r->samples->count; i++)
        put_row(&w, r, i);
    json_close_array(&w);
    put_summary(&w, r, e);
    json_close_object(&w);
    return e->status;
}

/* ---- CSV ---- */

enum status sample_report_csv(const struct sample_report *r, struct text *out, struct error *e)
{
    text_add(out, "file,row,predicted_time_s,measured_time_s,error_frac,skipped\n");
    for (size_t i = 0; i < r->samples->count; i++) {
        const struct sample *s = &r->samples->items[i];
        const struct sample_prediction *p = &r->predictions[i];
        csv_text(out, file_of(r, i));
        csv_number(out, (double)s->row);
        csv_number(out, p->skipped ? (double)NAN : p->time_s);
        csv_number(out, s->time_s);
        csv_number(out, error_of(r, i));
        csv_text(out, p->skipped ? p->skipped : "");
        csv_end(out);
    }
    return e->status;
}

/* ---- text ---- */

static enum status add_choice(struct table *t, const struct sample_report *r,
                              const struct sample_choice *choice, struct error *e)
{
    struct sample_error error;
    if (samples_error(r->samples, r->predictions, choice, &error, e) != STATUS_OK ||
        error.time.n + error.skipped == 0)
        return e->status;
    table_cell(t, "%s", choice->file ? choice->file->path : "all files");
    table_cell(t, "%s", choice->dtype >= 0 ? dtype_names[choice->dtype] : "");
    table_cell(t, "%s", sample_class_names[choice->class_]);
    table_cell(t, "%zu", error.time.n);
    table_cell(t, "%zu", error.skipped);
    error_cells(t, &error.time);
    if (r->rooflines && samples_error(r->samples, r->rooflines, choice, &error, e) == STATUS_OK)
        table_percent(t, error.time.mape, 1);
    return e->status;
}

static enum status add_file(struct table *t, const struct sample_report *r,
                            const struct sample_file *file, struct error *e)
{
    bool typed = file->kind != SAMPLE_COLLECTIVE && file->kind != SAMPLE_MEMORY;
    for (int d = typed ? 0 : -1; d < (typed ? DTYPES : 0); d++)
        for (int class_ = 0; class_ < SAMPLE_CLASSES; class_++)
            if (add_choice(t, r, &(struct sample_choice){file, d, (enum sample_class)class_}, e) !=
                STATUS_OK)
                return e->status;
    return STATUS_OK;
}

static enum status add_errors(const struct sample_report *r, struct text *out, struct error *e)
{
    static const struct table_column columns[] = {
        {"file",         true },
        {"type",         true },
        {"class",        true },
        {"rows",         false},
        {"skipped",      false},
        {"mean |error|", false},
        {"median",       false},
        {"p90",          false},
        {"worst",        false},
        {"bias",         false},
        {"roofline",     false},
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns - !r->rooflines);
    for (size_t f = 0; f < r->samples->file_count; f++)
        add_file(&t, r, &r->samples->files[f], e);
    if (r->samples->file_count > 1 && e->status == STATUS_OK)
        add_choice(&t, r, &(struct sample_choice){NULL, -1, SAMPLES_ALL}, e);
    table_write(&t, 0, out);
    table_free(&t);
    return e->status;
}

/* How far a row is off, the same for twice as long and half as long. */
static double distance(const struct sample_report *r, size_t i)
{
    return r->predictions[i].skipped
               ? -1
               : fabs(log(r->predictions[i].time_s / r->samples->items[i].time_s));
}

static void add_worst(const struct sample_report *r, struct text *out)
{
    static const struct table_column columns[] = {
        {"worst rows", true },
        {"measured",   false},
        {"predicted",  false},
        {"error",      false},
        {"line",       false},
        {"file",       true },
    };
    struct table t;
    struct text scratch = {0};
    double below = HUGE_VAL;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int n = 0; n < WORST_SHOWN; n++) {
        size_t worst = r->samples->count;
        double most = -1;
        for (size_t i = 0; i < r->samples->count; i++)
            if (distance(r, i) < below && distance(r, i) > most) {
                most = distance(r, i);
                worst = i;
            }
        if (worst == r->samples->count)
            break;
        below = most;
        describe_sample(&r->samples->items[worst], &scratch);
        table_text(&t, &scratch);
        table_unit(&t, r->samples->items[worst].time_s, UNIT_SECONDS, 3);
        table_unit(&t, r->predictions[worst].time_s, UNIT_SECONDS, 3);
        table_cell(&t, "%+.0f %%", 100 * error_of(r, worst));
        table_cell(&t, "%zu", r->samples->items[worst].line);
        table_cell(&t, "%s", file_of(r, worst));
    }
    if (t.cell_count > 0) {
        text_add(out, "\n");
        table_write(&t, 0, out);
    }
    table_free(&t);
    text_free(&scratch);
}

/* Reasons, each with the first of its rows. The texts are static: equal means the same. */
static void add_skipped(const struct sample_report *r, struct text *out)
{
    const char *last = NULL;
    for (size_t i = 0; i < r->samples->count; i++) {
        const char *why = r->predictions[i].skipped;
        if (why && (!last || strcmp(why, last) != 0))
            text_addf(out, "skipped: %s (%s:%zu)\n", why, file_of(r, i), r->samples->items[i].line);
        last = why ? why : last;
    }
}

enum status sample_report_text(const struct sample_report *r, struct text *out, struct error *e)
{
    if (add_errors(r, out, e) == STATUS_OK) {
        add_worst(r, out);
        add_skipped(r, out);
    }
    return e->status;
}
