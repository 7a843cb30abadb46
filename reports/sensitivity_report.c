#include "reports/sensitivity_report.h"
#include "reports/csv.h"
#include "reports/format.h"
#include "reports/scenario_json.h"
#include "reports/table.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- JSON ---- */

static void put_end(struct json_writer *w, const char *key, const struct sensitivity *row,
                    const struct sensitivity_end *end)
{
    json_open_object_compact(w, key);
    json_put_number(w, "value", end->value);
    json_put_number(w, "step_time_s", end->step_s);
    json_put_bool(w, "fits", end->fits);
    if (row->searched && end->best_s > 0)
        json_put_number(w, "reoptimised_step_time_s", end->best_s);
    else
        json_put_null(w, "reoptimised_step_time_s");
    json_put_bool(w, "strategy_changes", row->searched && end->moves);
    json_close_object(w);
}

static void put_row(struct json_writer *w, const struct sensitivity *row)
{
    json_open_object(w, NULL);
    json_put_string(w, "input", row->knob.name);
    json_put_string(w, "section", knob_section_names[row->knob.section]);
    json_put_string(w, "unit", unit_name(row->knob.field->unit));
    json_put_number(w, "value", row->value);
    json_put_number(w, "elasticity", row->elasticity);
    if (row->searched)
        json_put_number(w, "reoptimised_elasticity", row->best_elasticity);
    else
        json_put_null(w, "reoptimised_elasticity");
    put_end(w, "low", row, &row->low);
    put_end(w, "high", row, &row->high);
    json_close_object(w);
}

void sensitivity_json(const struct sensitivity_report *r, struct text *out)
{
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    scenario_json(&w, "scenario", r->scenario);
    json_open_object(&w, "strategy");
    fields_write(&w, strategy_fields, strategy_field_count, r->fixed, NULL);
    json_close_object(&w);
    json_put_number(&w, "step_time_s", r->found->step_s);
    json_put_number(&w, "range_frac", r->range_frac);
    json_put_number(&w, "idle", r->found->idle);
    json_open_array(&w, "sensitivities");
    for (int i = 0; i < r->found->count; i++)
        put_row(&w, &r->found->rows[i]);
    json_close_array(&w);
    json_close_object(&w);
}

/* ---- CSV ---- */

static void csv_end_cells(struct text *out, const struct sensitivity *row,
                          const struct sensitivity_end *end)
{
    bool known = row->searched && end->best_s > 0;
    csv_number(out, end->value);
    csv_number(out, end->step_s);
    csv_text(out, end->fits ? "true" : "false");
    csv_number(out, known ? end->best_s : (double)NAN);
    csv_text(out, !row->searched ? "" : end->moves ? "true" : "false");
}

void sensitivity_csv(const struct sensitivity_report *r, struct text *out)
{
    text_add(out, "input,section,unit,value,elasticity,reoptimised_elasticity,low_value,"
                  "low_step_time_s,low_fits,low_reoptimised_step_time_s,low_strategy_changes,"
                  "high_value,high_step_time_s,high_fits,high_reoptimised_step_time_s,"
                  "high_strategy_changes\n");
    for (int i = 0; i < r->found->count; i++) {
        const struct sensitivity *row = &r->found->rows[i];
        csv_text(out, row->knob.name);
        csv_text(out, knob_section_names[row->knob.section]);
        csv_text(out, unit_name(row->knob.field->unit));
        csv_number(out, row->value);
        csv_number(out, row->elasticity);
        csv_number(out, row->searched ? row->best_elasticity : (double)NAN);
        csv_end_cells(out, row, &row->low);
        csv_end_cells(out, row, &row->high);
        csv_end(out);
    }
}

/* ---- text ---- */

/* A change of the step time: "+4.1 %"; "-" where there is no step. */
static void change_cell(struct table *t, double step_s, double now_s, const char *mark)
{
    double change = 100 * (step_s / now_s - 1);
    if (!(step_s > 0))
        table_cell(t, "nothing fits");
    else if (fabs(change) < 0.005)
        table_cell(t, "0%s", mark);
    else
        table_cell(t, "%+.2f %%%s", change, mark);
}

static void best_cell(struct table *t, const struct sensitivity *row,
                      const struct sensitivity_end *end, double now_s)
{
    if (row->searched)
        change_cell(t, end->best_s, now_s, end->moves ? " *" : "");
    else
        table_cell(t, "-");
}

static void add_row(struct table *t, const struct sensitivity *row, double now_s)
{
    struct text value = {0};
    knob_format(&row->knob, row->value, &value);
    table_cell(t, "%s", row->knob.name);
    table_text(t, &value);
    table_cell(t, "%+.3f", row->elasticity);
    change_cell(t, row->low.step_s, now_s, row->low.fits ? "" : " !");
    change_cell(t, row->high.step_s, now_s, row->high.fits ? "" : " !");
    if (row->searched)
        table_cell(t, "%+.3f", row->best_elasticity);
    else
        table_cell(t, "-");
    best_cell(t, row, &row->low, now_s);
    best_cell(t, row, &row->high, now_s);
    text_free(&value);
}

static void add_head(const struct sensitivity_report *r, struct text *out)
{
    struct text scratch = {0};
    format_scenario(r->scenario, out);
    text_add(out, "\nStrategy: ");
    format_strategy(r->fixed, out);
    text_addf(out, "\nStep time %s. ", format_step(&scratch, r->found->step_s));
    text_addf(out,
              "Change of the step time with each input at -%.0f %% and at +%.0f %%, the "
              "strategy as it is and optimised anew:\n\n",
              100 * r->range_frac, 100 * r->range_frac);
    text_free(&scratch);
}

const char sensitivity_legend[] =
    "elasticity: d ln step / d ln input, -1 where the whole step goes with its inverse; anew: "
    "optimised anew, over the whole range;\n*: another strategy is fastest there; !: the strategy "
    "does not fit there.";

static int shown_rows(const struct sensitivity_report *r)
{
    return r->top > 0 && r->top < r->found->count ? r->top : r->found->count;
}

void sensitivity_table(const struct sensitivity_report *r, struct sensitivity_table *out)
{
    *out = (struct sensitivity_table){.low = ""};
    snprintf(out->low, sizeof out->low, "-%.0f %%", 100 * r->range_frac);
    snprintf(out->high, sizeof out->high, "+%.0f %%", 100 * r->range_frac);
    const struct table_column columns[] = {
        {"input",      true },
        {"value",      false},
        {"elasticity", false},
        {out->low,     false},
        {out->high,    false},
        {"anew",       false},
        {out->low,     false},
        {out->high,    false},
    };
    memcpy(out->columns, columns, sizeof columns);
    table_init(&out->table, out->columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < shown_rows(r); i++)
        add_row(&out->table, &r->found->rows[i], r->found->step_s);
}

void sensitivity_text(const struct sensitivity_report *r, struct text *out)
{
    struct sensitivity_table shown;
    int n = shown_rows(r);
    add_head(r, out);
    sensitivity_table(r, &shown);
    table_write(&shown.table, 0, out);
    table_free(&shown.table);
    text_addf(out, "\n%s\n", sensitivity_legend);
    if (n < r->found->count)
        text_addf(out, "%d inputs with less effect are in --json and --csv. ", r->found->count - n);
    text_addf(out, "%d inputs have no effect here.\n", r->found->idle);
}
