#include "calibrate/runlog/comparison.h"
#include "calibrate/runlog/hypotheses.h"
#include "parallelism/frameworks/likeness.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const compare_line_names[COMPARE_LINES + 1] = {
    "gemm", "attention", "memory_bound", "tp",        "cp",   "ep",
    "pp",   "dp",        "offload",      "optimizer", "host", NULL};
const char *const compare_line_descriptions[COMPARE_LINES + 1] = {
    "matrix products, recomputed ones too",
    "attention core, recomputed ones too",
    "norms, activations, residuals, quantisation, cross-entropy",
    "exposed tensor-parallel communication",
    "exposed context-parallel communication",
    "exposed expert-parallel communication",
    "pipeline transfers and bubble",
    "exposed gradient and parameter communication, waiting for the slowest",
    "copies to and from host memory",
    "optimizer update",
    "nothing runs: launches, host",
    NULL};

static const enum compare_line line_of[TERMS] = {[TERM_GEMM] = COMPARE_GEMM,
                                                 [TERM_ATTENTION] = COMPARE_ATTENTION,
                                                 [TERM_MEMORY_BOUND] = COMPARE_MEMORY_BOUND,
                                                 [TERM_RECOMPUTE] = COMPARE_GEMM,
                                                 [TERM_TP] = COMPARE_TP,
                                                 [TERM_CP] = COMPARE_CP,
                                                 [TERM_EP] = COMPARE_EP,
                                                 [TERM_PP] = COMPARE_PP,
                                                 [TERM_DP] = COMPARE_DP,
                                                 [TERM_OFFLOAD] = COMPARE_OFFLOAD,
                                                 [TERM_BUBBLE] = COMPARE_PP,
                                                 [TERM_OPTIMIZER] = COMPARE_OPTIMIZER,
                                                 [TERM_HOST] = COMPARE_HOST,
                                                 [TERM_STRAGGLER] = COMPARE_DP};

/* Recomputed time by what it repeats: the attention core alone, or the layers as they are. */
static void share_recompute(const struct strategy *s, const double term_s[TERMS],
                            double line_s[COMPARE_LINES])
{
    static const enum term parts[] = {TERM_GEMM, TERM_ATTENTION, TERM_MEMORY_BOUND};
    double again = term_s[TERM_RECOMPUTE], whole = 0;
    bool core = s->recompute == RECOMPUTE_SELECTIVE &&
                (s->recompute_modules == 0 || s->recompute_modules == 1u << MODULE_CORE_ATTENTION);
    for (int i = 0; i < 3; i++)
        whole += term_s[parts[i]];
    for (int i = 0; i < 3 && again > 0 && whole > 0 && !core; i++)
        line_s[line_of[parts[i]]] += again * term_s[parts[i]] / whole;
    if (core)
        line_s[COMPARE_ATTENTION] += again;
}

void comparison_lines(const struct strategy *s, const double term_s[TERMS],
                      double line_s[COMPARE_LINES])
{
    memset(line_s, 0, COMPARE_LINES * sizeof *line_s);
    for (int t = 0; t < TERMS; t++) {
        if (t != TERM_RECOMPUTE)
            line_s[line_of[t]] += term_s[t];
    }
    share_recompute(s, term_s, line_s);
}

/* What is left to explain: by line where there is a trace, of the whole step otherwise. */
static double distance(const struct comparison *c, double step_s, const double line_s[])
{
    double sum = 0;
    for (int i = 0; i < COMPARE_LINES && c->traced; i++)
        sum += fabs(line_s[i] - c->traced_s[i]);
    return c->traced ? sum : fabs(step_s - c->measured_s);
}

static void remove_cause(struct comparison *out, int i)
{
    out->causes--;
    memmove(&out->cause[i], &out->cause[i + 1], (size_t)(out->causes - i) * sizeof out->cause[0]);
}

/* Keeps the causes behind the evidence in the order of what they explain, and of alternatives the
 * best. */
static void add_cause(struct comparison *out, const struct cause *cause)
{
    for (int i = 0; i < out->causes; i++) {
        if (cause->alternative == 0 || out->cause[i].alternative != cause->alternative)
            continue;
        if (out->cause[i].explained_frac >= cause->explained_frac)
            return;
        remove_cause(out, i);
        break;
    }
    if (out->causes == CAUSES_MAX) {
        const struct cause *last = &out->cause[CAUSES_MAX - 1];
        if (!(last->step_s > 0) || last->explained_frac >= cause->explained_frac)
            return;
        out->causes--;
    }
    int i = out->causes++;
    for (; i > 0 && out->cause[i - 1].step_s > 0 &&
           out->cause[i - 1].explained_frac < cause->explained_frac;
         i--)
        out->cause[i] = out->cause[i - 1];
    out->cause[i] = *cause;
}

static void add_evidence(struct comparison *out, const char *what)
{
    struct cause cause = {.step_s = 0};
    snprintf(cause.what, sizeof cause.what, "%s", what);
    if (out->causes < CAUSES_MAX)
        out->cause[out->causes++] = cause;
}

/* What the log says of itself and the forecast says otherwise. */
static void compare_facts(const struct compare_input *in, struct comparison *out)
{
    const double *fact = in->log->fact;
    const struct job *job = &in->scenario->job;
    const struct {
        const char *what;
        double logged, forecast;
    } facts[] = {
        {"GPUs",                 fact[RUN_LOG_GPUS],         in->scenario->system.gpus},
        {"sequences a step",     fact[RUN_LOG_GLOBAL_BATCH], job->global_batch        },
        {"tokens of a sequence", fact[RUN_LOG_SEQ_LENGTH],   job->seq_length          },
    };
    for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
        char what[160];
        if (!(facts[i].logged > 0) || fabs(facts[i].logged - facts[i].forecast) < 0.5)
            continue;
        snprintf(what, sizeof what, "the log says %.0f %s, the forecast is of %.0f",
                 facts[i].logged, facts[i].what, facts[i].forecast);
        add_evidence(out, what);
    }
}

/* True if the forecast's strategy is the one that the run's own arguments give; else the first
 * difference is evidence. */
static bool compare_own(const struct compare_input *in, struct comparison *out)
{
    struct text why = {0};
    struct strategy own = *in->own;
    own.dp = in->strategy->dp;
    bool alike = strategies_alike(in->scenario, in->strategy, &own, &why);
    if (!alike) {
        char what[200];
        snprintf(what, sizeof what,
                 "the run's own arguments say otherwise (forecast against run): %.100s",
                 text_string(&why));
        add_evidence(out, what);
    }
    text_free(&why);
    return alike;
}

/* A run whose memory is far from the forecast's is not the forecast's. What the allocator reserves
 * is the most that the tensors took. */
static void compare_memory(const struct compare_input *in, struct comparison *out)
{
    static const double far_frac = 0.25;
    const struct step_cost *f = &out->forecast;
    double least = in->summary->memory_bytes;
    double most = fmax(least, in->summary->reserved_bytes);
    char what[200];
    if (!f->fits) {
        snprintf(what, sizeof what,
                 "the run fits, its forecast does not (%.80s): is recompute, offload or ZeRO set "
                 "otherwise?",
                 f->reason);
        add_evidence(out, what);
    } else if (most > 0 && (least > f->memory_total_bytes * (1 + far_frac) ||
                            most < f->memory_total_bytes / (1 + far_frac))) {
        snprintf(what, sizeof what,
                 "a rank holds %.2f times the forecast's memory: is recompute, ZeRO or the "
                 "micro-batch set otherwise?",
                 (least > f->memory_total_bytes ? least : most) / f->memory_total_bytes);
        add_evidence(out, what);
    }
}

/* What the spread and the course of the step times say. */
static void compare_spread(const struct compare_input *in, struct comparison *out)
{
    static const double drift = 0.02, jitter = 0.02, outliers = 0.05, idle = 0.1;
    const struct run_summary *s = in->summary;
    char what[200];
    if (in->log->family && in->log->family->caveat)
        add_evidence(out, in->log->family->caveat);
    if (s->drift_frac > drift) {
        snprintf(what, sizeof what,
                 "steps grow slower by %.1f %% over the log: clocks fall as the GPUs warm up, or "
                 "memory fragments",
                 100 * s->drift_frac);
        add_evidence(out, what);
    }
    if (s->mad_s > jitter * s->step_s) {
        snprintf(what, sizeof what,
                 "steps scatter by %.1f %%: stragglers, a shared network or file system",
                 100 * s->mad_s / s->step_s);
        add_evidence(out, what);
    }
    if ((double)s->outliers > outliers * (double)s->steps) {
        snprintf(what, sizeof what,
                 "%zu of %zu steps took half as long again: checkpoints, evaluation or garbage "
                 "collection",
                 s->outliers, s->steps);
        add_evidence(out, what);
    }
    if (in->kineto && in->kineto->term_s[TERM_HOST] > idle * in->kineto->step_s) {
        snprintf(what, sizeof what,
                 "nothing runs on the GPU for %.0f %% of the traced step: the host cannot launch "
                 "kernels fast enough, or waits for data",
                 100 * in->kineto->term_s[TERM_HOST] / in->kineto->step_s);
        add_evidence(out, what);
    }
}

/* Every hypothesis that explains at least a quarter of the difference. */
static enum status test_hypotheses(const struct compare_input *in, bool told,
                                   struct comparison *out, struct error *e)
{
    static const double least_frac = 0.25;
    struct scenario *scenario = malloc(sizeof *scenario);
    double whole = distance(out, out->forecast.step_s, out->forecast_s);
    if (!scenario)
        return error_set(e, STATUS_IO, "out of memory");
    for (const struct hypothesis *h = hypotheses; h->what; h++) {
        struct strategy strategy = *in->strategy;
        struct step_cost cost;
        double lines[COMPARE_LINES];
        *scenario = *in->scenario;
        if ((told && h->told) || !h->apply(scenario, &strategy))
            continue;
        step_estimate(scenario, &strategy, &cost);
        if (!cost.legal)
            continue;
        comparison_lines(&strategy, cost.term_s, lines);
        struct cause cause = {.step_s = cost.step_s, .alternative = h->alternative};
        cause.explained_frac = whole > 0 ? 1 - distance(out, cost.step_s, lines) / whole : 0;
        snprintf(cause.what, sizeof cause.what, "%s", h->what);
        if (cause.explained_frac >= least_frac)
            add_cause(out, &cause);
    }
    free(scenario);
    return STATUS_OK;
}

enum status comparison_make(const struct compare_input *in, struct comparison *out, struct error *e)
{
    static const double same_frac = 0.02; /* nothing to explain */
    memset(out, 0, sizeof *out);
    step_estimate(in->scenario, in->strategy, &out->forecast);
    if (!out->forecast.legal)
        return error_set(e, STATUS_NO, "the strategy is illegal: %s", out->forecast.reason);
    out->measured_s = in->summary->step_s;
    out->gap_frac = out->measured_s / out->forecast.step_s - 1;
    comparison_lines(in->strategy, out->forecast.term_s, out->forecast_s);
    out->traced = in->kineto != NULL;
    if (out->traced)
        comparison_lines(in->strategy, in->kineto->term_s, out->traced_s);
    compare_facts(in, out);
    bool told = in->own && compare_own(in, out);
    compare_memory(in, out);
    compare_spread(in, out);
    if (fabs(out->gap_frac) <= same_frac && !out->traced)
        return STATUS_OK;
    return test_hypotheses(in, told, out, e);
}
