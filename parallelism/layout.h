#ifndef PARALLELISM_LAYOUT_H
#define PARALLELISM_LAYOUT_H
#include "parallelism/pipeline/uniform.h"
#include "parallelism/stages.h"

/* What a step costs before ZeRO, the overlap of gradients and offload are chosen: the pipeline's
 * makespan and what each rank that can be the fullest holds. Computed once for all of those. */

/* What one rank keeps for its micro-batches when it holds most. */
struct rank_load {
    int rank;
    struct shard_parameters parameters;
    double activation_bytes; /* of the micro-batches in flight, none offloaded */
    double layer_bytes;      /* of which one layer keeps for one of them, the one that keeps most */
    /* at the logits, or after them in a backward pass: what one layer computes again, and what its
     * pass holds besides */
    double logits_bytes, working_bytes, backward_bytes;
};

/* What a rank holds, and by how much its work of a micro-batch is shorter than the busiest rank's.
 */
struct rank_work {
    struct block_counts blocks;
    double behind_s;
};

struct layout_cost {
    double micro_batches;          /* of a replica */
    struct pipeline_time pipeline; /* its bottleneck rank is whose work the terms count */
    double passes;                 /* micro-batches that run through each of its stages */
    double term_s[TERMS]; /* work of the bottleneck rank over its micro-batches, exposed p2p, bubble
                           */
    double ramp_s;        /* of a pipelined step, besides the schedule's bubble */
    int ranks;            /* one of each kind, the bottleneck first */
    struct rank_work rank[PIPELINE_MAX_RANKS];
    double forward_window_s, backward_window_s; /* of the tail rank: compute that the gather of
                                      parameters and the reduction of gradients may hide behind */
    double activation_link_s; /* offloaded activations, there and back, of the rank with most */
    double recompute_flop;    /* of a replica's step, one GPU of each stage */
    int loads;
    struct rank_load load[PIPELINE_MAX_RANKS];
};

/* Ranks, chunks and micro-batches of the strategy's schedule. */
struct schedule_shape layout_shape(const struct scenario *scenario, const struct strategy *s);

/* The pipeline in arrays, for the event simulation; *out points into *times. */
void layout_describe(const struct scenario *scenario, const struct stages *stages,
                     const struct strategy *s, struct stage_times *times, struct pipeline *out);

/* What a rank with those micro-batches in flight keeps. */
struct rank_load layout_load(const struct scenario *scenario, const struct shard_cost *shard,
                             const struct stages *stages, const struct peak *peak);

/* Into *out, the loads of the ranks that can be the fullest (peaks: split_peaks of the stages'
 * split); then everything but those loads. */
void layout_loads(const struct scenario *scenario, const struct shard_cost *shard,
                  const struct stages *stages, const struct peaks *peaks, struct layout_cost *out);
void layout_times(const struct scenario *scenario, const struct shard_cost *shard,
                  const struct stages *stages, const struct strategy *s, struct layout_cost *out);

#endif
