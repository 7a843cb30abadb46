#ifndef PARALLELISM_SEARCH_BOUNDS_H
#define PARALLELISM_SEARCH_BOUNDS_H
#include "parallelism/memory.h"
#include "parallelism/step.h"

/* Times and memory that no strategy of some part of the space is below. Each follows from the costs
 * themselves, so that stack factors, residual corrections and hidden shares are in it. MODELLING
 * 10.3 */

/* Work and host time of a step, stragglers included, that has `work_s` in its pipeline. */
double bound_step_s(const struct scenario *scenario, const struct step_constants *constants,
                    double work_s);

/* Pipeline of any strategy of a shard: the GPUs share all layers of all micro-batches. */
double bound_shard_s(const struct scenario *scenario, const struct shard_cost *shard);

/* Micro-batches of a rank over the ranks of a pipeline: what every layer's time counts in a step at
 * least. */
double bound_passes_over_ranks(const struct scenario *scenario, int tp, int cp, int micro_batch);

/* Pipeline of those stages, recompute included as it is there. */
double bound_stages_s(const struct scenario *scenario, const struct stages *stages,
                      const struct strategy *s);

/* What ZeRO adds to the pipeline of a split, whatever the recompute and without offload: all that
 * windows can hide hidden, and the rank that communicates least the bottleneck. */
struct bound_ranks {
    int count;
    struct block_counts blocks[PIPELINE_MAX_RANKS]; /* of one rank of each kind */
};
void bound_ranks_find(const struct scenario *scenario, const struct stages *stages,
                      struct bound_ranks *out);
double bound_tail_s(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct bound_ranks *ranks, const struct zero_cost *zero,
                    const struct strategy *s);

/* ZeRO with the most shards and the least buffers of all given. */
struct zero_cost bound_zero(const struct zero_cost *zeros, int count);

/* Memory of rank 0 with at least `layers` layers, before the shard is priced, whatever the
 * recompute and ZeRO. */
double bound_first_rank_bytes(const struct scenario *scenario, const struct strategy *s,
                              double layers);

/* Memory of the fullest rank whatever the recompute, under bound_zero; stages as recomputed most.
 */
double bound_memory_bytes(const struct scenario *scenario, const struct layout_cost *loads,
                          const struct zero_cost *zero, const struct strategy *s);

#endif
