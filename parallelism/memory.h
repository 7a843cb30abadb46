#ifndef PARALLELISM_MEMORY_H
#define PARALLELISM_MEMORY_H
#include "parallelism/step.h"

/* Bytes on one GPU of pipeline rank `rank` when it holds most, by kind; returns the sum. The same
 * function finds the peak rank. MODELLING 6 */
double rank_memory(const struct scenario *scenario, const struct shard_cost *shard,
                   const struct stages *stages, const struct strategy *s, int rank,
                   double by_kind[MEMORY_KINDS]);

/* What a GPU of this system has for a job under this stack. */
double memory_capacity(const struct scenario *scenario);

#endif
