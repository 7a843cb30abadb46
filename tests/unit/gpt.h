#ifndef TESTS_UNIT_GPT_H
#define TESTS_UNIT_GPT_H
#include "model/ops.h"
#include <string.h>

/* A GPT-style model of given sizes, as papers print them: plain MLP of 4h, learned positions left out. */
static inline struct model gpt_model(int layers, int hidden, int heads, int vocabulary)
{
    struct model m;
    memset(&m, 0, sizeof m);
    m.layers = layers;
    m.hidden_size = hidden;
    m.heads = m.kv_heads = heads;
    m.head_dim = m.v_head_dim = hidden / heads;
    m.intermediate_size = 4 * hidden;
    m.vocab_size = vocabulary;
    m.tied_embeddings = true;
    m.norms_per_layer = 2;
    m.kinds = 1;
    m.kind[0] = (struct layer_kind){.intermediate_size = 4 * hidden, .heads = heads, .kv_heads = heads,
                                    .head_dim = hidden / heads};
    return m;
}

static inline struct shard gpt_shard(int tp, int micro_batch, double seq_length)
{
    return (struct shard){.tp = tp, .cp = 1, .ep = 1, .etp = 1, .micro_batch = micro_batch,
                          .seq_length = seq_length, .sequence_parallel = tp > 1,
                          .precision = DTYPE_FP16, .attention = ATTENTION_UNFUSED,
                          .expert_imbalance = 1};
}

static inline struct kernels gpt_kernels(void)
{
    return (struct kernels){.dropout = true, .fused_norm = true, .fused_activation = true,
                            .fused_residual = true, .fused_softmax = true,
                            .gradient_accumulation_fusion = true, .gradient_bytes = 4};
}

#endif
