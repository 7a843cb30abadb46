#ifndef PARALLELISM_RULES_H
#define PARALLELISM_RULES_H
#include "parallelism/step.h"

/* What a rule of legality looks at: a search checks each as soon as that much of a strategy is
 * chosen. */
enum rule_level {
    RULE_SHARD = 1,      /* the shard alone: tp, cp, ep, etp, micro-batch, sequence parallelism */
    RULE_SPLIT = 2,      /* pp, vpp, schedule and layout alone */
    RULE_REPLICAS = 4,   /* the shard, pp and dp */
    RULE_SCHEDULE = 8,   /* schedule and number of micro-batches */
    RULE_RECOMPUTE = 16, /* recompute alone */
    RULE_ZERO = 32,      /* ZeRO and its groups, pp, dp, cp */
};

/* strategy_illegal by the rules of these levels alone; the rest of the strategy may be anything. */
const char *strategy_illegal_at(const struct scenario *scenario, const struct strategy *s,
                                unsigned levels, char *reason, size_t size);

/* The rate of the host link is known: offload has a price. */
bool rules_host_link(const struct scenario *scenario);

#endif
