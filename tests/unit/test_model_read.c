/* Reading models: case files' subsets, families' defaults, nested files, kinds of layers. */
#include "tests/unit/model_from.h"
#include <stdio.h>

#define DIMENSIONS                                                                                 \
    "\"num_hidden_layers\": 4, \"hidden_size\": 64, \"num_attention_heads\": 8, "                  \
    "\"intermediate_size\": 256, \"vocab_size\": 1000"
#define EXPERTS "\"num_experts\": 16, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32"

/* A case file's GPT: LayerNorm and biases, tied as Megatron ties; no learned positions are known.
 */
static void plain_gpt(void **state)
{
    (void)state;
    struct model m = good_model("{\"name\": \"22B\", \"gated_mlp\": false, " DIMENSIONS "}");
    assert_string_equal(m.name, "22B");
    assert_string_equal(m.model_type, "");
    assert_string_equal(m.note, "");
    assert_true(m.layer_norm_bias && m.attention_bias && m.attention_output_bias && m.mlp_bias);
    assert_true(m.tied_embeddings && !m.gated_mlp && !m.rotary);
    assert_int_equal(m.position_embeddings, 0);
    assert_int_equal(m.norms_per_layer, 2);
    assert_int_equal(m.kv_heads, 8);
    assert_int_equal(m.head_dim, 8);
    assert_int_equal(m.kind[0].heads, 8);
    /* 4 (4 h^2 + 4 h + 2 h f + f + h + 4 h) + V h + 2 h */
    check_near(model_parameters(&m).total,
               4 * (4 * 4096 + 256 + 2 * 64 * 256 + 256 + 64 + 256) + 64000 + 128, 0);
}

static void plain_llama(void **state)
{
    (void)state;
    struct model m =
        good_model("{\"gated_mlp\": true, \"num_key_value_heads\": 2, " DIMENSIONS "}");
    assert_false(m.layer_norm_bias || m.attention_bias || m.mlp_bias || m.tied_embeddings);
    assert_true(m.gated_mlp && m.rotary);
    assert_int_equal(m.kv_heads, 2);
    check_near(model_parameters(&m).total,
               4 * (64 * (64 + 2 * 16) + 4096 + 3 * 64 * 256 + 128) + 2 * 64000 + 64, 0);
    m = good_model("{\"gated_mlp\": false, \"tie_word_embeddings\": false, " DIMENSIONS "}");
    assert_false(m.tied_embeddings);
}

/* A case file's experts, shared ones and latent attention, without model_type. */
static void plain_experts(void **state)
{
    (void)state;
    struct model m = good_model("{\"gated_mlp\": true, \"num_local_experts\": 16, "
                                "\"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32, "
                                "\"shared_expert_intermediate_size\": 48, "
                                "\"first_k_dense_replace\": 1, \"q_lora_rank\": 24, "
                                "\"kv_lora_rank\": 16, \"qk_nope_head_dim\": 8, "
                                "\"qk_rope_head_dim\": 4, \"v_head_dim\": 8, "
                                "\"num_nextn_predict_layers\": 1, " DIMENSIONS "}");
    assert_int_equal(m.experts, 16);
    assert_int_equal(m.shared_intermediate_size, 48);
    assert_int_equal(m.head_dim, 12);
    assert_int_equal(m.v_head_dim, 8);
    assert_int_equal(m.mtp_layers, 1);
    assert_int_equal(m.kinds, 2);
    double dense[MODEL_LAYER_KINDS_MAX] = {0};
    model_count_kinds(&m, 0, 4, dense);
    check_near(dense[0], 1, 0);
    check_near(dense[1], 3, 0);
    assert_true(!m.kind[0].experts && m.kind[1].experts);
    assert_int_equal(m.kind[0].intermediate_size, 256);
    assert_int_equal(m.kind[1].intermediate_size, 0);
    check_near(model_kv_bytes_per_token(&m, 2), 4 * (16 + 4) * 2, 0);
}

/* Without model_type and gated_mlp the activation tells; without it, the assumption is noted. */
static void what_is_assumed_is_noted(void **state)
{
    (void)state;
    struct model m = good_model("{\"hidden_act\": \"gelu\", " DIMENSIONS "}");
    assert_false(m.gated_mlp);
    m = good_model("{\"hidden_act\": \"silu\", " DIMENSIONS "}");
    assert_true(m.gated_mlp);
    assert_string_equal(m.note, "");
    m = good_model("{" DIMENSIONS "}");
    assert_true(m.gated_mlp);
    assert_non_null(strstr(m.note, "gated_mlp"));
    m = good_model("{\"gated_mlp\": true, \"wibble\": 3, " DIMENSIONS "}");
    assert_non_null(strstr(m.note, "wibble"));
}

/* The same network in each family's spelling. */
static void spellings(void **state)
{
    (void)state;
    struct model a = good_model("{\"model_type\": \"gpt2\", \"n_layer\": 4, \"n_embd\": 64, "
                                "\"n_head\": 8, \"n_inner\": null, \"n_positions\": 128, "
                                "\"vocab_size\": 1000}");
    assert_int_equal(a.intermediate_size, 256);
    assert_int_equal(a.position_embeddings, 128);
    assert_false(a.rotary);
    struct model b = good_model("{\"model_type\": \"bloom\", \"n_layer\": 4, \"n_embed\": 64, "
                                "\"hidden_size\": 64, \"num_attention_heads\": 8, \"n_head\": 8, "
                                "\"vocab_size\": 1000}");
    assert_int_equal(b.intermediate_size, 256);
    assert_true(b.embedding_norm && b.tied_embeddings);
    struct model c =
        good_model("{\"model_type\": \"opt\", \"ffn_dim\": 256, \"num_hidden_layers\": 4, "
                   "\"hidden_size\": 64, \"num_attention_heads\": 8, "
                   "\"max_position_embeddings\": 128, \"vocab_size\": 1000}");
    assert_int_equal(c.position_embeddings, 130);
    struct model d = good_model("{\"model_type\": \"gpt_neox\", " DIMENSIONS "}");
    assert_true(d.parallel_block && d.rotary && !d.tied_embeddings && d.norms_per_layer == 2);
    struct model e = good_model("{\"model_type\": \"gptj\", \"n_layer\": 4, \"n_embd\": 64, "
                                "\"n_head\": 8, \"vocab_size\": 1000}");
    assert_true(e.parallel_block && e.head_bias && e.mlp_bias && !e.attention_bias);
    assert_int_equal(e.norms_per_layer, 1);
}

static void falcon_decoders(void **state)
{
    (void)state;
    struct model m = good_model("{\"model_type\": \"falcon\", \"multi_query\": true, "
                                "\"num_kv_heads\": 8, " DIMENSIONS "}");
    assert_int_equal(m.kv_heads, 1); /* the old decoder ignores num_kv_heads */
    assert_int_equal(m.norms_per_layer, 1);
    m = good_model("{\"model_type\": \"falcon\", \"new_decoder_architecture\": true, "
                   "\"num_kv_heads\": 2, " DIMENSIONS "}");
    assert_int_equal(m.kv_heads, 2);
    assert_int_equal(m.norms_per_layer, 2);
    assert_true(m.parallel_block);
}

/* A vision-language file: the text model alone; what its class defaults to is filled in. */
static void nested_text_model(void **state)
{
    (void)state;
    struct model m = good_model(
        "{\"model_type\": \"gemma3\", \"vision_config\": {\"hidden_size\": 1152, "
        "\"num_hidden_layers\": 27}, \"text_config\": {\"model_type\": \"gemma3_text\", "
        "\"hidden_size\": 2560, \"intermediate_size\": 10240, \"num_hidden_layers\": 34, "
        "\"sliding_window\": 1024}}");
    assert_int_equal(m.layers, 34);
    assert_int_equal(m.heads, 8);
    assert_int_equal(m.kv_heads, 4);
    assert_int_equal(m.head_dim, 256);
    assert_int_equal(m.vocab_size, 262208);
    assert_true(m.tied_embeddings);
    assert_string_equal(m.left_out, "vision tower");
    m = good_model(
        "{\"model_type\": \"x_omni\", \"tie_word_embeddings\": true, "
        "\"thinker_config\": {\"audio_config\": {\"d_model\": 1}, \"vision_config\": {}, "
        "\"text_config\": {\"model_type\": \"qwen2\", " DIMENSIONS "}}}");
    assert_string_equal(m.left_out, "vision tower, audio encoder");
    assert_true(m.tied_embeddings);
    m = good_model("{\"model_type\": \"llava\", \"text_config\": {\"model_type\": \"llama\", "
                   "\"vocab_size\": 32064}, \"vision_config\": {}}");
    check_near(model_parameters(&m).total, 6738415616.0 + 2 * 64 * 4096, 0);
}

/* Counts windowed layers and layers with experts among m's. */
static void count(const struct model *m, int *windowed, int *sparse)
{
    *windowed = *sparse = 0;
    for (int i = 0; i < m->layers; i++) {
        const struct layer_kind *k = &m->kind[m->kind_of_layer[i]];
        *windowed += k->window > 0 || k->chunk > 0;
        *sparse += k->experts;
    }
}

static void windows(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *keys;
        int windowed;
    } rows[] = {
        {"\"model_type\": \"mistral\", \"sliding_window\": 128", 4},
        {"\"model_type\": \"mistral\", \"sliding_window\": null", 0},
        {"\"model_type\": \"mistral\"", 4}, /* the class defaults to 4096 */
        {"\"model_type\": \"llama\", \"sliding_window\": 128", 0}, /* Llama has none */
        {"\"model_type\": \"qwen2\", \"sliding_window\": 128, \"max_window_layers\": 3", 0},
        {"\"model_type\": \"qwen2\", \"sliding_window\": 128, \"max_window_layers\": 3, "
         "\"use_sliding_window\": true", 1},
        {"\"model_type\": \"gemma2\", \"sliding_window\": 128", 2},
        {"\"model_type\": \"gemma3_text\", \"sliding_window\": 128, \"sliding_window_pattern\": 4",
         3},
        {"\"model_type\": \"gemma3_text\", \"sliding_window\": 128, \"layer_types\": "
         "[\"full_attention\", \"sliding_attention\", \"full_attention\", \"full_attention\"]", 1},
        {"\"gated_mlp\": true, \"sliding_window\": 128", 4},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        int windowed, sparse;
        snprintf(text, sizeof text, "{%s, " DIMENSIONS "}", rows[i].keys);
        struct model m = good_model(text);
        count(&m, &windowed, &sparse);
        if (windowed != rows[i].windowed)
            fail_msg("%s: %d windowed layers", rows[i].keys, windowed);
    }
}

static void expert_layers(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct {
        const char *keys;
        int sparse;
    } rows[] = {
        {"\"model_type\": \"qwen3_moe\", \"decoder_sparse_step\": 1", 4},
        {"\"model_type\": \"qwen3_moe\", \"decoder_sparse_step\": 2", 2},
        {"\"model_type\": \"qwen3_moe\", \"mlp_only_layers\": [0, 3, 99]", 2},
        {"\"model_type\": \"deepseek_v3\", \"first_k_dense_replace\": 1", 3},
        {"\"model_type\": \"deepseek_v3\", \"first_k_dense_replace\": 1, \"moe_layer_freq\": 2", 1},
        {"\"gated_mlp\": true, \"moe_layer_freq\": [0, 1, 1, 0]", 2},
        {"\"gated_mlp\": true, \"mlp_layer_types\": [\"dense\", \"sparse\", \"sparse\", \"sparse\"]", 3},
        {"\"model_type\": \"llama4_text\", \"interleave_moe_layer_step\": 2", 2},
        {"\"model_type\": \"llama4_text\", \"moe_layers\": [1, 2, 3]", 3},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char text[1024];
        int windowed, sparse;
        snprintf(text, sizeof text, "{%s, " EXPERTS ", " DIMENSIONS "}", rows[i].keys);
        struct model m = good_model(text);
        count(&m, &windowed, &sparse);
        if (sparse != rows[i].sparse)
            fail_msg("%s: %d layers with experts", rows[i].keys, sparse);
    }
}

/* Llama 4: chunks where it rotates; its expert, shared and dense widths. */
static void llama4(void **state)
{
    (void)state;
    struct model m = catalog_model("llama4-maverick");
    int windowed, sparse;
    count(&m, &windowed, &sparse);
    assert_int_equal(windowed, 36);
    assert_int_equal(sparse, 24);
    assert_int_equal(m.shared_intermediate_size, 8192);
    assert_int_equal(m.moe_intermediate_size, 8192);
    assert_int_equal(m.intermediate_size, 16384);
    m = good_model("{\"model_type\": \"llama4_text\", \"no_rope_layers\": [1, 0, 0, 0], " DIMENSIONS
                   "}");
    count(&m, &windowed, &sparse);
    assert_int_equal(windowed, 1);
    assert_int_equal(m.qk_norm_parameters, 0);
    assert_true(m.qk_norm);
}

static void experts_of_families(void **state)
{
    (void)state;
    struct model oss = catalog_model("gpt-oss-120b"), v3 = catalog_model("deepseek-v3");
    assert_true(oss.attention_sinks && oss.router_bias && oss.mlp_bias &&
                oss.attention_output_bias);
    assert_int_equal(oss.moe_intermediate_size, 2880);
    assert_int_equal(v3.expert_groups, 8);
    assert_int_equal(v3.expert_groups_per_token, 4);
    assert_true(v3.router_bias && !v3.shared_expert_gate);
    struct model m2 = catalog_model("minimax-m2");
    assert_int_equal(m2.mtp_layers, 3);
    assert_int_equal(m2.qk_norm_parameters, (48 + 8) * 128);
    assert_int_equal(m2.shared_intermediate_size, 0);
}

static void names(void **state)
{
    (void)state;
    struct model m = catalog_model("Llama3.1_70B");
    assert_string_equal(m.name, "llama3-70b");
    assert_string_equal(catalog_model("llama-2-7b").name, "llama2-7b");
    assert_string_equal(catalog_model("LLAMA3-405B").name, "llama3-405b");
    assert_string_equal(catalog_model("model/catalog/qwen3-8b.json").name, "qwen3-8b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(plain_gpt),           cmocka_unit_test(plain_llama),
        cmocka_unit_test(plain_experts),       cmocka_unit_test(what_is_assumed_is_noted),
        cmocka_unit_test(spellings),           cmocka_unit_test(falcon_decoders),
        cmocka_unit_test(nested_text_model),   cmocka_unit_test(windows),
        cmocka_unit_test(expert_layers),       cmocka_unit_test(llama4),
        cmocka_unit_test(experts_of_families), cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
