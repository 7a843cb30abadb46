/* Models with scan layers: parameters and FLOP counted by hand from their papers' equations and by
 * Megatron-LM's formulas. */
#include "tests/unit/model_from.h"
#include <limits.h>

static const struct layer_kind *kind_of(const struct model *m, int layer)
{
    return &m->kind[m->kind_of_layer[layer]];
}

/* Nemotron-H-8B: d_inner 128 x 64 = 8192, keys 8 x 128 twice = 2048. in 2 x 8192 + 2048 + 128, out
 * 8192; a convolution of 4 taps and a bias on 10240 channels; A, D and a step's bias a head. */
static void mamba_layer(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-h-8b");
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    check_near(p.scans, 4096.0 * 18560 + 8192.0 * 4096 + 10240 * 5 + 3 * 128 + 8192, 0);
    check_near(p.norms, 4096, 0);
    check_near(p.total, p.scans + p.norms, 0);
    p = layer_parameters(&m, kind_of(&m, 1));
    check_near(p.total, 2 * 4096.0 * 21504 + 4096, 0); /* squared ReLU: two matrices */
    p = layer_parameters(&m, kind_of(&m, 7));
    check_near(p.total, 4096.0 * (32 + 8 + 8) * 128 + 4096.0 * 4096 + 4096, 0);
}

/* Qwen3-Next: 32 heads of 128 values, 16 of 128 keys: in 2 x 4096 + 2 x 2048 + 2 x 32, out 4096; 4
 * taps without bias on 8192 channels; a decay's A and bias a head, one norm of 128. Its attention's
 * queries have a gate: 2 x 16 heads of 256. */
static void deltanet_layer(void **state)
{
    (void)state;
    struct model m = catalog_model("qwen3-next-80b-a3b");
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    check_near(p.scans, 2048.0 * 12352 + 4096.0 * 2048 + 8192 * 4 + 2 * 32 + 128, 0);
    check_near(p.experts, 512.0 * 3 * 2048 * 512, 0);
    check_near(p.shared_experts, 3.0 * 2048 * 512 + 2048, 0);
    p = layer_parameters(&m, kind_of(&m, 3));
    check_near(p.attention, 2048.0 * (2 * 16 + 2 + 2) * 256 + 4096.0 * 2048 + 2 * 256, 0);
    check_near(p.scans, 0, 0);
}

/* MiniMax-Text-01: query, key, value, gate and output of 64 x 128 each; a norm over all heads. */
static void lightning_layer(void **state)
{
    (void)state;
    struct model m = catalog_model("minimax-text-01");
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    check_near(p.scans, 5 * 6144.0 * 8192 + 8192, 0);
    assert_int_equal(kind_of(&m, 7)->mixer, MIXER_ATTENTION);
    assert_true(kind_of(&m, 0)->experts && kind_of(&m, 7)->experts);
}

/* Kimi Linear: queries, keys and values of 32 x 128, a strength a head, out 4096; decays and gate
 * by way of 128; 4 taps on 12288 channels; A a head, a decay's bias a key, one norm of 128. */
static void kda_layer(void **state)
{
    (void)state;
    struct model m = catalog_model("kimi-linear-48b-a3b");
    struct model_parameters p = layer_parameters(&m, kind_of(&m, 0));
    check_near(p.scans,
               2304.0 * (3 * 4096 + 32) + 4096.0 * 2304 + 2 * (2304.0 * 128 + 128 * 4096.0) +
                   12288 * 4 + 32 + 4096 + 128,
               0);
    check_near(p.dense_mlp, 3 * 2304.0 * 9216, 0);
    assert_int_equal(kind_of(&m, 3)->mixer, MIXER_ATTENTION);
    assert_int_equal(kind_of(&m, 26)->mixer, MIXER_ATTENTION);
    assert_int_equal(kind_of(&m, 25)->mixer, MIXER_KDA);
    assert_true(kind_of(&m, 25)->experts && !m.rotary);
    check_near(model_kv_bytes_per_token(&m, 2), 7 * (512 + 64) * 2, 0); /* of MLA alone */
}

/* What each layer is, by its letter, interval, list and indices. */
static void layers_by_kind(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-3-nano-30b-a3b");
    const char *letters = "MEMEM*E";
    for (int i = 0; letters[i]; i++) {
        const struct layer_kind *k = kind_of(&m, i);
        assert_int_equal(k->mixer, letters[i] == 'M'   ? MIXER_MAMBA2
                                   : letters[i] == '*' ? MIXER_ATTENTION
                                                       : MIXER_NONE);
        assert_int_equal(k->experts, letters[i] == 'E');
        assert_int_equal(k->heads, letters[i] == '*' ? 32 : 0);
        assert_int_equal(k->intermediate_size, 0);
    }
    m = catalog_model("nemotron-h-8b");
    assert_int_equal(m.kinds, 3);
    assert_int_equal(kind_of(&m, 1)->intermediate_size, 21504);
    m = catalog_model("qwen3-next-80b-a3b");
    for (int i = 0; i < m.layers; i++)
        assert_int_equal(kind_of(&m, i)->mixer,
                         i % 4 == 3 ? MIXER_ATTENTION : MIXER_GATED_DELTANET);
    m = catalog_model("granite-4.0-h-small");
    for (int i = 0; i < m.layers; i++)
        assert_int_equal(kind_of(&m, i)->mixer, i % 10 == 5 ? MIXER_ATTENTION : MIXER_MAMBA2);
    assert_true(!m.rotary);
    m = catalog_model("bamba-9b");
    assert_int_equal(kind_of(&m, 9)->mixer, MIXER_ATTENTION);
    assert_int_equal(kind_of(&m, 10)->mixer, MIXER_MAMBA2);
    assert_true(m.rotary);
}

#define QWEN                                                                                       \
    "\"hidden_size\": 64, \"num_attention_heads\": 8, \"num_key_value_heads\": 2, \"head_dim\": "  \
    "16, "                                                                                         \
    "\"intermediate_size\": 256, \"vocab_size\": 1000, \"num_hidden_layers\": 4, "                 \
    "\"linear_num_value_heads\": 8, \"linear_num_key_heads\": 4, \"linear_key_head_dim\": 16, "    \
    "\"linear_value_head_dim\": 16"

/* A list comes before the interval; words of layers before a pattern; a flag takes the gate away.
 */
static void files_of_their_own(void **state)
{
    (void)state;
    struct model m = good_model("{\"model_type\": \"qwen3_5_text\", \"layer_types\": "
                                "[\"full_attention\", \"linear_attention\", \"linear_attention\", "
                                "\"full_attention\"], \"attn_output_gate\": false, " QWEN "}");
    assert_int_equal(kind_of(&m, 0)->mixer, MIXER_ATTENTION);
    assert_int_equal(kind_of(&m, 2)->mixer, MIXER_GATED_DELTANET);
    assert_true(!m.attention_gate);
    assert_int_equal(m.scan_conv, 4);
    assert_non_null(strstr(m.note, "2 of 4 layers are gated_deltanet"));
    m = good_model(
        "{\"model_type\": \"nemotron_h\", \"layers_block_type\": [\"mamba\", \"mlp\", "
        "\"attention\", \"mlp\"], \"mamba_num_heads\": 8, \"mamba_head_dim\": 16, "
        "\"n_groups\": 2, \"ssm_state_size\": 32, \"chunk_size\": 64, \"num_hidden_layers\": "
        "4, \"hidden_size\": 64, \"num_attention_heads\": 8, \"intermediate_size\": 256, "
        "\"vocab_size\": 1000}");
    assert_int_equal(kind_of(&m, 1)->mixer, MIXER_NONE);
    assert_int_equal(m.scan_chunk, 64);
    assert_true(m.scan_conv_bias);
    m = good_model(
        "{\"model_type\": \"granitemoehybrid\", \"layer_types\": [\"mamba\", \"attention\"], "
        "\"mamba_n_heads\": 8, \"mamba_expand\": 2, \"mamba_n_groups\": 1, \"mamba_d_state\": "
        "16, \"num_hidden_layers\": 2, \"hidden_size\": 64, \"num_attention_heads\": 8, "
        "\"intermediate_size\": 32, \"shared_intermediate_size\": 256, \"vocab_size\": 1000, "
        "\"num_local_experts\": 0}");
    assert_int_equal(m.scan_value_dim, 16); /* 2 x 64 / 8 */
    assert_int_equal(kind_of(&m, 0)->intermediate_size, 256);
}

/* Megatron-LM, num_floating_point_operations, hybrid_flops: forward a token, all times three. */
static void megatron_hybrid_flop(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-h-8b");
    double s = 8192, h = 4096, d_in = 8192, n = 128, g = 8, heads = 128;
    double attention = 4 * h * (h + h * 8 / 32 + s / 2), mlp = 4 * 21504 * h;
    double mamba = 2 * h * (2 * d_in + 2 * g * n + heads) + 7 * d_in * n + 2 * d_in * h;
    double logits = 2 * h * 131072;
    check_near(model_flop_per_token(&m, s), 3 * (24 * mamba + 4 * attention + 24 * mlp + logits),
               1e-14);
}

/* The same, linear_self_attn_term of the gated delta rule, beside gated attention and experts. */
static void megatron_deltanet_flop(void **state)
{
    (void)state;
    struct model m = catalog_model("qwen3-next-80b-a3b");
    double s = 4096, h = 2048, qk = 16 * 128, v = 32 * 128;
    double delta = h * (2 * qk + 2 * v + 2 * 32) + 4 * (2 * qk + v) + 32 * 128 * 128 * 4.0 + h * v;
    double q = 16 * 256, kv = 2 * 256;
    double attention = h * (q + kv + kv + q) + q * s / 2 * 2 + q * h;
    double experts = 3 * h * 512 * (10 + 1);
    check_near(model_flop_per_token(&m, s),
               6 * (36 * delta + 12 * attention + 48 * experts + h * 151936), 1e-14);
}

/* Only layers with attention keep keys and values: 6 of 2 heads of 128, 16 bit. */
static void cache_of_attention_alone(void **state)
{
    (void)state;
    struct model m = catalog_model("nemotron-3-nano-30b-a3b");
    check_near(model_kv_bytes_per_token(&m, 2), 6 * 2 * 2 * 128 * 2, 0);
}

/* Sizes that a file may give, beyond any model: sums of them leave the range of an int. */
static void sizes_at_their_limits(void **state)
{
    (void)state;
    struct model m = catalog_model("kimi-linear-48b-a3b");
    double flop = model_flop_per_token(&m, 4096), parameters = model_parameters(&m).total;
    m.scan_conv = m.kv_lora_rank = m.qk_rope_head_dim = INT_MAX;
    /* 20 layers' taps on 12288 channels, 2 FLOP each and three passes */
    assert_true(model_flop_per_token(&m, 4096) > flop + 20 * 6 * 12288.0 * (INT_MAX - 4));
    /* 7 layers' projections down, and 20 layers' taps */
    assert_true(model_parameters(&m).total >
                parameters + 7 * 2304.0 * 2 * (INT_MAX - 600.0) + 20 * 12288.0 * (INT_MAX - 4));
    check_near(model_kv_bytes_per_token(&m, 2), 7 * 2 * 2.0 * INT_MAX, 0);
    m.hidden_size = INT_MAX; /* 20 layers' 12320 + 4096 + 2 x 128 columns */
    assert_true(model_parameters(&m).scans > 20 * 16672.0 * INT_MAX);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(mamba_layer),
        cmocka_unit_test(deltanet_layer),
        cmocka_unit_test(lightning_layer),
        cmocka_unit_test(kda_layer),
        cmocka_unit_test(layers_by_kind),
        cmocka_unit_test(files_of_their_own),
        cmocka_unit_test(megatron_hybrid_flop),
        cmocka_unit_test(megatron_deltanet_flop),
        cmocka_unit_test(cache_of_attention_alone),
        cmocka_unit_test(sizes_at_their_limits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
