#ifndef PARALLELISM_STEP_PARTS_H
#define PARALLELISM_STEP_PARTS_H
#include "parallelism/memory.h"
#include "parallelism/step.h"

/* What an estimate works out on its way from a strategy to a step time: for explanations. */
struct step_parts {
    struct step_constants constants;
    struct shard_cost shard;
    struct split split;
    struct stages stages; /* of that split: do not copy */
    struct peaks peaks;
    struct layout_cost layout;
    struct zero_cost zero;
};

/* The strategy is legal. */
void step_take_apart(const struct scenario *scenario, const struct strategy *s,
                     struct step_parts *out);
struct step_inputs step_parts_inputs(const struct scenario *scenario,
                                     const struct step_parts *parts);

#endif
