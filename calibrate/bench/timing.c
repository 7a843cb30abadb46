#include "calibrate/bench/timing.h"
#include "base/values.h"
#include "base/wall_clock.h"
#include <math.h>
#include <stdlib.h>

enum { REPETITIONS_MAX = 1000, CALLS_MAX = 100000, ATTEMPTS = 2 };

/* Standard deviation of a normal distribution over its MAD. [Hampel74] */
static const double MAD_TO_SIGMA = 1.4826;
/* Assumed: repetitions of a quiet machine stay within 5 %; MODELLING 11.2 puts GPUs at 1 to 3 %. */
static const double NOISY_FRAC = 0.05;

struct timing timing_of(double *values, size_t n)
{
    struct timing t = {.median_s = values_median(values, n), .repetitions = (int)n};
    for (size_t i = 0; i < n; i++)
        values[i] = fabs(values[i] - t.median_s);
    t.mad_s = values_median(values, n);
    return t;
}

double timing_spread_frac(const struct timing *t)
{
    return t->median_s > 0 ? MAD_TO_SIGMA * t->mad_s / t->median_s : 0;
}

bool timing_noisy(const struct timing *t)
{
    return timing_spread_frac(t) > NOISY_FRAC;
}

double outlier_score(const double *values, size_t n, size_t i, double floor_frac)
{
    double *others = malloc((n ? n : 1) * sizeof *others);
    if (n < 2 || !others) {
        free(others);
        return 0;
    }
    size_t count = 0;
    for (size_t j = 0; j < n; j++)
        if (j != i)
            others[count++] = values[j];
    struct timing t = timing_of(others, count);
    free(others);
    double sigma = fmax(MAD_TO_SIGMA * t.mad_s, floor_frac * fabs(t.median_s));
    return sigma > 0 ? (values[i] - t.median_s) / sigma : 0;
}

/* A call that alone takes a large part of the point's time warms up by itself. */
static enum status warm_up(const struct measure_plan *plan, const struct work *work, double *call_s,
                           struct error *e)
{
    enum status status = STATUS_OK;
    *call_s = 0;
    for (int i = 0; i < plan->warmup_calls && status == STATUS_OK && 4 * *call_s <= plan->max_s;
         i++)
        status = work->run(work->context, plan->calls > 0 ? plan->calls : 1, call_s, e);
    return status;
}

/* The least number of calls is for short ones: three repetitions have to fit into the point's time.
 */
static int calls_of(const struct measure_plan *plan, double call_s)
{
    if (plan->calls > 0)
        return plan->calls;
    int calls = call_s > 0 ? (int)fmin(ceil(plan->batch_s / call_s), CALLS_MAX) : 1;
    int least = 3 * plan->min_calls * call_s < plan->max_s ? plan->min_calls : 1;
    return calls > least ? calls : least > 1 ? least : 1;
}

static bool enough(const struct measure_plan *plan, int repetitions, double spent_s)
{
    if (repetitions >= REPETITIONS_MAX)
        return true;
    if (repetitions >= plan->min_repetitions)
        return spent_s >= plan->min_s;
    return repetitions >= 3 && spent_s >= plan->max_s;
}

static enum status repeat(const struct measure_plan *plan, const struct work *work, int calls,
                          struct timing *out, struct error *e)
{
    double values[REPETITIONS_MAX] = {0}, spent_s = 0, start_s = wall_clock_s();
    int n = 0;
    while (!enough(plan, n, spent_s)) {
        double seconds = 0;
        if (work->run(work->context, calls, &seconds, e) != STATUS_OK)
            return e->status;
        spent_s = plan->wall_clock ? wall_clock_s() - start_s : spent_s + seconds;
        values[n++] = seconds / calls;
    }
    *out = timing_of(values, (size_t)n);
    return STATUS_OK;
}

enum status measure(const struct measure_plan *plan, const struct work *work, struct timing *out,
                    struct error *e)
{
    double call_s;
    struct timing best = {0};
    if (warm_up(plan, work, &call_s, e) != STATUS_OK)
        return e->status;
    int calls = calls_of(plan, call_s);
    int attempts = 4 * call_s <= plan->max_s ? ATTEMPTS : 1;
    for (int i = 0; i < attempts && (i == 0 || timing_noisy(&best)); i++) {
        struct timing t = {0};
        if (repeat(plan, work, calls, &t, e) != STATUS_OK)
            return e->status;
        if (i == 0 || timing_spread_frac(&t) < timing_spread_frac(&best))
            best = t;
    }
    *out = best;
    return STATUS_OK;
}
