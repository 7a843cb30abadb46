/* Ops of the attention half of a layer. MODELLING 1.2 to 1.4, 5.1, 5.2 */
#include "base/minmax.h"
#include "model/op_emit.h"
#include <math.h>

/* Share of the score matrix that is computed at context length s. MODELLING 1.3 */
static double visible_frac(const struct shard *shard, const struct layer_kind *kind)
{
    double s = shard->seq_length;
    double causal = layer_visible_keys(kind, s) / s;
    double mean = shard->document_mean, spread = shard->document_spread;
    if (mean > 0) /* packed documents: sum L^2 / (2 s^2) over s / mean documents */
        causal = min2(causal, (mean * mean + spread * spread) / (2 * mean * s));
    return causal;
}

/* Query and key-value heads of a rank: fewer key-value heads than ranks are replicated. */
static double rank_heads(const struct shard *s, const struct layer_kind *kind)
{
    return (double)kind->heads / s->tp;
}

static double rank_kv_heads(const struct shard *s, const struct layer_kind *kind)
{
    return max2(1, (double)kind->kv_heads / s->tp);
}

/* Those that attention reads and context ranks exchange. */
static double attended_kv_heads(const struct emitter *e, const struct layer_kind *kind)
{
    return e->kernels->repeats_kv ? rank_heads(e->shard, kind) : rank_kv_heads(e->shard, kind);
}

/* Unfused attention (2022 stacks): batched GEMMs and memory-bound softmax and dropout over
 * E_s = b a/t s^2/c score elements: softmax 4 B and dropout 5 B forward, 6 and 5 B backward. */
static void emit_unfused(struct emitter *e, const struct layer_kind *kind)
{
    const struct shard *s = e->shard;
    const struct model *m = e->model;
    double batch = s->micro_batch * rank_heads(s, kind), rows = s->seq_length / s->cp;
    double scores = batch * rows * s->seq_length, n = s->seq_length;
    double dqk = kind->head_dim, dv = layer_value_dim(m, kind);
    struct {
        enum op_name name;
        enum phase phase;
        struct gemm g;
    } product[] = {
        {OP_NAME_SCORES,  PHASE_FORWARD,        {rows, n, dqk, batch, 2, false, 1}},
        {OP_NAME_CONTEXT, PHASE_FORWARD,        {rows, dv, n, batch, 2, false, 1} },
        {OP_NAME_SCORES,  PHASE_BACKWARD_INPUT, {rows, dqk, n, batch, 2, false, 1}},
        {OP_NAME_SCORES,  PHASE_BACKWARD_INPUT, {n, dqk, rows, batch, 2, false, 1}},
        {OP_NAME_CONTEXT, PHASE_BACKWARD_INPUT, {rows, n, dv, batch, 2, false, 1} },
        {OP_NAME_CONTEXT, PHASE_BACKWARD_INPUT, {n, dv, rows, batch, 2, false, 1} },
    };
    for (size_t i = 0; i < sizeof product / sizeof *product; i++)
        emit_op(e, OP_GEMM, product[i].name, MODULE_CORE_ATTENTION, product[i].phase)->gemm =
            product[i].g;
    bool fused = e->kernels->fused_softmax;
    emit_memory(e, OP_NAME_SOFTMAX, MODULE_CORE_ATTENTION, PHASE_FORWARD,
                (struct memory_op){MEMORY_SOFTMAX, scores * (fused ? 4 : 13)}, fused ? 1 : 4);
    emit_memory(e, OP_NAME_SOFTMAX, MODULE_CORE_ATTENTION, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_SOFTMAX, scores * (fused ? 6 : 14)}, fused ? 1 : 3);
    if (!trains_with_dropout(e->model, e->kernels))
        return;
    emit_memory(e, OP_NAME_ATTENTION_DROPOUT, MODULE_CORE_ATTENTION, PHASE_FORWARD,
                (struct memory_op){MEMORY_ELEMENTWISE, scores * 5}, 1);
    emit_memory(e, OP_NAME_ATTENTION_DROPOUT, MODULE_CORE_ATTENTION, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_ELEMENTWISE, scores * 5}, 1);
}

/* Fused attention. Under all-to-all context parallelism a rank holds whole sequences of 1/c of the
 * heads; else 1/c of the query rows of all its heads, balanced over the causal triangle. */
static void emit_fused(struct emitter *e, const struct layer_kind *kind)
{
    const struct shard *s = e->shard;
    const struct model *m = e->model;
    double heads = rank_heads(s, kind), kv = attended_kv_heads(e, kind);
    double rows = s->seq_length / s->cp;
    if (s->cp_comm == CP_COMM_A2A) {
        heads /= s->cp;
        kv = max2(1, kv / s->cp);
        rows = s->seq_length;
    }
    struct attention a = {.batch = s->micro_batch,
                          .heads = heads,
                          .kv_heads = kv,
                          .seq_q = rows,
                          .seq_kv = s->seq_length,
                          .head_dim_qk = kind->head_dim,
                          .head_dim_v = layer_value_dim(m, kind),
                          .visible_frac = visible_frac(s, kind)};
    for (int backward = 0; backward < 2; backward++) {
        struct op *op = emit_op(e, OP_ATTENTION, OP_NAME_ATTENTION, MODULE_CORE_ATTENTION,
                                backward ? PHASE_BACKWARD_INPUT : PHASE_FORWARD);
        op->attention = a;
        op->launches = backward ? 3 : 1;
        if (e->kernels->fp8_attention && dtype_bytes(s->precision) <= 1)
            op->dtype = DTYPE_FP8;
    }
}

static void emit_cp_op(struct emitter *e, enum phase phase, enum collective c, double bytes,
                       double repeat)
{
    emit_collective(e, OP_NAME_CP_EXCHANGE, MODULE_CORE_ATTENTION, phase, c, bytes);
    if (e->shard->cp > 1)
        e->out->op[e->out->n - 1].repeat = repeat;
}

/* A ring's partial results are joined in fp32: each of its steps reads the sum and its 16-bit part
 * and writes the sum (4 + 2 + 4 B an element), of outputs forward, of the gradients of queries,
 * keys and values backward; balanced over the causal triangle a step touches half of the rows or of
 * the keys every other time, three quarters in the mean. */
static void emit_cp_merge(struct emitter *e, const struct layer_kind *kind, int steps)
{
    double tokens = 0.75 * shard_tokens(e->shard), heads = rank_heads(e->shard, kind);
    double v_dim = layer_value_dim(e->model, kind), kv = attended_kv_heads(e, kind);
    double output = tokens * heads * v_dim;
    double gradients = tokens * (heads * kind->head_dim + kv * (kind->head_dim + v_dim));
    if (steps < 1)
        return;
    emit_memory(e, OP_NAME_CP_MERGE, MODULE_CORE_ATTENTION, PHASE_FORWARD,
                (struct memory_op){MEMORY_ELEMENTWISE, 10 * output * steps}, steps);
    emit_memory(e, OP_NAME_CP_MERGE, MODULE_CORE_ATTENTION, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_ELEMENTWISE, 10 * gradients * steps}, 3 * steps);
}

/* Context-parallel exchange. Ring: c-1 steps of the local keys and values, backward those and their
 * gradients; all-gather: the same once, with a reduce-scatter back; all-to-all: queries, keys and
 * values in, outputs back, mirrored. MODELLING 5.2 */
static void emit_cp(struct emitter *e, const struct layer_kind *kind)
{
    const struct shard *s = e->shard;
    double token_bytes = shard_tokens(s) * shard_dtype16_bytes() * kind->head_dim;
    double kv = 2 * attended_kv_heads(e, kind) * token_bytes, q = rank_heads(s, kind) * token_bytes;
    double gradient = e->kernels->cp_gradient_bytes / shard_dtype16_bytes() * kv;
    if (s->cp <= 1)
        return;
    int ring = s->cp_comm == CP_COMM_A2A_P2P ? (s->cp + 1) / 2 : s->cp;
    if (s->cp_comm == CP_COMM_A2A || s->cp_comm == CP_COMM_A2A_P2P) {
        emit_cp_op(e, PHASE_FORWARD, COLLECTIVE_ALL_TO_ALL, (2 * q + kv) / 2, 2);
        emit_cp_op(e, PHASE_BACKWARD_INPUT, COLLECTIVE_ALL_TO_ALL, (2 * q + kv) / 2, 2);
    }
    if (s->cp_comm == CP_COMM_P2P || s->cp_comm == CP_COMM_A2A_P2P) {
        emit_cp_op(e, PHASE_FORWARD, COLLECTIVE_SEND_RECV, kv, ring - 1);
        emit_cp_op(e, PHASE_BACKWARD_INPUT, COLLECTIVE_SEND_RECV, kv + gradient, ring - 1);
        emit_cp_merge(e, kind, ring - 1);
    }
    if (s->cp_comm == CP_COMM_ALLGATHER) {
        emit_cp_op(e, PHASE_FORWARD, COLLECTIVE_ALL_GATHER, s->cp * kv, 1);
        emit_cp_op(e, PHASE_BACKWARD_INPUT, COLLECTIVE_ALL_GATHER, s->cp * kv, 1);
        emit_cp_op(e, PHASE_BACKWARD_INPUT, COLLECTIVE_REDUCE_SCATTER, s->cp * kv, 1);
    }
}

/* An all-gather holds keys and values of the whole sequence and, until they are scattered, their
 * gradients; a ring the block that attention reads and the one that arrives, and theirs. */
double context_exchange_bytes(const struct model *model, const struct layer_kind *kind,
                              const struct shard *shard, const struct kernels *kernels)
{
    struct emitter e = {.model = model, .shard = shard, .kernels = kernels};
    double dims = kind->head_dim + layer_value_dim(model, kind);
    double elements = shard_tokens(shard) * attended_kv_heads(&e, kind) * dims;
    double blocks = shard->cp_comm == CP_COMM_ALLGATHER ? shard->cp : 2;
    if (shard->cp <= 1 || shard->cp_comm == CP_COMM_A2A)
        return 0;
    return blocks * elements * (shard_dtype16_bytes() + kernels->cp_gradient_bytes);
}

/* QKV in one GEMM, or the latent projections of MLA: the down projections are replicated and, under
 * sequence parallelism, run on the local tokens. */
static void emit_qkv(struct emitter *e, const struct layer_kind *kind)
{
    const struct model *m = e->model;
    const struct shard *s = e->shard;
    double t = shard_tokens(s), local = shard_sequence_tokens(s), h = m->hidden_size;
    double heads = rank_heads(s, kind), kv = rank_kv_heads(s, kind);
    enum dtype p = s->precision;
    if (m->kv_lora_rank == 0) {
        emit_linear(e,
                    &(struct linear){OP_NAME_QKV, MODULE_ATTENTION_LINEAR, t, h,
                                     heads * kind->head_dim + layer_projected_kv(m, kind, kv) +
                                         (m->attention_gate ? heads * layer_value_dim(m, kind) : 0),
                                     0, p, true, false});
        return;
    }
    double q_dim = (double)m->qk_nope_head_dim + m->qk_rope_head_dim;
    if (m->q_lora_rank > 0)
        emit_linear(e, &(struct linear){OP_NAME_MLA_Q_DOWN, MODULE_ATTENTION_LINEAR, local, h,
                                        m->q_lora_rank, 0, p, true, false});
    emit_linear(e,
                &(struct linear){OP_NAME_MLA_KV_DOWN, MODULE_ATTENTION_LINEAR, local, h,
                                 (double)m->kv_lora_rank + m->qk_rope_head_dim, 0, p, true, false});
    emit_linear(e, &(struct linear){OP_NAME_MLA_Q_UP, MODULE_MLA_UP_PROJ, t,
                                    m->q_lora_rank > 0 ? m->q_lora_rank : h, heads * q_dim, 0, p,
                                    true, false});
    emit_linear(e, &(struct linear){OP_NAME_MLA_KV_UP, MODULE_MLA_UP_PROJ, t, m->kv_lora_rank,
                                    heads * ((double)m->qk_nope_head_dim + m->v_head_dim), 0, p,
                                    true, false});
}

/* Keys and values copied to every query head that reads them, their gradients summed. */
static void emit_kv_repeat(struct emitter *e, const struct layer_kind *kind)
{
    double kv = rank_kv_heads(e->shard, kind), heads = rank_heads(e->shard, kind);
    double elements =
        shard_tokens(e->shard) * (kv + heads) * (kind->head_dim + layer_value_dim(e->model, kind));
    if (!e->kernels->repeats_kv || heads <= kv || e->model->kv_lora_rank > 0)
        return;
    for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_INPUT; phase++)
        emit_memory(e, OP_NAME_KV_REPEAT, MODULE_ATTENTION_LINEAR, (enum phase)phase,
                    (struct memory_op){MEMORY_ELEMENTWISE, elements * shard_dtype16_bytes()}, 2);
}

/* Rotation of queries and keys: fused 4 B an element; eager kernels, each for itself, bytes read
 * and written. Forward: times the cosine 2 + 2, half of it negated 1 + 1, joined 2 + 2, times the
 * sine 2 + 2, sum 4 + 2. Backward: both products 4 + 4, half negated 1 + 1, two halves into zeros
 * 2 (1 + 1 + 2), two sums 2 (4 + 2). [Transformers, modeling_llama.py: apply_rotary_pos_emb;
 * PyTorch, slice_backward] */
static void emit_rope(struct emitter *e, const struct layer_kind *kind)
{
    static const double passes[2][2] = {
        {20, 30},
        {4,  4 },
    };
    static const double launches[2][2] = {
        {10, 18},
        {2,  2 },
    };
    if (!e->model->rotary)
        return;
    bool fused = e->kernels->fused_rope;
    double elements = shard_tokens(e->shard) * kind->head_dim *
                      (rank_heads(e->shard, kind) + rank_kv_heads(e->shard, kind));
    for (int back = 0; back < 2; back++)
        emit_memory(e, OP_NAME_ROPE, MODULE_ATTENTION_LINEAR,
                    back ? PHASE_BACKWARD_INPUT : PHASE_FORWARD,
                    (struct memory_op){MEMORY_ELEMENTWISE, elements * passes[fused][back]},
                    launches[fused][back]);
    if (e->model->qk_norm)
        emit_norm(e, OP_NAME_QK_NORM, elements);
}

/* The sigmoid of the gate times the output: two reads and a write forward, three and two back. */
static void emit_output_gate(struct emitter *e, const struct layer_kind *kind)
{
    double elements =
        shard_tokens(e->shard) * rank_heads(e->shard, kind) * layer_value_dim(e->model, kind);
    if (!e->model->attention_gate)
        return;
    emit_memory(e, OP_NAME_OUTPUT_GATE, MODULE_ATTENTION_LINEAR, PHASE_FORWARD,
                (struct memory_op){MEMORY_ELEMENTWISE, 6 * elements}, 1);
    emit_memory(e, OP_NAME_OUTPUT_GATE, MODULE_ATTENTION_LINEAR, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_ELEMENTWISE, 10 * elements}, 1);
}

void attention_ops(struct emitter *e, const struct layer_kind *kind)
{
    const struct model *m = e->model;
    double stream = shard_sequence_tokens(e->shard) * m->hidden_size;
    double v_dim = layer_value_dim(m, kind);
    emit_norm(e, OP_NAME_NORM_1, stream);
    emit_tp_in(e, MODULE_ATTENTION_LINEAR, tp_bytes(e), e->kernels->exchanges_each_linear ? 3 : 1);
    emit_qkv(e, kind);
    emit_rope(e, kind);
    emit_kv_repeat(e, kind);
    emit_cp(e, kind);
    if (e->shard->attention == ATTENTION_UNFUSED)
        emit_unfused(e, kind);
    else
        emit_fused(e, kind);
    emit_output_gate(e, kind);
    emit_linear(e, &(struct linear){OP_NAME_PROJECTION, MODULE_ATTENTION_LINEAR,
                                    shard_tokens(e->shard), rank_heads(e->shard, kind) * v_dim,
                                    m->hidden_size, 0, e->shard->precision, false, false});
    if (mixer_scans(kind->mixer)) /* of the same input, summed before ranks exchange */
        mixer_ops(e, kind);
    if (!m->parallel_block)
        emit_tp_out(e, MODULE_ATTENTION_LINEAR, tp_bytes(e));
    emit_norms(e, OP_NAME_POST_NORM_1, post_norms(m, false), stream);
    emit_residual(e, OP_NAME_RESIDUAL_1, stream);
}
