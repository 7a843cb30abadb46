#include "reports/critique_report.h"
#include "reports/format.h"
#include "reports/table.h"
#include <math.h>
#include <string.h>

/* Less is noise of the forecast's own rounding. */
static const double same_frac = 0.001;

static double gain_frac(const struct critique *c, double step_s)
{
    return c->own.legal && c->own.fits ? 1 - step_s / c->own.step_s : 0;
}

struct difference_list {
    struct text *out;
    const struct field *only; /* NULL: every key */
    int count;
};

/* "tp 8 -> 4, vpp 5 -> 2" */
static void add_difference(void *context, const struct field *field, const char *from,
                           const char *to)
{
    struct difference_list *list = context;
    if (list->only && field != list->only)
        return;
    text_addf(list->out, "%s%s %s -> %s", list->count > 0 ? ", " : "", field->key, from, to);
    list->count++;
}

static void add_best(const struct scenario *scenario, const struct strategy *own,
                     const struct critique *c, struct text *out)
{
    struct text scratch = {0};
    struct difference_list list = {out, NULL, 0};
    const struct ranked *best = &c->best;
    bool runs = c->own.legal && c->own.fits;
    if (!c->searched) {
        text_add(out, "\nThe search finds no strategy that fits.\n");
    } else if (runs && gain_frac(c, best->cost.step_s) <= same_frac) {
        text_add(out, "\nThe search finds nothing faster.\n");
    } else {
        text_addf(out, "\nThe search finds %s", format_step(&scratch, best->cost.step_s));
        if (runs)
            text_addf(out, ", %s less",
                      format_unit(&scratch, gain_frac(c, best->cost.step_s), UNIT_FRACTION, 3));
        text_add(out, ". It would change\n  ");
        strategy_differences(scenario, own, &best->strategy, add_difference, &list);
        text_add(out, "\n");
    }
    text_free(&scratch);
}

static void add_changes(const struct scenario *scenario, const struct strategy *own,
                        const struct critique *c, struct text *out)
{
    static const struct table_column columns[] = {
        {"change", true },
        {"step",   false},
        {"gain",   false},
    };
    struct table t;
    bool runs = c->own.legal && c->own.fits;
    if (c->changes == 0)
        return;
    text_add(out, runs ? "\nOne change at a time:\n" : "\nOne change that makes it run:\n");
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < c->changes; i++) {
        struct text change = {0};
        struct difference_list list = {&change, c->change[i].field, 0};
        strategy_differences(scenario, own, &c->change[i].strategy, add_difference, &list);
        table_cell(&t, "%s", change.data ? change.data : c->change[i].field->key);
        table_unit(&t, c->change[i].step_s, UNIT_SECONDS, 4);
        table_percent(&t, runs ? gain_frac(c, c->change[i].step_s) : (double)NAN, 1);
        text_free(&change);
    }
    table_write(&t, 2, out);
    table_free(&t);
}

void critique_text(const struct scenario *scenario, const struct strategy *own,
                   const struct critique *c, struct text *out)
{
    struct text best = {0};
    add_best(scenario, own, c, &best);
    format_wrapped(text_string(&best), FORMAT_WIDTH, 2, out);
    text_free(&best);
    add_changes(scenario, own, c, out);
}

static void put_difference(void *context, const struct field *field, const char *from,
                           const char *to)
{
    struct json_writer *w = context;
    json_open_object_compact(w, NULL);
    json_put_string(w, "key", field->key);
    json_put_string(w, "from", from);
    json_put_string(w, "to", to);
    json_close_object(w);
}

static void put_gain(struct json_writer *w, const struct critique *c, double step_s)
{
    json_put_number(w, "step_time_s", step_s);
    if (c->own.legal && c->own.fits)
        json_put_number(w, "gain_frac", gain_frac(c, step_s));
    else
        json_put_null(w, "gain_frac");
}

static void put_best(struct json_writer *w, const struct scenario *scenario,
                     const struct strategy *own, const struct critique *c)
{
    if (!c->searched) {
        json_put_null(w, "fastest");
        return;
    }
    json_open_object(w, "fastest");
    put_gain(w, c, c->best.cost.step_s);
    json_open_object_compact(w, "strategy");
    fields_write(w, strategy_fields, strategy_field_count, &c->best.strategy, NULL);
    json_close_object(w);
    json_open_array(w, "differences");
    strategy_differences(scenario, own, &c->best.strategy, put_difference, w);
    json_close_array(w);
    json_close_object(w);
}

void critique_json(struct json_writer *w, const struct scenario *scenario,
                   const struct strategy *own, const struct critique *c)
{
    json_open_object(w, "critique");
    put_best(w, scenario, own, c);
    json_open_array(w, "changes");
    for (int i = 0; i < c->changes; i++) {
        struct text value = {0};
        field_get(c->change[i].field, &c->change[i].strategy, &value);
        json_open_object_compact(w, NULL);
        json_put_string(w, "key", c->change[i].field->key);
        json_put_string(w, "value", value.data ? value.data : "none");
        put_gain(w, c, c->change[i].step_s);
        json_close_object(w);
        text_free(&value);
    }
    json_close_array(w);
    json_close_object(w);
}
