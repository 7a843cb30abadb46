#ifndef PARALLELISM_SEARCH_RANKING_H
#define PARALLELISM_SEARCH_RANKING_H
#include "parallelism/search/search.h"
#include <stddef.h>

/* The best strategies met so far, whatever the order in which they are met. */

/* A strategy in short, and what it is ranked by. */
struct search_candidate {
    double objective; /* the less, the better */
    int value[SEARCH_DIMENSIONS];
    unsigned overlaps;
};
struct search_candidate search_candidate_of(const struct strategy *s, double objective);
struct strategy search_candidate_strategy(const struct search_candidate *c,
                                          const struct strategy *base);

/* Keeps the `top` best, and all that are within `within_frac` of the best. Of candidates that agree
 * in all dimensions that tell (search_dimension_tells) it keeps the best, unless every_tuning. */
struct search_ranking {
    size_t top;
    double within_frac;
    bool every_tuning;
    size_t count, room; /* the best were sorted out at the last settling, newer ones follow */
    struct search_candidate *candidate;
    double limit; /* candidates above it are not among the best */
    bool failed;  /* out of memory */
};
void search_ranking_init(struct search_ranking *ranking, size_t top, double within_frac,
                         bool every_tuning);
void search_ranking_free(struct search_ranking *ranking);
void search_ranking_offer(struct search_ranking *ranking, const struct search_candidate *c);

/* Sorts and drops what is not among the best. */
void search_ranking_settle(struct search_ranking *ranking);

#endif
