#include "parallelism/search/experts.h"
#include "hardware/roofline.h"
#include "parallelism/search/bounds.h"

static bool of_experts(const struct op *op)
{
    return op->module == MODULE_MOE || op->module == MODULE_MOE_ACT;
}

/* An op at the benchmark's clock, what overlaps hidden; rings of context ranks may hide altogether.
 */
static double exposed_s(const struct scenario *scenario, const struct strategy *s,
                        const struct op *op, struct memo *memo)
{
    double seconds = op->repeat * memo_op_s(memo, scenario, s, op);
    if (op->kind != OP_COLLECTIVE)
        return seconds;
    if (op->comm == COMM_CP && op->collective == COLLECTIVE_SEND_RECV)
        return 0;
    return seconds * (1 - op_hidden_frac(scenario, s, op));
}

/* The same matmul work in any groups; the permutation of experts that are all on one rank. What
 * goes with the number of experts on a rank is left out. */
static double floor_s(const struct scenario *scenario, const struct strategy *s,
                      const struct op *op, struct memo *memo)
{
    const struct gpu *gpu = &scenario->system.gpu;
    double compute = op->repeat * scenario->stack.constant[STACK_COMPUTE].value;
    if (op->kind == OP_GROUPED_GEMM)
        return compute * grouped_work_lower_s(gpu, op->dtype, gemm_flop(&op->gemm));
    if (op->kind == OP_GEMM)
        return compute * gemm_work_lower_s(gpu, op->dtype, gemm_flop(&op->gemm));
    bool permutes = op->name == OP_NAME_PERMUTE || op->name == OP_NAME_UNPERMUTE;
    return permutes ? exposed_s(scenario, s, op, memo) : 0;
}

static void add_ops(const struct scenario *scenario, const struct strategy *s,
                    const struct ops *ops, double blocks, struct memo *memo,
                    struct experts_floor *out)
{
    for (int i = 0; i < ops->n; i++) {
        const struct op *op = &ops->op[i];
        if (of_experts(op))
            out->experts_s += blocks * floor_s(scenario, s, op, memo);
        else
            out->rest_s += blocks * exposed_s(scenario, s, op, memo);
    }
}

/* Layers of each kind, multi-token-prediction layers among them. */
static void count_layers(const struct model *m, double count[MODEL_LAYER_KINDS_MAX])
{
    model_count_kinds(m, 0, m->layers, count);
    count[m->kind_of_layer[m->layers - 1]] += m->mtp_layers;
}

void experts_floor_find(const struct scenario *scenario, const struct strategy *s,
                        struct memo *memo, struct experts_floor *out)
{
    const struct model *m = &scenario->model;
    const struct kernels *k = &scenario->stack.kernels;
    struct shard shard = strategy_shard(s, &scenario->job);
    double count[MODEL_LAYER_KINDS_MAX] = {0};
    double passes = bound_passes_over_ranks(scenario, s->tp, s->cp, s->micro_batch);
    struct ops ops;
    *out = (struct experts_floor){0, 0};
    count_layers(m, count);
    for (int i = 0; i < m->kinds; i++) {
        ops.n = 0;
        layer_ops(m, &m->kind[i], &shard, k, &ops);
        add_ops(scenario, s, &ops, count[i], memo, out);
    }
    ops.n = 0;
    embedding_ops(m, &shard, k, &ops);
    add_ops(scenario, s, &ops, 1, memo, out);
    ops.n = 0;
    head_ops(m, &shard, k, &ops);
    add_ops(scenario, s, &ops, 1 + m->mtp_layers, memo, out);
    out->rest_s *= passes;
    out->experts_s *= passes;
}

double experts_s(const struct scenario *scenario, const struct strategy *s, struct memo *memo)
{
    const struct model *m = &scenario->model;
    struct shard shard = strategy_shard(s, &scenario->job);
    double count[MODEL_LAYER_KINDS_MAX] = {0}, blocks = 0, sum = 0;
    struct ops ops;
    ops.n = 0;
    count_layers(m, count);
    for (int i = 0; i < m->kinds; i++)
        blocks += m->kind[i].experts ? count[i] : 0;
    moe_ops(m, &shard, &scenario->stack.kernels, &ops);
    for (int i = 0; i < ops.n; i++)
        if (of_experts(&ops.op[i]))
            sum += blocks * exposed_s(scenario, s, &ops.op[i], memo);
    return bound_passes_over_ranks(scenario, s->tp, s->cp, s->micro_batch) * sum;
}
