#ifndef PARALLELISM_STAGES_H
#define PARALLELISM_STAGES_H
#include "parallelism/layer_cost.h"
#include "parallelism/pipeline.h"

/* What lies on each pipeline stage (virtual stage: chunk * ranks + rank) and what one micro-batch
 * costs there. Depends on the shard, pp, vpp, schedule, layout and recompute; not on data
 * parallelism. */
enum { STAGES_MAX = MODEL_LAYERS_MAX };

struct stage {
    double layers[MODEL_LAYER_KINDS_MAX]; /* by kind */
    bool embedding, head;
    int mtp; /* multi-token-prediction layers */
    double recompute_s, recompute_flop;
    double activation_bytes; /* kept by one micro-batch for its backward pass */
    double working_bytes; /* one recomputed layer's activations, alive during its backward pass */
    struct shard_parameters parameters;
};

struct stages {
    int ranks, chunks, count; /* count = ranks * chunks */
    double p2p_s;             /* one hop between neighbouring pipeline ranks */
    struct stage stage[STAGES_MAX];
    /* seconds of one micro-batch, as pipeline.h wants them; recompute is part of backward_input */
    double forward_s[STAGES_MAX], backward_input_s[STAGES_MAX], backward_weight_s[STAGES_MAX];
};

struct scenario;
struct strategy;

/* Layers of stage `stage` of `stages` by the stack's rule: an explicit layout, fewer in first and
 * last, embedding and head counted as a layer each, else the earlier stages one more. first: index
 * of its first layer. Returns the number of layers, or -1 if the strategy's layout does not fit the
 * model. */
int stage_layers(const struct scenario *scenario, const struct strategy *s, int stages, int stage,
                 int *first);

void stages_compute(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct strategy *s, struct stages *out);

/* Seconds of a rank's work for one micro-batch through all its chunks, by term (recompute
 * included). */
void stages_rank_terms(const struct shard_cost *shard, const struct stages *stages, int rank,
                       double terms[TERMS]);

/* Parameters of all chunks of a rank. */
struct shard_parameters stages_rank_parameters(const struct stages *stages, int rank);

#endif
