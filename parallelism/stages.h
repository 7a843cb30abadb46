#ifndef PARALLELISM_STAGES_H
#define PARALLELISM_STAGES_H
#include "parallelism/layer_cost.h"
#include "parallelism/split.h"

/* What one micro-batch costs on each class of stages, and what is kept for it. Depends on the
 * shard, the split and recompute; not on data parallelism. */
struct stage {
    double forward_s, backward_input_s, backward_weight_s; /* without recompute */
    double recompute_s, recompute_flop;
    double alone_forward_s, alone_backward_s; /* besides: exchange of experts that could hide but
                                                 has no other micro-batch's compute beside it */
    double activation_bytes;                  /* kept by one micro-batch for its backward pass */
    double layer_bytes;   /* of which one layer keeps, the one that keeps most */
    double working_bytes; /* one recomputed layer's activations, alive during its backward pass */
    double backward_bytes; /* gradients of activations in that pass, of the layer that has most */
    struct shard_parameters parameters;
};

struct stages {
    const struct split *split;               /* the caller's */
    double p2p_s;                            /* one hop between neighbouring pipeline ranks */
    double exchange_alone_frac;              /* exchange_alone_frac() without full recompute */
    struct stage stage[STAGE_CLASSES_MAX];   /* by class */
    int tail_rank;                           /* the rank with most parameters, */
    struct shard_parameters tail_parameters; /* and how many they are */
};

struct scenario;
struct strategy;

/* Share of the passes in which the exchange of experts has no other micro-batch's compute to hide
 * behind. All, where there is no other micro-batch or the schedule does not run the forward pass of
 * one beside the backward pass of another; else those that fill and drain the pipeline. With full
 * recompute all, unless the strategy asks for the overlap. Megatron-Core, transformer_config.py,
 * overlap_moe_expert_parallel_comm: "virtual_pipeline_model_parallel_size must not be None" with
 * pp > 1, no full recompute (pull request 6311 of 2026 adds it). */
double exchange_alone_frac(const struct scenario *scenario, const struct strategy *s);

/* op_hidden_s of the whole step: less where an exchange of experts has nothing beside it. */
double step_hidden_s(const struct scenario *scenario, const struct strategy *s, const struct op *op,
                     double hidden_s);

/* All but recompute, activations and what is alone; memo may be NULL. */
void stages_init(const struct scenario *scenario, const struct shard_cost *shard,
                 const struct strategy *s, const struct split *split, struct memo *memo,
                 struct stages *out);

/* Recompute, activations and what is alone under the strategy's recompute. */
void stages_recompute(const struct shard_cost *shard, const struct strategy *s, struct stages *out);

/* The stage that is chunk `chunk` of rank `rank`, and what it holds. */
const struct stage *stages_at(const struct stages *stages, int chunk, int rank);
const struct stage_content *stages_content(const struct stages *stages, int chunk, int rank);

/* Parameters of all chunks of a rank. */
struct shard_parameters stages_rank_parameters(const struct stages *stages, int rank);

/* Blocks of all chunks of a rank. */
struct block_counts {
    double layers[MODEL_LAYER_KINDS_MAX]; /* by kind */
    double embedding, head, mtp;
    double head_matrix; /* heads with a matrix of their own, not the embedding's */
};
struct block_counts stages_rank_blocks(const struct scenario *scenario, const struct stages *stages,
                                       int rank);

/* Seconds of those blocks for one micro-batch, by term, recompute left out. */
void blocks_terms(const struct shard_cost *shard, const struct block_counts *blocks,
                  double terms[TERMS]);

#endif
