/* Megatron-LM's and Megatron-Bridge's configurations as their users write them: gradients,
 * vocabularies, models alike, attention by name. */
#include "tests/unit/import_from.h"

static const char gpt[] = "python pretrain_gpt.py --num-layers 4 --hidden-size 1024 "
                          "--num-attention-heads 8 --seq-length 1024 --micro-batch-size 1 "
                          "--vocab-size 32000 ";

/* Bytes of a parameter's gradient in its three places: all follow the one buffer. */
static void check_gradients(const char *flags, double bytes)
{
    char text[512];
    snprintf(text, sizeof text, "%s%s\n", gpt, flags);
    const struct stack *stack = &read_ok(text, "x.sh")->scenario.stack;
    check_near(stack->gradient_bytes, bytes, 0);
    check_near(stack->gradient_reduce_bytes, bytes, 0);
    check_near(stack->kernels.gradient_bytes, bytes, 0);
}

/* fp32 in bf16 training, unless told otherwise; --fp16 alone asks for none. */
static void test_gradients(void **state)
{
    (void)state;
    check_gradients("--bf16", 4);
    check_gradients("--bf16 --accumulate-allreduce-grads-in-fp32", 4);
    check_gradients("--bf16 --grad-reduce-in-bf16", 2);
    check_gradients("--bf16 --use-precision-aware-optimizer --main-grads-dtype bf16", 2);
    check_gradients("--bf16 --main-grads-dtype fp32", 4);
    check_gradients("--fp16", 2);
    check_gradients("--fp16 --accumulate-allreduce-grads-in-fp32", 4);
}

/* Megatron-Bridge says it in its own words, and its overlaps in two places. */
static void test_bridge_gradients(void **state)
{
    (void)state;
    static const char *const words[] = {"false", "true"};
    for (int whole = 0; whole < 2; whole++) {
        char text[512];
        snprintf(text, sizeof text,
                 "train:\n  global_batch_size: 8\nmodel:\n  num_layers: 4\n  hidden_size: 1024\n"
                 "  num_attention_heads: 8\n  seq_length: 1024\n  vocab_size: 32000\n"
                 "comm_overlap:\n  overlap_grad_reduce: true\n  bucket_size: 500000000\n"
                 "ddp:\n  use_distributed_optimizer: true\n  grad_reduce_in_fp32: %s\n",
                 words[whole]);
        const struct framework_run *run = read_ok(text, "x.yaml");
        const struct stack *stack = &run->scenario.stack;
        assert_string_equal(import.framework->name, "megatron-bridge");
        check_near(stack->gradient_bytes, whole ? 4 : 2, 0);
        check_near(stack->gradient_reduce_bytes, whole ? 4 : 2, 0);
        check_near(stack->kernels.gradient_bytes, whole ? 4 : 2, 0);
        check_near(stack->dp_bucket_parameters, 500e6, 0);
        assert_int_equal(run->strategy.overlaps, 1u << OVERLAP_DP_GRAD_REDUCE);
    }
}

/* Llama2Tokenizer reads any SentencePiece file; one that is not called as Llama's is has a
 * vocabulary that nobody told. */
static void test_vocabulary(void **state)
{
    (void)state;
    static const char *const script =
        "python pretrain_gpt.py --num-layers 4 --hidden-size 1024 --num-attention-heads 8 "
        "--seq-length 1024 --micro-batch-size 1 --bf16 --tokenizer-type Llama2Tokenizer %s\n";
    static const struct {
        const char *flags;
        int vocabulary;
        bool noted;
    } cases[] = {
        {"--tokenizer-model /data/llama2/tokenizer.model",                  32000, false},
        {"--tokenizer-model /data/code20K_en40K_ja60K.ver2.2.model",        32000, true },
        {"--tokenizer-model /data/code20K.model --padded-vocab-size 96896", 96896, false},
        {"",                                                                32000, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        snprintf(text, sizeof text, script, cases[i].flags);
        assert_int_equal(read_ok(text, "x.sh")->scenario.model.vocab_size, cases[i].vocabulary);
        assert_int_equal(notes("is not told: 32000"), cases[i].noted);
    }
}

/* Everything but the vocabulary is told: the catalog's models of such layers are named. */
static void test_like_models(void **state)
{
    (void)state;
    static const char llama[] =
        "python pretrain_gpt.py --num-layers 80 --hidden-size 8192 --ffn-hidden-size 28672 "
        "--num-attention-heads 64 --group-query-attention --num-query-groups 8 --swiglu "
        "--normalization RMSNorm --position-embedding-type rope --disable-bias-linear "
        "--untie-embeddings-and-output-weights --seq-length 4096 --micro-batch-size 1 --bf16 "
        "--tokenizer-type HuggingFaceTokenizer --tokenizer-model someone/some ";
    char text[700];
    snprintf(text, sizeof text, "%s\n", llama);
    assert_false(read_ok(text, "x.sh")->model_given);
    assert_true(notes("its layers are those of llama2-70b, llama3-70b\n"));
    snprintf(text, sizeof text, "%s--padded-vocab-size 128256\n", llama);
    assert_string_equal(read_ok(text, "x.sh")->model_name, "llama3-70b");
    assert_false(notes("its layers"));
}

/* Parameters are gathered in parts, so the optimizer is distributed: Primus's base says it, which
 * is not followed; its keys may have blanks before the colon. */
static void test_gathered_parts(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_ok("modules:\n  pre_trainer:\n    framework: megatron\n"
                "    model: deepseek_v2_lite.yaml\n    overrides:\n      micro_batch_size : 6\n"
                "      global_batch_size: 96\n      seq_length: 4096\n"
                "      overlap_param_gather: true\n",
                "x.yaml");
    assert_string_equal(run->model_name, "deepseek-v2-lite");
    assert_int_equal(run->strategy.zero, 1);
    assert_int_equal(run->strategy.micro_batch, 6);
}

/* The kernels that a backend names are told where they are slower than those priced. */
static void test_attention_backend(void **state)
{
    static const struct {
        const char *backend;
        bool noted;
    } cases[] = {
        {"flash",   true },
        {"fused",   false},
        {"auto",    false},
        {"unfused", false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[400];
        snprintf(text, sizeof text,
                 "torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 32 --hidden-size 4096 "
                 "--num-attention-heads 32 --seq-length 4096 --micro-batch-size 1 "
                 "--global-batch-size 64 --vocab-size 32000 --bf16 --attention-backend %s",
                 cases[i].backend);
        read_ok(text, "run.sh");
        assert_int_equal(notes("--stack megatron-core-fa2 prices it"), cases[i].noted);
        assert_int_equal(import.run.strategy.attention == ATTENTION_UNFUSED,
                         strcmp(cases[i].backend, "unfused") == 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_gradients, teardown),
        cmocka_unit_test_teardown(test_bridge_gradients, teardown),
        cmocka_unit_test_teardown(test_vocabulary, teardown),
        cmocka_unit_test_teardown(test_like_models, teardown),
        cmocka_unit_test_teardown(test_gathered_parts, teardown),
        cmocka_unit_test_teardown(test_attention_backend, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
