/* Ops of the dense MLP, which experts share. MODELLING 1.2, 1.4 */
#include "model/op_emit.h"

/* Activation: gated reads both halves and writes one (6 B a produced element, 10 back), plain with
 * its bias 4 and 6; unfused, a kernel each for bias, function and product. */
static void emit_activation(struct emitter *e, enum op_name name, enum module module,
                            double elements)
{
    bool gated = e->model->gated_mlp, fused = e->kernels->fused_activation;
    double forward = gated ? (fused ? 6 : 10) : (fused ? 4 : 8);
    double backward = gated ? (fused ? 10 : 18) : (fused ? 6 : 12);
    emit_memory(e, name, module, PHASE_FORWARD,
                (struct memory_op){MEMORY_ELEMENTWISE, elements * forward}, fused ? 1 : 2);
    emit_memory(e, name, module, PHASE_BACKWARD_INPUT,
                (struct memory_op){MEMORY_ELEMENTWISE, elements * backward}, fused ? 1 : 3);
}

void emit_mlp(struct emitter *e, const struct mlp *mlp)
{
    double up = e->model->gated_mlp ? 2 : 1;
    double h = mlp->hidden > 0 ? mlp->hidden : e->model->hidden_size;
    enum dtype p = e->shard->precision;
    double all_tokens = mlp->tokens * (mlp->groups > 0 ? mlp->groups : 1);
    emit_linear(e, &(struct linear){mlp->fc1, mlp->module, mlp->tokens, h, up * mlp->width,
                                    mlp->groups, p, true, true});
    if (mlp->groups == 0 || !e->kernels->fused_expert_activation)
        emit_activation(e, mlp->activation, mlp->act_module, all_tokens * mlp->width);
    emit_linear(e, &(struct linear){mlp->fc2, mlp->module, mlp->tokens, mlp->width, h, mlp->groups,
                                    p, true, false});
}

/* The two matrices of a gated MLP that read its input may each exchange it, or reduce its gradient.
 */
static void emit_mlp_in(struct emitter *e)
{
    const struct kernels *k = e->kernels;
    bool each =
        k->exchanges_each_linear || (k->reduces_each_linear && !e->shard->sequence_parallel);
    emit_tp_in(e, MODULE_MLP, tp_bytes(e), each && e->model->gated_mlp ? 2 : 1);
}

void mlp_ops(struct emitter *e, const struct layer_kind *kind)
{
    double stream = shard_sequence_tokens(e->shard) * e->model->hidden_size;
    if (!e->model->parallel_block || e->model->norms_per_layer > 1)
        emit_norm(e, OP_NAME_NORM_2, stream);
    if (!e->model->parallel_block)
        emit_mlp_in(e);
    emit_mlp(e, &(struct mlp){OP_NAME_FC1, OP_NAME_ACTIVATION, OP_NAME_FC2, MODULE_MLP,
                              MODULE_MLP_ACT, shard_tokens(e->shard),
                              (double)kind->intermediate_size / e->shard->tp, 0, 0});
    emit_tp_out(e, MODULE_MLP, tp_bytes(e));
    emit_norms(e, OP_NAME_POST_NORM_2, post_norms(e->model, true), stream);
    emit_residual(e, OP_NAME_RESIDUAL_2, stream);
}
