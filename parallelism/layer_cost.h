#ifndef PARALLELISM_LAYER_COST_H
#define PARALLELISM_LAYER_COST_H
#include "model/ops.h"
#include "parallelism/strategy.h"
#include "parallelism/terms.h"

struct scenario;

/* Seconds of one block (a layer of a kind, the embedding, the head) for one micro-batch, by phase
 * and term, communication as exposed time. */
struct block_cost {
    double forward_s[TERMS], backward_input_s[TERMS], backward_weight_s[TERMS];
    double forward, backward_input, backward_weight; /* the sums */
    double total_s[TERMS];                           /* of all phases */
    /* exchange of experts that another micro-batch's compute hides, not in the above */
    double hidden_forward_s, hidden_backward_s;
    double module_forward_s[MODULES]; /* forward time by module: what recomputing it costs */
    double activation_bytes[MODULES];
    struct shard_parameters parameters;
    double matrices;     /* weights: products that make a weight gradient */
    double forward_flop; /* executed matmul work of the forward pass on this GPU */
    double module_forward_flop[MODULES];
};

/* One layer under a way to recompute: what it repeats and what it keeps. hidden_s: exchange of
 * experts repeated behind another micro-batch's compute, not in its seconds. */
struct layer_recompute {
    double seconds, flop, kept_bytes, working_bytes, hidden_s;
};
struct stack;
struct layer_recompute layer_recompute(const struct block_cost *layer, const struct stack *stack,
                                       const struct strategy *s, enum recompute how);

/* Costs of everything a stage can hold, for one shard: computed once, reused by every strategy that
 * shares the shard. */
struct shard_cost {
    struct shard shard;
    int kinds;
    double clock_frac; /* sustained clock over the benchmarks', by power cap and peak */
    bool hides_exchange; /* some layer's hidden_forward_s is above 0 */
    struct block_cost layer[MODEL_LAYER_KINDS_MAX];
    struct layer_recompute recompute[RECOMPUTES][MODEL_LAYER_KINDS_MAX];
    struct block_cost embedding, head;
    struct block_cost mtp; /* a whole multi-token-prediction layer with its share of the head */
};

/* Seconds of one run of an op on this system under this stack, before overlap: hardware cost times
 * the stack's factor for its class. What every report explains. */
double op_cost_s(const struct scenario *scenario, const struct strategy *s, const struct op *op);

/* The stack's factor for memory-bound kernels: a stack whose constants are of compiled layers takes
 * longer without torch.compile. */
double stack_memory_factor(const struct scenario *scenario, const struct strategy *s);

/* Which of a stack's constants a memory-bound op takes: STACK_MEMORY, expert layers their own
 * STACK_EXPERTS; STACK_CONSTANTS: none, it runs as the benchmark's. */
int op_memory_constant(const struct op *op);

/* Time of the stack's generation of fused attention over the benchmarked kernel's. */
double stack_flash_factor(const struct scenario *scenario);

/* Whether DeepEP's or Hybrid-EP's kernels carry it: priced by expert_exchange_s. No exchange of
 * experts takes a factor of the stack's. */
bool op_is_expert_exchange(const struct strategy *s, const struct op *op);

struct group;
/* Which of a stack's constants a collective of this group takes: by whether it leaves the scale-up
 * domain. */
int stack_network_constant(const struct group *g);

/* A collective under the stack: its factors stretch traffic inside the scale-up domain and traffic
 * that leaves it. */
double stack_collective_s(const struct scenario *scenario, enum collective op, double bytes,
                          const struct group *g);

/* The term an op's time belongs to. */
enum term op_term(const struct op *op);

/* Matmul work of an op, FLOP of one run; 0 for memory-bound ops and collectives. */
double op_flop(const struct op *op);

/* HBM traffic of an op, bytes of one run; of a collective what it moves through memory. */
double op_bytes(const struct op *op);

/* Share of a collective's time that the stack hides behind compute under this strategy, 0 .. 1; of
 * an exchange of experts that has another micro-batch's compute beside it. */
double op_hidden_frac(const struct scenario *scenario, const struct strategy *s,
                      const struct op *op);

/* True if the op's time goes with the SM clock: matmuls and attention. */
bool op_clocked(const struct op *op);

/* The sustained clock of the strategy's layers under the GPU's power cap and peak, over the
 * benchmarks'. */
double strategy_clock_frac(const struct scenario *scenario, const struct strategy *s);

/* Prices the ops of every block of the strategy's shard. Depends on the shard, on where its ranks
 * sit, on the overlaps and on the modules of selective recompute; not on pp, vpp, dp or ZeRO. memo:
 * may be NULL. */
struct memo;
void shard_cost_compute(const struct scenario *scenario, const struct strategy *s,
                        struct memo *memo, struct shard_cost *out);

#endif
