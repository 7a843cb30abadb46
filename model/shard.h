#ifndef MODEL_SHARD_H
#define MODEL_SHARD_H
#include "base/op.h"
#include <stdbool.h>

/* How a stack computes attention, moves expert tokens and exchanges context shards. */
enum attention_impl { ATTENTION_FLASH, ATTENTION_UNFUSED, ATTENTION_IMPLS };
enum dispatcher {
    DISPATCHER_ALLGATHER,
    DISPATCHER_ALLTOALL,
    DISPATCHER_DEEPEP,   /* up to 8 GPUs joined by links */
    DISPATCHER_HYBRIDEP, /* a whole scale-up domain; permutes what it received as it copies it */
    DISPATCHERS
};
enum tile { TILE_LOSS, TILE_MLP, TILES };
enum cp_comm { CP_COMM_P2P, CP_COMM_ALLGATHER, CP_COMM_A2A, CP_COMM_A2A_P2P, CP_COMMS };
extern const char *const attention_impl_names[];
extern const char *const dispatcher_names[];
extern const char *const cp_comm_names[];
extern const char *const tile_names[TILES + 1];

/* Whether it sends a token once to each rank that holds some of its experts, by kernels of its own. */
bool dispatcher_sends_once(enum dispatcher dispatcher);

/* The part of a strategy that fixes the shapes on one GPU. Strategies that share a shard share its
 * layer costs. */
struct shard {
    int tp, cp, ep, etp;
    int micro_batch;
    double seq_length; /* of the job: whole sequences */
    double document_mean, document_spread; /* packed documents, tokens; 0: none */
    bool sequence_parallel;
    enum dtype precision;
    enum attention_impl attention;
    enum dispatcher dispatcher;
    enum cp_comm cp_comm;
    bool tiled_mlp;  /* a dense MLP runs over tiles of its tokens, again in its backward pass */
    bool tiled_loss; /* logits and loss run over tiles of the tokens */
    bool compiled;   /* by torch.compile: it fuses elementwise passes, those of the loss too */
    double expert_imbalance; /* max over mean load of expert ranks, >= 1 */
    double expert_capacity;  /* capacity factor (drop and pad); 0: dropless */
};

/* Which kernels a stack has and what they fuse. */
struct kernels {
    bool dropout;                    /* trains models with a plain MLP with dropout */
    bool fused_norm;                 /* one pass; else unfused elementwise passes */
    bool fused_activation;           /* bias and activation in one kernel */
    bool fused_residual;             /* bias, dropout and residual add in one kernel */
    bool fused_rope;
    bool fused_softmax;              /* unfused attention: scale, mask and softmax in one kernel */
    bool fused_cross_entropy;
    bool fused_quantise;             /* fp8: quantisation inside the norm or activation before it */
    bool casts_each_product;         /* fp8 and below: each product casts what it reads by kernels of its own */
    bool grouped_gemm;               /* experts in one launch; else one GEMM an expert */
    double expert_launches;          /* host time of an expert's product launched alone, in launches */
    bool fused_expert_activation;    /* experts: activation and its gradient inside the grouped GEMMs */
    bool fused_expert_bias;          /* biased experts: FC1's bias and clamped activation in its GEMM */
    bool gradient_accumulation_fusion; /* weight gradient adds into the fp32 buffer inside the GEMM */
    bool keeps_gathered_input;       /* sequence parallelism: saves the gathered input instead of gathering again */
    bool gathers_logits;             /* tensor ranks gather the logits, each computes the whole loss */
    bool reduces_each_linear;        /* gate and up projections all-reduce their input gradients one by one */
    bool exchanges_each_linear;      /* query, key, value, gate and up exchange input and gradient one by one */
    bool quantised_gather;           /* fp8: tensor ranks gather what they quantised already */
    bool fp8_attention;
    bool fp8_activation_store;       /* fp8: FC1 output kept for the backward pass in 8 bit */
    bool fp8_dispatch;               /* expert tokens travel in fp8 (combine in 16 bit) */
    bool fused_when_compiled;        /* what is said fused is so by torch.compile */
    bool weights_expert_outputs;     /* a token's weights multiply its experts' outputs, which are
                                        kept for the weights' gradient */
    bool rescales_attention;         /* attention sinks multiply attention's output, which is kept
                                        beside the product */
    bool repeats_kv;                 /* keys and values are repeated to the query heads before attention */
    double gradient_bytes;           /* main gradient: 4 (fp32) or 2 */
    double cp_gradient_bytes;        /* gradient of a key or value on its way round a ring: 4 or 2 */
};

/* Names of Megatron-Core's recompute modules and the parts between them. */
enum module {
    MODULE_LAYERNORM,
    MODULE_ATTENTION_LINEAR, /* QKV and output projections */
    MODULE_MLA_UP_PROJ,
    MODULE_CORE_ATTENTION,
    MODULE_MLP, /* FC1, FC2 */
    MODULE_MLP_ACT,
    MODULE_ROUTER,
    MODULE_MOE, /* dispatch, expert GEMMs, combine */
    MODULE_MOE_ACT,
    MODULE_SHARED_EXPERTS,
    MODULE_RESIDUAL, /* the stream between sub-layers */
    MODULE_EMBEDDING,
    MODULE_HEAD,
    MODULE_SCAN, /* all of a scan layer's mixer but its norm: no selective recompute names it */
    MODULES
};
extern const char *const module_names[MODULES + 1];

#endif
