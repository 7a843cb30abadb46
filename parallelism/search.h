#ifndef PARALLELISM_SEARCH_H
#define PARALLELISM_SEARCH_H
#include "parallelism/step.h"

/* Which values a dimension may take: the flags that were given. count 0: every legal value. */
enum { SEARCH_CHOICES_MAX = 64 };
struct choices {
    int count;
    int value[SEARCH_CHOICES_MAX];
};
enum search_dimension {
    SEARCH_TP,
    SEARCH_CP,
    SEARCH_PP,
    SEARCH_VPP,
    SEARCH_DP,
    SEARCH_EP,
    SEARCH_ETP,
    SEARCH_MICRO_BATCH,
    SEARCH_SEQUENCE_PARALLEL,
    SEARCH_ZERO,
    SEARCH_RECOMPUTE,
    SEARCH_RECOMPUTE_LAYERS,
    SEARCH_SCHEDULE,
    SEARCH_DIMENSIONS
};
extern const char *const search_dimension_names[SEARCH_DIMENSIONS + 1];
/* The row of strategy_fields that a dimension sets: a bool, an int or an enum. */
const struct field *search_dimension_field(enum search_dimension dimension);

struct search_options {
    struct choices choices[SEARCH_DIMENSIONS];
    struct strategy base; /* values of the keys that are not searched */
    int top;
    int threads; /* 0: all cores */
    bool no_prune;
    void (*progress)(void *context, double done_frac, long long evaluated);
    void *progress_context;
};

struct ranked {
    struct strategy strategy;
    struct step_cost cost;
};
enum { SEARCH_RULES_MAX = 48 };
struct search_result {
    struct ranked *results; /* `count` best, fastest first; ties broken by the strategy's fields */
    int count;
    long long configs, legal, evaluated, pruned, fitting;
    int rules;
    struct {
        const char *name;
        long long count;
    } rejected[SEARCH_RULES_MAX]; /* by rule, "memory" included */
    struct ranked closest;        /* when nothing fits: the one that misses by least */
    double elapsed_s;
    int threads;
};

void search_options_default(struct search_options *options);
enum status search_run(const struct scenario *scenario, const struct search_options *options,
                       struct search_result *out, struct error *e);
void search_result_free(struct search_result *r);

#endif
