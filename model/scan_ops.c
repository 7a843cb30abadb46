/* Ops of the half of a layer whose mixer is a scan, split as Megatron-Core's MambaMixer: heads over
 * tensor ranks, the whole sequence and a share of the heads on each context rank. */
#include "base/minmax.h"
#include "model/scan.h"

/* One tensor rank's share of a layer, of the tokens it holds. */
struct scan_share {
    enum mixer mixer;
    double tokens, heads, key_heads;
    struct scan_widths widths; /* of the rank */
};

static struct scan_share share_of(const struct emitter *e, enum mixer mixer)
{
    const struct model *m = e->model;
    double tp = e->shard->tp;
    struct scan_widths w = scan_widths(m, mixer);
    return (struct scan_share){
        .mixer = mixer,
        .tokens = shard_tokens(e->shard),
        .heads = m->scan_heads / tp,
        .key_heads = m->scan_key_heads / tp,
        .widths = {w.in / tp, w.inner / tp, w.convolved / tp}
    };
}

static void emit_both(struct emitter *e, enum op_name name, struct memory_op forward,
                      struct memory_op backward)
{
    emit_memory(e, name, MODULE_SCAN, PHASE_FORWARD, forward, 1);
    emit_memory(e, name, MODULE_SCAN, PHASE_BACKWARD_INPUT, backward, 1);
}

/* Context ranks exchange tokens for heads before the convolution, and back behind the scan; the
 * backward pass mirrors it. [megatron/core/ssm/mamba_context_parallel.py] */
static void emit_exchange(struct emitter *e, const struct scan_share *share, double width)
{
    double bytes = share->tokens * width * shard_dtype16_bytes();
    for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_INPUT; phase++)
        emit_collective(e, OP_NAME_CP_EXCHANGE, MODULE_SCAN, (enum phase)phase,
                        COLLECTIVE_ALL_TO_ALL, bytes);
}

/* The causal convolution with its activation reads and writes 2 B a channel, backward it reads two
 * and writes one; Mamba's computes its forward pass again. [causal-conv1d] */
static void emit_convolution(struct emitter *e, const struct scan_share *share)
{
    double elements = share->tokens * share->widths.convolved;
    double backward = mixer_is_mamba(share->mixer) ? 6 + 4 : 6;
    if (elements > 0)
        emit_both(e, OP_NAME_CONVOLUTION, (struct memory_op){MEMORY_ELEMENTWISE, 4 * elements},
                  (struct memory_op){MEMORY_ELEMENTWISE, backward * elements});
}

/* The delta rule reads keys and queries of unit length, a copy for each head: 2 B a key read and a
 * copy written, then 4 B an element, 6 back. */
static void emit_unit_keys(struct emitter *e, const struct scan_share *share)
{
    double keys = 2 * share->tokens * e->model->scan_key_dim;
    double copied =
        share->heads > share->key_heads ? 2 * keys * (share->heads + share->key_heads) : 0;
    if (!mixer_is_delta(share->mixer))
        return;
    if (copied > 0)
        emit_both(e, OP_NAME_KV_REPEAT, (struct memory_op){MEMORY_ELEMENTWISE, copied},
                  (struct memory_op){MEMORY_ELEMENTWISE, copied});
    emit_both(e, OP_NAME_QK_NORM, (struct memory_op){MEMORY_NORM, 4 * keys * share->heads},
              (struct memory_op){MEMORY_NORM, 6 * keys * share->heads});
}

/* KDA's decays and its gate: hidden size to a head's width, whole on each rank, and on to the
 * rank's heads; so wide are they exchanged, too. */
static double emit_gates(struct emitter *e, const struct scan_share *share)
{
    double rank = scan_gate_rank(e->model, share->mixer), local = shard_sequence_tokens(e->shard);
    enum dtype p = e->shard->precision;
    if (rank <= 0)
        return 0;
    emit_linear(e, &(struct linear){OP_NAME_SCAN_GATES, MODULE_SCAN, local, e->model->hidden_size,
                                    2 * rank, 0, p, true, false});
    for (int i = 0; i < 2; i++)
        emit_linear(e, &(struct linear){OP_NAME_SCAN_GATES, MODULE_SCAN, share->tokens, rank,
                                        share->widths.inner, 0, p, false, false});
    return 2 * share->widths.inner;
}

/* Context ranks with fewer heads of keys than ranks hold copies of them. */
static void emit_scan(struct emitter *e, const struct scan_share *share)
{
    const struct shard *s = e->shard;
    const struct model *m = e->model;
    bool delta = mixer_is_delta(share->mixer);
    struct scan scan = {.form = delta ? SCAN_DELTA : SCAN_SSD,
                        .batch = s->micro_batch,
                        .tokens = s->seq_length,
                        .heads = share->heads / s->cp,
                        .groups = max2(1, share->key_heads / s->cp),
                        .key_dim = m->scan_key_dim,
                        .value_dim = m->scan_value_dim,
                        .chunk = m->scan_chunk};
    for (int backward = 0; backward < 2; backward++) {
        struct op *op = emit_op(e, OP_SCAN, OP_NAME_SCAN, MODULE_SCAN,
                                backward ? PHASE_BACKWARD_INPUT : PHASE_FORWARD);
        op->scan = scan;
        op->launches = backward ? 12 : delta ? 6 : 5;
    }
}

/* Norm and gate read both and write one, backward they read three and write two (6 and 10 B); eager
 * kernels cast to fp32 and back between them, as norms do. */
static void emit_gated_norm(struct emitter *e, const struct scan_share *share)
{
    double elements = share->tokens * share->widths.inner;
    bool fused = e->kernels->fused_norm;
    emit_both(e, OP_NAME_GATED_NORM, (struct memory_op){MEMORY_NORM, elements * (fused ? 6 : 26)},
              (struct memory_op){MEMORY_NORM, elements * (fused ? 10 : 34)});
}

/* The two products of a gated convolution: each reads two and writes one forward, reads three and
 * writes two back. [transformers, modeling_lfm2.py: Lfm2ShortConv] */
static void emit_gate_products(struct emitter *e, const struct scan_share *share)
{
    double elements = 2 * share->tokens * share->widths.inner;
    emit_both(e, OP_NAME_SCAN_GATES, (struct memory_op){MEMORY_ELEMENTWISE, 6 * elements},
              (struct memory_op){MEMORY_ELEMENTWISE, 10 * elements});
}

void mixer_ops(struct emitter *e, const struct layer_kind *kind)
{
    struct scan_share share = share_of(e, kind->mixer);
    enum dtype p = e->shard->precision;
    emit_linear(e, &(struct linear){OP_NAME_SCAN_IN, MODULE_SCAN, share.tokens,
                                    e->model->hidden_size, share.widths.in, 0, p, true, false});
    emit_exchange(e, &share, share.widths.in + emit_gates(e, &share));
    emit_convolution(e, &share);
    emit_unit_keys(e, &share);
    if (kind->mixer == MIXER_SHORT_CONV)
        emit_gate_products(e, &share);
    else
        emit_scan(e, &share);
    emit_exchange(e, &share, share.widths.inner);
    if (kind->mixer != MIXER_SHORT_CONV)
        emit_gated_norm(e, &share);
    emit_linear(e, &(struct linear){OP_NAME_SCAN_OUT, MODULE_SCAN, share.tokens, share.widths.inner,
                                    e->model->hidden_size, 0, p, true, false});
}

void scan_ops(struct emitter *e, const struct layer_kind *kind)
{
    double stream = shard_sequence_tokens(e->shard) * e->model->hidden_size;
    emit_norm(e, OP_NAME_NORM_1, stream);
    emit_tp_in(e, MODULE_SCAN, tp_bytes(e), 1);
    mixer_ops(e, kind);
    emit_tp_out(e, MODULE_SCAN, tp_bytes(e));
    emit_norms(e, OP_NAME_POST_NORM_1, post_norms(e->model, false), stream);
    emit_residual(e, OP_NAME_RESIDUAL_1, stream);
}
