#ifndef PARALLELISM_STEP_H
#define PARALLELISM_STEP_H
#include "hardware/system.h"
#include "model/model.h"
#include "parallelism/job.h"
#include "parallelism/layer_cost.h"
#include "parallelism/layout.h"
#include "parallelism/stack.h"
#include "parallelism/strategy.h"
#include "parallelism/terms.h"

/* All that stays fixed while strategies are compared. */
struct zero_cost;
struct scenario {
    struct model model;
    struct system system;
    struct stack stack;
    struct job job;
};

/* Everything about one strategy. Infeasible is a result, not an error. */
struct step_cost {
    bool legal, fits;
    const char
        *rule; /* name of the legality rule broken, such as "heads-divide"; NULL when legal */
    char reason[160];     /* why it is illegal or does not fit, with the numbers; "" otherwise */
    double term_s[TERMS]; /* sums to step_s */
    double step_s;
    double variance; /* of ln(measured / step_s): what it may be off by (interval.h) */
    double memory_bytes[MEMORY_KINDS]; /* sums to total, at the peak stage */
    double memory_total_bytes, memory_capacity_bytes;
    int memory_stage;
    int bottleneck_stage;
    double micro_batches;
    double model_flop, hardware_flop; /* of the whole step, all GPUs; causal convention */
    double peak_flop_per_s;           /* of one GPU, job's precision */
};

/* Legal: can this stack express it on this system for this model and job? NULL when yes, else the
 * rule's name, with the reason in `reason` (size bytes; may be NULL). MODELLING 10.1 */
const char *strategy_illegal(const struct scenario *scenario, const struct strategy *s,
                             char *reason, size_t size);

/* The whole evaluation of one strategy: layer costs of its shard, its stages, the step. */
void step_estimate(const struct scenario *scenario, const struct strategy *s,
                   struct step_cost *out);

/* The ends of its 80 % interval [s]. */
double step_low_s(const struct step_cost *cost);
double step_high_s(const struct step_cost *cost);

/* What is the same for every strategy of a scenario. */
struct step_constants {
    double model_flop; /* of a step, all GPUs; causal convention */
    double peak_flop_per_s;
    double straggler_chance; /* that one of the GPUs is slow */
    double straggler_frac;   /* the expected step of the slowest GPU over the others', less 1 */
    double variance;         /* of what every strategy's forecast may be off by */
    double memory_capacity_bytes;
};
void step_constants_compute(const struct scenario *scenario, struct step_constants *out);

/* The hot path: everything that strategies share given. Pure: no allocation, no I/O. Illegal
 * strategies must not come here. */
struct step_inputs {
    const struct scenario *scenario;
    const struct step_constants *constants;
    const struct shard_cost *shard;
    const struct layout_cost *layout;
    const struct zero_cost *zero;
};
void step_evaluate(const struct step_inputs *in, const struct strategy *s, struct step_cost *out);

/* ZeRO-3: exposed seconds of the gathers and reductions of one block of each kind, one micro-batch;
 * their sum over some blocks; and what those of all ranks add to the busiest rank's work. */
struct fsdp_exposed {
    int kinds;
    double layer_s[MODEL_LAYER_KINDS_MAX], embedding_s, head_s;
};
void fsdp_exposed_find(const struct scenario *scenario, const struct shard_cost *shard,
                       const struct zero_cost *zero, const struct strategy *s,
                       struct fsdp_exposed *out);
double fsdp_blocks_exposed_s(const struct fsdp_exposed *x, const struct block_counts *n);
double step_fsdp_exposed_s(const struct step_inputs *in, const struct strategy *s);

/* Seconds in which gradients are reduced over replicas unnoticed: the layout's window, and what a
 * backward pass waits for ZeRO-3's shards, which other links carry where shards lie inside a node.
 * [PyTorch FSDP2, _fsdp_param_group.py: all_reduce_stream] */
double step_replicas_window_s(const struct step_inputs *in, const struct strategy *s);

/* What offloaded activations are waited for in a step that waits data_parallel_s for its replicas.
 */
double activation_offload_s(const struct layout_cost *layout, double data_parallel_s);

/* Rates of a result. */
double step_tokens_per_s(const struct scenario *scenario, const struct step_cost *c);
double step_mfu(const struct scenario *scenario, const struct step_cost *c);
double step_hfu(const struct scenario *scenario, const struct step_cost *c);

#endif
