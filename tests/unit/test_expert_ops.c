#include "model/ops.h"
#include "tests/unit/check.h"
#include "tests/unit/gpt.h"
#include <string.h>

/* 8 experts a rank on 8 ranks, 2 of them a token, 1000 tokens of 512 elements. */
static struct model expert_model(void)
{
    struct model m = gpt_model(2, 512, 8, 1024);
    m.experts = 64;
    m.experts_per_token = 2;
    m.moe_intermediate_size = 256;
    m.gated_mlp = true;
    m.kind[0].experts = true;
    return m;
}

static struct shard expert_shard(enum dispatcher dispatcher)
{
    struct shard s = gpt_shard(1, 1, 1000);
    s.ep = 8;
    s.etp = 1;
    s.dispatcher = dispatcher;
    s.expert_imbalance = 1;
    return s;
}

static double sum_of(const struct ops *ops, enum op_name name, enum phase phase)
{
    double bytes = 0;
    for (int i = 0; i < ops->n; i++) {
        const struct op *op = &ops->op[i];
        if (op->name == name && op->phase == phase)
            bytes += op->kind == OP_COLLECTIVE ? op->bytes : op->memory.bytes;
    }
    return bytes;
}

/* Of two choices over eight ranks 8 (1 - (7/8)^2) = 15/8 are distinct. */
static void test_ranks_of_a_token(void **state)
{
    (void)state;
    struct model m = expert_model();
    check_near(expert_ranks_frac(&m, 8), 15.0 / 16, 1e-12);
    check_near(expert_ranks_frac(&m, 1), 1, 1e-12);
    m.experts_per_token = 1;
    check_near(expert_ranks_frac(&m, 8), 1, 1e-12);
}

/* Groups keep a token to some of the ranks: one group in eight to one rank of eight or two of
 * sixteen, four to four; where a rank holds whole groups, one choice in eight is still one rank. */
static void test_ranks_of_a_token_in_groups(void **state)
{
    (void)state;
    struct model m = expert_model();
    m.experts_per_token = 8;
    m.expert_groups = 8;
    m.expert_groups_per_token = 1;
    check_near(expert_ranks_frac(&m, 8), 1.0 / 8, 1e-12);
    check_near(expert_ranks_frac(&m, 16), 2 * (1 - pow(0.5, 8)) / 8, 1e-12);
    check_near(expert_ranks_frac(&m, 4), 1.0 / 8, 1e-12);
    m.expert_groups_per_token = 4;
    check_near(expert_ranks_frac(&m, 8), 4 * (1 - pow(0.75, 8)) / 8, 1e-12);
    m.expert_groups_per_token = 8;
    check_near(expert_ranks_frac(&m, 8), 8 * (1 - pow(7.0 / 8, 8)) / 8, 1e-12);
}

static void test_deepep_sends_a_token_once_to_a_rank(void **state)
{
    (void)state;
    struct model m = expert_model();
    struct kernels k = gpt_kernels();
    struct shard all = expert_shard(DISPATCHER_ALLTOALL), once = expert_shard(DISPATCHER_DEEPEP);
    struct ops a = {.n = 0}, d = {.n = 0};
    layer_ops(&m, &m.kind[0], &all, &k, &a);
    layer_ops(&m, &m.kind[0], &once, &k, &d);
    double copies = 1000 * 2 * 512 * 2.0; /* bytes of every copy */
    check_near(sum_of(&a, OP_NAME_DISPATCH, PHASE_FORWARD), copies, 1e-12);
    check_near(sum_of(&d, OP_NAME_DISPATCH, PHASE_FORWARD), copies * 15 / 16, 1e-12);
    check_near(sum_of(&d, OP_NAME_COMBINE, PHASE_BACKWARD_INPUT), copies * 15 / 16, 1e-12);
    /* what arrived is read once and written to each of its experts */
    check_near(sum_of(&d, OP_NAME_PERMUTE, PHASE_FORWARD), copies * (1 + 15.0 / 16), 1e-12);
    assert_true(sum_of(&d, OP_NAME_UNPERMUTE, PHASE_FORWARD) <
                sum_of(&a, OP_NAME_UNPERMUTE, PHASE_FORWARD));
}

/* Hybrid-EP sends and permutes the same bytes, its permutation at the rate of a copy. */
static void test_hybridep_permutes_as_it_copies(void **state)
{
    (void)state;
    struct model m = expert_model();
    struct kernels k = gpt_kernels();
    struct shard deepep = expert_shard(DISPATCHER_DEEPEP),
                 hybrid = expert_shard(DISPATCHER_HYBRIDEP);
    struct ops d = {.n = 0}, h = {.n = 0};
    layer_ops(&m, &m.kind[0], &deepep, &k, &d);
    layer_ops(&m, &m.kind[0], &hybrid, &k, &h);
    assert_int_equal(d.n, h.n);
    int streamed = 0;
    for (int i = 0; i < d.n; i++) {
        const struct op *of_deepep = &d.op[i], *of_hybrid = &h.op[i];
        assert_int_equal(of_deepep->name, of_hybrid->name);
        if (of_hybrid->kind == OP_COLLECTIVE)
            check_near(of_deepep->bytes, of_hybrid->bytes, 0);
        bool permutes = of_hybrid->name == OP_NAME_PERMUTE || of_hybrid->name == OP_NAME_UNPERMUTE;
        streamed += permutes && of_deepep->memory.class_ == MEMORY_PERMUTE &&
                    of_hybrid->memory.class_ == MEMORY_ELEMENTWISE;
    }
    assert_int_equal(streamed, 4); /* both ways, forward and backward */
}

/* Biased experts cost kernels of their own, 32 B a produced element forward and 64 back. Where the
 * stack fuses them, FC2's output of 2 B an element is read and written forward, and the gradients
 * of both products (FC1's twice as wide as what it produces) are read back; a compiler fuses as
 * much. */
static void test_biases_of_experts(void **state)
{
    (void)state;
    struct model m = expert_model();
    struct kernels k = gpt_kernels();
    struct shard s = expert_shard(DISPATCHER_ALLTOALL);
    double bytes[4][2];
    for (int i = 0; i < 4; i++) {
        struct ops ops = {.n = 0};
        m.mlp_bias = i > 0;
        k.fused_expert_bias = i == 2;
        s.compiled = i == 3;
        layer_ops(&m, &m.kind[0], &s, &k, &ops);
        bytes[i][0] = sum_of(&ops, OP_NAME_EXPERT_ACTIVATION, PHASE_FORWARD);
        bytes[i][1] = sum_of(&ops, OP_NAME_EXPERT_ACTIVATION, PHASE_BACKWARD_INPUT);
    }
    double produced = 1000 * 2 * 256.0;
    check_near(bytes[1][0] - bytes[0][0], 32 * produced, 1e-12);
    check_near(bytes[1][1] - bytes[0][1], 64 * produced, 1e-12);
    double fc2 = 1000 * 2 * (double)m.hidden_size;
    check_near(bytes[2][0] - bytes[0][0], 4 * fc2, 1e-12);
    check_near(bytes[2][1] - bytes[0][1], 2 * (2 * produced + fc2), 1e-12);
    for (int i = 0; i < 2; i++)
        check_near(bytes[3][i], bytes[2][i], 0);
}

/* Casts of one forward pass: kernels run, and bytes. */
static void casts_of(const struct kernels *k, double *kernels, double *bytes)
{
    struct model m = expert_model();
    struct shard s = expert_shard(DISPATCHER_ALLTOALL);
    struct ops ops = {.n = 0};
    s.precision = DTYPE_MXFP8;
    layer_ops(&m, &m.kind[0], &s, k, &ops);
    *kernels = *bytes = 0;
    for (int i = 0; i < ops.n; i++) {
        const struct op *op = &ops.op[i];
        if (op->name != OP_NAME_QUANTISE || op->phase != PHASE_FORWARD || op->module != MODULE_MOE)
            continue;
        *kernels += op->repeat * op->launches;
        *bytes += op->repeat * op->memory.bytes;
    }
}

/* Grouped products take rows that the permutation and the activation cast; launched one by one,
 * each of eight experts casts its own for FC1 and FC2, two kernels each, 2 B read and two copies of
 * 1 + 1/32 B written. */
static void test_casts_of_experts(void **state)
{
    (void)state;
    struct kernels k = gpt_kernels();
    double kernels, bytes, rows = 1000 * 2.0;
    k.fused_quantise = k.grouped_gemm = true;
    casts_of(&k, &kernels, &bytes);
    check_near(kernels, 0, 0);
    k.grouped_gemm = false;
    casts_of(&k, &kernels, &bytes);
    check_near(kernels, 2 * 8 * 2, 0);
    check_near(bytes, rows * (512 + 256) * (2 + 2 * (1 + 1.0 / 32)), 1e-12);
}

/* An activation inside the grouped products costs no kernel; that of a dense layer stays. */
static void test_fused_expert_activation(void **state)
{
    (void)state;
    struct model m = expert_model();
    struct kernels k = gpt_kernels();
    struct shard s = expert_shard(DISPATCHER_ALLTOALL);
    struct ops ops = {.n = 0}, dense = {.n = 0};
    k.fused_expert_activation = true;
    layer_ops(&m, &m.kind[0], &s, &k, &ops);
    check_near(sum_of(&ops, OP_NAME_EXPERT_ACTIVATION, PHASE_FORWARD), 0, 0);
    check_near(sum_of(&ops, OP_NAME_EXPERT_ACTIVATION, PHASE_BACKWARD_INPUT), 0, 0);
    m.kind[0].experts = false;
    layer_ops(&m, &m.kind[0], &s, &k, &dense);
    assert_true(sum_of(&dense, OP_NAME_ACTIVATION, PHASE_FORWARD) > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranks_of_a_token),
        cmocka_unit_test(test_ranks_of_a_token_in_groups),
        cmocka_unit_test(test_deepep_sends_a_token_once_to_a_rank),
        cmocka_unit_test(test_hybridep_permutes_as_it_copies),
        cmocka_unit_test(test_biases_of_experts),
        cmocka_unit_test(test_casts_of_experts),
        cmocka_unit_test(test_fused_expert_activation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
