#ifndef PARALLELISM_SEARCH_PASS_H
#define PARALLELISM_SEARCH_PASS_H
#include "parallelism/search/unit.h"

/* One pass over the units of a space, on several threads. They exchange what they found between
 * rounds alone, and rounds are the same for any number of threads: so are results and counts. */
struct search_request {
    enum search_goal goal;
    double
        limit;  /* of no use are slower strategies, under GOAL_MEMORY larger ones; HUGE_VAL: none */
    size_t top; /* ranked */
    double within_frac;
    bool any; /* one is enough: stop after the round that found something */
};
struct search_pass {
    struct search_ranking best;
    struct search_counts counts;
};

/* Sorts the units by their bounds. */
enum status search_pass_run(struct search_space *space, const struct search_request *request,
                            struct search_pass *out, struct error *e);
void search_pass_free(struct search_pass *pass);

#endif
