#ifndef PARALLELISM_STEP_H
#define PARALLELISM_STEP_H
#include "hardware/system.h"
#include "model/model.h"
#include "parallelism/job.h"
#include "parallelism/layer_cost.h"
#include "parallelism/stack.h"
#include "parallelism/stages.h"
#include "parallelism/strategy.h"
#include "parallelism/terms.h"

/* All that stays fixed while strategies are compared. */
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
    double step_low_s, step_high_s;    /* 80 % interval */
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

/* The hot path: layer costs and stages given. Pure: no allocation, no I/O. Illegal strategies must
 * not come here. */
void step_evaluate(const struct scenario *scenario, const struct shard_cost *shard,
                   const struct stages *stages, const struct strategy *s, struct step_cost *out);

/* Rates of a result. */
double step_tokens_per_s(const struct scenario *scenario, const struct step_cost *c);
double step_mfu(const struct scenario *scenario, const struct step_cost *c);
double step_hfu(const struct scenario *scenario, const struct step_cost *c);

#endif
