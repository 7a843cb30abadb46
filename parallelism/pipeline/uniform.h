#ifndef PARALLELISM_PIPELINE_UNIFORM_H
#define PARALLELISM_PIPELINE_UNIFORM_H
#include "parallelism/pipeline/pipeline.h"

/* Between the two descriptions of a pipeline: stage times in arrays, and alike but for the ends. */

/* Times of all chunks, for a pipeline that points to them. */
struct stage_times {
    double forward_s[PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS];
    double backward_input_s[PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS];
    double backward_weight_s[PIPELINE_MAX_RANKS * PIPELINE_MAX_CHUNKS];
};

/* True if all stages but the first and the last are equal; then *u describes the same pipeline.
 * With one or two stages all of them are ends. */
bool pipeline_is_uniform(const struct pipeline *p, struct pipeline_uniform *u);

/* The nearest description: inner stages at their mean. */
void pipeline_average(const struct pipeline *p, struct pipeline_uniform *u);

/* The same pipeline in arrays; *p points into *times. */
void pipeline_expand(const struct pipeline_uniform *u, struct stage_times *times,
                     struct pipeline *p);

/* Synchronous p2p as stage time: each forward and backward whose result leaves the rank takes a hop
 * longer, and no hop is left. *out points into *times. */
void pipeline_fold_p2p(const struct pipeline *p, struct stage_times *times, struct pipeline *out);
struct pipeline_uniform pipeline_uniform_fold_p2p(const struct pipeline_uniform *u);

/* Work of a rank in a step: all its micro-batches, without p2p; overlapped pairs count in full. */
double pipeline_work_s(const struct pipeline *p, int rank);
double pipeline_uniform_work_s(const struct pipeline_uniform *u, int rank);

/* Transfers that a rank sends in a step. */
double pipeline_transfers(const struct schedule_shape *shape, int rank);

#endif
