#ifndef PARALLELISM_SEARCH_SEARCH_H
#define PARALLELISM_SEARCH_SEARCH_H
#include "parallelism/search/dimension.h"
#include "parallelism/step.h"

/* The fastest strategies of a scenario, exactly: branch and bound over the whole space, with every
 * cost from the code that estimates one strategy.
 *
 * The space is generated from divisors, and what a rule of legality (rules.h) forbids is counted
 * and left out. By default a dimension takes
 *   tp          divisors of the GPUs, up to the attention heads
 *   cp          divisors of what is left, up to half the sequence, if the stack has it
 *   pp          divisors of what is left, up to 64; dp is the rest
 *   vpp         1; 2 to 32 under the interleaved schedule, whether or not the layers divide
 *   ep, etp     divisors of the experts; divisors of tp
 *   micro_batch divisors of the global batch, up to 64
 *   sequence_parallel  both, under tp; zero: all stages that the stack has
 *   recompute   none, selective, full; recompute_layers: every number of layers of a stage
 *   schedule    1F1B and interleaved 1F1B (GPipe where the stack has no 1F1B)
 *   fsdp_shard  divisors of the replicas, under ZeRO 3
 *   reshard_after_forward  both under ZeRO 3, where the stack can keep what it gathered
 *   overlaps    each of the stack's on and off, those it has on request on
 *               (search_options_complete)
 * and the rest is as in `base`: dispatcher, cp_comm, zero_group, uneven first and last stages,
 * offload of the optimizer. `open` (open.h) takes in every value of such a dimension, and
 * every schedule that the stack has; `choices` restrict a dimension to those given. */

/* Which values a dimension may take: the flags that were given. count 0: see above. */
enum { SEARCH_CHOICES_MAX = 64 };
struct choices {
    int count;
    int value[SEARCH_CHOICES_MAX];
};

struct search_options {
    struct choices choices[SEARCH_DIMENSIONS];
    bool open[SEARCH_DIMENSIONS];
    unsigned open_overlaps; /* bits of enum overlap that are tried on and off */
    bool usual_dispatcher;  /* each degree of experts its strategy_usual_dispatcher, not base's */
    struct strategy base;   /* values of the keys that are not searched */
    int top;
    double within_frac; /* results besides the top: all at most so much slower than the best */
    bool every_tuning;  /* results may differ in nothing but dimensions that do not tell
                           (dimension.h) */
    int threads;        /* 0: all cores */
    bool no_prune;      /* evaluates everything; the results are the same */
    void (*progress)(void *context, double done_frac, long long evaluated);
    void *progress_context;
};

struct ranked {
    struct strategy strategy;
    struct step_cost cost;
};

/* Why strategies were not evaluated: a bound shows that they cannot be among the results. */
enum search_bound {
    BOUND_SHARD_TIME,    /* work of the model's layers on this shard */
    BOUND_SHARD_MEMORY,  /* layer inputs on the first rank */
    BOUND_SPLIT_TIME,    /* work of the fullest rank, with the way there and back */
    BOUND_SPLIT_MEMORY,  /* states and activations at the least of recompute and ZeRO */
    BOUND_LAYOUT_TIME,   /* the same with its recompute, and the whole pipeline */
    BOUND_LAYOUT_MEMORY, /* exact memory: it does not fit */
    BOUND_RECOMPUTE,     /* with less recompute the same fits */
    SEARCH_BOUNDS
};
extern const char *const search_bound_names[SEARCH_BOUNDS + 1];

/* Strategies that broke a rule. */
enum { SEARCH_RULES_MAX = 48 };
struct search_rejected {
    const char *name;
    long long count;
};

struct search_result {
    struct ranked *results; /* `count` best, fastest first; ties broken by the strategy's fields */
    int count;
    /* Strategies met: configs = legal + those that break a rule (one that breaks it in its first
     * dimensions counts once, whatever the rest); legal = evaluated + pruned. */
    long long configs, legal, evaluated, pruned, fitting; /* fitting: of the evaluated */
    long long pruned_by[SEARCH_BOUNDS];
    int rules;
    struct search_rejected rejected[SEARCH_RULES_MAX]; /* "memory": evaluated, does not fit */
    struct ranked closest; /* when nothing fits: the one that misses by least; cost.legal false when
                              there is none */
    double elapsed_s;
    int threads;
};

/* Everything as above, the ten fastest, all cores. */
void search_options_default(struct search_options *options);

/* Fills what is not given in the base (fixed[i]: row i of strategy_fields is; NULL: none), and
 * unless they are opens the overlaps of the stack and asks for those that it has on request. */
void search_options_complete(struct search_options *options, const bool *fixed,
                             const struct scenario *scenario);
/* STATUS_IO out of memory; that nothing fits is a result (count 0). *out is freed by
 * search_result_free, even after an error. */
enum status search_run(const struct scenario *scenario, const struct search_options *options,
                       struct search_result *out, struct error *e);
void search_result_free(struct search_result *r);

#endif
