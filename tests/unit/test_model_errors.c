/* Bad models: each message says where, what was expected and what was found. */
#include "base/file.h"
#include "tests/unit/model_from.h"
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define REST                                                                                       \
    "\"hidden_size\": 64, \"num_attention_heads\": 8, \"intermediate_size\": 256, "                \
    "\"vocab_size\": 1000}"
#define LAYERS "\"num_hidden_layers\": 4, "
#define MOE "\"num_experts\": 16, \"num_experts_per_tok\": 2, \"moe_intermediate_size\": 32, "

struct bad {
    const char *text, *path, *message;
};

static void check_bad(const struct bad *row)
{
    struct model model;
    struct error e;
    memset(&model, 0x5a, sizeof model);
    enum status status = model_from(row->text, &model, &e);
    if (status != STATUS_INPUT || !strstr(e.message, row->message) ||
        strcmp(e.path, row->path) != 0)
        fail_msg("%s\n  -> %d, %s: %s\n  wanted %s: %s", row->text, status, e.path, e.message,
                 row->path, row->message);
    assert_string_equal(e.file, "m.json");
    assert_true(e.line >= 1 && e.column >= 1);
    assert_int_equal(model.layers, 0x5a5a5a5a); /* written only on success */
}

static void bad_values(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct bad rows[] = {
        {"{\"model_type\": \"llama\", " LAYERS, "", ""}, /* truncated */
        {"[1]", "", "expected a model"},
        {"{\"model_type\": 3}", "model_type", "expected a model type, got a number"},
        {"{\"model_type\": \"llama\", " REST, "", "\"num_hidden_layers\" is missing"},
        {"{\"model_type\": \"llama\", " LAYERS LAYERS REST, "num_hidden_layers", ""},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": \"four\", " REST, "num_hidden_layers",
         "expected a whole number, got a string"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": 4.5, " REST, "num_hidden_layers",
         "got 4.5"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": 0, " REST, "num_hidden_layers",
         "from 1 to 2147483647, got 0"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": 1e18, " REST, "num_hidden_layers",
         "1e+18"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": 9999999999999999999999, " REST,
         "num_hidden_layers", "1e+22"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": -3, " REST, "num_hidden_layers",
         "got -3"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": 1025, " REST, "num_hidden_layers",
         "at most 1024 layers"},
        {"{\"model_type\": \"llama\", \"num_hidden_layers\": null, " REST, "", "is missing"},
        {"{\"model_type\": \"llama\", \"n_layer\": 5, " LAYERS REST, "n_layer",
         "says 5 where another spelling says 4"},
        {"{\"model_type\": \"llama\", \"tie_word_embeddings\": \"no\", " LAYERS REST,
         "tie_word_embeddings", "expected true or false, got a string"},
        {"{\"gated_mlp\": true, \"num_key_value_head\": 2, " LAYERS REST, "num_key_value_head",
         "unknown key"},
        {"{\"model_type\": \"gpt2\", \"n_layer\": 2, \"n_embd\": 2147483647, \"n_head\": 1, "
         "\"vocab_size\": 9}", "n_embd", "out of range"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_bad(&rows[i]);
}

static void impossible_heads_and_experts(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct bad rows[] = {
        {"{\"model_type\": \"llama\", \"num_key_value_heads\": 3, " LAYERS REST,
         "num_key_value_heads",
         "3 key-value heads do not divide 8 attention heads"},
        {"{\"model_type\": \"llama\", \"num_key_value_heads\": 16, " LAYERS REST,
         "num_key_value_heads",
         "do not divide"},
        {"{\"model_type\": \"llama\", " LAYERS "\"hidden_size\": 60, \"num_attention_heads\": 8, "
         "\"intermediate_size\": 256, \"vocab_size\": 1000}", "num_attention_heads",
         "do not divide hidden_size 60"},
        {"{\"model_type\": \"deepseek_v3\", \"kv_lora_rank\": 16, " LAYERS REST, "kv_lora_rank",
         "latent attention needs"},
        {"{\"gated_mlp\": true, \"q_lora_rank\": 16, " LAYERS REST, "q_lora_rank",
         "needs kv_lora_rank"},
        {"{\"model_type\": \"qwen3_moe\", \"num_experts\": 16, \"moe_intermediate_size\": 8, "
         LAYERS REST,
         "", "\"num_experts_per_tok\" is needed"},
        {"{\"model_type\": \"qwen3_moe\", \"num_experts\": 16, \"num_experts_per_tok\": 17, "
         "\"moe_intermediate_size\": 8, " LAYERS REST, "num_experts_per_tok", "more than the 16"},
        {"{\"model_type\": \"qwen3_moe\", \"num_experts\": 16, \"num_experts_per_tok\": 2, " LAYERS
         REST,
         "", "\"moe_intermediate_size\" is needed"},
        {"{\"model_type\": \"mimo_v2_flash\", \"swa_num_key_value_heads\": 3, "
         "\"sliding_window\": 128, \"hybrid_layer_pattern\": [0, 1, 1, 0], " LAYERS REST, "",
         "layer 1: 3 do not divide 8 attention heads"},
        {"{\"model_type\": \"qwen\", \"num_hidden_layers\": 4, \"hidden_size\": 64, "
         "\"num_attention_heads\": 8, \"intermediate_size\": 255, \"vocab_size\": 9}",
         "intermediate_size", "two branches"},
        {"{\"model_type\": \"deepseek_v3\", \"n_group\": 3, " MOE LAYERS REST, "n_group",
         "3 groups do not divide 16 experts"},
        {"{\"model_type\": \"deepseek_v3\", \"n_group\": 4, \"topk_group\": 5, " MOE LAYERS REST,
         "topk_group", "more than the 4 groups"},
        {"{\"model_type\": \"deepseek_v3\", \"n_shared_experts\": 2147483647, " MOE LAYERS REST,
         "n_shared_experts", "out of range"},
        {"{\"model_type\": \"llama\", " LAYERS "\"hidden_size\": 64, \"num_attention_heads\": 8, "
         "\"vocab_size\": 1000}", "", "\"intermediate_size\" is needed"},
        {"{\"model_type\": \"gemma3_text\", \"layer_types\": [\"full_attention\"], " LAYERS REST,
         "layer_types", "expected 4 layers, got 1"},
        {"{\"model_type\": \"llama\", \"layer_types\": [\"sliding_attention\", \"full_attention\", "
         "\"full_attention\", \"full_attention\"], " LAYERS REST, "layer_types[0]",
         "needs \"sliding_window\""},
        {"{\"model_type\": \"qwen3_moe\", \"mlp_only_layers\": [\"first\"], " MOE LAYERS REST,
         "mlp_only_layers[0]", "expected a layer's number"},
        {"{\"model_type\": \"opt\", \"word_embed_proj_dim\": 32, \"ffn_dim\": 256, " LAYERS
         "\"hidden_size\": 64, \"num_attention_heads\": 8, \"vocab_size\": 1000}",
         "word_embed_proj_dim",
         "not modelled"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_bad(&rows[i]);
}

/* What no model here represents is refused by its key, in every form that turns it on. */
static void refused(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct bad rows[] = {
        {"{\"model_type\": \"deepseek_v32\", \"index_topk\": 2048, " LAYERS REST, "index_topk",
         "sparse attention"},
        {"{\"model_type\": \"gemma4_text\", \"hidden_size_per_layer_input\": 256, " LAYERS REST,
         "hidden_size_per_layer_input", "a second stream"},
        {"{\"model_type\": \"gemma4_text\", " LAYERS REST, "", "a second stream"},
        {"{\"model_type\": \"llama\", \"global_head_dim\": 512, " LAYERS REST, "global_head_dim",
         "layers of different head counts"},
        {"{\"model_type\": \"llama\", \"hybrid_layer_pattern\": [0, 1, 1, 0], " LAYERS REST,
         "hybrid_layer_pattern", "a layer of another kind"},
        {"{\"model_type\": \"ernie4_5_moe_vl\", " LAYERS REST, "model_type",
         "experts of another kind"},
        {"{\"model_type\": \"glm_moe_dsa\", " LAYERS REST, "model_type", "sparse attention"},
        {"{\"model_type\": \"qwen3_moe\", \"linear_num_key_heads\": 16, " LAYERS REST,
         "linear_num_key_heads", "linear attention"},
        {"{\"model_type\": \"llama\", \"vision_config\": {}, \"text_config\": {\"model_type\": "
         "\"llama\", \"layer_types\": [\"linear_attention\", \"full_attention\"], " REST "}",
         "text_config.layer_types[0]", "linear_attention"},
        {"{\"model_type\": \"llama\", \"hybrid_override_pattern\": \"M-M*\", " LAYERS REST,
         "hybrid_override_pattern", "Mamba"},
        {"{\"model_type\": \"llama\", \"mamba_d_ssm\": 4096, " LAYERS REST, "mamba_d_ssm", "Mamba"},
        {"{\"model_type\": \"falcon_h1\", \"attn_layer_indices\": [0, 2], \"mamba_n_heads\": 4, "
         "\"mamba_d_head\": 16, \"mamba_d_state\": 16, \"mamba_n_groups\": 1, " LAYERS REST,
         "attn_layer_indices", "of some layers alone"},
        {"{\"model_type\": \"llama\", \"conv_L_cache\": 3, " LAYERS REST, "conv_L_cache",
         "convolution"},
        {"{\"model_type\": \"bamba\", \"layer_types\": [\"conv\", \"mamba\", \"mamba\", "
         "\"attention\"], \"mamba_n_heads\": 4, \"mamba_d_head\": 16, \"mamba_d_state\": 16, "
         "\"mamba_n_groups\": 1, " LAYERS REST,
         "layer_types[0]", "expected a mixer's name"},
        {"{\"model_type\": \"zamba2\", " LAYERS REST, "model_type", "Mamba"},
        {"{\"model_type\": \"qwen3_moe\", "
         "\"moe_latent_size\": 1024, " LAYERS REST, "moe_latent_size", "experts of another kind"},
        {"{\"model_type\": \"mamba2\", \"state_size\": 128, " LAYERS REST, "state_size", "Mamba"},
        {"{\"model_type\": \"jamba\", " LAYERS REST, "model_type", "Mamba"},
        {"{\"model_type\": \"minimax\", \"attn_type_list\": [0, 0, 0, 1], " LAYERS REST,
         "attn_type_list[0]", "linear attention"},
        {"{\"model_type\": \"minimax\", " MOE LAYERS REST, "model_type", "linear attention"},
        {"{\"model_type\": \"hunyuan_v1_moe\", \"moe_topk\": [2, 2, 4, 2], " LAYERS REST, "moe_topk[2]",
         "experts differ"},
        {"{\"model_type\": \"hunyuan_v1_moe\", \"num_shared_expert\": [], " MOE LAYERS REST,
         "num_shared_expert", "for each layer"},
        {"{\"model_type\": \"ernie4_5_moe\", \"moe_layer_end_index\": 2, " MOE LAYERS REST,
         "moe_layer_end_index", "before the last layer"},
        {"{\"model_type\": \"kimi_linear\", \"linear_attn_config\": {\"use_full_rank_gate\": true, "
         "\"kda_layers\": [1]}, " LAYERS REST,
         "linear_attn_config.use_full_rank_gate", "a gate of full rank"},
        {"{\"model_type\": \"kimi_linear\", \"mla_use_output_gate\": true, " LAYERS REST,
         "mla_use_output_gate", "an attention output gate"},
        {"{\"model_type\": \"deepseek_v3\", \"linear_attn_config\": {\"kda_layers\": [1]}, " LAYERS
         REST,
         "linear_attn_config", "linear attention"},
        {"{\"model_type\": \"bailing_hybrid\", " LAYERS REST, "model_type", "linear attention"},
        {"{\"model_type\": \"mllama\", \"text_config\": {\"model_type\": \"mllama_text_model\", "
         "\"cross_attention_layers\": [3, 8], " LAYERS REST "}",
         "text_config.cross_attention_layers",
         "cross-attention"},
        {"{\"model_type\": \"t5\", \"is_encoder_decoder\": true, " LAYERS REST,
         "is_encoder_decoder",
         "cross-attention"},
        {"{\"model_type\": \"gemma3n_text\", \"num_kv_shared_layers\": 15, " LAYERS REST,
         "num_kv_shared_layers", "sharing"},
        {"{\"model_type\": \"llama\", \"mamba_d_state\": 16, " LAYERS REST, "mamba_d_state",
         "Mamba"},
        {"{\"model_type\": \"deepseek_v4\", \"compress_ratios\": [0, 4], " LAYERS REST,
         "compress_ratios",
         "compressed attention"},
        {"{\"model_type\": \"wibble\", " LAYERS REST, "model_type", "\"wibble\" is not known"},
        {"{\"gated_mlp\": true, \"index_topk\": 2048, " LAYERS REST, "index_topk",
         "sparse attention"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_bad(&rows[i]);
}

#define SCAN                                                                                       \
    "\"mamba_num_heads\": 8, \"mamba_head_dim\": 16, \"n_groups\": 2, \"ssm_state_size\": 32, "
#define DELTA                                                                                      \
    "\"linear_num_value_heads\": 8, \"linear_num_key_heads\": 4, \"linear_key_head_dim\": 16, "    \
    "\"linear_value_head_dim\": 16, "

/* Models with scans whose file does not say all of one, or says what cannot be. */
static void broken_scans(void **state)
{
    (void)state;
    /* clang-format off */
    static const struct bad rows[] = {
        {"{\"model_type\": \"nemotron_h\", " SCAN LAYERS REST, "",
         "\"hybrid_override_pattern\" is needed"},
        {"{\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"M-M*-\", " SCAN LAYERS REST,
         "hybrid_override_pattern", "expected 4 layers, got 5"},
        {"{\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"M-D*\", " SCAN LAYERS REST,
         "hybrid_override_pattern", "layer 2: expected one of M * - E, got 'D'"},
        {"{\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"MEM*\", " SCAN LAYERS REST,
         "", "\"num_local_experts\" is needed: layer 1 is of experts"},
        {"{\"model_type\": \"nemotron_h\", \"layers_block_type\": [\"mamba\", \"mlp\", \"rwkv\", "
         "\"mlp\"], " SCAN LAYERS REST, "layers_block_type[2]", "expected mamba, attention, mlp or moe"},
        {"{\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"M-M*\", "
         "\"mamba_num_heads\": 8, \"ssm_state_size\": 32, \"n_groups\": 2, " LAYERS REST, "",
         "\"mamba_head_dim\" is needed"},
        {"{\"model_type\": \"nemotron_h\", \"hybrid_override_pattern\": \"M-M*\", "
         "\"mamba_num_heads\": 8, \"mamba_head_dim\": 16, \"n_groups\": 3, \"ssm_state_size\": 32, "
         LAYERS REST, "n_groups", "3 heads of keys do not divide a scan's 8 heads"},
        {"{\"model_type\": \"bamba\", \"attn_layer_indices\": [4], " SCAN LAYERS REST,
         "attn_layer_indices[0]", "expected the number of a layer"},
        {"{\"model_type\": \"bamba\", " SCAN LAYERS REST, "", "\"layer_types\" is needed"},
        {"{\"model_type\": \"qwen3_next\", \"linear_num_key_heads\": 16, " LAYERS REST, "",
         "\"linear_num_value_heads\" is needed"},
        {"{\"model_type\": \"qwen3_next\", \"layer_types\": [\"linear_attention\", \"mlp\", "
         "\"mamba\", \"full_attention\"], " DELTA LAYERS REST, "layer_types[1]",
         "expected a mixer's name"},
        {"{\"model_type\": \"kimi_linear\", \"linear_attn_config\": {\"num_heads\": 8, \"head_dim\": 16}, "
         LAYERS REST, "linear_attn_config", "\"kda_layers\" is needed"},
        {"{\"model_type\": \"kimi_linear\", \"linear_attn_config\": {\"num_heads\": 8, \"head_dim\": 16, "
         "\"kda_layers\": [0]}, " LAYERS REST, "linear_attn_config.kda_layers[0]", "from 1 to 4"},
        {"{\"model_type\": \"kimi_linear\", \"linear_attn_config\": {\"kda_layers\": [1]}, " LAYERS REST,
         "", "is needed: some layers are scans"},
        {"{\"model_type\": \"qwen3_next\", \"layer_types\": [\"linear_attention\"], " DELTA LAYERS
         REST, "layer_types", "expected 4 layers, got 1"},
    };
    /* clang-format on */
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        check_bad(&rows[i]);
}

/* The same keys switched off refuse nothing. */
static void switched_off(void **state)
{
    (void)state;
    good_model("{\"model_type\": \"llama\", \"is_encoder_decoder\": false, "
               "\"add_cross_attention\": false, "
               "\"index_topk\": null, \"num_kv_shared_layers\": 0, \"use_cla\": false, "
               "\"cla_share_factor\": 2, \"layers_block_type\": [], "
               "\"linear_attn_config\": {}, \"hybrid_override_pattern\": \"\", " LAYERS REST);
    good_model("{\"model_type\": \"minimax\", \"attn_type_list\": [1, 1, 1, 1], " MOE LAYERS REST);
}

static void hints(void **state)
{
    (void)state;
    struct model m;
    struct error e;
    model_from("{\"model_type\": \"qwen3_mo\", " LAYERS REST, &m, &e);
    assert_non_null(strstr(e.hint, "qwen3_moe"));
    model_from("{\"gated_mlp\": true, \"num_key_value_head\": 2, " LAYERS REST, &m, &e);
    assert_non_null(strstr(e.hint, "num_key_value_heads"));
    model_from("{\"gated_mlp\": true, " REST, &m, &e);
    assert_non_null(strstr(e.hint, "n_layer"));
    error_init(&e);
    assert_int_equal(model_find("lama3-8b", NULL, &m, &e), STATUS_INPUT);
    assert_non_null(strstr(e.hint, "llama3-8b"));
    error_init(&e);
    assert_int_equal(model_find("no/such/config.json", NULL, &m, &e), STATUS_IO);
    assert_string_equal(e.hint, "");
    error_init(&e);
    assert_int_equal(model_find("meta-llama/Llama-3.1-8B", NULL, &m, &e), STATUS_IO);
    assert_non_null(strstr(e.hint, "the catalog knows Llama-3.1-8B"));
}

/* The hub's names of networks that the catalog holds under another; a name that says another
 * network is none of them. */
static void hub_names(void **state)
{
    static const char *const names[][2] = {
        {"Meta-Llama-3-8B-Instruct",                    "llama3-8b"                 },
        {"Llama-2-7b-chat-hf",                          "llama2-7b"                 },
        {"Qwen2.5-7B-Instruct",                         "qwen2.5-7b"                },
        {"Mixtral-8x7B-Instruct-v0.1",                  "mixtral-8x7b"              },
        {"gemma-2-9b-it",                               "gemma2-9b"                 },
        {"Llama-4-Scout-17B-16E-Instruct",              "llama4-scout"              },
        {"Kimi-K2-Base",                                "kimi-k2"                   },
        {"phi-4",                                       "phi4-14b"                  },
        {"Nemotron-H-8B-Base-8K",                       "nemotron-h-8b"             },
        {"NVIDIA-Nemotron-3-Nano-30B-A3B-Base-BF16",    "nemotron-3-nano-30b-a3b"   },
        {"Qwen3-Next-80B-A3B-Thinking",                 "qwen3-next-80b-a3b"        },
        {"Bamba-9B-v1",                                 "bamba-9b"                  },
        {"Nemotron-H-8B-Base-128K",                     NULL                        },
        {"DeepSeek-R1-Distill-Llama-8B",                "llama3-8b"                 },
        {"DeepSeek-R1-Distill-Qwen-32B",                "qwen2.5-32b"               },
        {"DeepSeek-R1-Distill-Qwen-1.5B",               NULL                        }, /* its head is its own */
        {"Qwen2.5-Coder-32B-Instruct",                  "qwen2.5-32b"               },
        {"Qwen2.5-Math-7B-Instruct",                    "qwen2.5-7b"                },
        {"SmolLM3-3B-checkpoints",                      "smollm3-3b"                },
        {"Phi-4-mini-instruct",                         "phi4-mini"                 },
        {"phi-4-multimodal-instruct",                   NULL                        },
        {"gemma-4-31B-it",                              "gemma4-31b"                },
        {"Qwen2-1.5B-Instruct",                         "qwen2.5-1.5b"              },
        {"Qwen3-4B-Instruct-2507",                      "qwen3-4b"                  },
        {"Qwen3-Coder-30B-A3B-Instruct",                "qwen3-30b-a3b"             },
        {"Mistral-Nemo-Instruct-2407",                  "mistral-nemo"              },
        {"Mistral-Small-3.2-24B-Instruct-2506",         "mistral-small-24b"         },
        {"Olmo-3-1125-32B",                             "olmo3-32b"                 },
        {"DeepSeek-R1-0528",                            "deepseek-v3"               },
        {"NVIDIA-Nemotron-3-Super-120B-A12B-Base-BF16", "nemotron-3-super-120b-a12b"},
        {"Mistral-7B-v0.3",                             NULL                        }, /* another vocabulary */
        {"-it",                                         NULL                        },
    };
    (void)state;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        struct model m;
        struct error e;
        error_init(&e);
        enum status status = model_find(names[i][0], NULL, &m, &e);
        assert_int_equal(status, names[i][1] ? STATUS_OK : STATUS_INPUT);
        if (names[i][1])
            assert_string_equal(m.name, names[i][1]);
    }
}

/* A folder of the user's comes before the compiled-in file, under either name; a folder is a path.
 */
static void folders(void **state)
{
    (void)state;
    char folder[] = "/tmp/stepcast-model-XXXXXX", path[128];
    static const char text[] = "{\"model_type\": \"llama\", " LAYERS REST;
    struct model m;
    struct error e;
    error_init(&e);
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/config.json", folder);
    assert_int_equal(file_write(path, text, sizeof text - 1, &e), STATUS_OK);
    assert_int_equal(model_find(folder, NULL, &m, &e), STATUS_OK);
    assert_string_equal(m.name, folder + 5);
    unlink(path);
    assert_int_equal(model_find(folder, NULL, &m, &e), STATUS_IO); /* it holds none */
    assert_string_equal(e.file, path);
    error_init(&e);
    snprintf(path, sizeof path, "%s/llama3-8b.json", folder);
    assert_int_equal(file_write(path, text, sizeof text - 1, &e), STATUS_OK);
    assert_int_equal(model_find("llama3.1-8b", folder, &m, &e), STATUS_OK);
    assert_int_equal(m.layers, 4);
    assert_int_equal(model_find("llama3-70b", folder, &m, &e), STATUS_OK);
    assert_int_equal(m.layers, 80);
    unlink(path);
    rmdir(folder);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_values),   cmocka_unit_test(impossible_heads_and_experts),
        cmocka_unit_test(refused),      cmocka_unit_test(broken_scans),
        cmocka_unit_test(switched_off), cmocka_unit_test(hints),
        cmocka_unit_test(hub_names),    cmocka_unit_test(folders),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
