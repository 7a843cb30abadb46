#ifndef PARALLELISM_PIPELINE_RECURRENCE_PERIOD_H
#define PARALLELISM_PIPELINE_RECURRENCE_PERIOD_H
#include "parallelism/pipeline/schedules.h"

/* The state of a max-plus recurrence: when each rank has ended its last forward, its last (input)
 * backward, and all it has done so far. A state that comes back later by one number repeats from
 * then on. */
struct ends {
    double forward_s[PIPELINE_MAX_RANKS];
    double backward_s[PIPELINE_MAX_RANKS];
    double free_s[PIPELINE_MAX_RANKS];
};

/* How far all ends have moved since `before`; 0 if they have not moved alike. */
double ends_period_s(const struct ends *now, const struct ends *before, int ranks);

/* The latest end of a rank, counted from its beginning. */
double ends_last_s(const struct ends *ends, const double *begin_s, int ranks);

#endif
