#include "reports/machine_report.h"
#include "base/json_write.h"
#include "reports/format.h"
#include "reports/table.h"

/* A processor has no datasheet here. */
static void write_figures(const struct machine *machine, const struct machine_review *r,
                          struct text *out)
{
    static const struct table_column columns[] = {
        {"figure",    true },
        {"measured",  false},
        {"datasheet", false},
        {"reached",   false}
    };
    enum { COLUMNS = sizeof columns / sizeof columns[0], DATASHEET_COLUMNS = 2 };
    struct table t;
    struct text scratch = {0};
    table_init(&t, columns, machine->catalog ? COLUMNS : COLUMNS - DATASHEET_COLUMNS);
    for (size_t i = 0; i < r->figures; i++) {
        const struct machine_figure *f = &r->figure[i];
        table_cell(&t, "%s", f->name);
        table_unit(&t, f->measured, f->unit, 3);
        if (!machine->catalog)
            continue;
        table_cell(&t, "%s",
                   f->datasheet > 0 ? format_unit(&scratch, f->datasheet, f->unit, 3) : "");
        if (f->datasheet > 0)
            table_cell(&t, "%.0f %%", 100 * f->measured / f->datasheet);
        else
            table_cell(&t, "%s", "");
    }
    table_write(&t, 0, out);
    text_free(&scratch);
    table_free(&t);
}

/* A processor has no catalog profile to be compared with. */
static void write_forecasts(const struct machine *machine, const struct machine_review *r,
                            struct text *out)
{
    static const struct table_column columns[] = {
        {"op",              true },
        {"rows",            false},
        {"fitted here",     false},
        {"bias",            false},
        {"held out",        false},
        {"catalog profile", false},
        {"bias",            false},
    };
    enum { COLUMNS = sizeof columns / sizeof columns[0], CATALOG_COLUMNS = 2 };
    struct table t;
    table_init(&t, columns, machine->catalog ? COLUMNS : COLUMNS - CATALOG_COLUMNS);
    for (size_t i = 0; i < r->forecasts; i++) {
        const struct machine_forecast *f = &r->forecast[i];
        table_cell(&t, "%s", f->name);
        table_cell(&t, "%zu", f->rows);
        table_cell(&t, "%.1f %%", 100 * f->fitted_error);
        table_cell(&t, "%+.1f %%", 100 * f->fitted_bias);
        if (f->held_out_error > 0)
            table_cell(&t, "%.1f %%", 100 * f->held_out_error);
        else
            table_cell(&t, "%s", "not fitted");
        if (!machine->catalog)
            continue;
        table_cell(&t, "%.1f %%", 100 * f->before_error);
        table_cell(&t, "%+.1f %%", 100 * f->before_bias);
    }
    table_write(&t, 0, out);
    table_free(&t);
}

void machine_report_text(const struct machine *machine, const struct machine_review *r,
                         struct text *out)
{
    text_addf(out, "%s\n%zu samples, measured %s%s%s\n\n", machine->about, machine->rows,
              machine->date, machine->catalog ? ", compared with catalog gpu " : "",
              machine->catalog ? machine->gpu.name : "");
    write_figures(machine, r, out);
    text_add(out, "\nmean |error| of the forecast of what was measured\n\n");
    write_forecasts(machine, r, out);
    if (machine->loops > 0)
        text_addf(
            out,
            "\n%zu grouped products have no kernel in this cuBLAS: timed expert by expert, not"
            " compared\n",
            machine->loops);
    if (r->outliers > 0)
        text_add(out, "\nslower than its like\n\n");
    for (size_t i = 0; i < r->outliers; i++)
        text_addf(out, "%s: %.0f %%\n", r->outlier[i].name, 100 * r->outlier[i].slower_frac);
    if (r->outliers_left_out > 0)
        text_addf(out, "... and %zu more\n", r->outliers_left_out);
}

static void put_figure(struct json_writer *w, const struct machine_figure *f)
{
    json_open_object_compact(w, NULL);
    json_put_string(w, "name", f->name);
    json_put_string(w, "unit", unit_name(f->unit));
    json_put_number(w, "measured", f->measured);
    if (f->datasheet > 0)
        json_put_number(w, "datasheet", f->datasheet);
    json_close_object(w);
}

static void put_forecast(struct json_writer *w, const struct machine_forecast *f, bool catalog)
{
    json_open_object_compact(w, NULL);
    json_put_string(w, "op", f->name);
    json_put_number(w, "rows", (double)f->rows);
    json_put_number(w, "fitted_error_frac", f->fitted_error);
    json_put_number(w, "fitted_bias_frac", f->fitted_bias);
    if (f->held_out_error > 0)
        json_put_number(w, "held_out_error_frac", f->held_out_error);
    if (catalog) {
        json_put_number(w, "catalog_error_frac", f->before_error);
        json_put_number(w, "catalog_bias_frac", f->before_bias);
    }
    json_close_object(w);
}

void machine_report_json(const struct machine *machine, const struct machine_review *r,
                         struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_put_string(&w, "machine", machine->about);
    json_put_string(&w, "gpu", machine->gpu.name);
    json_put_string(&w, "date", machine->date);
    json_put_number(&w, "samples", (double)machine->rows);
    json_open_array(&w, "figures");
    for (size_t i = 0; i < r->figures; i++)
        put_figure(&w, &r->figure[i]);
    json_close_array(&w);
    json_open_array(&w, "forecasts");
    for (size_t i = 0; i < r->forecasts; i++)
        put_forecast(&w, &r->forecast[i], machine->catalog);
    json_close_array(&w);
    json_open_array(&w, "outliers");
    for (size_t i = 0; i < r->outliers; i++) {
        json_open_object_compact(&w, NULL);
        json_put_string(&w, "name", r->outlier[i].name);
        json_put_number(&w, "slower_frac", r->outlier[i].slower_frac);
        json_close_object(&w);
    }
    json_close_array(&w);
    json_close_object(&w);
    text_add(out, "\n");
}
