#include "parallelism/interval.h"
#include "reports/fields_text.h"
#include "reports/format.h"
#include "reports/result.h"
#include "reports/review/parts.h"

/* Constants that price the work, by the share of the time behind them. */
static void add_constants(const struct provenance *p, struct text *out)
{
    static const struct table_column columns[] = {
        {"constants of", true },
        {"share of ops", false},
        {"kind",         true },
        {"error",        false},
        {"where from",   true }
    };
    struct table t;
    struct text scratch = {0};
    table_init(&t, columns, 5);
    for (int i = 0; i < p->items; i++) {
        const struct provenance_item *item = &p->item[i];
        table_cell(&t, "%s", item->what);
        table_unit(&t, item->time_frac, UNIT_FRACTION, 2);
        table_cell(&t, "%s", item->kind);
        table_cell(&t, "%s",
                   item->error_frac > 0 ? format_unit(&scratch, item->error_frac, UNIT_FRACTION, 2)
                                        : "not known");
        table_cell(&t, "%s", item->source);
    }
    html_words(out, "h3", "Constants that price the kernels and collectives");
    html_table(&t, NULL, out);
    table_free(&t);
    text_free(&scratch);
}

static void add_extrapolated(const struct provenance *p, struct text *out)
{
    html_words(out, "h3", "Outside the calibrated range");
    if (p->extrapolated_count == 0)
        html_words(out, "p", "Nothing.");
    else
        text_add(out, "<ul>\n");
    for (int i = 0; i < p->extrapolated_count; i++)
        html_words(out, "li", p->extrapolated[i]);
    text_add(out, p->extrapolated_count > 0 ? "</ul>\n" : "");
}

/* A struct with a field table, as a table. */
static void add_fields(struct text *out, const char *title, const struct field *rows, size_t n,
                       const void *in, const struct source *sources)
{
    struct table_column columns[3] = {
        fields_columns[0], fields_columns[1], {sources ? "source" : "what it is", true}
    };
    struct table t;
    table_init(&t, columns, 3);
    fields_cells(rows, n, in, sources, &t);
    html_words(out, "h3", title);
    html_table(&t, NULL, out);
    table_free(&t);
}

static void add_stack(const struct stack *stack, struct text *out)
{
    struct text title = {0};
    text_addf(&title, "Training software: %s", stack->name);
    if (stack->parent[0])
        text_addf(&title, ", drawn towards %s", stack->parent);
    add_fields(out, text_string(&title), stack_fields, stack_field_count, stack, NULL);
    if (stack->residual_frac > 0)
        html_paragraph(
            out,
            "Measured runs spread around its forecasts by %.1f %% (1 sigma); those "
            "of another cluster by %g %% besides, those on a GPU with another "
            "generation's kernel constants by %g %%, those with experts by %g %%, exposed "
            "traffic of pipeline, expert and data ranks by %g %% of its time.",
            100 * stack->residual_frac, 100 * stack->site_spread_frac, 100 * generation_spread_frac,
            100 * experts_spread_frac, 100 * traffic_spread_frac);
    text_free(&title);
}

static void add_system(const struct system *system, struct text *out)
{
    add_fields(out, "GPU", gpu_fields, gpu_field_count, &system->gpu, system->gpu.source);
    html_paragraph(out, "Calibration: %s.", system->gpu.calibration_source);
    add_fields(out, "System", system_fields, system_field_count, system, system->source);
    for (int i = 0; i < system->tiers; i++) {
        const struct tier *tier = &system->tier[i];
        struct text title = {0};
        text_addf(&title, "Network tier %d: %s", i, tier->name);
        add_fields(out, text_string(&title), tier_fields, tier_field_count, tier, tier->source);
        text_free(&title);
    }
    if (system->calibration_source[0])
        html_paragraph(out, "Collectives of the scale-up domain: %s.", system->calibration_source);
}

void review_assumptions(const struct review *r, struct text *out)
{
    const struct scenario *s = r->scenario;
    add_constants(r->provenance, out);
    add_extrapolated(r->provenance, out);
    html_words(out, "h3", "Conventions");
    html_paragraph(out, "MFU counts %s.", result_flop_convention);
    html_paragraph(out,
                   "The 80 %% interval of the step time knows how the stack's measured runs "
                   "spread, how clusters differ, what experts and exposed traffic are off by%s.",
                   s->system.gpu.across_generations
                       ? " and how far kernel constants of another GPU generation carry"
                       : "");
    if (s->model.left_out[0])
        html_paragraph(out, "The text model alone; left out: %s.", s->model.left_out);
    if (s->model.note[0])
        html_paragraph(out, "The model's file: %s.", s->model.note);
    add_fields(out, "Job", job_fields, job_field_count, &s->job, NULL);
    add_system(&s->system, out);
    add_stack(&s->stack, out);
}

void review_command(const struct review *r, struct text *out)
{
    html_words(out, "p", "The command that makes this page:");
    html_words(out, "pre", r->command);
}

void review_again(const struct review *r, struct text *out)
{
    review_command(r, out);
    text_add(out, "<p>From the numbers that it used, whatever the catalogs say by then:</p>\n"
                  "<pre>stepcast report --scenario answer.json -o DIR</pre>\n"
                  "<p>Beside the page: <a href=\"answer.json\">answer.json</a>, scenario and best "
                  "strategy whole; <a href=\"strategies.csv\">strategies.csv</a>; "
                  "<a href=\"sensitivity.csv\">sensitivity.csv</a>; figures/, every figure as SVG, "
                  "its numbers as CSV and its gnuplot script. <code>stepcast report --diff A "
                  "B</code> compares two such folders.</p>\n");
}
