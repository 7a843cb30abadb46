#include "parallelism/search/ties.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Work whose forecast errs together. */
enum class { CLASS_COMPUTE, CLASS_MEMORY, CLASS_NETWORK, CLASS_HOST, CLASS_BUBBLE, CLASSES };

/* Waiting for the slowest GPU follows from all others. */
static int class_of(enum term term)
{
    static const int classes[TERMS] = {
        [TERM_GEMM] = CLASS_COMPUTE,      [TERM_ATTENTION] = CLASS_COMPUTE,
        [TERM_RECOMPUTE] = CLASS_COMPUTE, [TERM_MEMORY_BOUND] = CLASS_MEMORY,
        [TERM_OPTIMIZER] = CLASS_MEMORY,  [TERM_TP] = CLASS_NETWORK,
        [TERM_CP] = CLASS_NETWORK,        [TERM_EP] = CLASS_NETWORK,
        [TERM_PP] = CLASS_NETWORK,        [TERM_DP] = CLASS_NETWORK,
        [TERM_OFFLOAD] = CLASS_HOST,      [TERM_HOST] = CLASS_HOST,
        [TERM_BUBBLE] = CLASS_BUBBLE,     [TERM_STRAGGLER] = CLASSES,
    };
    return classes[term];
}

/* Shares of the step, waiting for the slowest GPU left out. */
static void shares_of(const struct step_cost *cost, double share[CLASSES])
{
    double sum = 0;
    memset(share, 0, CLASSES * sizeof *share);
    for (int t = 0; t < TERMS; t++) {
        int class = class_of((enum term)t);
        if (class == CLASSES)
            continue;
        share[class] += cost->term_s[t];
        sum += cost->term_s[t];
    }
    for (int i = 0; i < CLASSES && sum > 0; i++)
        share[i] /= sum;
}

static double joined(double a, double b)
{
    return sqrt(a * a + b * b);
}

/* Error of a class: the benchmarks' and the stack's own. Where none is known: MODELLING 11.6 for
 * GEMM, memory and communication; host time is a guess and may be off by a third. assumed. Bubbles
 * hold what the stages' times and their transfers are off by. measured, with own_sigma */
static double class_sigma(const struct scenario *scenario, enum class class)
{
    static const double typical[CLASSES] = {0.04, 0.10, 0.08, 0.33, 0.3};
    static const int constants[CLASS_BUBBLE] = {STACK_COMPUTE, STACK_MEMORY, STACK_NETWORK,
                                                STACK_HOST};
    const struct calibration *c = &scenario->system.gpu.calibration;
    double measured = 0;
    if (class == CLASS_BUBBLE)
        return typical[class];
    if (class == CLASS_COMPUTE)
        measured = c->gemm_group[scenario->job.precision].error_frac;
    if (class == CLASS_MEMORY)
        measured = c->memory_group[MEMORY_ELEMENTWISE].error_frac;
    if (class == CLASS_NETWORK)
        measured = scenario->system.tier[0].collective.error_frac;
    return joined(measured > 0 ? measured : typical[class],
                  scenario->stack.constant[constants[class]].standard_error);
}

double difference_sigma(const struct scenario *scenario, const struct step_cost *a,
                        const struct step_cost *b)
{
    /* Of a forecast around its constants. measured: of 875 cross-validated pairs of layouts that
     * are forecast within a fifth of each other, 75 % have their ratio inside its 80 % interval, of
     * 172 pairs that nothing was fitted to 80 % (with 0.015 and no bubbles, 46 and 50 %). */
    const double own_sigma = 0.035;
    double x[CLASSES], y[CLASSES], variance = 2 * own_sigma * own_sigma;
    shares_of(a, x);
    shares_of(b, y);
    for (int i = 0; i < CLASSES; i++) {
        double d = class_sigma(scenario, (enum class)i) * (x[i] - y[i]);
        variance += d * d;
    }
    return sqrt(variance);
}

/* Nothing beyond is looked at: differences of more than a fifth are told even between strategies
 * that spend their time quite differently. */
static const double farthest_frac = 0.2;
static const double quantile = 1.2816; /* of the normal distribution at 90 % */

double difference_interval_frac(const struct scenario *scenario, const struct step_cost *a,
                                const struct step_cost *b)
{
    return exp(quantile * difference_sigma(scenario, a, b)) - 1;
}

int ties_among(const struct scenario *scenario, const struct search_result *result,
               double *interval_frac)
{
    int ties = 0;
    for (int i = 1; i < result->count; i++) {
        const struct step_cost *best = &result->results[0].cost, *other = &result->results[i].cost;
        double interval = difference_interval_frac(scenario, other, best);
        if (other->step_s / best->step_s - 1 > interval)
            continue;
        *interval_frac = ties++ == 0 ? interval : fmin(*interval_frac, interval);
    }
    return ties;
}

enum status ties_find(const struct scenario *scenario, const struct search_options *options,
                      struct ties *out, struct error *e)
{
    struct search_options within = *options;
    memset(out, 0, sizeof *out);
    within.top = options->top > 1 ? options->top : 1;
    within.within_frac = farthest_frac;
    if (search_run(scenario, &within, &out->search, e) != STATUS_OK)
        return e->status;
    out->ties = malloc(((size_t)out->search.count + 1) * sizeof *out->ties);
    if (!out->ties)
        return error_set(e, STATUS_IO, "out of memory for near ties");
    for (int i = 0; i < out->search.count; i++) {
        const struct ranked *best = &out->search.results[0], *r = &out->search.results[i];
        struct tie tie = {.ranked = *r, .slower_frac = r->cost.step_s / best->cost.step_s - 1};
        tie.interval_frac = difference_interval_frac(scenario, &r->cost, &best->cost);
        if (tie.slower_frac <= tie.interval_frac)
            out->ties[out->count++] = tie;
    }
    return STATUS_OK;
}

void ties_free(struct ties *ties)
{
    free(ties->ties);
    search_result_free(&ties->search);
    memset(ties, 0, sizeof *ties);
}
