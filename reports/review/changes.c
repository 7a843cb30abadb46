#include "parallelism/search/critique.h"
#include "reports/review/parts.h"

enum { CHANGES_SHOWN = 16 };

struct difference_list {
    struct text *out;
    int count;
};

/* "tp 4 -> 8, pp 1 -> 2"; the data parallel degree follows. */
static void add_difference(void *context, const struct field *field, const char *from,
                           const char *to)
{
    struct difference_list *list = context;
    text_addf(list->out, "%s%s %s \xe2\x86\x92 %s", list->count++ > 0 ? ", " : "", field->key,
              *from ? from : "none", *to ? to : "none");
}

static void add_end(const struct review *r, const struct sensitivity *row,
                    const struct sensitivity_end *end, struct table *t)
{
    struct text value = {0}, changes = {0};
    struct difference_list list = {&changes, 0};
    knob_format(&row->knob, end->value, &value);
    table_cell(t, "%s", row->knob.name);
    table_text(t, &value);
    table_cell(t, "%+.0f %%", 100 * (end->value / row->value - 1));
    table_cell(t, "%+.2f %%", 100 * (end->best_s / r->sensitivities->step_s - 1));
    strategy_differences(r->scenario, &r->found->results[0].strategy, &end->best, add_difference,
                         &list);
    table_text(t, &changes);
    text_free(&value);
    text_free(&changes);
}

static int add_ends(const struct review *r, struct table *t)
{
    int n = 0;
    for (int i = 0; i < r->sensitivities->count && n < CHANGES_SHOWN; i++) {
        const struct sensitivity *row = &r->sensitivities->rows[i];
        const struct sensitivity_end *ends[] = {&row->low, &row->high};
        for (int k = 0; k < 2 && row->searched; k++) {
            if (!ends[k]->moves || !(ends[k]->best_s > 0))
                continue;
            add_end(r, row, ends[k], t);
            n++;
        }
    }
    return n;
}

static void add_infeasible(const struct review *r, struct text *out)
{
    for (int i = 0; i < r->sensitivities->count; i++) {
        const struct sensitivity *row = &r->sensitivities->rows[i];
        const struct sensitivity_end *ends[] = {&row->low, &row->high};
        for (int k = 0; k < 2 && row->searched; k++)
            if (!(ends[k]->best_s > 0))
                html_paragraph(out, "With %s at %+.0f %% nothing fits.", row->knob.name,
                               100 * (ends[k]->value / row->value - 1));
    }
}

void review_changes(const struct review *r, struct text *out)
{
    static const struct table_column columns[] = {
        {"input",       true },
        {"at",          false},
        {"change",      false},
        {"step time",   false},
        {"the best is", true }
    };
    struct table t;
    struct text words = {0};
    table_init(&t, columns, 5);
    if (add_ends(r, &t) > 0) {
        html_paragraph(out,
                       "Inputs that make another strategy the fastest when they change by %.0f %%, "
                       "those with most effect first:",
                       100 * r->range_frac);
        html_table(&t, NULL, out);
    } else {
        html_paragraph(out,
                       "No input that was tried makes another strategy the fastest when it changes "
                       "by %.0f %%.",
                       100 * r->range_frac);
    }
    add_infeasible(r, out);
    if (r->limits->memory_binds) {
        strategy_describe(&r->limits->roomy.strategy, &words);
        html_paragraph(out, "With memory without end: %s, in %.1f %% less time.",
                       text_string(&words),
                       100 * (1 - r->limits->roomy.cost.step_s / r->found->results[0].cost.step_s));
    }
    table_free(&t);
    text_free(&words);
}
