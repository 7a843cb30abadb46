#ifndef PARALLELISM_SEARCH_PARETO_H
#define PARALLELISM_SEARCH_PARETO_H
#include "parallelism/search/search.h"

/* The fastest strategies for every amount of memory: no other is as fast in as little. Found
 * exactly, by searching again for what fits in less than the one before needed. */
enum { PARETO_MAX = 32 };

struct pareto {
    struct ranked point[PARETO_MAX]; /* from the fastest to the leanest */
    int count;
};

/* step_frac: each point needs at least so much less memory than the one before, of the capacity. */
enum status pareto_find(const struct scenario *scenario, const struct search_options *options,
                        double step_frac, struct pareto *out, struct error *e);

#endif
