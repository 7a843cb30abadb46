#ifndef PARALLELISM_SEARCH_EXPERTS_H
#define PARALLELISM_SEARCH_EXPERTS_H
#include "parallelism/memo.h"
#include "parallelism/step.h"

/* Shards that differ in nothing but where their experts lie (ep, etp, dispatcher) have the same
 * cost in all the rest. What a pipeline of any of them takes at least, before they are priced. */
struct experts_floor {
    double rest_s;    /* without the experts' ops */
    double experts_s; /* these wherever they lie */
};

/* The strategy has ep and etp 1. */
void experts_floor_find(const struct scenario *scenario, const struct strategy *s,
                        struct memo *memo, struct experts_floor *out);

/* The experts' ops of a strategy as its experts lie. */
double experts_s(const struct scenario *scenario, const struct strategy *s, struct memo *memo);

#endif
