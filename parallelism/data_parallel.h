#ifndef PARALLELISM_DATA_PARALLEL_H
#define PARALLELISM_DATA_PARALLEL_H
#include "parallelism/step.h"

/* Data parallelism, the optimizer, and ZeRO: what a step pays outside the pipeline.
 * MODELLING 5.3, 5.7 */

/* Ranks that share one copy of a rank's parameters (zero 3), of its optimizer state (zero 1 and
 * up), and that replicate: dense over dp x cp, experts over their own data ranks. */
struct sharding {
    double ranks;     /* data-parallel group */
    double state;     /* shards of the optimizer state; 1 without ZeRO */
    double gradient;  /* shards of the gradients; 1 below ZeRO 2 */
    double parameter; /* shards of the parameters; 1 below ZeRO 3 */
};
struct sharding sharding_dense(const struct stack *stack, const struct strategy *s);
struct sharding sharding_expert(const struct stack *stack, const struct strategy *s);

/* ZeRO stage as the stack runs it: one that shards over context ranks too is at stage 3 there. */
int effective_zero(const struct stack *stack, const struct strategy *s);

/* Exposed seconds a step. The pipeline leaves windows: `backward_window_s` in which the reduction
 * of gradients may hide and `forward_window_s` for the gather of parameters. */
struct data_parallel_cost {
    double exposed_s;   /* communication that nothing hides, and compute slowed by what is hidden */
    double optimizer_s; /* update, gradient norm, zeroing */
    double offload_s;   /* optimizer state over the host link */
};
void data_parallel_step(const struct scenario *scenario, const struct strategy *s,
                        const struct shard_parameters *parameters, double forward_window_s,
                        double backward_window_s, struct data_parallel_cost *out);

/* ZeRO-3 / FSDP: exposed seconds of gathers and reductions of one block for one micro-batch. */
double fsdp_block_exposed_s(const struct scenario *scenario, const struct strategy *s,
                            const struct block_cost *block);

#endif
