#ifndef MODEL_OPS_H
#define MODEL_OPS_H
#include "base/op.h"
#include "model/model.h"
#include "model/shard.h"

/* The ops of one layer on one GPU: what every cost, trace, roofline and explanation is drawn from. */

enum op_name {
    OP_NAME_NORM_1, OP_NAME_QKV, OP_NAME_ROPE, OP_NAME_QK_NORM, OP_NAME_SCORES, OP_NAME_SOFTMAX,
    OP_NAME_ATTENTION_DROPOUT, OP_NAME_CONTEXT, OP_NAME_ATTENTION, OP_NAME_PROJECTION,
    OP_NAME_MLA_Q_DOWN, OP_NAME_MLA_KV_DOWN, OP_NAME_MLA_Q_UP, OP_NAME_MLA_KV_UP,
    OP_NAME_RESIDUAL_1, OP_NAME_NORM_2, OP_NAME_FC1, OP_NAME_ACTIVATION, OP_NAME_FC2, OP_NAME_RESIDUAL_2,
    OP_NAME_ROUTER, OP_NAME_TOP_K, OP_NAME_PERMUTE, OP_NAME_DISPATCH, OP_NAME_EXPERT_FC1,
    OP_NAME_EXPERT_ACTIVATION, OP_NAME_EXPERT_FC2, OP_NAME_COMBINE, OP_NAME_UNPERMUTE,
    OP_NAME_SHARED_FC1, OP_NAME_SHARED_ACTIVATION, OP_NAME_SHARED_FC2,
    OP_NAME_QUANTISE, OP_NAME_GRADIENT_ACCUMULATE,
    OP_NAME_TP_GATHER, OP_NAME_TP_REGATHER, OP_NAME_TP_SCATTER, OP_NAME_TP_REDUCE,
    OP_NAME_CP_EXCHANGE, OP_NAME_CP_MERGE, OP_NAME_KV_REPEAT, OP_NAME_ETP_GATHER, OP_NAME_ETP_SCATTER,
    OP_NAME_EMBEDDING, OP_NAME_EMBEDDING_DROPOUT, OP_NAME_FINAL_NORM, OP_NAME_LOGITS,
    OP_NAME_CROSS_ENTROPY, OP_NAME_MTP_PROJECTION,
    OP_NAME_SCAN_IN, OP_NAME_CONVOLUTION, OP_NAME_SCAN, OP_NAME_GATED_NORM, OP_NAME_SCAN_OUT, OP_NAME_OUTPUT_GATE,
    OP_NAME_SCAN_GATES, OP_NAME_LATENT_IN, OP_NAME_LATENT_OUT, OP_NAME_POST_NORM_1, OP_NAME_POST_NORM_2,
    OP_NAMES
};
extern const char *const op_name_names[OP_NAMES + 1];

struct op {
    enum op_kind kind;
    enum op_name name;
    enum module module;
    enum phase phase;
    enum dtype dtype;
    enum collective collective; /* OP_COLLECTIVE */
    enum comm comm;             /* OP_COLLECTIVE */
    double repeat;              /* runs this often: costs, FLOP and bytes below are of one run */
    double launches;            /* kernel launches of one run */
    union {
        struct gemm gemm;           /* OP_GEMM, OP_GROUPED_GEMM */
        struct attention attention; /* OP_ATTENTION; PHASE_BACKWARD_INPUT is its whole backward */
        struct memory_op memory;    /* OP_MEMORY */
        struct scan scan;           /* OP_SCAN; PHASE_BACKWARD_INPUT is its whole backward */
        double bytes;               /* OP_COLLECTIVE: nccl-tests size */
    };
};

enum { OPS_MAX = 160 };
struct ops {
    int n;
    struct op op[OPS_MAX];
};

/* Ops of one layer: forward, backward input, backward weight. Appends to out. */
void layer_ops(const struct model *model, const struct layer_kind *kind, const struct shard *shard,
               const struct kernels *kernels, struct ops *out);
/* Of a layer with experts, the half after attention alone: all of its MODULE_MOE and MODULE_MOE_ACT,
 * in the order in which layer_ops has them. */
void moe_ops(const struct model *model, const struct shard *shard, const struct kernels *kernels,
             struct ops *out);
/* Ops of the input embedding (first stage) and of final norm, logits and cross-entropy (last stage). */
void embedding_ops(const struct model *model, const struct shard *shard,
                   const struct kernels *kernels, struct ops *out);
void head_ops(const struct model *model, const struct shard *shard, const struct kernels *kernels,
              struct ops *out);
/* What a multi-token-prediction layer adds to a layer and a head: norms and the 2h x h projection. */
void mtp_ops(const struct model *model, const struct shard *shard, const struct kernels *kernels,
             struct ops *out);

/* Bytes one micro-batch keeps for its backward pass on one GPU, by the module whose recomputation frees
 * them; MODULE_RESIDUAL (the layer's input) is what full recompute keeps. MODELLING 6.2 */
struct activations {
    double bytes[MODULES];
    double attention_output; /* of which what the output projection reads */
    double exchanged; /* what the exchanges of experts bring, there and back, 0 within one rank */
};
void layer_activations(const struct model *model, const struct layer_kind *kind,
                       const struct shard *shard, const struct kernels *kernels,
                       struct activations *out);

/* Bytes that the backward pass of a layer holds at its fullest moment besides `saved`, what its forward
 * pass keeps on one GPU (all of it: kept, or computed again): gradients of activations, and the buffers
 * of the context exchange. PyTorch's autograd frees a saved tensor and a gradient behind the one kernel
 * that reads it. MODELLING 6.3 */
double layer_backward_bytes(const struct model *model, const struct layer_kind *kind,
                            const struct shard *shard, const struct kernels *kernels,
                            const struct activations *saved);

/* Bytes of the buffers through which a layer's context ranks exchange keys and values, alive while it
 * runs; 0 without context parallelism, and where what is received takes the place of what is sent
 * (all-to-all). */
double context_exchange_bytes(const struct model *model, const struct layer_kind *kind,
                              const struct shard *shard, const struct kernels *kernels);

/* Parameters on one GPU: dense ones are replicated over data and context ranks, expert ones over expert
 * data ranks. */
struct shard_parameters {
    double dense, expert;
};
/* Of the layer's matrices on one GPU the largest, of all its experts together. */
double layer_largest_matrix(const struct model *model, const struct layer_kind *kind,
                            const struct shard *shard);
struct shard_parameters layer_shard_parameters(const struct model *model,
                                               const struct layer_kind *kind,
                                               const struct shard *shard);
double vocabulary_padded(const struct model *model, int tp); /* multiple of 128 tp */
/* Columns of the logits whose loss a tensor rank computes. */
double loss_vocabulary(const struct model *model, const struct shard *shard,
                       const struct kernels *kernels);
double embedding_shard_parameters(const struct model *model, const struct shard *shard);

/* Distinct ones of so many places that q balanced draws hit, expected: n (1 - (1 - 1/n)^q). */
double expected_distinct(double places, double draws);

/* Ranks of ep that hold at least one of a token's experts, expected under balanced routing, over the
 * experts a token chooses: r (1 - (1 - 1/r)^q) / q over the r ranks where the token's groups of
 * experts lie, all ep without groups. */
double expert_ranks_frac(const struct model *model, int ep);

/* Tokens on one GPU between communications: micro_batch * seq_length / cp. */
double shard_tokens(const struct shard *shard);
/* The same where sequence parallelism divides them by tp. */
double shard_sequence_tokens(const struct shard *shard);

#endif
