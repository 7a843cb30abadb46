/* Layers whose heads differ, and what every model's kernels and shards must add up to. */
#include "model/ops.h"
#include "tests/unit/gpt.h"
#include "tests/unit/model_counts.h"

enum { TOKENS = 4096 };

/* The model of that row of model_counts.json. */
static struct model counted(const char *name)
{
    struct model model = {0};
    struct json *json = load_counts();
    for (const struct json_value *row = json_first(json_root(json)); row; row = json_next(row))
        if (strcmp(json_string(json_member(row, "name")), name) == 0)
            model = row_model(json, row);
    json_free(json);
    assert_true(model.layers > 0);
    return model;
}

static const struct layer_kind *kind_of(const struct model *m, int layer)
{
    return &m->kind[m->kind_of_layer[layer]];
}

/* Gemma 4 31B: five layers of 32 query and 16 key heads of 256 see 1024 keys, one of 32 and 4 heads
 * of 512 sees all, and its keys are its values. */
static void gemma4_heads(void **state)
{
    (void)state;
    struct model m = counted("gemma4-31b");
    double near = layer_parameters(&m, kind_of(&m, 0)).attention,
           far = layer_parameters(&m, kind_of(&m, 5)).attention;
    assert_int_equal(m.kinds, 2);
    assert_int_equal(kind_of(&m, 0)->window, 1024);
    assert_int_equal(kind_of(&m, 59)->window, 0);
    check_near(near, 5376.0 * 256 * (32 + 16 + 16 + 32) + 2 * 256, 0);
    check_near(far, 5376.0 * 512 * (32 + 4 + 32) + 2 * 512, 0);
    check_near(model_kv_bytes_per_token(&m, 2), 2 * (50 * 2 * 16 * 256 + 10 * 2 * 4 * 512.0), 0);
}

/* Its experts stand beside an MLP, the part of each token in common. */
static void gemma4_experts(void **state)
{
    (void)state;
    struct model m = counted("gemma4-26b-a4b");
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 5));
    check_near(p.experts, 128.0 * 3 * 2816 * 704, 0);
    check_near(p.shared_experts, 3.0 * 2816 * 2112, 0);
    check_near(p.norms, 7 * 2816, 0);
    check_near(p.attention, 2816.0 * 512 * (16 + 2 + 16) + 2 * 512, 0);
    assert_true(!m.shared_expert_gate && m.experts_per_token == 8);
}

/* MiMo-V2-Flash: keys of 192, values of 128; 4 key heads where all is seen, 8 in a window. */
static void mimo_heads(void **state)
{
    (void)state;
    struct model m = counted("mimo-v2-flash");
    int windowed = 0;
    for (int i = 0; i < m.layers; i++)
        windowed += kind_of(&m, i)->window == 128;
    assert_int_equal(windowed, 39);
    check_near(layer_parameters(&m, kind_of(&m, 0)).attention,
               4096.0 * (64 * 192 + 4 * (192 + 128) + 64 * 128), 0);
    check_near(layer_parameters(&m, kind_of(&m, 1)).attention,
               4096.0 * (64 * 192 + 8 * (192 + 128) + 64 * 128), 0);
    assert_false(kind_of(&m, 0)->experts);
    assert_true(kind_of(&m, 1)->experts);
}

/* Nemotron 3 Super: experts of two matrices between 1024 and 2688, reached and left by a
 * projection; their tokens travel in the latent space, so an exchange moves a quarter of the hidden
 * size. */
static void latent_experts(void **state)
{
    (void)state;
    struct model m = counted("nemotron-3-super-120b-a12b");
    struct shard s = gpt_shard(1, 1, TOKENS);
    struct kernels k = gpt_kernels();
    struct ops ops = {.n = 0};
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 1));
    double exchanged = 0;
    check_near(p.experts, 512.0 * 2 * 1024 * 2688, 0);
    check_near(p.shared_experts, 2.0 * 4096 * (1024 + 5376), 0);
    s.ep = 8;
    s.precision = DTYPE_BF16;
    s.dispatcher = DISPATCHER_ALLTOALL;
    layer_ops(&m, kind_of(&m, 1), &s, &k, &ops);
    for (int i = 0; i < ops.n; i++)
        if (ops.op[i].name == OP_NAME_DISPATCH && ops.op[i].phase == PHASE_FORWARD)
            exchanged += ops.op[i].bytes;
    check_near(exchanged, 2.0 * TOKENS * 22 * 1024, 0);
}

/* Falcon-H1 0.5B: in each layer 8 heads of 64 with 2 of keys beside 24 scan heads of 64, one of
 * keys of 128: in 2 x 1536 + 2 x 128 + 24, out 1536, 4 taps and a bias on 1792 channels, A, D and a
 * step's bias a head, no norm of the output; two norms, whose input both mixers read. */
static void beside_mamba(void **state)
{
    (void)state;
    struct model m = counted("falcon-h1-0.5b");
    struct shard s = gpt_shard(1, 1, TOKENS);
    struct kernels k = gpt_kernels();
    struct ops ops = {.n = 0};
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    int of_kind[OP_KINDS] = {0}, norms = 0;
    assert_int_equal(m.kinds, 1);
    check_near(p.attention, 1024.0 * 64 * (8 + 2 + 2 + 8), 0);
    check_near(p.scans, 1024.0 * 3352 + 1536 * 1024.0 + 1792 * 5 + 3 * 24, 0);
    check_near(p.norms, 2 * 1024, 0);
    s.attention = ATTENTION_FLASH;
    layer_ops(&m, kind_of(&m, 0), &s, &k, &ops);
    for (int i = 0; i < ops.n; i++) {
        of_kind[ops.op[i].kind] += ops.op[i].phase == PHASE_FORWARD;
        norms += ops.op[i].name == OP_NAME_NORM_1 && ops.op[i].phase == PHASE_FORWARD;
    }
    assert_int_equal(of_kind[OP_ATTENTION], 1);
    assert_int_equal(of_kind[OP_SCAN], 1);
    assert_int_equal(norms, 1);
    check_near(model_kv_bytes_per_token(&m, 2), 36 * 2 * 2 * 2 * 64, 0);
}

/* LFM2 1.2B: a layer's two gates and values from one product, 3 taps on 2048 channels, out; an MLP
 * of two thirds of 12288. */
static void short_convolution(void **state)
{
    (void)state;
    struct model m = counted("lfm2-1.2b");
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    check_near(p.scans, 4 * 2048.0 * 2048 + 3 * 2048, 0);
    check_near(p.dense_mlp, 3 * 2048.0 * 8192, 0);
    check_near(scan_model_flop(&m, MIXER_SHORT_CONV), 2 * 3 * 2048, 0);
    assert_int_equal(kind_of(&m, 2)->mixer, MIXER_ATTENTION);
    check_near(layer_parameters(&m, kind_of(&m, 2)).scans, 0, 0);
    m = counted("lfm2-8b-a1b");
    assert_false(kind_of(&m, 1)->experts);
    assert_true(kind_of(&m, 2)->experts && kind_of(&m, 3)->mixer == MIXER_SHORT_CONV);
}

/* OLMo Hybrid 7B: 30 heads of the delta rule, keys of 0.75 * 3840 / 30 = 96 and values of 192, each
 * of queries, keys and values with its own convolution; every fourth layer attends, its queries and
 * keys normed whole. [transformers, modular_olmo_hybrid.py] */
static void delta_rule_beside_whole_norms(void **state)
{
    (void)state;
    struct model m = counted("olmo-hybrid-7b");
    double d = 3840, keys = 30 * 96.0, values = 30 * 192.0;
    double in = d * (2 * keys + values) + d * values + d * 2 * 30;
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    assert_int_equal(kind_of(&m, 0)->mixer, MIXER_GATED_DELTANET);
    check_near(p.scans, in + values * d + 4 * (2 * keys + values) + 2 * 30 + 192, 0);
    assert_int_equal(kind_of(&m, 3)->mixer, MIXER_ATTENTION);
    check_near(layer_parameters(&m, kind_of(&m, 3)).attention, 4 * d * d + 2 * d, 0);
}

/* FLOP of a token's forward products in a layer, by its op list. */
static double products(const struct model *m, const struct layer_kind *kind, const struct shard *s)
{
    struct kernels k = gpt_kernels();
    struct ops ops = {.n = 0};
    double flop = 0;
    layer_ops(m, kind, s, &k, &ops);
    for (int i = 0; i < ops.n; i++) {
        const struct op *op = &ops.op[i];
        bool product = op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM;
        if (product && op->phase == PHASE_FORWARD)
            flop += op->repeat * 2 * op->gemm.m * op->gemm.n * op->gemm.k * op->gemm.batch;
    }
    return flop / TOKENS;
}

/* On one GPU the kernels of a layer multiply each matrix that a token meets, and its router, once;
 * and its share of the parameters is all of them but vectors. */
static void kernels_meet_each_matrix(void **state)
{
    (void)state;
    struct json *json = load_counts();
    struct shard s = gpt_shard(1, 1, TOKENS);
    s.precision = DTYPE_BF16;
    s.attention = ATTENTION_FLASH;
    int kinds = 0;
    for (const struct json_value *row = json_first(json_root(json)); row; row = json_next(row)) {
        struct model m = row_model(json, row);
        for (int i = 0; i < m.kinds; i++, kinds++) {
            const struct layer_kind *kind = &m.kind[i];
            double router = kind->experts ? (double)m.experts * m.hidden_size : 0;
            double matrices = layer_matrix_elements(&m, kind) + router;
            struct shard_parameters share = layer_shard_parameters(&m, kind, &s);
            const char *name = json_string(json_member(row, "name"));
            check_near_at(products(&m, kind, &s), 2 * matrices, 1e-12, name, __FILE__, __LINE__);
            check_near_at(share.dense + share.expert, layer_parameters(&m, kind).total, 1e-3, name,
                          __FILE__, __LINE__);
        }
    }
    assert_true(kinds > 130);
    json_free(json);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(gemma4_heads),
        cmocka_unit_test(gemma4_experts),
        cmocka_unit_test(mimo_heads),
        cmocka_unit_test(latent_experts),
        cmocka_unit_test(beside_mamba),
        cmocka_unit_test(short_convolution),
        cmocka_unit_test(delta_rule_beside_whole_norms),
        cmocka_unit_test(kernels_meet_each_matrix),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
