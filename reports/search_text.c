#include "parallelism/search/ties.h"
#include "reports/format.h"
#include "reports/search_report.h"
#include "reports/table.h"
#include <string.h>

/* The published tables' columns, but those of the question, which are the same in all rows; then
 * what a reader of a forecast asks next. */
static const struct table_column columns[] = {
    {"#",              false},
    {"MBS",            false},
    {"TP",             false},
    {"PP",             false},
    {"CP",             false},
    {"VP",             false},
    {"EP",             false},
    {"DP",             false},
    {"tokens/sec/GPU", false},
    {"TFLOP/sec/GPU",  false},
    {"step",           false},
    {"MFU",            false},
    {"memory",         false},
    {"also",           true },
};

/* What the published columns leave open: "SP, ZeRO 1, selective recompute". */
static void also(const struct strategy *s, struct text *out)
{
    if (s->sequence_parallel)
        text_add(out, "SP, ");
    if (s->etp > 1)
        text_addf(out, "expert TP %d, ", s->etp);
    strategy_describe_how(s, out);
}

static void add_row(struct table *t, const struct scenario *scenario, const struct ranked *r,
                    int rank)
{
    const struct strategy *s = &r->strategy;
    struct text rest = {0};
    double gpus = scenario->system.gpus;
    const int counts[] = {rank, s->micro_batch, s->tp, s->pp, s->cp, s->vpp, s->ep, s->dp};
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        table_cell(t, "%d", counts[i]);
    table_cell(t, "%.0f", step_tokens_per_s(scenario, &r->cost) / gpus);
    table_cell(t, "%.0f", r->cost.model_flop / r->cost.step_s / gpus / 1e12);
    table_unit(t, r->cost.step_s, UNIT_SECONDS, 4);
    table_cell(t, "%.1f %%", 100 * step_mfu(scenario, &r->cost));
    table_unit(t, r->cost.memory_total_bytes, UNIT_BYTES, 3);
    also(s, &rest);
    table_text(t, &rest);
    text_free(&rest);
}

void search_table(const struct search_report *report, int rows, struct table *out)
{
    table_init(out, columns, sizeof columns / sizeof *columns);
    for (int i = 0; i < report->result->count && i < rows; i++)
        add_row(out, report->scenario, &report->result->results[i], i + 1);
}

static void add_table(const struct search_report *report, struct text *out)
{
    struct table t;
    search_table(report, report->result->count, &t);
    table_write_within(&t, 0, FORMAT_WIDTH, out);
    table_free(&t);
}

/* The term in which `best` gains most on `other`, and the one in which it pays most. */
static void compare_terms(const struct step_cost *best, const struct step_cost *other, int *gain,
                          int *loss)
{
    *gain = *loss = 0;
    for (int t = 1; t < TERMS; t++) {
        double d = best->term_s[t] - other->term_s[t];
        if (d < best->term_s[*gain] - other->term_s[*gain])
            *gain = t;
        if (d > best->term_s[*loss] - other->term_s[*loss])
            *loss = t;
    }
}

/* Differences below this share of the step are not worth a word. */
static const double worth_saying_frac = 1e-3;

void search_against_next(const struct model *model, const struct search_result *result,
                         struct text *out)
{
    const struct step_cost *best = &result->results[0].cost, *next = &result->results[1].cost;
    struct text scratch = {0};
    int gain, loss;
    compare_terms(best, next, &gain, &loss);
    double gain_s = next->term_s[gain] - best->term_s[gain];
    double loss_s = best->term_s[loss] - next->term_s[loss];
    double rest_s = gain_s - loss_s - (next->step_s - best->step_s);
    double worth_s = worth_saying_frac * best->step_s;
    text_addf(out, "%s faster than the second",
              format_unit(&scratch, next->step_s / best->step_s - 1, UNIT_FRACTION, 2));
    if (gain_s > worth_s)
        text_addf(out, ": %s less of \"%s\"", format_unit(&scratch, gain_s, UNIT_SECONDS, 2),
                  term_description(model, (enum term)gain));
    if (gain_s > worth_s && rest_s < -worth_s)
        text_addf(out, " and %s less of all else", format_unit(&scratch, -rest_s, UNIT_SECONDS, 2));
    if (gain_s > worth_s && loss_s > worth_s)
        text_addf(out, " for %s more of \"%s\"", format_unit(&scratch, loss_s, UNIT_SECONDS, 2),
                  term_description(model, (enum term)loss));
    if (gain_s > worth_s && rest_s > worth_s)
        text_addf(out, " and %s more of all else", format_unit(&scratch, rest_s, UNIT_SECONDS, 2));
    text_free(&scratch);
}

/* Whether the forecast can tell the first from those listed after it. */
static void add_certainty(const struct search_report *report, struct text *out)
{
    double interval_frac;
    int ties = ties_among(report->scenario, report->result, &interval_frac);
    text_add(out, "  how sure          ");
    if (ties == 0)
        text_add(out, "its lead over those listed after it is more than their ratio may be off by");
    else
        text_addf(
            out,
            "%d of the %d listed after it %s too close to call: the ratio of two forecasts is "
            "known to %.0f %% (80 %% interval)",
            ties, report->result->count - 1, ties == 1 ? "is" : "are", 100 * interval_frac);
    if (ties > 0 && !(report->answers && report->answers->ties))
        text_add(out, "; --near-ties lists all");
    text_add(out, "\n");
}

static void add_rates(const struct scenario *scenario, const struct step_cost *cost,
                      struct text *out)
{
    struct text scratch = {0};
    double tokens_per_s = step_tokens_per_s(scenario, cost);
    text_addf(out, "  throughput        %s tokens/s, ", format_count(&scratch, tokens_per_s));
    text_addf(out, "%s a GPU, ", format_count(&scratch, tokens_per_s / scenario->system.gpus));
    double rate = cost->model_flop / cost->step_s / scenario->system.gpus;
    text_addf(out, "%s a GPU\n", format_unit(&scratch, rate, UNIT_FLOP_PER_S, 3));
    text_addf(out, "  MFU               %s",
              format_unit(&scratch, step_mfu(scenario, cost), UNIT_FRACTION, 3));
    text_addf(out, " of the dense %s peak, ", dtype_names[scenario->job.precision]);
    text_addf(out, "%s (causal attention counted half, logits in)\n",
              format_unit(&scratch, cost->peak_flop_per_s, UNIT_FLOP_PER_S, 4));
    text_addf(out, "  memory            %s a GPU of ",
              format_unit(&scratch, cost->memory_total_bytes, UNIT_BYTES, 3));
    text_addf(out, "%s, on the fullest pipeline stage (%d)\n",
              format_unit(&scratch, cost->memory_capacity_bytes, UNIT_BYTES, 3),
              cost->memory_stage);
    text_free(&scratch);
}

/* Lines that --simulate and --price-per-gpu-hour add. */
static void add_asked_lines(const struct search_report *report, const struct ranked *best,
                            struct text *out)
{
    const struct search_answers *answers = report->answers;
    struct text scratch = {0};
    if (answers && answers->simulated_s) {
        double more = answers->simulated_s[0] / best->cost.step_s - 1;
        text_addf(out, "  simulated         %s by the events of its schedule",
                  format_unit(&scratch, answers->simulated_s[0], UNIT_SECONDS, 4));
        format_against_closed(more, out);
        text_add(out, "\n");
    }
    if (answers && answers->price)
        price_text(report->scenario, answers->price, &best->cost, out);
    text_free(&scratch);
}

/* The answer in words, for a reader who has never seen the tool. */
static void add_headline(const struct search_report *report, struct text *out)
{
    const struct search_result *result = report->result;
    const struct ranked *best = &result->results[0];
    struct text scratch = {0}, strategy = {0}, lines = {0};
    text_add(&strategy, "Fastest: ");
    format_strategy(&best->strategy, &strategy);
    format_wrapped(text_string(&strategy), FORMAT_WIDTH, strlen("Fastest: "), out);
    text_addf(&lines, "\n  step time         %s", format_step(&scratch, best->cost.step_s));
    text_addf(&lines, " (80 %% interval %s to ",
              format_unit(&scratch, step_low_s(&best->cost), UNIT_SECONDS, 3));
    text_addf(&lines, "%s)\n", format_unit(&scratch, step_high_s(&best->cost), UNIT_SECONDS, 3));
    add_rates(report->scenario, &best->cost, &lines);
    add_asked_lines(report, best, &lines);
    text_add(&lines, "  where time goes ");
    format_largest_terms(&report->scenario->model, &best->cost, 4, 18, &lines);
    if (report->answers && report->answers->limits)
        limits_text(report->answers->limits, best, &lines);
    if (result->count > 1) {
        text_add(&lines, "  why it is first   ");
        search_against_next(&report->scenario->model, result, &lines);
        text_add(&lines, "\n");
        add_certainty(report, &lines);
    }
    format_wrapped(text_string(&lines), FORMAT_WIDTH, strlen("  why it is first   "), out);
    text_free(&strategy);
    text_free(&lines);
    text_free(&scratch);
}

/* Nothing fits: say so, and what comes nearest. */
static void add_nothing(const struct search_result *result, struct text *out)
{
    text_add(out, "Nothing fits.");
    if (result->closest.cost.legal) {
        text_add(out, " Nearest: ");
        strategy_describe(&result->closest.strategy, out);
        text_addf(out, "\n  %s", result->closest.cost.reason);
    } else {
        text_add(out, " No strategy is legal for this model, batch and number of GPUs, within the "
                      "options given.");
    }
    text_add(out, "\n");
}

void search_rejected_text(const struct search_result *r, struct text *out)
{
    struct text scratch = {0};
    int order[SEARCH_RULES_MAX];
    for (int i = 0; i < r->rules; i++) {
        int j = i;
        for (; j > 0 && r->rejected[order[j - 1]].count < r->rejected[i].count; j--)
            order[j] = order[j - 1];
        order[j] = i;
    }
    for (int i = 0; i < r->rules && r->rejected[order[i]].count > 0; i++)
        text_addf(out, "%s%s %s", i > 0 ? ", " : "", r->rejected[order[i]].name,
                  format_count(&scratch, (double)r->rejected[order[i]].count));
    text_free(&scratch);
}

static void add_counts(const struct search_result *r, struct text *out)
{
    struct text scratch = {0}, lines = {0}, rejected = {0};
    text_addf(&lines, "%s strategies: ", format_count(&scratch, (double)r->configs));
    text_addf(&lines, "%s legal, ", format_count(&scratch, (double)r->legal));
    text_addf(&lines, "%s evaluated, ", format_count(&scratch, (double)r->evaluated));
    text_addf(&lines, "%s pruned by bounds, ", format_count(&scratch, (double)r->pruned));
    text_addf(&lines, "%s of the evaluated fit; ", format_count(&scratch, (double)r->fitting));
    text_addf(&lines, "%s on %d thread%s.\n", format_unit(&scratch, r->elapsed_s, UNIT_SECONDS, 2),
              r->threads, r->threads == 1 ? "" : "s");
    search_rejected_text(r, &rejected);
    if (rejected.length > 0)
        text_addf(&lines, "Rejected: %s.\n", text_string(&rejected));
    format_wrapped(text_string(&lines), FORMAT_WIDTH, 0, out);
    text_free(&rejected);
    text_free(&lines);
    text_free(&scratch);
}

static void add_extrapolated(const struct provenance *p, struct text *out)
{
    if (!p || p->extrapolated_count == 0)
        return;
    text_add(out, "Outside the calibrated range:\n");
    for (int i = 0; i < p->extrapolated_count; i++)
        text_addf(out, "  %s\n", p->extrapolated[i]);
}

static void add_found(const struct search_report *report, struct text *out)
{
    const struct search_answers *answers = report->answers;
    const struct ranked *best = report->result->results;
    add_headline(report, out);
    text_add(out, "\n");
    add_table(report, out);
    text_add(out, "\n");
    if (answers && answers->ties)
        ties_text(answers->ties, out);
    if (answers && answers->front)
        front_text(answers->front, report->scenario, out);
    if (answers && answers->neighbours)
        neighbours_text(answers->neighbours, best, out);
    add_extrapolated(report->provenance, out);
}

void search_text(const struct search_report *report, struct text *out)
{
    const struct search_answers *answers = report->answers;
    format_scenario(report->scenario, out);
    text_add(out, "\n\n");
    if (answers)
        search_answers_head_text(report->scenario, answers, out);
    if (report->result->count > 0)
        add_found(report, out);
    else if (!answers || !answers->clusters)
        add_nothing(report->result, out);
    if (answers && answers->remedies)
        remedies_text(answers->remedies, out);
    if (report->result->configs > 0)
        add_counts(report->result, out);
}
