#ifndef PARALLELISM_SEARCH_FRONT_H
#define PARALLELISM_SEARCH_FRONT_H
#include "parallelism/search_ranking.h"

/* Strategies of which no other is both faster and smaller, whatever the order in which they are
 * met. */
struct search_point {
    double step_s, memory_bytes;
    struct search_candidate candidate;
};
struct search_front {
    size_t count, room;
    struct search_point *point; /* slower and slower, smaller and smaller */
    bool failed;                /* out of memory */
};

/* All zero: an empty front. */
void search_front_free(struct search_front *front);
void search_front_offer(struct search_front *front, const struct search_point *point);

/* True if a point of the front is no slower and no larger. */
bool search_front_covers(const struct search_front *front, double step_s, double memory_bytes);

/* Keeps the fastest, then each that is smaller by at least `bytes` than the one before. */
void search_front_thin(struct search_front *front, double bytes);

#endif
