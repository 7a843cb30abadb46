/* Parameters and saved activations of one GPU's share of a layer. MODELLING 1.1, 6.2 */
#include "model/scan.h"
#include <math.h>
#include <string.h>

double vocabulary_padded(const struct model *model, int tp)
{
    double multiple = 128.0 * tp; /* Megatron's make-vocab-size-divisible-by */
    return ceil(model->vocab_size / multiple) * multiple;
}

double embedding_shard_parameters(const struct model *model, const struct shard *shard)
{
    return (vocabulary_padded(model, shard->tp) / shard->tp + model->position_embeddings) *
           model->hidden_size;
}

/* Attention matrices of a rank: heads divide by tp, key-value heads at least one a rank, MLA's down
 * projections replicated. */
static double attention_shard_parameters(const struct model *m, const struct layer_kind *kind,
                                         const struct shard *s)
{
    double h = m->hidden_size, heads = (double)kind->heads / s->tp;
    double kv = kind->kv_heads > s->tp ? (double)kind->kv_heads / s->tp : 1;
    double v_dim = layer_value_dim(m, kind);
    if (m->kv_lora_rank == 0)
        return h * (heads * kind->head_dim + layer_projected_kv(m, kind, kv)) + heads * v_dim * h +
               (m->attention_gate ? h * heads * v_dim : 0);
    double q_dim = (double)m->qk_nope_head_dim + m->qk_rope_head_dim;
    double q = m->q_lora_rank > 0 ? m->q_lora_rank * (h + heads * q_dim) : h * heads * q_dim;
    double kv_down = h * ((double)m->kv_lora_rank + m->qk_rope_head_dim);
    double kv_up = m->kv_lora_rank * heads * ((double)m->qk_nope_head_dim + m->v_head_dim);
    return q + kv_down + kv_up + heads * v_dim * h;
}

static double mixer_shard_parameters(const struct model *m, const struct layer_kind *kind,
                                     const struct shard *s)
{
    double attention = mixer_attends(kind->mixer) ? attention_shard_parameters(m, kind, s) : 0;
    return attention + (mixer_scans(kind->mixer) ? scan_shard_parameters(m, kind->mixer, s) : 0);
}

struct shard_parameters layer_shard_parameters(const struct model *model,
                                               const struct layer_kind *kind,
                                               const struct shard *shard)
{
    double h = model->hidden_size, matrices = model->gated_mlp ? 3 : 2;
    double norms = layer_norms(model, kind) * h * (model->layer_norm_bias ? 2 : 1);
    struct shard_parameters p = {mixer_shard_parameters(model, kind, shard) + norms, 0};
    if (!kind->experts) {
        p.dense += matrices * h * kind->intermediate_size / shard->tp;
        return p;
    }
    p.dense += h * model->experts + matrices * h * model->shared_intermediate_size / shard->tp;
    if (model->moe_latent_size > 0) /* whole on each tensor rank [Megatron-LM, moe_layer.py] */
        p.dense += 2 * h * model->moe_latent_size;
    p.expert = matrices * expert_hidden_size(model) * model->moe_intermediate_size / shard->etp *
               model->experts / shard->ep;
    return p;
}

double layer_largest_matrix(const struct model *m, const struct layer_kind *kind,
                            const struct shard *s)
{
    double dense = m->hidden_size * (double)kind->intermediate_size / s->tp;
    double experts = expert_hidden_size(m) * m->moe_intermediate_size / s->etp * m->experts / s->ep;
    double queries = mixer_attends(kind->mixer)
                         ? m->hidden_size * (double)kind->heads / s->tp * kind->head_dim
                         : 0;
    return fmax(kind->experts ? experts : dense, queries);
}

double saved_input_bytes(const struct shard *s)
{
    return s->precision == DTYPE_NVFP4 ? 0.5 + 1.0 / 16 : dtype_is_fp8(s->precision) ? 1 : 2;
}

/* Bytes an element of FC1's output. */
static double saved_fc1_bytes(const struct shard *s, const struct kernels *k)
{
    return k->fp8_activation_store && dtype_is_fp8(s->precision) ? 1 : 2;
}

static bool activation_fused(const struct shard *s, const struct kernels *k)
{
    return k->fused_activation && (s->compiled || !k->fused_when_compiled);
}

/* What an activation of experts keeps beside FC1's output and its own, elements of its width: each
 * pass that no kernel fuses keeps what it reads. SwiGLU its activated branch; the clamped one of
 * biased experts the clamped gate, the sigmoid, their product and the clamped other branch.
 * [torchtitan, models/gpt_oss/moe.py: swiglu; Transformers, modeling_gpt_oss.py: GptOssExperts] */
static double saved_by_expert_activation(const struct model *m, const struct shard *s,
                                         const struct kernels *k)
{
    bool fused = k->fused_expert_activation || activation_fused(s, k);
    return !m->gated_mlp || fused ? 0 : m->mlp_bias ? 4 : 1;
}

/* Outputs of a token's experts that its weights multiply: without a compiler they are cast to fp32
 * for it, and those are kept. [torchtitan, models/common/token_dispatcher.py: combine] */
static double saved_expert_outputs(const struct model *m, const struct shard *s,
                                   const struct kernels *k)
{
    if (!k->weights_expert_outputs)
        return 0;
    bool eager = k->fused_when_compiled && !s->compiled;
    return (eager ? 4 : 2) * expert_tokens_sent(s) * m->experts_per_token * expert_hidden_size(m);
}

/* A norm of eager kernels: its input in fp32 for the square and the product, what it normalised in
 * 16 bit for the product with its weight. [Transformers, modeling_llama.py: LlamaRMSNorm.forward]
 */
static double saved_norm_bytes(const struct kernels *k)
{
    return k->fused_norm ? 0 : 4 + 2;
}

static void attention_activations(const struct model *m, const struct layer_kind *kind,
                                  const struct shard *s, const struct kernels *k,
                                  struct activations *out)
{
    double t = shard_tokens(s), stream = shard_sequence_tokens(s) * m->hidden_size;
    double heads = (double)kind->heads / s->tp;
    double kv = kind->kv_heads > s->tp ? (double)kind->kv_heads / s->tp : 1;
    double v_dim = layer_value_dim(m, kind), dqk = kind->head_dim;
    out->bytes[MODULE_RESIDUAL] += 2 * stream;
    out->bytes[MODULE_LAYERNORM] +=
        saved_input_bytes(s) * (k->keeps_gathered_input ? t * m->hidden_size : stream);
    out->bytes[MODULE_LAYERNORM] += saved_norm_bytes(k) * stream;
    if (m->qk_norm)
        out->bytes[MODULE_LAYERNORM] += saved_norm_bytes(k) * t * (heads + kv) * dqk;
    if (m->kv_lora_rank > 0) {
        double latent = (double)m->q_lora_rank + m->kv_lora_rank + m->qk_rope_head_dim;
        out->bytes[MODULE_ATTENTION_LINEAR] += 2 * t * latent;
        out->bytes[MODULE_MLA_UP_PROJ] += 2 * t * heads * (2 * dqk + v_dim);
    } else {
        out->bytes[MODULE_ATTENTION_LINEAR] += 2 * t * (heads * dqk + kv * (dqk + v_dim));
    }
    if (m->rotary && !k->fused_rope) /* queries and keys before and after rotation */
        out->bytes[MODULE_ATTENTION_LINEAR] += 2 * t * (heads + kv) * dqk;
    double scores = s->micro_batch * heads * s->seq_length * s->seq_length / s->cp;
    if (s->attention ==
        ATTENTION_UNFUSED) /* scores or softmax, its dropout and the mask: 2 + 2 + 1 */
        out->bytes[MODULE_CORE_ATTENTION] += scores * (trains_with_dropout(m, k) ? 5
                                                       : k->fused_softmax        ? 2
                                                                                 : 4);
    else /* log-sum-exp */
        out->bytes[MODULE_CORE_ATTENTION] += 4 * t * heads;
    out->attention_output = 2 * t * heads * v_dim; /* context: the projection's input */
    out->bytes[MODULE_ATTENTION_LINEAR] += out->attention_output;
    if (m->attention_sinks && k->rescales_attention) /* an elementwise pass, repeated as they are */
        out->bytes[MODULE_LAYERNORM] += 2 * t * heads * v_dim;
    if (m->attention_gate) /* what the gate multiplies, and the gate */
        out->bytes[MODULE_ATTENTION_LINEAR] += 4 * t * heads * v_dim;
    if (trains_with_dropout(m, k))
        out->bytes[MODULE_ATTENTION_LINEAR] += stream;
}

static void mlp_activations(const struct model *m, const struct layer_kind *kind,
                            const struct shard *s, const struct kernels *k, struct activations *out)
{
    double stream = shard_sequence_tokens(s) * m->hidden_size, up = m->gated_mlp ? 2 : 1;
    double wide = s->tiled_mlp ? 0 : shard_tokens(s) * kind->intermediate_size / s->tp;
    out->bytes[MODULE_LAYERNORM] += saved_norm_bytes(k) * stream;
    out->bytes[MODULE_LAYERNORM] +=
        saved_input_bytes(s) *
        (k->keeps_gathered_input ? shard_tokens(s) * m->hidden_size : stream);
    out->bytes[MODULE_MLP] += saved_fc1_bytes(s, k) * up * wide;
    out->bytes[MODULE_MLP_ACT] += saved_input_bytes(s) * wide;
    if (m->gated_mlp && !activation_fused(s, k)) /* the activated branch, before the product */
        out->bytes[MODULE_MLP_ACT] += 2 * wide;
    if (trains_with_dropout(m, k))
        out->bytes[MODULE_MLP] += stream;
}

/* Experts keep their tokens, both halves of FC1 and the activated product; the router its
 * probabilities and the permutation maps. */
static void expert_activations(const struct model *m, const struct shard *s,
                               const struct kernels *k, struct activations *out)
{
    double stream = shard_sequence_tokens(s) * m->hidden_size, up = m->gated_mlp ? 2 : 1;
    double received = expert_tokens_received(m, s) * s->expert_imbalance;
    double wide = received * m->moe_intermediate_size / s->etp;
    double shared = shard_tokens(s) * m->shared_intermediate_size / s->tp;
    out->bytes[MODULE_LAYERNORM] +=
        (2 + saved_norm_bytes(k)) * stream; /* the router reads it in 16 bit */
    out->bytes[MODULE_ROUTER] +=
        expert_tokens_sent(s) * (4.0 * m->experts + 8.0 * m->experts_per_token);
    out->bytes[MODULE_MOE] +=
        saved_input_bytes(s) * received * expert_hidden_size(m) + 2 * up * wide;
    if (m->moe_latent_size > 0) /* what the projection out of the latent space reads */
        out->bytes[MODULE_MOE] += saved_input_bytes(s) * expert_tokens_sent(s) * m->moe_latent_size;
    out->bytes[MODULE_MOE] += saved_expert_outputs(m, s, k);
    out->bytes[MODULE_MOE_ACT] += saved_input_bytes(s) * wide;
    out->bytes[MODULE_MOE_ACT] += 2 * saved_by_expert_activation(m, s, k) * wide;
    if (s->ep > 1)
        out->exchanged =
            2 * expert_hidden_size(m) * (received + expert_tokens_sent(s) * m->experts_per_token);
    out->bytes[MODULE_SHARED_EXPERTS] += (2 * up + saved_input_bytes(s)) * shared;
}

void layer_activations(const struct model *model, const struct layer_kind *kind,
                       const struct shard *shard, const struct kernels *kernels,
                       struct activations *out)
{
    memset(out, 0, sizeof *out);
    if (mixer_attends(kind->mixer))
        attention_activations(model, kind, shard, kernels, out);
    if (mixer_scans(kind->mixer))
        scan_activations(model, kind->mixer, shard, kernels, out);
    double stream = shard_sequence_tokens(shard) * model->hidden_size;
    bool half = kind->experts || kind->intermediate_size > 0;
    if (half) /* what the MLP reads: the layer's input, or the stream between its halves */
        out->bytes[kind->mixer == MIXER_NONE ? MODULE_RESIDUAL : MODULE_ATTENTION_LINEAR] +=
            2 * stream;
    int posts = (kind->mixer != MIXER_NONE ? post_norms(model, false) : 0) +
                (half ? post_norms(model, true) : 0);
    out->bytes[MODULE_LAYERNORM] += posts * (2 + saved_norm_bytes(kernels)) * stream; /* inputs */
    if (kind->experts)
        expert_activations(model, shard, kernels, out);
    else if (kind->intermediate_size > 0)
        mlp_activations(model, kind, shard, kernels, out);
}
