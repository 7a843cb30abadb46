#ifndef PARALLELISM_BLOCKS_H
#define PARALLELISM_BLOCKS_H
#include "parallelism/placement.h"
#include "parallelism/step.h"

/* Everything that a model is made of under a strategy, op by op: what explanations, provenance and
 * rooflines walk over. The ops and their prices are those that shard_cost_compute sums. */
enum block_place { BLOCK_LAYER, BLOCK_EMBEDDING, BLOCK_HEAD, BLOCK_MTP };

struct block {
    enum block_place place;
    int kind_index; /* BLOCK_LAYER: of the model's kinds */
    char name[48];  /* "layer", "expert layer", "mamba2 layer", "embedding", "head", "mtp" */
    double layers;  /* how many of them the whole model has */
};

/* Seconds of an op, of one micro-batch on one GPU, repeats included: the whole, and what of it
 * other work hides; in how many parts a product runs beside a transfer. */
struct op_time {
    double seconds, hidden_s;
    int parts;
};

/* Calls visit for each op of each kind of block. */
void blocks_visit(const struct scenario *scenario, const struct strategy *s,
                  void (*visit)(void *context, const struct block *block, const struct op *op,
                                struct op_time time),
                  void *context);

/* How many of that block pipeline rank `rank` holds, all its chunks together. */
double blocks_on_rank(const struct block *block, const struct stages *stages, int rank);

/* The cost of that block. */
const struct block_cost *block_cost_of(const struct block *block, const struct shard_cost *shard);

#endif
