#ifndef PARALLELISM_BLOCKS_H
#define PARALLELISM_BLOCKS_H
#include "parallelism/placement.h"
#include "parallelism/step.h"

/* Everything that a model is made of under a strategy, op by op: what explanations, provenance and
 * rooflines walk over. The ops and their prices are those that shard_cost_compute sums. */
struct block {
    char name[48];                 /* "layer", "layer (experts)", "embedding", "head", "mtp" */
    double layers;                 /* how many of them the whole model has */
    const struct layer_kind *kind; /* NULL: no transformer layer */
};

/* Calls visit for each op of each kind of block; seconds: of one micro-batch on one GPU, repeats
 * included, before overlap. */
void blocks_visit(const struct scenario *scenario, const struct strategy *s,
                  void (*visit)(void *context, const struct block *block, const struct op *op,
                                double seconds),
                  void *context);

#endif
