#ifndef PARALLELISM_STRATEGY_H
#define PARALLELISM_STRATEGY_H
#include "base/fields.h"
#include "model/shard.h"
#include "parallelism/job.h"
#include "parallelism/pipeline/pipeline.h"

enum recompute { RECOMPUTE_NONE, RECOMPUTE_SELECTIVE, RECOMPUTE_FULL, RECOMPUTES };
extern const char *const recompute_names[RECOMPUTES + 1];

/* What may run beside compute. Bits of strategy.overlaps. */
enum overlap {
    OVERLAP_DP_GRAD_REDUCE,
    OVERLAP_DP_PARAM_GATHER,
    OVERLAP_TP,
    OVERLAP_PP,
    OVERLAP_FSDP_PREFETCH,
    OVERLAP_EP,
    OVERLAPS
};
extern const char *const overlap_names[OVERLAPS + 1];

/* How the work is split. */
struct strategy {
    int tp, cp, pp, vpp, dp, ep, etp;
    int micro_batch; /* sequences per micro-batch and replica */
    bool sequence_parallel;
    int zero; /* 0 .. 3 */
    enum recompute recompute;
    int recompute_layers;       /* full recompute of so many layers a stage; 0: all */
    unsigned recompute_modules; /* selective: bits of enum module; 0: core attention */
    enum schedule schedule;
    enum attention_impl attention;
    unsigned overlaps; /* bits of enum overlap */
    int zero_group;    /* ranks that share one copy of the optimizer state; 0: all of dp x cp */
    int fsdp_shard;    /* ranks that share one copy of the parameters (HSDP); 0: all */
    bool reshard_after_forward;
    enum dispatcher dispatcher;
    enum cp_comm cp_comm;
    int first_last_stage_fewer_layers; /* first and last stage hold so many layers less than the
                                          others */
    int first_stage_layers, last_stage_layers; /* 0: even split */
    char pp_layout[128];                       /* Megatron's layout string; "": none */
    int microbatch_group; /* interleaved: micro-batches a chunk runs in a row; 0: pp */
    bool torch_compile;
    bool offload_optimizer;
    double offload_activations; /* share of the activations kept in host memory, 0 .. 1 */
    unsigned tiles;             /* bits of enum tile: what runs over tiles of the tokens */
};

extern const struct field strategy_fields[];
extern const size_t strategy_field_count;
enum { STRATEGY_FIELDS_MAX = 64 }; /* for arrays of a flag a row */

/* Every degree 1, micro-batch 1, zero 0, no recompute. */
void strategy_default(struct strategy *s);

/* Row of strategy_fields; strategy_field_count where no row has the key. */
size_t strategy_row(const char *key);

/* Fills what was not given (given[i]: row i of strategy_fields was) by DESIGN's rules: dp =
 * gpus/(tp cp pp), sequence_parallel = tp > 1, schedule, zero 1 when dp > 1, the stack's attention,
 * dispatcher and overlaps. */
struct scenario;
void strategy_complete(struct strategy *s, const bool *given, const struct scenario *scenario);

/* Micro-batches of a replica in a step. */
struct job;
double strategy_micro_batches(const struct job *job, const struct strategy *s);
/* GPUs of all its ranks. */
static inline double strategy_gpus(const struct strategy *s)
{
    return (double)s->tp * s->cp * s->pp * s->dp;
}

/* Hybrid-EP in DeepEP's place where a scale-up domain has more GPUs than DeepEP's kernels serve. */
enum dispatcher strategy_serving_dispatcher(const struct scenario *scenario,
                                            enum dispatcher dispatcher);

/* The dispatcher of a strategy that names none, with this many expert-parallel ranks: DeepEP's
 * kernels inside a scale-up domain, Hybrid-EP's where it has more GPUs than DeepEP serves, across
 * domains only where a token's experts are limited to some of them, and never for what is dropped
 * and padded to a capacity, where that is how the stack's recipes do. */
enum dispatcher strategy_usual_dispatcher(const struct scenario *scenario, int ep);

/* One line such as "tp 8, pp 4, vpp 5, dp 16, micro-batch 1, sp, zero 1, selective recompute". */
void strategy_describe(const struct strategy *s, struct text *out);
/* The same from ZeRO on, which no degree tells. */
void strategy_describe_how(const struct strategy *s, struct text *out);
/* Its end: what few strategies use, such as ", shards of 8 ranks, optimizer offloaded". */
void strategy_describe_rest(const struct strategy *s, struct text *out);

/* The part of a strategy that fixes the shapes on one GPU. */
struct shard strategy_shard(const struct strategy *s, const struct job *job);

#endif
