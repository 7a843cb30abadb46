#include "reports/critique_report.h"
#include "reports/estimate_report.h"
#include "reports/format.h"
#include "reports/memory_report.h"
#include "reports/table.h"
#include "reports/what_if_report.h"
#include <string.h>

enum { BAR_WIDTH = 40, STRATEGY_WIDTH = 100 };

/* Share of the step that is what is left of sums that cancel. */
static const double noise_frac = 1e-12;

/* A share of 1 as a bar; anything that is there shows. */
static void bar(double share, char out[BAR_WIDTH + 1])
{
    int n = (int)(share * BAR_WIDTH + 0.5);
    n = n < 0 ? 0 : n > BAR_WIDTH ? BAR_WIDTH : n;
    for (int i = 0; i < n; i++)
        out[i] = '#';
    if (n == 0 && share > 0)
        out[n++] = '.';
    out[n] = '\0';
}

static void add_terms(const struct model *model, const struct step_cost *cost, struct text *out)
{
    static const struct table_column columns[] = {
        {"term",  true },
        {"time",  false},
        {"share", false},
        {"",      true },
        {"",      true }
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < TERMS; i++) {
        char drawn[BAR_WIDTH + 1];
        double share = cost->term_s[i] / cost->step_s;
        if (!(share > noise_frac))
            continue;
        bar(share, drawn);
        table_cell(&t, "%s", term_names[i]);
        table_unit(&t, cost->term_s[i], UNIT_SECONDS, 4);
        table_cell(&t, "%.1f %%", 100 * share);
        table_cell(&t, "%s", drawn);
        table_cell(&t, "%s", term_description(model, (enum term)i));
    }
    table_write(&t, 2, out);
    table_free(&t);
}

static void add_memory(const struct step_cost *cost, struct text *out)
{
    static const struct table_column columns[] = {
        {"memory",      true },
        {"size",        false},
        {"of capacity", false},
        {"",            true }
    };
    struct table t;
    struct text scratch = {0};
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i <= MEMORY_KINDS; i++) {
        char drawn[BAR_WIDTH + 1];
        double bytes = i < MEMORY_KINDS ? cost->memory_bytes[i] : cost->memory_total_bytes;
        if (bytes == 0)
            continue;
        double share = bytes / cost->memory_capacity_bytes;
        bar(share, drawn);
        table_cell(&t, "%s", i < MEMORY_KINDS ? memory_kind_names[i] : "total");
        table_unit(&t, bytes, UNIT_BYTES, 4);
        table_cell(&t, "%.1f %%", 100 * share);
        table_cell(&t, "%s", drawn);
    }
    table_write(&t, 2, out);
    text_addf(out, "  of %s on a GPU of pipeline stage %d, the fullest\n",
              format_unit(&scratch, cost->memory_capacity_bytes, UNIT_BYTES, 4),
              cost->memory_stage);
    table_free(&t);
    text_free(&scratch);
}

static void add_summary(const struct result *r, struct text *out)
{
    const struct step_cost *cost = r->cost;
    struct text scratch = {0}, line = {0};
    double gpus = r->scenario->system.gpus, tokens_per_s = step_tokens_per_s(r->scenario, cost);
    text_addf(out, "Step time %s", format_step(&scratch, cost->step_s));
    text_addf(out, " (80 %% interval %s", format_unit(&scratch, step_low_s(cost), UNIT_SECONDS, 3));
    text_addf(out, " to %s)\n", format_unit(&scratch, step_high_s(cost), UNIT_SECONDS, 3));
    if (r->simulated_s > 0) {
        text_addf(out, "%s by the events of its schedule",
                  format_unit(&scratch, r->simulated_s, UNIT_SECONDS, 4));
        format_against_closed(r->simulated_s / cost->step_s - 1, out);
        text_add(out, "\n");
    }
    text_addf(out, "%s tokens/s, ", format_count(&scratch, tokens_per_s));
    text_addf(out, "%s a GPU; ", format_count(&scratch, tokens_per_s / gpus));
    text_addf(out, "%s a GPU\n",
              format_unit(&scratch, cost->model_flop / cost->step_s / gpus, UNIT_FLOP_PER_S, 3));
    text_addf(&line, "MFU %s, ",
              format_unit(&scratch, step_mfu(r->scenario, cost), UNIT_FRACTION, 3));
    text_addf(&line, "HFU %s of ",
              format_unit(&scratch, step_hfu(r->scenario, cost), UNIT_FRACTION, 3));
    text_addf(&line, "%s", format_unit(&scratch, cost->peak_flop_per_s, UNIT_FLOP_PER_S, 4));
    text_addf(&line, " (%s)\n\n", result_flop_convention);
    format_wrapped(text_string(&line), FORMAT_WIDTH, strlen("MFU "), out);
    text_free(&line);
    text_free(&scratch);
}

/* The effective strategy in full, as the flags that give it. */
static void add_strategy(const struct strategy *s, struct text *out)
{
    struct text line = {0};
    text_add(&line, "Strategy: ");
    format_strategy(s, &line);
    text_add(&line, "\n");
    format_wrapped(text_string(&line), FORMAT_WIDTH, strlen("Strategy: "), out);
    text_free(&line);
    format_strategy_flags(s, STRATEGY_WIDTH, out);
}

/* Constants behind less than this share of the time are left to the JSON. */
static const double shown_frac = 0.01;

static void add_provenance(const struct provenance *p, struct text *out)
{
    struct text scratch = {0}, lines = {0};
    text_add(out, "\nConstants that price most of the time:\n");
    for (int i = 0; i < p->items && p->item[i].time_frac >= shown_frac; i++) {
        const struct provenance_item *item = &p->item[i];
        text_addf(&lines, "  %s: %s of the ops' time, %s, %s", item->what,
                  format_unit(&scratch, item->time_frac, UNIT_FRACTION, 2), item->kind,
                  item->source);
        if (item->error_frac > 0)
            text_addf(&lines, " (error %s)",
                      format_unit(&scratch, item->error_frac, UNIT_FRACTION, 2));
        text_add(&lines, "\n");
    }
    format_wrapped(text_string(&lines), FORMAT_WIDTH, 4, out);
    text_free(&lines);
    if (p->extrapolated_count > 0)
        text_add(out, "Outside the calibrated range:\n");
    for (int i = 0; i < p->extrapolated_count; i++)
        text_addf(out, "  %s\n", p->extrapolated[i]);
    text_free(&scratch);
}

static void add_forecast(const struct result *r, struct text *out)
{
    if (!r->cost->fits)
        text_addf(out, "Does not fit: %s\n\n", r->cost->reason);
    add_summary(r, out);
    add_terms(&r->scenario->model, r->cost, out);
    text_add(out, "\n");
    add_memory(r->cost, out);
    if (r->provenance)
        add_provenance(r->provenance, out);
}

void estimate_text(const struct result *r, const struct estimate_more *more, struct text *out)
{
    format_scenario(r->scenario, out);
    text_add(out, "\n");
    add_strategy(r->strategy, out);
    text_add(out, "\n");
    if (r->cost->legal)
        add_forecast(r, out);
    else
        text_addf(out, "Illegal (%s): %s\n", r->cost->rule ? r->cost->rule : "rule",
                  r->cost->reason);
    if (more && more->memory)
        memory_text(more->memory, out);
    if (more && more->what_if)
        what_if_text(more->what_if, out);
    if (more && more->critique)
        critique_text(r->scenario, r->strategy, more->critique, out);
}
