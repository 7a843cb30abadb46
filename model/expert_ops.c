/* Ops of a layer of experts: router, permutation, dispatch, grouped GEMMs, combine.
 * MODELLING 1.2, 5.5 */
#include "model/op_emit.h"
#include <math.h>

double expert_tokens_sent(const struct shard *s)
{
    return shard_tokens(s) /
           s->tp; /* experts see each token once: sequence parallelism splits them */
}

double expert_tokens_received(const struct model *m, const struct shard *s)
{
    double copies = expert_tokens_sent(s) * m->experts_per_token * s->etp;
    return s->expert_capacity > 0 ? copies * s->expert_capacity : copies;
}

double expected_distinct(double places, double draws)
{
    return places > 1 ? places * (1 - pow(1 - 1 / places, draws)) : 1;
}

/* Ranks that a token's groups of experts lie on: a share of all where a group spans ranks. */
static double reachable_ranks(const struct model *m, int ep)
{
    double groups = m->expert_groups, chosen = m->expert_groups_per_token;
    if (!(groups > chosen) || chosen <= 0)
        return ep;
    return ep >= groups ? ep * chosen / groups : expected_distinct(ep, chosen);
}

double expert_ranks_frac(const struct model *m, int ep)
{
    double copies = m->experts_per_token;
    return ep > 1 ? expected_distinct(reachable_ranks(m, ep), copies) / copies : 1;
}

/* Router: an fp32 GEMM to E logits, then softmax and top-k, about 12 B a logit in several small
 * kernels. */
static void emit_router(struct emitter *e)
{
    double tokens = expert_tokens_sent(e->shard), n = e->model->experts;
    emit_linear(e, &(struct linear){OP_NAME_ROUTER, MODULE_ROUTER, tokens, e->model->hidden_size, n,
                                    0, shard_dtype16(e->shard), true, true});
    emit_memory(e, OP_NAME_TOP_K, MODULE_ROUTER, PHASE_FORWARD,
                (struct memory_op){MEMORY_SOFTMAX, tokens * n * 12}, 10);
    emit_memory(e, OP_NAME_TOP_K, MODULE_ROUTER, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_SOFTMAX, tokens * n * 12}, 6);
}

bool dispatcher_sends_once(enum dispatcher dispatcher)
{
    return dispatcher == DISPATCHER_DEEPEP || dispatcher == DISPATCHER_HYBRIDEP;
}

/* Dispatch to the experts' ranks and back. All-to-all: every copy of a token travels; DeepEP and
 * Hybrid-EP: a token travels once to each rank that holds one of its experts; all-gather: every
 * rank gets all tokens and reduces them back. The backward pass mirrors it. MODELLING 5.5 */
static void emit_exchange(struct emitter *e, enum op_name name, bool dispatch)
{
    const struct shard *s = e->shard;
    double h = expert_hidden_size(e->model), q = e->model->experts_per_token;
    double out_bytes = dispatch && e->kernels->fp8_dispatch ? 1 + 4.0 / 128 : 2;
    double copies = expert_tokens_sent(s) * q * (s->expert_capacity > 0 ? s->expert_capacity : 1);
    if (dispatcher_sends_once(s->dispatcher))
        copies *= expert_ranks_frac(e->model, s->ep);
    if (s->dispatcher == DISPATCHER_ALLGATHER) {
        double all = expert_tokens_sent(s) * s->ep * h * 2;
        enum collective forward = dispatch ? COLLECTIVE_ALL_GATHER : COLLECTIVE_REDUCE_SCATTER;
        enum collective back = dispatch ? COLLECTIVE_REDUCE_SCATTER : COLLECTIVE_ALL_GATHER;
        emit_collective(e, name, MODULE_MOE, PHASE_FORWARD, forward, all);
        emit_collective(e, name, MODULE_MOE, PHASE_BACKWARD_INPUT, back, all);
    } else {
        emit_collective(e, name, MODULE_MOE, PHASE_FORWARD, COLLECTIVE_ALL_TO_ALL,
                        copies * h * out_bytes);
        emit_collective(e, name, MODULE_MOE, PHASE_BACKWARD_INPUT, COLLECTIVE_ALL_TO_ALL,
                        copies * h * 2);
    }
    double received = expert_tokens_received(e->model, s) * h * 2;
    enum op_name etp = dispatch ? OP_NAME_ETP_GATHER : OP_NAME_ETP_SCATTER;
    emit_collective(e, etp, MODULE_MOE, PHASE_FORWARD,
                    dispatch ? COLLECTIVE_ALL_GATHER : COLLECTIVE_REDUCE_SCATTER, received);
    emit_collective(e, etp, MODULE_MOE, PHASE_BACKWARD_INPUT,
                    dispatch ? COLLECTIVE_REDUCE_SCATTER : COLLECTIVE_ALL_GATHER, received);
}

/* DeepEP takes tokens as they lie: what arrived once is copied to each of its experts, and reduced
 * again before it returns; the source adds what its tokens' ranks send back. Hybrid-EP's own
 * permutation streams like any copy: of 4 B300, each receiving 15,200 tokens of 8192 elements for
 * 32,768 pairs, it takes 43 us more than copying what arrived [DeepEP pull request 588]. */
static void emit_permute_arrived(struct emitter *e)
{
    double h = expert_hidden_size(e->model), sent = expert_tokens_sent(e->shard);
    double received = expert_tokens_received(e->model, e->shard);
    double arrived = received * expert_ranks_frac(e->model, e->shard->ep);
    enum memory_class class_ =
        e->shard->dispatcher == DISPATCHER_HYBRIDEP ? MEMORY_ELEMENTWISE : MEMORY_PERMUTE;
    for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_INPUT; phase++) {
        emit_memory(e, OP_NAME_PERMUTE, MODULE_MOE, (enum phase)phase,
                    (struct memory_op){class_, 2 * h * (arrived + received)}, 2);
        emit_memory(e, OP_NAME_UNPERMUTE, MODULE_MOE, (enum phase)phase,
                    (struct memory_op){class_, 2 * h * (received + 2 * arrived + sent)}, 3);
    }
}

/* Permutation before and after the exchange: 4 B an element of every copy; unpermutation reads q
 * copies and writes one token. */
static void emit_permute(struct emitter *e)
{
    if (dispatcher_sends_once(e->shard->dispatcher) && e->shard->ep > 1) {
        emit_permute_arrived(e);
        return;
    }
    double h = expert_hidden_size(e->model), q = e->model->experts_per_token;
    double sent = expert_tokens_sent(e->shard),
           received = expert_tokens_received(e->model, e->shard);
    double local_sort = e->shard->ep > 1 ? 4 * received * h : 0;
    for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_INPUT; phase++) {
        emit_memory(e, OP_NAME_PERMUTE, MODULE_MOE, (enum phase)phase,
                    (struct memory_op){MEMORY_PERMUTE, sent * h * 4 * q + local_sort},
                    e->shard->ep > 1 ? 4 : 2);
        emit_memory(e, OP_NAME_UNPERMUTE, MODULE_MOE, (enum phase)phase,
                    (struct memory_op){MEMORY_PERMUTE, sent * h * (2 * q + 2) + local_sort},
                    e->shard->ep > 1 ? 4 : 2);
    }
}

/* Experts with biases and a clamped activation (gpt-oss). Where no kernel fuses them, forward one
 * each for the bias of FC1, two clamps, the gate's scaling, sigmoid and product, the shifted
 * product and the bias of FC2, about 32 B a produced element; backward, with the sums of the
 * biases' gradients over the tokens, twice that. Where they are fused, FC1's product takes its bias
 * with the activation [Transformer Engine, pull request 2769]; grouped products add no other, nor
 * sum gradients [issue 2766]: FC2's output is read and written, each product's gradient read. A
 * compiler fuses as much: bias, clamps and gate are elementwise between two grouped products
 * [torchtitan, models/gpt_oss/moe.py], the passes of all layers 0.12 of a compiled step of
 * gpt-oss-120b [LambdaLabsML/torchtitan, gb300/RESULTS_1K.md]. */
static void emit_expert_bias(struct emitter *e)
{
    double received = expert_tokens_received(e->model, e->shard);
    double produced = received * e->model->moe_intermediate_size / e->shard->etp;
    double fc1 = e->model->gated_mlp ? 2 * produced : produced;
    double fc2 = received * expert_hidden_size(e->model);
    bool fused = e->kernels->fused_expert_bias || e->shard->compiled;
    if (!e->model->mlp_bias)
        return;
    emit_memory(e, OP_NAME_EXPERT_ACTIVATION, MODULE_MOE_ACT, PHASE_FORWARD,
                (struct memory_op){MEMORY_ELEMENTWISE, fused ? 4 * fc2 : 32 * produced},
                fused ? 1 : 8);
    emit_memory(e, OP_NAME_EXPERT_ACTIVATION, MODULE_MOE_ACT, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_ELEMENTWISE, fused ? 2 * (fc1 + fc2) : 64 * produced},
                fused ? 2 : 16);
}

static void emit_shared_experts(struct emitter *e)
{
    if (e->model->shared_intermediate_size <= 0)
        return;
    emit_tp_in(e, MODULE_SHARED_EXPERTS, tp_bytes(e), 1);
    emit_mlp(e, &(struct mlp){OP_NAME_SHARED_FC1, OP_NAME_SHARED_ACTIVATION, OP_NAME_SHARED_FC2,
                              MODULE_SHARED_EXPERTS, MODULE_SHARED_EXPERTS, shard_tokens(e->shard),
                              (double)e->model->shared_intermediate_size / e->shard->tp, 0, 0});
    emit_tp_out(e, MODULE_SHARED_EXPERTS, tp_bytes(e));
}

/* A token's way into the latent space before it is sent, and out of it when it is back: of the
 * tokens a rank sends, with weights that every rank holds whole. [Megatron-LM, moe_layer.py] */
static void emit_latent(struct emitter *e, enum op_name name, double in, double out)
{
    if (e->model->moe_latent_size > 0)
        emit_linear(e, &(struct linear){name, MODULE_MOE, expert_tokens_sent(e->shard), in, out, 0,
                                        e->shard->precision, false, false});
}

void expert_ops(struct emitter *e)
{
    const struct shard *s = e->shard;
    double stream = shard_sequence_tokens(s) * e->model->hidden_size;
    double groups = (double)e->model->experts / s->ep;
    emit_norm(e, OP_NAME_NORM_2, stream);
    emit_router(e);
    emit_latent(e, OP_NAME_LATENT_IN, e->model->hidden_size, e->model->moe_latent_size);
    emit_permute(e);
    emit_exchange(e, OP_NAME_DISPATCH, true);
    emit_mlp(e,
             &(struct mlp){OP_NAME_EXPERT_FC1, OP_NAME_EXPERT_ACTIVATION, OP_NAME_EXPERT_FC2,
                           MODULE_MOE, MODULE_MOE_ACT, expert_tokens_received(e->model, s) / groups,
                           (double)e->model->moe_intermediate_size / s->etp, groups,
                           expert_hidden_size(e->model)});
    emit_expert_bias(e);
    emit_exchange(e, OP_NAME_COMBINE, false);
    emit_latent(e, OP_NAME_LATENT_OUT, e->model->moe_latent_size, e->model->hidden_size);
    emit_shared_experts(e);
    emit_norms(e, OP_NAME_POST_NORM_2, post_norms(e->model, true), stream);
    emit_residual(e, OP_NAME_RESIDUAL_2, stream);
}
