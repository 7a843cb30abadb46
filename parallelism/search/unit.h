#ifndef PARALLELISM_SEARCH_UNIT_H
#define PARALLELISM_SEARCH_UNIT_H
#include "parallelism/search/worker.h"

/* The search of one unit: all strategies of a shard, level by level, with what strategies share
 * computed where it is fixed. Pure but for the worker. */

/* Finds the bounds that all units of its group share. */
void search_unit_bound(struct search_worker *w, struct search_unit *unit);

/* Offers the unit's strategies to the ranking. limit: an objective that is reached elsewhere; what
 * is above it is not needed. Counts are added to w->counts. */
void search_unit_run(struct search_worker *w, const struct search_unit *unit, double limit,
                     struct search_ranking *ranking);

#endif
