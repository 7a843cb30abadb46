#include "parallelism/layer_cost.h"
#include "parallelism/tp_overlap.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>
#include <string.h>

/* Tensor-parallel transfers beside the products that read what they bring or make what they take.
 */

/* A layer of llama3-8b on eight tensor ranks with sequence parallelism. */
struct layer {
    struct scenario *scenario;
    struct strategy strategy;
    struct ops ops;
};

static void layer_init(struct layer *x, bool overlaps)
{
    x->scenario = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct stack *stack = &x->scenario->stack;
    stack->tp_hidden_frac = 0.6;
    stack->wgrad_gather_hidden_frac = 0.7;
    stack->wgrad_scatter_hidden_frac = 0.5;
    strategy_default(&x->strategy);
    x->strategy.tp = 8;
    x->strategy.sequence_parallel = true;
    strategy_complete(&x->strategy, NULL, x->scenario);
    x->strategy.overlaps = overlaps ? 1u << OVERLAP_TP : 0;
    struct shard shard = strategy_shard(&x->strategy, &x->scenario->job);
    x->ops.n = 0;
    layer_ops(&x->scenario->model, &x->scenario->model.kind[0], &shard, &stack->kernels, &x->ops);
}

static int find(const struct ops *ops, enum op_name name, enum phase phase, enum module module)
{
    for (int i = 0; i < ops->n; i++)
        if (ops->op[i].name == name && ops->op[i].phase == phase && ops->op[i].module == module)
            return i;
    fail_msg("no %s", op_name_names[name]);
    return -1;
}

/* Hidden seconds of a transfer of 10 s beside a product of product_s, all other ops of 1000 s. */
static double hidden_s(const struct layer *x, int transfer, int product, double product_s)
{
    double seconds[OPS_MAX];
    for (int i = 0; i < x->ops.n; i++)
        seconds[i] = 1000;
    seconds[transfer] = 10;
    seconds[product] = product_s;
    return tp_hidden_s(x->scenario, &x->strategy, &x->ops, seconds, transfer);
}

/* Each transfer, the product beside it, the share that a stack hides of it with and without the
 * overlap of the strategy; in parts, an eighth of the product has nothing beside it. */
static void test_each_transfer_and_its_product(void **state)
{
    (void)state;
    static const struct {
        enum op_name transfer;
        enum phase phase;
        enum op_name product[2]; /* of attention, of the MLP */
        enum phase product_phase;
        double with, without;
        bool in_parts;
    } cases[] = {
        {OP_NAME_TP_GATHER,   PHASE_FORWARD, {OP_NAME_QKV, OP_NAME_FC1},        PHASE_FORWARD, 0.6, 0, true },
        {OP_NAME_TP_SCATTER,
         PHASE_FORWARD,                      {OP_NAME_PROJECTION, OP_NAME_FC2},
         PHASE_FORWARD,                                                                        0.6,
         0,                                                                                            true },
        {OP_NAME_TP_GATHER,
         PHASE_BACKWARD_INPUT,               {OP_NAME_PROJECTION, OP_NAME_FC2},
         PHASE_BACKWARD_INPUT,                                                                 0.6,
         0,                                                                                            true },
        {OP_NAME_TP_SCATTER,
         PHASE_BACKWARD_INPUT,               {OP_NAME_QKV, OP_NAME_FC1},
         PHASE_BACKWARD_WEIGHT,                                                                0.6,
         0.5,                                                                                          false},
        {OP_NAME_TP_REGATHER,
         PHASE_BACKWARD_WEIGHT,              {OP_NAME_QKV, OP_NAME_FC1},
         PHASE_BACKWARD_INPUT,                                                                 0.7,
         0.7,                                                                                          false},
    };
    static const enum module modules[] = {MODULE_ATTENTION_LINEAR, MODULE_MLP};
    struct layer with, without;
    layer_init(&with, true);
    layer_init(&without, false);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        for (int m = 0; m < 2; m++) {
            int t = find(&with.ops, cases[i].transfer, cases[i].phase, modules[m]);
            int p = find(&with.ops, cases[i].product[m], cases[i].product_phase, modules[m]);
            double cover = cases[i].in_parts ? 7.0 / 8 : 1;
            check_near(hidden_s(&with, t, p, 100), 10 * cases[i].with, 1e-12);
            check_near(hidden_s(&with, t, p, 4), 4 * cover * cases[i].with, 1e-12);
            check_near(hidden_s(&without, t, p, 100), 10 * cases[i].without, 1e-12);
            check_near(hidden_s(&without, t, p, 4), 4 * cover * cases[i].without, 1e-12);
        }
    free(with.scenario);
    free(without.scenario);
}

/* The four products of the forward pass and two of the input gradient run in parts, and cost what
 * the parts cost; weight gradients, and all of them without the overlap, run whole. */
static void test_products_in_parts(void **state)
{
    (void)state;
    struct layer with, without;
    layer_init(&with, true);
    layer_init(&without, false);
    int in_parts = 0;
    for (int i = 0; i < with.ops.n; i++) {
        const struct op *op = &with.ops.op[i];
        assert_int_equal(tp_parts(&without.strategy, &without.ops, i), 1);
        int parts = tp_parts(&with.strategy, &with.ops, i);
        bool last = op->name == OP_NAME_PROJECTION || op->name == OP_NAME_FC2;
        bool split = op->kind == OP_GEMM &&
                     (op->phase == PHASE_FORWARD || (op->phase == PHASE_BACKWARD_INPUT && last));
        assert_int_equal(parts, split ? 8 : 1);
        in_parts += parts > 1;
        if (parts == 1)
            continue;
        struct op part = *op;
        part.gemm.m /= 8;
        double whole_s = op_cost_s(with.scenario, &with.strategy, op);
        double parts_s = 8 * op_cost_s(with.scenario, &with.strategy, &part);
        double seconds = block_op_s(with.scenario, &with.strategy, &with.ops, i, NULL);
        check_near(seconds, parts_s > whole_s ? parts_s : whole_s, 1e-12);
        assert_true(seconds >= whole_s);
    }
    assert_int_equal(in_parts, 6);
    free(with.scenario);
    free(without.scenario);
}

/* The sum over the ranks that follows the embedding has no product beside it. */
static void test_nothing_beside_the_embedding(void **state)
{
    (void)state;
    struct layer x;
    layer_init(&x, true);
    struct shard shard = strategy_shard(&x.strategy, &x.scenario->job);
    x.ops.n = 0;
    embedding_ops(&x.scenario->model, &shard, &x.scenario->stack.kernels, &x.ops);
    int t = find(&x.ops, OP_NAME_TP_SCATTER, PHASE_FORWARD, MODULE_EMBEDDING);
    double seconds[OPS_MAX] = {0};
    seconds[t] = 10;
    check_near(tp_hidden_s(x.scenario, &x.strategy, &x.ops, seconds, t), 0, 0);
    free(x.scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_transfer_and_its_product),
        cmocka_unit_test(test_products_in_parts),
        cmocka_unit_test(test_nothing_beside_the_embedding),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
