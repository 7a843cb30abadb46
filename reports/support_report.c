#include "reports/support_report.h"
#include "base/json_write.h"
#include "reports/csv.h"
#include "reports/table.h"
#include <string.h>

/* The datatypes of --precision that machines are told apart by; the rest have a row each all the
 * same. */
static const enum dtype columns_dtypes[] = {DTYPE_BF16,      DTYPE_FP16,  DTYPE_FP8,
                                            DTYPE_FP8_BLOCK, DTYPE_MXFP8, DTYPE_NVFP4};
enum { COLUMN_DTYPES = sizeof columns_dtypes / sizeof *columns_dtypes };

static const char *word(const char *kind)
{
    return kind[0] ? kind : "-";
}

static const struct support_row *find_dtype(const struct support_row *rows, size_t n,
                                            enum dtype dtype)
{
    for (size_t i = 0; i < n; i++)
        if (rows[i].dtype == dtype)
            return &rows[i];
    return NULL;
}

/* Rows of one machine, which follow each other. */
static size_t rows_of_machine(const struct support_report *report, size_t first)
{
    size_t n = 1;
    while (first + n < report->count &&
           strcmp(report->rows[first + n].machine, report->rows[first].machine) == 0)
        n++;
    return n;
}

/* A line a machine: the kind of its GEMM constants by datatype, of the others at the first one. */
static void overview(const struct support_report *report, struct text *out)
{
    static const struct table_column columns[] = {
        {"machine",   true},
        {"gemm bf16", true},
        {"fp16",      true},
        {"fp8",       true},
        {"fp8-block", true},
        {"mxfp8",     true},
        {"nvfp4",     true},
        {"experts",   true},
        {"attention", true},
        {"memory",    true},
        {"scale-up",  true},
        {"scale-out", true},
    };
    static const enum support_part others[] = {SUPPORT_GROUPED, SUPPORT_ATTENTION_FORWARD,
                                               SUPPORT_MEMORY, SUPPORT_SCALE_UP, SUPPORT_SCALE_OUT};
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (size_t first = 0; first < report->count;) {
        size_t n = rows_of_machine(report, first);
        table_cell(&t, "%s", report->rows[first].machine);
        for (size_t d = 0; d < COLUMN_DTYPES; d++) {
            const struct support_row *row = find_dtype(&report->rows[first], n, columns_dtypes[d]);
            table_cell(&t, "%s", row ? word(row->part[SUPPORT_GEMM].kind) : "-");
        }
        for (size_t i = 0; i < sizeof others / sizeof *others; i++)
            table_cell(&t, "%s", word(report->rows[first].part[others[i]].kind));
        first += n;
    }
    table_write(&t, 0, out);
    table_free(&t);
}

static void add_parts(const struct support_row *row, struct text *out)
{
    static const struct table_column columns[] = {
        {"constants of", true },
        {"kind",         true },
        {"error",        false},
        {"rows",         false},
        {"date",         true },
        {"source",       true }
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < SUPPORT_PARTS; i++) {
        const struct support *s = &row->part[i];
        if (s->kind[0] == '\0')
            continue;
        table_cell(&t, "%s", support_part_names[i]);
        table_cell(&t, "%s", s->kind);
        table_cell(&t, s->error_frac > 0 ? "%.1f %%" : "-", 100 * s->error_frac);
        table_cell(&t, s->samples > 0 ? "%.0f" : "-", s->samples);
        table_cell(&t, "%s", word(s->date));
        table_cell(&t, "%s", s->source);
    }
    table_write(&t, 2, out);
    table_free(&t);
}

/* "h100-sxm bf16: yes", and what every part rests on. */
static void details(const struct support_report *report, struct text *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct support_row *row = &report->rows[i];
        text_addf(out, "%s%s %s: %s\n", i > 0 ? "\n" : "", row->machine, dtype_names[row->dtype],
                  support_answer_names[support_answer(row->part)]);
        add_parts(row, out);
    }
}

void support_text(const struct support_report *report, struct text *out)
{
    if (report->sources)
        details(report, out);
    else
        overview(report, out);
}

static void part_json(struct json_writer *w, const char *key, const struct support *s)
{
    json_open_object_compact(w, key);
    json_put_string(w, "kind", s->kind);
    if (s->error_frac > 0)
        json_put_number(w, "error_frac", s->error_frac);
    if (s->samples > 0)
        json_put_number(w, "samples", s->samples);
    if (s->date[0])
        json_put_string(w, "date", s->date);
    json_put_string(w, "source", s->source);
    json_close_object(w);
}

void support_json(const struct support_report *report, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_open_array(&w, "support");
    for (size_t i = 0; i < report->count; i++) {
        const struct support_row *row = &report->rows[i];
        json_open_object(&w, NULL);
        json_put_string(&w, "machine", row->machine);
        json_put_string(&w, "gpu", row->gpu);
        json_put_string(&w, "precision", dtype_names[row->dtype]);
        json_put_string(&w, "calibrated", support_answer_names[support_answer(row->part)]);
        json_open_object(&w, "constants");
        for (int part = 0; part < SUPPORT_PARTS; part++)
            if (row->part[part].kind[0])
                part_json(&w, support_part_names[part], &row->part[part]);
        json_close_object(&w);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
}

void support_csv(const struct support_report *report, struct text *out)
{
    text_add(out, "machine,gpu,precision,calibrated,");
    for (int part = 0; part < SUPPORT_PARTS; part++)
        csv_text(out, support_part_names[part]);
    csv_end(out);
    for (size_t i = 0; i < report->count; i++) {
        const struct support_row *row = &report->rows[i];
        csv_text(out, row->machine);
        csv_text(out, row->gpu);
        csv_text(out, dtype_names[row->dtype]);
        csv_text(out, support_answer_names[support_answer(row->part)]);
        for (int part = 0; part < SUPPORT_PARTS; part++)
            csv_text(out, row->part[part].kind);
        csv_end(out);
    }
}
