#ifndef PARALLELISM_SEARCH_NEIGHBOURS_H
#define PARALLELISM_SEARCH_NEIGHBOURS_H
#include "parallelism/search/search.h"

/* Why the best is best: every strategy that differs from it in one knob (dp is what the GPUs leave)
 * and what it loses by. */
enum neighbour_verdict {
    NEIGHBOUR_ILLEGAL, /* cost.rule and cost.reason say why */
    NEIGHBOUR_MEMORY,  /* does not fit */
    NEIGHBOUR_SLOWER,
    NEIGHBOUR_FASTER /* not in the space that was searched, or as fast */
};
struct neighbour {
    enum search_dimension dimension; /* the knob; SEARCH_DIMENSIONS: an overlap */
    enum overlap overlap;            /* the one switched */
    struct strategy strategy;
    struct step_cost cost;
    enum neighbour_verdict verdict;
    double slower_s; /* than the best; legal ones */
    enum term term;  /* in which it loses most, and by how much */
    double term_s;
    double short_bytes; /* NEIGHBOUR_MEMORY: on pipeline rank cost.memory_stage */
};
enum { NEIGHBOURS_MAX = 96 };
struct neighbours {
    int count;
    struct neighbour neighbour[NEIGHBOURS_MAX]; /* by dimension, smaller values first */
};

/* Of a legal strategy that fits. Values that the options leave out are not tried. */
void neighbours_find(const struct scenario *scenario, const struct search_options *options,
                     const struct ranked *best, struct neighbours *out);

#endif
