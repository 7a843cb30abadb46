#ifndef PARALLELISM_LAYER_COST_H
#define PARALLELISM_LAYER_COST_H
#include "parallelism/op_cost.h"
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
    /* of the forward pass by module, without host time, and what launches it; in all */
    double module_forward_s[MODULES], module_launches[MODULES], forward_launches;
    double activation_bytes[MODULES];
    double attention_output_bytes; /* of which */
    double exchanged_bytes;        /* struct activations, exchanged */
    bool biased_attention;         /* its projections add biases */
    double backward_bytes; /* besides them, at the fullest moment of its backward pass */
    struct shard_parameters parameters;
    double largest_matrix; /* of them, of all experts together */
    double matrices;     /* weights: products that make a weight gradient */
    double forward_flop; /* executed matmul work of the forward pass on this GPU */
    double module_forward_flop[MODULES];
    /* of the forward pass, what makes the layer's output and no gradient inside it reads */
    double unread_forward_s, unread_launches, unread_forward_flop;
};

/* Exposed host time of kernels that take gpu_s: they are launched while others run; what remains is
 * the gap between kernels and, where launching (host_s each) takes longer than running, the
 * difference. MODELLING 3 */
double exposed_host_s(double gpu_s, double launches, double host_s);

/* One layer under a way to recompute: what it repeats and what it keeps. hidden_s: exchange of
 * experts repeated behind another micro-batch's compute, not in its seconds. */
struct layer_recompute {
    double seconds, flop, kept_bytes, working_bytes, hidden_s;
};
struct stack;
struct layer_recompute layer_recompute(const struct block_cost *layer, const struct stack *stack,
                                       const struct strategy *s, enum dtype precision,
                                       enum recompute how);

/* Costs of everything a stage can hold, for one shard: computed once, reused by every strategy that
 * shares the shard. */
struct shard_cost {
    struct shard shard;
    int kinds;
    double clock_frac;   /* sustained clock over the benchmarks', by power cap */
    bool hides_exchange; /* some layer's hidden_forward_s is above 0 */
    struct block_cost layer[MODEL_LAYER_KINDS_MAX];
    struct layer_recompute recompute[RECOMPUTES][MODEL_LAYER_KINDS_MAX];
    struct block_cost embedding, head;
    struct block_cost mtp; /* a whole multi-token-prediction layer with its share of the head */
};

/* The sustained clock of the strategy's layers under the GPU's power cap, over the benchmarks'. */
double strategy_clock_frac(const struct scenario *scenario, const struct strategy *s);

struct memo;
/* Seconds of ops->op[i] at the benchmark's clock, repeats together: op_cost_s, or what its parts
 * take where it runs in parts beside a tensor-parallel transfer. memo may be NULL. */
double block_op_s(const struct scenario *scenario, const struct strategy *s, const struct ops *ops,
                  int i, struct memo *memo);

/* What takes those seconds at the benchmark's clock, at the strategy's: no product and no attention
 * less than at the GPU's peak. */
double op_clocked_s(const struct gpu *gpu, const struct op *op, double seconds, double clock_frac);

/* Prices the ops of every block of the strategy's shard. Depends on the shard, on where its ranks
 * sit, on the overlaps and on the modules of selective recompute; not on pp, vpp, dp or ZeRO. memo:
 * may be NULL. */
void shard_cost_compute(const struct scenario *scenario, const struct strategy *s,
                        struct memo *memo, struct shard_cost *out);

#endif
