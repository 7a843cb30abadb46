#ifndef PARALLELISM_STEP_PARTS_H
#define PARALLELISM_STEP_PARTS_H
#include "parallelism/data_parallel.h"
#include "parallelism/pipeline.h"

/* What step_evaluate works out on its way from layer costs to a step time: for explanations. */
struct step_parts {
    struct shard_cost shard;
    struct stages stages;
    double micro_batches;
    struct pipeline_time pipeline; /* its bottleneck rank is whose work the terms count */
    double fsdp_s; /* ZeRO-3: exposed seconds of the bottleneck rank, one micro-batch */
    int tail_rank; /* whose reduction and update end the step: the one with most parameters */
    struct shard_parameters tail_parameters;
    struct sharding dense, expert;
    double forward_window_s, backward_window_s; /* of the tail rank: where gathers and reductions
                                                   may hide */
    struct data_parallel_cost data_parallel;
    double replicas;
    double expected_largest; /* of as many independent standard normal values */
};

/* The strategy is legal. */
void step_take_apart(const struct scenario *scenario, const struct strategy *s,
                     struct step_parts *out);

#endif
