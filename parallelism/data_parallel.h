#ifndef PARALLELISM_DATA_PARALLEL_H
#define PARALLELISM_DATA_PARALLEL_H
#include "parallelism/memo.h"
#include "parallelism/step.h"

/* Data parallelism, the optimizer, and ZeRO: what a step pays outside the pipeline.
 * MODELLING 5.3, 5.7 */

/* ZeRO stage as the stack runs it: one that shards over context ranks too is at stage 3 there. */
int effective_zero(const struct stack *stack, const struct strategy *s);

/* Ranks that share one copy of a rank's parameters (zero 3), of its optimizer state (zero 1 and
 * up), and that replicate: dense over dp x cp, experts over their own data ranks. */
struct sharding {
    double ranks;     /* data-parallel group */
    double state;     /* shards of the optimizer state; 1 without ZeRO */
    double gradient;  /* shards of the gradients; 1 below ZeRO 2 */
    double parameter; /* shards of the parameters; 1 below ZeRO 3 */
};

/* What one choice of ZeRO stage and shard groups costs for a split, whatever is overlapped: for
 * a rank with `parameters`. */
struct zero_block {
    double gather_s, reduce_s;
    double regather_s; /* the gather for full recompute where backward gathers once more */
    double copy_out_s, copy_in_s; /* beside each gather and each reduction, in the way of compute */
    double held_frac; /* of micro-batches that reduce nothing and add to whole gradients */
    bool reduces_alone; /* the others' reductions run beside nothing */
};
struct zero_cost {
    int zero; /* as the stack runs it */
    struct sharding dense, expert;
    double reduce_s, gather_s; /* once */
    double reductions; /* a step: ZeRO 2 keeps its shard of the gradients alone, so that every backward
                          pass ends with theirs; else the last does */
    double bucket_frac;        /* of the reduction that the last bucket is */
    double optimizer_s;        /* update, gradient norm, zeroing */
    double offload_s;          /* the update on the host, if offloaded */
    double communication_bytes;
    double reduction_bytes; /* besides, in a backward pass */
    double held_frac; /* ZeRO-3: of micro-batches that keep their gradients whole */
    bool reduces_alone;
    /* ZeRO-3: of one block for one micro-batch */
    struct zero_block layer[MODEL_LAYER_KINDS_MAX], embedding, head;
};

/* Buffers of the communicators of more than one rank, on one GPU. */
double communicators_bytes(const struct stack *stack, const struct strategy *s);

/* How it shards and what its buffers take: all that memory needs. */
void zero_cost_init(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct strategy *s, struct zero_cost *out);
/* Its times; memo may be NULL. */
void zero_cost_price(const struct scenario *scenario, const struct shard_cost *shard,
                     const struct shard_parameters *parameters, const struct strategy *s,
                     struct memo *memo, struct zero_cost *out);

/* Exposed seconds a step of reduction and gather. The pipeline leaves windows: `backward_window_s`
 * in which the reduction of gradients may hide and `forward_window_s` for the gather of parameters.
 */
double data_parallel_exposed_s(const struct scenario *scenario, const struct zero_cost *zero,
                               const struct strategy *s, double forward_window_s,
                               double backward_window_s);

/* ZeRO-3 / FSDP: exposed seconds of gathers and reductions of one block for one micro-batch, and
 * those of its backward pass alone, copies left out. */
double fsdp_backward_exposed_s(const struct scenario *scenario, const struct zero_block *zero,
                               const struct strategy *s, const struct block_cost *block);
double fsdp_block_exposed_s(const struct scenario *scenario, const struct zero_block *zero,
                            const struct strategy *s, const struct block_cost *block);

#endif
