/* The op lists of whole blocks: a layer, the embedding, the head. MODELLING 1.2, 1.4 */
#include "model/op_emit.h"

double shard_tokens(const struct shard *s)
{
    return s->micro_batch * s->seq_length / s->cp;
}

double shard_sequence_tokens(const struct shard *s)
{
    return shard_tokens(s) / (s->sequence_parallel ? s->tp : 1);
}

void layer_ops(const struct model *model, const struct layer_kind *kind, const struct shard *shard,
               const struct kernels *kernels, struct ops *out)
{
    struct emitter e = {model, shard, kernels, out};
    if (mixer_attends(kind->mixer))
        attention_ops(&e, kind);
    else if (kind->mixer != MIXER_NONE)
        scan_ops(&e, kind);
    if (kind->experts)
        expert_ops(&e);
    else if (kind->intermediate_size > 0)
        mlp_ops(&e, kind);
}

void moe_ops(const struct model *model, const struct shard *shard, const struct kernels *kernels,
             struct ops *out)
{
    struct emitter e = {model, shard, kernels, out};
    expert_ops(&e);
}

/* Input embedding: a gather of 4 B an element, its gradient a scatter-add of 2 + 8 B; the
 * vocabulary is split over tensor ranks, so the output is reduced over them. */
void embedding_ops(const struct model *model, const struct shard *shard,
                   const struct kernels *kernels, struct ops *out)
{
    struct emitter e = {model, shard, kernels, out};
    double elements = shard_tokens(shard) * model->hidden_size;
    emit_memory(&e, OP_NAME_EMBEDDING, MODULE_EMBEDDING, PHASE_FORWARD,
                (struct memory_op){MEMORY_PERMUTE, elements * 4}, 2);
    emit_tp_out(&e, MODULE_EMBEDDING, tp_bytes(&e));
    emit_memory(&e, OP_NAME_EMBEDDING, MODULE_EMBEDDING, PHASE_BACKWARD_WEIGHT,
                (struct memory_op){MEMORY_PERMUTE, elements * (2 + 2 * kernels->gradient_bytes)},
                2);
    if (trains_with_dropout(model, kernels))
        for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_INPUT; phase++)
            emit_memory(&e, OP_NAME_EMBEDDING_DROPOUT, MODULE_EMBEDDING, (enum phase)phase,
                        (struct memory_op){MEMORY_ELEMENTWISE,
                                           shard_sequence_tokens(shard) * model->hidden_size * 5},
                        1);
}

double loss_vocabulary(const struct model *model, const struct shard *shard,
                       const struct kernels *kernels)
{
    return vocabulary_padded(model, shard->tp) / (kernels->gathers_logits ? 1 : shard->tp);
}

/* What tensor ranks exchange for the loss: three small all-reduces, or the logits themselves, whose
 * parts are copied out of the gather and put side by side (8 B a logit). */
static void emit_loss_exchange(struct emitter *e, double tokens, double vocabulary)
{
    if (e->shard->tp == 1)
        return;
    if (e->kernels->gathers_logits) {
        emit_collective(e, OP_NAME_TP_GATHER, MODULE_HEAD, PHASE_FORWARD, COLLECTIVE_ALL_GATHER,
                        tokens * vocabulary * shard_dtype16_bytes());
        emit_memory(e, OP_NAME_CROSS_ENTROPY, MODULE_HEAD, PHASE_FORWARD,
                    (struct memory_op){MEMORY_ELEMENTWISE, tokens * vocabulary * 8}, 2);
        return;
    }
    emit_collective(e, OP_NAME_TP_REDUCE, MODULE_HEAD, PHASE_FORWARD, COLLECTIVE_ALL_REDUCE,
                    tokens * 4);
    e->out->op[e->out->n - 1].repeat = 3;
}

/* Final norm, logits (16 bit also in fp8 training) and vocabulary-parallel cross-entropy: 8 B a
 * logit fused, those over which its kernel's share of bandwidth was measured, about 30 in separate
 * fp32 kernels. MODELLING 1.4, [SimuMax] */
void head_ops(const struct model *model, const struct shard *shard, const struct kernels *kernels,
              struct ops *out)
{
    struct emitter e = {model, shard, kernels, out};
    double tokens = shard_tokens(shard), vocabulary = loss_vocabulary(model, shard, kernels);
    emit_norm(&e, OP_NAME_FINAL_NORM, shard_sequence_tokens(shard) * model->hidden_size);
    emit_tp_in(&e, MODULE_HEAD, tp_bytes(&e), 1);
    emit_linear(&e, &(struct linear){OP_NAME_LOGITS, MODULE_HEAD, tokens, model->hidden_size,
                                     vocabulary_padded(model, shard->tp) / shard->tp, 0,
                                     shard_dtype16(shard), true, true});
    bool fused =
        kernels->fused_cross_entropy; /* separate passes stream like any elementwise kernel */
    enum memory_class class_ = fused ? MEMORY_CROSS_ENTROPY : MEMORY_ELEMENTWISE;
    emit_memory(&e, OP_NAME_CROSS_ENTROPY, MODULE_HEAD, PHASE_FORWARD,
                (struct memory_op){class_, tokens * vocabulary * (fused ? 4 : 18)}, fused ? 2 : 6);
    emit_memory(&e, OP_NAME_CROSS_ENTROPY, MODULE_HEAD, PHASE_BACKWARD_INPUT,
                (struct memory_op){class_, tokens * vocabulary * (fused ? 4 : 14)}, fused ? 1 : 3);
    emit_loss_exchange(&e, tokens, vocabulary);
}

/* A multi-token-prediction layer joins the norms of two streams by a 2h -> h projection.
 * [DeepSeek-V3] */
void mtp_ops(const struct model *model, const struct shard *shard, const struct kernels *kernels,
             struct ops *out)
{
    struct emitter e = {model, shard, kernels, out};
    double stream = shard_sequence_tokens(shard) * model->hidden_size;
    emit_norm(&e, OP_NAME_NORM_1, 2 * stream);
    emit_linear(&e,
                &(struct linear){OP_NAME_MTP_PROJECTION, MODULE_MLP, shard_tokens(shard),
                                 2.0 * model->hidden_size, (double)model->hidden_size / shard->tp,
                                 0, shard->precision, true, false});
}
