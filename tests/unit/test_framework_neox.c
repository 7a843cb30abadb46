/* GPT-NeoX's YAML: maps in braces, files joined, sizes that follow from others. */
#include "tests/unit/import_from.h"

static const struct framework_run *read_neox(const char *text, double gpus)
{
    struct error e;
    enum status status = read_on(gpus, text, "x.yml", &e);
    if (status != STATUS_OK)
        print_error("%s\n", e.message);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(import.framework->name, "gpt-neox");
    return &import.run;
}

#define GPT "\"num-layers\": 12, \"hidden-size\": 768, \"num-attention-heads\": 12,\n"
#define SIZES "\"seq-length\": 2048, \"max-position-embeddings\": 2048,\n"

/* 64 GPUs / (4 stages x 2) = 8 replicas x 4 x 16 = 512 sequences; 50277 words to a multiple of
 * 2 x 128. */
static void test_parallel(void **state)
{
    (void)state;
    const struct framework_run *run = read_neox(
        "# trained on 64 GPUs\n\n{\n  \"vocab-file\": \"/data/20B_tokenizer.json\", # its own\n"
        "  \"tokenizer_type\": \"HFTokenizer\",\n"
        "  \"pipe-parallel-size\": 4,\n  \"model-parallel-size\": 2,\n  " GPT SIZES
        "  'norm': 'layernorm', pos_emb: rotary,\n  \"rotary_pct\": 0.25,\n"
        "  \"no-weight-tying\": true, \"gpt_j_residual\": True,\n"
        "  \"scaled-upper-triang-masked-softmax-fusion\": true, \"bias-gelu-fusion\": true,\n"
        "  \"optimizer\":\n    {\n      \"type\": \"Adam\",\n      \"params\": {\n"
        "        \"betas\": [0.9, 0.95],\n      }\n    },\n"
        "  \"zero_optimization\": {\n  \"stage\": 1,\n  \"overlap_comm\": True,\n"
        "  \"reduce_bucket_size\": 500_000_000,\n  },\n"
        "  \"train_micro_batch_size_per_gpu\": 4,\n  \"gradient_accumulation_steps\": 16,\n"
        "  \"checkpoint-activations\": true, \"checkpoint-num-layers\": 1,\n"
        "  \"hidden-dropout\": 0,\n  \"fp16\": { \"enabled\": true, \"type\": \"bfloat16\" },\n"
        "  \"no-such-key\": 5,\n}\n",
        64);
    const struct model *m = &run->scenario.model;
    const struct strategy *s = &run->strategy;
    assert_true(run->model_given);
    assert_int_equal(m->vocab_size, 50432);
    assert_int_equal(m->intermediate_size, 3072);
    assert_true(m->rotary && m->parallel_block && m->layer_norm_bias && m->mlp_bias);
    assert_false(m->tied_embeddings || m->gated_mlp);
    assert_int_equal(m->norms_per_layer, 2);
    assert_int_equal(m->position_embeddings, 0);
    assert_int_equal(s->tp, 2);
    assert_int_equal(s->pp, 4);
    assert_int_equal(s->schedule, SCHEDULE_1F1B);
    assert_int_equal(s->micro_batch, 4);
    assert_int_equal(s->zero, 1);
    assert_int_equal(s->overlaps, 0); /* a pipeline's reductions come last */
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_int_equal(s->attention, ATTENTION_UNFUSED);
    check_near(run->scenario.job.global_batch, 512, 0);
    check_near(run->scenario.job.seq_length, 2048, 0);
    check_near(run->scenario.stack.dp_bucket_parameters, 5e8, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    assert_true(run->scenario.stack.kernels.fused_softmax);
    assert_true(run->scenario.stack.kernels.fused_activation);
    assert_false(run->scenario.stack.kernels.fused_residual);
    assert_false(run->scenario.stack.kernels.dropout);
    assert_int_equal(use_of("checkpoint_num_layers"), SETTING_NEUTRAL);
    assert_false(notes("the optimizer"));
    assert_int_equal(use_of("no_such_key"), SETTING_UNKNOWN);
}

/* What nothing says: GPT-2's words and positions, one replica a GPU, fp32, no ZeRO. */
static void test_defaults(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_neox("{ " GPT SIZES "\"pipe-parallel-size\": 0, \"train_batch_size\": 64 }", 8);
    const struct model *m = &run->scenario.model;
    assert_int_equal(m->vocab_size, 50304);
    assert_int_equal(m->position_embeddings, 2048);
    assert_true(m->tied_embeddings && m->attention_bias);
    assert_int_equal(run->strategy.pp, 1);
    assert_int_equal(run->strategy.zero, 0);
    assert_int_equal(run->strategy.micro_batch, 8);
    assert_int_equal(run->strategy.recompute, RECOMPUTE_NONE);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP32);
    assert_true(notes("no tokenizer is told"));
    assert_true(notes("no precision is told: fp32"));
}

/* Widths: 8/3 of 4096 to 256; what is told; a third of what is told; two thirds of 4 halved. */
static void test_widths(void **state)
{
    static const struct {
        const char *settings;
        int width;
        bool gated, bias;
    } cases[] = {
        {"\"mlp_type\": \"llama\", \"activation\": \"silu\"",        11008, true,  false},
        {"\"mlp_type\": \"gated\", \"mlp_multiple_of\": 128",        11008, true,  true },
        {"\"mlp_type\": \"llama\", \"intermediate_size\": 14336",    14336, true,  false},
        {"\"activation\": \"swiglu\", \"intermediate_size\": 33024", 11008, true,  true },
        {"\"activation\": \"geglu\", \"use_bias_in_mlp\": false",    5461,  true,  false},
        {"\"activation\": \"geglu\", \"mlp_multiple_of\": 256",      5632,  true,  true },
        {"\"activation\": \"gelu\", \"expansion_factor\": 3",        12288, false, true },
        {"\"activation\": \"relu\"",                                 16384, false, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{ \"num_layers\": 32, \"hidden_size\": 4096, \"num_attention_heads\": 32, %s "
                 "\"pos-emb\": \"rotary\", \"train_micro_batch_size_per_gpu\": 1, %s }",
                 SIZES, cases[i].settings);
        const struct model *m = &read_neox(text, 8)->scenario.model;
        assert_int_equal(m->intermediate_size, cases[i].width);
        assert_int_equal(m->gated_mlp, cases[i].gated);
        assert_int_equal(m->mlp_bias, cases[i].bias);
    }
}

static void test_attention(void **state)
{
    (void)state;
    const struct framework_run *run = read_neox(
        "{ " GPT SIZES
        "\"num_kv_heads\": 4, \"sliding_window_width\": 512, \"norm\": \"rmsnorm\",\n"
        "\"gpt_j_residual\": true, \"gpt_j_tied\": true, \"use_bias_in_attn_linear\": false,\n"
        "\"attention_config\": [[[\"flash\"], 12]], \"precision\": \"bfloat16\",\n"
        "\"fp32_allreduce\": True, \"pos_emb\": \"rotary\",\n"
        "\"zero_optimization\": {\"stage\": 2, \"overlap_comm\": true, \"cpu_offload\": true},\n"
        "\"train_micro_batch_size_per_gpu\": 2, \"global_num_gpus\": 16 }",
        0);
    const struct model *m = &run->scenario.model;
    assert_int_equal(m->kv_heads, 4);
    assert_int_equal(m->kind[0].window, 512);
    assert_int_equal(m->norms_per_layer, 1);
    assert_false(m->layer_norm_bias || m->attention_bias);
    assert_int_equal(run->strategy.attention, ATTENTION_FLASH);
    assert_int_equal(run->strategy.overlaps, 1u << OVERLAP_DP_GRAD_REDUCE);
    assert_true(run->strategy.offload_optimizer);
    check_near(run->scenario.stack.gradient_reduce_bytes, 4, 0);
    check_near(import.gpus, 16, 0);
    check_near(run->scenario.job.global_batch, 32, 0);
    /* of both kinds */
    read_neox("{ " GPT SIZES "\"attention-config\": [[[\"flash\", \"global\"], 6]],"
              "\"train_batch_size\": 8, \"num_gpus\": 4, \"num_nodes\": 2 }",
              0);
    assert_true(notes("fused and unfused"));
    check_near(import.gpus, 8, 0);
    read_neox("{ " GPT SIZES "\"train_batch_size\": 8, \"num_gpus\": 4, \"num_nodes\": -1 }", 0);
    check_near(import.gpus, 0, 0);
    read_neox("{ " GPT SIZES "\"pipe-parallel-size\": 1, \"optimizer\": {\"type\": \"Lion\"} }", 8);
    assert_true(notes("the optimizer Lion"));
}

/* Joined, with a byte order mark, Windows' line ends and tabs. */
static void test_joined(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_neox("\xef\xbb\xbf{\r\n\t\"num-layers\": 12,\t\"hidden-size\": 768,\r\n"
                  "\t\"num-attention-heads\": 12,\r\n}\r\n# the second\r\n{ \"seq-length\": "
                  "1024,\r\n\"pos-emb\": \"rotary\",\r\n\"pipe-parallel-size\": 1,\r\n"
                  "\"max-position-embeddings\": 1024,\r\n"
                  "\"fp16\": {\"enabled\": true}, \"train_micro_batch_size_per_gpu\": 8 }\r\n",
                  4);
    assert_int_equal(run->scenario.model.layers, 12);
    check_near(run->scenario.job.seq_length, 1024, 0);
    check_near(run->scenario.job.global_batch, 32, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP16);
}

static void refused(const char *text, const char *path, int line, const char *message)
{
    struct error e;
    assert_int_equal(read_on(16, text, "x.yml", &e), STATUS_INPUT);
    if (!strstr(e.message, message))
        print_error("%s\n", e.message);
    assert_non_null(strstr(e.message, message));
    assert_string_equal(e.path, path);
    assert_int_equal(e.line, line);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("{ " GPT SIZES "\"pipe_parallel_size\": 1,\n\"moe_num_experts\": 8 }",
            "moe_num_experts", 4, "not modelled");
    refused("{ " GPT SIZES "\"attention_config\": [[[\"sparse_fixed\", \"flash\"], 6]] }",
            "attention_config", 3, "\"sparse_fixed\" is not modelled");
    refused("{ " GPT SIZES "\"pipe_parallel_size\": 1, \"model_arch\": \"t5\" }", "model_arch", 3,
            "decoders alone");
    refused("{ " GPT SIZES "\"pipe_parallel_size\": 1,\n\"precision\": \"bf16\" }", "precision", 4,
            "expected fp16, fp32 or bfloat16");
    /* 16 GPUs: 2 x 4 x 16 = 128 sequences */
    refused("{ " GPT SIZES "\"train_batch_size\": 64,\n\"train_micro_batch_size_per_gpu\": 2,\n"
            "\"gradient_accumulation_steps\": 4 }",
            "train_batch_size", 3, "64 is not 2 sequences x 4 micro-batches x 16 replicas");
    refused("{ \"num-layers\": twelve, \"hidden-size\": 768, \"pipe-parallel-size\": 1 }",
            "num_layers", 1, "twelve");
    refused("{ " GPT "\"pipe-parallel-size\": 1,\n", "", 3, "got the file's end");
    refused("{ \"num-layers\": 12\n  \"hidden-size\": 768 }", "", 2, "expected ',' or '}'");
    refused("{ \"num-layers\" 12 }", "", 1, "expected a key and ':'");
    refused("{ \"betas\": [0.9, 0.95 }", "", 1, "expected ',' or ']'");
    refused("{ \"save\": \"here\n }", "", 1, "closing quote");
    refused("{ \"num-layers\": 12 }\nhidden-size: 768\n", "", 2, "expected '{'");
    refused("{a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: {a: "
            "1}}}}}}}}}}}}}}}}}}",
            "", 1, "a closing brace");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_parallel, teardown),
        cmocka_unit_test_teardown(test_defaults, teardown),
        cmocka_unit_test_teardown(test_widths, teardown),
        cmocka_unit_test_teardown(test_attention, teardown),
        cmocka_unit_test_teardown(test_joined, teardown),
        cmocka_unit_test_teardown(test_refusals, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
