#ifndef CALIBRATE_BENCH_TIMING_H
#define CALIBRATE_BENCH_TIMING_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* What repetitions of one measurement say. */
struct timing {
    double median_s, mad_s; /* of one call; MAD: median absolute deviation from the median */
    int repetitions;
};

/* Summary of n >= 1 repetitions; reorders them. */
struct timing timing_of(double *values, size_t n);

/* Spread of one repetition as a standard deviation, relative to the median. */
double timing_spread_frac(const struct timing *t);

/* True if the spread is so large that a fit would rather not see the row. */
bool timing_noisy(const struct timing *t);

/* How far values[i] lies from the others' median, in standard deviations by the MAD (at least
 * `floor_frac` of the median); positive: larger. */
double outlier_score(const double *values, size_t n, size_t i, double floor_frac);

/* What is timed: `run` makes `calls` calls back to back and gives the seconds they took together.
 * Where several ranks measure at once, every rank gets the same seconds, so that all decide alike.
 */
struct work {
    enum status (*run)(void *context, int calls, double *seconds, struct error *e);
    void *context;
};

/* How long to measure. */
struct measure_plan {
    int warmup_calls;
    double batch_s;      /* a repetition makes as many calls as fill this */
    int min_calls;       /* and at least this many (0: one), where that is short */
    int calls;           /* exactly this many, also in the warm-up (0: by the two above) */
    int min_repetitions; /* at least this many, unless max_s is over after three */
    double min_s, max_s; /* time spent on one point, of the work's own seconds */
    bool wall_clock;     /* of the wall clock instead; not where ranks must decide alike */
};

/* Warms up, repeats by the plan, and repeats once more when the result is noisy (the quieter one
 * counts). Fails as `work` fails. */
enum status measure(const struct measure_plan *plan, const struct work *work, struct timing *out,
                    struct error *e);

#endif
