#include "reports/collective_report.h"
#include "hardware/collective_defaults.h"
#include "reports/format.h"
#include "reports/table.h"
#include <stdio.h>

/* A value and, where it is known, its standard error. */
static void add_figure(struct table *t, double value, double error, enum unit unit)
{
    if (unit == UNIT_SECONDS && value > 0)
        table_unit(t, value, unit, 3);
    else if (unit == UNIT_SECONDS)
        table_cell(t, "-");
    else
        table_cell(t, "%.4g", value);
    if (error > 0 && value > 0)
        table_cell(t, "%.2g %%", 100 * error / value);
    else
        table_cell(t, "-");
}

static void add_regimes(struct table *t, const char *op, const struct collective_constants *c)
{
    for (int i = 0; i < c->regimes; i++) {
        const struct collective_regime *g = &c->regime[i], *e = &c->standard_error[i];
        table_cell(t, "%s", i == 0 ? op : "");
        table_cell(t, "%s", collective_algorithm_names[g->algorithm]);
        add_figure(t, g->alpha_s, e->alpha_s, UNIT_SECONDS);
        add_figure(t, g->step_s, e->step_s, UNIT_SECONDS);
        add_figure(t, g->hop_s, e->hop_s, UNIT_SECONDS);
        add_figure(t, g->bandwidth_frac, e->bandwidth_frac, UNIT_NONE);
        table_cell(t, "%.3g", g->join);
        table_cell(t, "%s", i == 0 && c->knots > 0 ? "corrected near measured sizes" : "");
    }
}

static void add_table(const struct collective_calibration *c, struct text *out)
{
    static const struct table_column columns[] = {
        {"collective",     true },
        {"as",             true },
        {"alpha",          false},
        {"error",          false},
        {"a rank more",    false},
        {"error",          false},
        {"a domain more",  false},
        {"error",          false},
        {"share of links", false},
        {"error",          false},
        {"join",           false},
        {"",               true }
    };
    struct table t;
    table_init(&t, columns, sizeof columns / sizeof *columns);
    for (int op = 0; op < COLLECTIVES; op++)
        add_regimes(&t, collective_names[op], &c->op[op]);
    table_write(&t, 2, out);
    table_free(&t);
}

static void add_range(const struct collective_calibration *c, struct text *out)
{
    struct text scratch = {0};
    text_addf(out, "  range: %s", format_count(&scratch, c->low_bytes));
    text_addf(out, " to %s bytes, %.10g to %.10g ranks\n", format_count(&scratch, c->high_bytes),
              c->low_ranks, c->high_ranks);
    text_free(&scratch);
}

void collective_report_text(const char *title, const char *left_out,
                            const struct collective_calibration *c, struct text *out)
{
    if (c->kind == SOURCE_NONE)
        return;
    text_addf(out, "%s: %s", title, source_kind_names[c->kind]);
    if (c->samples > 0)
        text_addf(out, ", %.0f rows", c->samples);
    if (c->error_frac > 0)
        text_addf(out, ", error of %s left out %.1f %%", left_out, 100 * c->error_frac);
    text_addf(out, "\n  source: %s%s%s\n", c->source, c->date[0] ? ", fitted " : "", c->date);
    if (c->high_bytes > 0)
        add_range(c, out);
    add_table(c, out);
}

void system_report_text(const struct system *system, struct text *out)
{
    text_addf(out, "%s: %s\n", system->name, system->gpu.name);
    for (int i = 0; i < system->tiers; i++) {
        const struct tier *tier = &system->tier[i];
        const struct collective_calibration *c = &tier->collective;
        char title[120];
        if (i == 0 && c->kind == SOURCE_NONE)
            c = &system->gpu.calibration.collective;
        snprintf(title, sizeof title, "collectives of tier %s (%s)", tier->name, tier->technology);
        text_add(out, "\n");
        if (c->kind == SOURCE_NONE)
            text_addf(out, "%s: those of the technology, %s\n", title,
                      collective_default_source(tier->technology));
        else
            collective_report_text(title, i == 0 ? "sizes" : "whole logs", c, out);
    }
}
