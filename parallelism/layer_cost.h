#ifndef PARALLELISM_LAYER_COST_H
#define PARALLELISM_LAYER_COST_H
#include "model/ops.h"
#include "parallelism/terms.h"

struct scenario;

/* Seconds of one block (a layer of a kind, the embedding, the head) for one micro-batch, by phase and
 * term, communication as exposed time. */
struct block_cost {
    double forward_s[TERMS], backward_input_s[TERMS], backward_weight_s[TERMS];
    double forward, backward_input, backward_weight; /* the sums */
    double module_forward_s[MODULES];                /* forward time by module: what recomputing it costs */
    double full_recompute_s;                         /* the whole forward once more */
    double activation_bytes[MODULES];
    struct shard_parameters parameters;
    double forward_flop, backward_flop; /* executed, on this GPU */
};

/* Costs of everything a stage can hold, for one shard: computed once, reused by every strategy that
 * shares the shard. */
struct shard_cost {
    struct shard shard;
    int kinds;
    struct block_cost layer[MODEL_LAYER_KINDS_MAX];
    struct block_cost embedding, head, mtp; /* mtp: one whole multi-token-prediction layer with its head */
    double boundary_bytes; /* what a pipeline stage sends to the next, per micro-batch and GPU */
    double boundary_p2p_s; /* one hop between pipeline stages inside / across domains is chosen by placement */
};

/* Prices the ops of every block of the shard. The rest of the strategy that matters: overlaps, pp (where
 * the stages sit) and gpus. */
struct strategy;
void shard_cost_compute(const struct scenario *scenario, const struct strategy *s,
                        struct shard_cost *out);

#endif
