#ifndef PARALLELISM_SEARCH_DIMENSION_H
#define PARALLELISM_SEARCH_DIMENSION_H
#include "parallelism/strategy.h"

/* The dimensions of the space of strategies, in the order that breaks ties between results. */
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
    SEARCH_DISPATCHER,
    SEARCH_CP_COMM,
    SEARCH_FSDP_SHARD,
    SEARCH_ZERO_GROUP,
    SEARCH_FIRST_STAGE_LAYERS,
    SEARCH_LAST_STAGE_LAYERS,
    SEARCH_OFFLOAD_OPTIMIZER,
    SEARCH_RESHARD_AFTER_FORWARD,
    SEARCH_DIMENSIONS
};
extern const char *const search_dimension_names[SEARCH_DIMENSIONS + 1]; /* keys of strategies */

/* The row of strategy_fields that a dimension sets: a bool, an int or an enum. */
const struct field *search_dimension_field(enum search_dimension dimension);

/* Its value as an int: a bool is 0 or 1, an enum its index. */
int search_dimension_get(const struct strategy *s, enum search_dimension dimension);
void search_dimension_set(struct strategy *s, enum search_dimension dimension, int value);

/* False for a dimension in which strategies that agree in all others are one and the same answer in
 * different tuning: only the best of them is a result. */
bool search_dimension_tells(enum search_dimension dimension);

#endif
