#ifndef PARALLELISM_MEMORY_H
#define PARALLELISM_MEMORY_H
#include "parallelism/data_parallel.h"
#include "parallelism/layout.h"

/* Bytes on one GPU of a pipeline rank when it holds most, by kind; returns the sum. MODELLING 6 */
double rank_memory(const struct scenario *scenario, const struct rank_load *load,
                   const struct zero_cost *zero, const struct strategy *s,
                   double by_kind[MEMORY_KINDS]);

/* What a GPU of this system has for a job under this stack. */
double memory_capacity(const struct scenario *scenario);

#endif
