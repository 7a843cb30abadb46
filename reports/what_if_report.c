#include "reports/what_if_report.h"
#include "parallelism/sweep/sensitivity.h"
#include "reports/format.h"
#include "reports/table.h"

/* ---- JSON ---- */

static void put_time(struct json_writer *w, const char *key, double step_s, double now_s)
{
    json_open_object_compact(w, key);
    if (step_s > 0 && now_s > 0) {
        json_put_number(w, "step_time_s", step_s);
        json_put_number(w, "gain_frac", 1 - step_s / now_s);
    } else {
        json_put_null(w, "step_time_s");
        json_put_null(w, "gain_frac");
    }
    json_close_object(w);
}

static void put_cost(struct json_writer *w, const struct what_if_cost *cost,
                     const struct what_if_cost *now)
{
    put_time(w, "fixed", cost->step_s, now->step_s);
    json_put_bool(w, "fits", cost->fits);
    put_time(w, "reoptimised", cost->best_s, now->best_s);
    if (!(cost->best_s > 0)) {
        json_put_null(w, "strategy");
        return;
    }
    json_open_object_compact(w, "strategy");
    fields_write(w, strategy_fields, strategy_field_count, &cost->best, NULL);
    json_close_object(w);
}

void what_if_json(struct json_writer *w, const struct what_if_result *r)
{
    json_open_object(w, "what_if");
    json_open_object(w, "now");
    put_cost(w, &r->now, &r->now);
    json_close_object(w);
    json_open_array(w, "alone");
    for (int i = 0; i < r->count; i++) {
        json_open_object(w, NULL);
        json_put_string(w, "input", r->item[i].knob.name);
        json_put_string(w, "value", r->item[i].value);
        put_cost(w, &r->alone[i], &r->now);
        json_close_object(w);
    }
    json_close_array(w);
    json_open_object(w, "together");
    put_cost(w, &r->together, &r->now);
    json_close_object(w);
    json_close_object(w);
}

/* ---- text ---- */

static void time_cells(struct table *t, double step_s, double now_s, bool fits)
{
    struct text scratch = {0};
    if (step_s > 0) {
        table_cell(t, "%s%s", format_unit(&scratch, step_s, UNIT_SECONDS, 4),
                   fits ? "" : " (does not fit)");
        table_cell(t, "%.2f %%", 100 * (1 - step_s / now_s));
    } else {
        table_cell(t, "nothing fits");
        table_cell(t, "-");
    }
    text_free(&scratch);
}

static void add_row(struct table *t, const char *name, const char *value,
                    const struct what_if_cost *cost, const struct what_if_cost *now)
{
    struct text best = {0};
    table_cell(t, "%s%s%s", name, *value ? " = " : "", value);
    time_cells(t, cost->step_s, now->step_s, cost->fits);
    time_cells(t, cost->best_s, now->best_s, true);
    if (cost->best_s > 0 && (cost == now || strategies_differ(&cost->best, &now->best)))
        strategy_describe(&cost->best, &best);
    table_text(t, &best);
    text_free(&best);
}

void what_if_text(const struct what_if_result *r, struct text *out)
{
    static const struct table_column columns[] = {
        {"what if",                     true },
        {"this strategy",               false},
        {"gain",                        false},
        {"optimised anew",              false},
        {"gain",                        false},
        {"fastest then, where another", true },
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    add_row(&t, "as it is", "", &r->now, &r->now);
    for (int i = 0; i < r->count; i++)
        add_row(&t, r->item[i].knob.name, r->item[i].value, &r->alone[i], &r->now);
    if (r->count > 1)
        add_row(&t, "together", "", &r->together, &r->now);
    text_add(out, "\n");
    table_write(&t, 0, out);
    table_free(&t);
}
