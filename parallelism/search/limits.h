#ifndef PARALLELISM_SEARCH_LIMITS_H
#define PARALLELISM_SEARCH_LIMITS_H
#include "parallelism/search/search.h"

/* What limits a strategy: what it spends its time on, and what memory costs it. */
enum limit {
    LIMIT_COMPUTE,          /* matrix products, attention, what is recomputed */
    LIMIT_MEMORY_BANDWIDTH, /* passes over memory, the optimizer */
    LIMIT_NETWORK,          /* exposed communication */
    LIMIT_PIPELINE,         /* bubbles and waiting for the slowest */
    LIMIT_HOST,
    LIMITS
};
extern const char *const limit_names[LIMITS + 1]; /* "compute" ... */
enum limit limit_of_term(enum term term);

/* What a run may need above its forecast: of the 72 published runs that print their peak, one in
 * ten took more than so much over it (root mean square error 6 %). */
extern const double memory_margin_frac;

struct limits {
    double share[LIMITS]; /* of the step; sum to 1 */
    enum limit largest;
    bool memory_binds;   /* with more memory a GPU another strategy would be faster */
    struct ranked roomy; /* the fastest strategy of the space if every GPU had all the memory it
                            wants: what capacity costs is the difference */
    double
        memory_free_frac; /* what the best may need more until it no longer fits, of its forecast */
    bool memory_tight;    /* less than memory_margin_frac */
    struct ranked safe;   /* where tight: the fastest that leaves the margin; cost.legal false:
                             none does */
};
enum status limits_find(const struct scenario *scenario, const struct search_options *options,
                        const struct ranked *best, struct limits *out, struct error *e);

#endif
