/* Ops, memory and legality of layers that are scans, and of halves of layers. */
#include "model/ops.h"
#include "tests/unit/gpt.h"
#include "tests/unit/model_from.h"
#include "tests/unit/scenarios.h"

enum { TOKENS = 4096 };

static struct shard shard_of(int tp, int cp)
{
    struct shard s = gpt_shard(tp, 1, TOKENS);
    s.cp = cp;
    s.precision = DTYPE_BF16;
    s.attention = ATTENTION_FLASH;
    return s;
}

static struct ops ops_of(const struct model *m, int layer, int tp, int cp)
{
    struct shard s = shard_of(tp, cp);
    struct kernels k = gpt_kernels();
    struct ops ops = {.n = 0};
    layer_ops(m, &m->kind[m->kind_of_layer[layer]], &s, &k, &ops);
    return ops;
}

static int count(const struct ops *ops, enum op_name name, enum phase phase)
{
    int n = 0;
    for (int i = 0; i < ops->n; i++)
        n += ops->op[i].name == name && ops->op[i].phase == phase;
    return n;
}

/* The only op of that name and phase. */
static struct op the(const struct ops *ops, enum op_name name, enum phase phase)
{
    int i = 0;
    assert_int_equal(count(ops, name, phase), 1);
    while (ops->op[i].name != name || ops->op[i].phase != phase)
        i++;
    return ops->op[i];
}

/* Nemotron-H-8B over 8 ranks: 16 heads, one group of keys, 18560 / 8 columns in, 8192 / 8 out; the
 * sequence gathered before and scattered behind. */
static void tensor_ranks(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-h-8b");
    struct ops ops = ops_of(&m, 0, 8, 1);
    const struct gemm in = the(&ops, OP_NAME_SCAN_IN, PHASE_FORWARD).gemm;
    const struct gemm out = the(&ops, OP_NAME_SCAN_OUT, PHASE_FORWARD).gemm;
    const struct scan scan = the(&ops, OP_NAME_SCAN, PHASE_FORWARD).scan;
    check_near(in.m, TOKENS, 0);
    check_near(in.k, 4096, 0);
    check_near(in.n, 2320, 0);
    check_near(out.k, 1024, 0);
    check_near(out.n, 4096, 0);
    assert_int_equal(scan.form, SCAN_SSD);
    check_near(scan.heads, 16, 0);
    check_near(scan.groups, 1, 0);
    check_near(scan.tokens, TOKENS, 0);
    check_near(scan.chunk, 128, 0);
    check_near(the(&ops, OP_NAME_CONVOLUTION, PHASE_FORWARD).memory.bytes, TOKENS * 10240 / 8 * 4.0,
               0);
    const struct op gather = the(&ops, OP_NAME_TP_GATHER, PHASE_FORWARD);
    const struct op scatter = the(&ops, OP_NAME_TP_SCATTER, PHASE_FORWARD);
    check_near(gather.bytes, TOKENS * 4096 * 2.0, 0);
    check_near(scatter.bytes, TOKENS * 4096 * 2.0, 0);
}

/* Context ranks exchange what the projection made for a share of the heads, and outputs back; the
 * scan sees the whole sequence. */
static void context_ranks(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-h-8b");
    struct ops ops = ops_of(&m, 0, 2, 4);
    double bytes[2] = {0};
    for (int i = 0; i < ops.n; i++)
        if (ops.op[i].name == OP_NAME_CP_EXCHANGE) {
            assert_int_equal(ops.op[i].collective, COLLECTIVE_ALL_TO_ALL);
            bytes[ops.op[i].phase != PHASE_FORWARD] += ops.op[i].bytes;
        }
    check_near(bytes[0], TOKENS / 4 * (18560 + 8192) / 2 * 2.0, 0);
    check_near(bytes[1], bytes[0], 0);
    const struct scan scan = the(&ops, OP_NAME_SCAN, PHASE_BACKWARD_INPUT).scan;
    check_near(scan.heads, 128 / 2 / 4, 0);
    check_near(scan.groups, 1, 0);
    check_near(scan.tokens, TOKENS, 0);
}

/* Keys of the gated delta rule are copied from 16 heads to 32 and made of unit length; no group
 * shares work there. */
static void delta_keys(void **state)
{
    (void)state;
    struct model m = catalog_model("qwen3-next-80b-a3b");
    struct ops ops = ops_of(&m, 0, 1, 1);
    double keys = 2.0 * TOKENS * 128;
    check_near(the(&ops, OP_NAME_KV_REPEAT, PHASE_FORWARD).memory.bytes, keys * (16 + 32) * 2, 0);
    check_near(the(&ops, OP_NAME_QK_NORM, PHASE_FORWARD).memory.bytes, keys * 32 * 4, 0);
    assert_int_equal(the(&ops, OP_NAME_SCAN, PHASE_FORWARD).scan.form, SCAN_DELTA);
    ops = ops_of(&m, 3, 1, 1);
    check_near(the(&ops, OP_NAME_QKV, PHASE_FORWARD).gemm.n, (16 + 16 + 2 + 2) * 256, 0);
    check_near(the(&ops, OP_NAME_OUTPUT_GATE, PHASE_FORWARD).memory.bytes, TOKENS * 4096 * 6.0, 0);
}

/* A layer of one half has that half's norm alone. */
static void halves(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-3-nano-30b-a3b");
    static const struct {
        int layer;
        bool mixer, attention, experts;
    } rows[] = {
        {0, true,  false, false},
        {1, false, false, true },
        {5, true,  true,  false}
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ops ops = ops_of(&m, rows[i].layer, 1, 1);
        assert_int_equal(count(&ops, OP_NAME_NORM_1, PHASE_FORWARD), rows[i].mixer);
        assert_int_equal(count(&ops, OP_NAME_NORM_2, PHASE_FORWARD), !rows[i].mixer);
        assert_int_equal(count(&ops, OP_NAME_QKV, PHASE_FORWARD), rows[i].attention);
        assert_int_equal(count(&ops, OP_NAME_EXPERT_FC1, PHASE_FORWARD), rows[i].experts);
        assert_int_equal(count(&ops, OP_NAME_FC1, PHASE_FORWARD), 0);
    }
}

/* The matrices' products are 2 FLOP an element and token, and each has its weight gradient. */
static void products_match_elements(void **state)
{
    (void)state;
    static const char *const names[] = {"nemotron-h-8b", "bamba-9b", "kimi-linear-48b-a3b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct model m = catalog_model(names[i]);
        for (int k = 0; k < m.kinds; k++) {
            struct shard s = shard_of(1, 1);
            struct kernels kernels = gpt_kernels();
            struct ops ops = {.n = 0};
            double flop[PHASES] = {0};
            if (m.kind[k].experts)
                continue;
            layer_ops(&m, &m.kind[k], &s, &kernels, &ops);
            for (int j = 0; j < ops.n; j++)
                if (ops.op[j].kind == OP_GEMM)
                    flop[ops.op[j].phase] +=
                        2 * ops.op[j].gemm.m * ops.op[j].gemm.n * ops.op[j].gemm.k;
            double want = 2.0 * TOKENS * layer_matrix_elements(&m, &m.kind[k]);
            check_near(flop[PHASE_FORWARD], want, 1e-14);
            check_near(flop[PHASE_BACKWARD_WEIGHT], want, 1e-14);
        }
    }
}

/* A token of a Mamba layer: the stream and the norm's output (2 x 4096 B each), and of the rest
 * what the projection made (18560), the scan's output and the normalised one (8192 each), 16 bit.
 * An MLP alone keeps the stream once. */
static void activations(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-h-8b");
    struct kernels k = gpt_kernels();
    struct shard one = shard_of(1, 1), two = shard_of(2, 1);
    struct activations a;
    k.dropout = false;
    layer_activations(&m, &m.kind[m.kind_of_layer[0]], &one, &k, &a);
    check_near(a.bytes[MODULE_SCAN], TOKENS * 2.0 * (18560 + 2 * 8192), 0);
    check_near(a.bytes[MODULE_RESIDUAL], TOKENS * 2.0 * 4096, 0);
    check_near(a.bytes[MODULE_LAYERNORM], TOKENS * 2.0 * 4096, 0);
    check_near(a.bytes[MODULE_ATTENTION_LINEAR], 0, 0);
    layer_activations(&m, &m.kind[m.kind_of_layer[0]], &two, &k, &a);
    check_near(a.bytes[MODULE_SCAN], TOKENS * (18560.0 + 2 * 8192), 0);
    layer_activations(&m, &m.kind[m.kind_of_layer[1]], &one, &k, &a);
    double sum = 0;
    for (int i = 0; i < MODULES; i++)
        sum += a.bytes[i];
    check_near(a.bytes[MODULE_RESIDUAL], TOKENS * 2.0 * 4096, 0);
    check_near(sum, TOKENS * 2.0 * (2 * 4096 + 2 * 21504), 0);
}

/* Ranks share heads, channels and Mamba's norm over all heads; each has the norms of the stream and
 * of one head, KDA's first steps of decays and gate, and a bias of the last projection. */
static void shards_sum_to_layers(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        bool bias;
        double replicated;
    } rows[] = {
        {"nemotron-h-8b",       false, 4096                             },
        {"nemotron-h-8b",       true,  4096 + 4096                      },
        {"kimi-linear-48b-a3b", false, 2 * 2304 + 128 + 2 * 2304 * 128.0},
    };
    struct shard one = shard_of(1, 1), eight = shard_of(8, 1);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct model m = catalog_model(rows[i].model);
        const struct layer_kind *scan = &m.kind[m.kind_of_layer[0]];
        m.scan_bias = rows[i].bias;
        double whole = layer_shard_parameters(&m, scan, &one).dense, each = rows[i].replicated;
        check_near(whole, layer_parameters(&m, scan).total, 0);
        check_near(8 * (layer_shard_parameters(&m, scan, &eight).dense - each) + each, whole,
                   1e-14);
    }
}

static const char *rule_of(const struct scenario *c, int tp, int cp)
{
    struct strategy s;
    strategy_default(&s);
    s.tp = tp;
    s.cp = cp;
    s.sequence_parallel = tp > 1;
    s.dp = (int)c->system.gpus / tp / cp;
    s.zero = s.dp > 1;
    return strategy_illegal(c, &s, NULL, 0);
}

/* 128 heads and 8 of keys: 8 tensor ranks, beyond them context ranks hold copies of keys. */
static void legality(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("nemotron-h-8b", "dgx-h100", 64);
    assert_null(rule_of(c, 8, 1));
    assert_null(rule_of(c, 8, 8));
    assert_null(rule_of(c, 2, 16));
    assert_string_equal(rule_of(c, 16, 1), "scan-heads-divide");
    c->model.scan_heads = 24; /* 3 a rank do not divide by 2 */
    assert_string_equal(rule_of(c, 8, 2), "scan-heads-divide");
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tensor_ranks),
        cmocka_unit_test(context_ranks),
        cmocka_unit_test(delta_keys),
        cmocka_unit_test(halves),
        cmocka_unit_test(products_match_elements),
        cmocka_unit_test(activations),
        cmocka_unit_test(shards_sum_to_layers),
        cmocka_unit_test(legality),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
