/* nanotron's YAML: a Hugging Face configuration inside, each degree told, layers dealt out by their
 * cost. */
#include "tests/unit/import_from.h"

#define MODEL                                                                                      \
    "  model_config:\n    hidden_act: silu\n    hidden_size: 2048\n    intermediate_size: 8192\n"  \
    "    is_llama_config: true\n    max_position_embeddings: 4096\n"                               \
    "    num_attention_heads: 32\n    num_hidden_layers: 16\n    num_key_value_heads: 32\n"        \
    "    pad_token_id: null\n    rope_scaling:\n      factor: 32.0\n      rope_type: llama3\n"     \
    "    tie_word_embeddings: true\n"

/* A layer costs 4 x 2048 x 2048 + 3 x 8192 x 2048 = 2^26, the head 131072 x 2048 = 2^28, four of
 * them: the first of two stages passes half of 20 with its eleventh layer. */
static void test_pipeline(void **state)
{
    (void)state;
    const struct framework_run *run = read_yaml(
        "checkpoints:\n  checkpoint_interval: 10\ndata_stages:\n- data:\n    dataset:\n"
        "      dataset_folder:\n      - /data/tokens\n    seed: 42\n  name: Stable\n"
        "lighteval: null\nmodel:\n  ddp_bucket_cap_mb: 50\n  dtype: bfloat16\n"
        "  make_vocab_size_divisible_by: 1\n" MODEL "    vocab_size: 131072\n"
        "optimizer:\n  accumulate_grad_in_fp32: false\n  optimizer_factory:\n    name: adamW\n"
        "  zero_stage: 1\n"
        "parallelism:\n  dp: 4\n  expert_parallel_size: 1\n  pp: 2\n  pp_engine: 1f1b\n  tp: 1\n"
        "  tp_mode: REDUCE_SCATTER\n  recompute_layer: true\n"
        "tokens:\n  batch_accumulation_per_replica: 16\n  micro_batch_size: 4\n"
        "  sequence_length: 4096\n  val_check_interval: -1\n");
    const struct model *m = &run->scenario.model;
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.framework->name, "nanotron");
    check_near(import.gpus, 8, 0);
    assert_true(run->model_given);
    assert_int_equal(m->layers, 16);
    assert_int_equal(m->kv_heads, 32);
    assert_int_equal(m->vocab_size, 131072);
    assert_true(m->gated_mlp && m->rotary && m->tied_embeddings);
    assert_false(m->mlp_bias || m->attention_bias || m->layer_norm_bias);
    assert_string_equal(s->pp_layout, "Et*11|t*5L");
    assert_int_equal(s->schedule, SCHEDULE_1F1B);
    assert_int_equal(s->micro_batch, 4);
    assert_int_equal(s->zero, 1);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_false(s->sequence_parallel); /* of one rank */
    check_near(run->scenario.job.seq_length, 4096, 0);
    check_near(run->scenario.job.global_batch, 256, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    check_near(run->scenario.stack.gradient_bytes, 2, 0);
    check_near(run->scenario.stack.dp_bucket_parameters, 50 * 1048576.0 / 2, 0);
    assert_int_equal(use_of("data_stages.seed"), SETTING_NEUTRAL);
    assert_int_equal(use_of("model.model_config.hidden_size"), SETTING_READ);
    assert_int_equal(use_of("model.model_config.hidden_act"), SETTING_READ);
}

/* Maps within a line; Qwen2's biases; a vocabulary to a multiple for each rank; the default engine
 * runs all forward passes first. */
static void test_inline(void **state)
{
    (void)state;
    const struct framework_run *run = read_yaml(
        "model:\n  dtype: float16\n  make_vocab_size_divisible_by: 64\n"
        "  model_config: {hidden_size: 1024, intermediate_size: 4096, num_attention_heads: 16,"
        " num_hidden_layers: 24, num_key_value_heads: 4, vocab_size: 50000, is_qwen2_config: true,"
        " attention_bias: true, tie_word_embeddings: false} # small\n"
        "parallelism: {dp: 2, pp: 4, tp: 2, tp_mode: REDUCE_SCATTER}\n"
        "tokens: {sequence_length: 2048, micro_batch_size: 2, batch_accumulation_per_replica: 8}\n"
        "optimizer: {zero_stage: 0, optimizer_factory: {name: sgd}}\n");
    const struct model *m = &run->scenario.model;
    check_near(import.gpus, 16, 0);
    assert_int_equal(m->vocab_size, 50048); /* 391 x 128 */
    assert_int_equal(m->kv_heads, 4);
    assert_true(m->attention_bias);
    assert_false(m->attention_output_bias || m->tied_embeddings);
    assert_true(run->strategy.sequence_parallel);
    assert_int_equal(run->strategy.schedule, SCHEDULE_GPIPE);
    assert_int_equal(run->scenario.job.optimizer, OPTIMIZER_SGD);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP16);
    check_near(run->scenario.job.global_batch, 32, 0);
    /* a layer is 2^24 = 16.8e6, the head 51.2e6, all 453.9e6: 7 layers pass 113.5e6, 14 pass
     * 226.9e6, 21 pass 340.4e6, three are left */
    assert_string_equal(run->strategy.pp_layout, "Et*7|t*7|t*7|t*3L");
}

static void refused(const char *text, const char *path, int line, const char *message)
{
    struct error e;
    assert_int_equal(read_text(text, "x.yaml", &e), STATUS_INPUT);
    assert_non_null(strstr(e.message, message));
    assert_string_equal(e.path, path);
    assert_int_equal(e.line, line);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("model:\n  dtype: float8\n" MODEL "    vocab_size: 1024\nparallelism:\n  dp: 1\n",
            "model.dtype", 2, "\"float8\" is not modelled");
    refused("parallelism:\n  dp: 2\n  tp: two\ntokens:\n  micro_batch_size: 1\n", "parallelism.tp",
            3, "two");
    refused("parallelism:\n  dp: 2\nmodel:\n" MODEL "    moe_config:\n      num_experts: 8\n",
            "model.model_config.moe_config.num_experts", 19, "not modelled");
    refused("parallelism:\n  dp: 2\nmodel:\n  model_config:\n    is_starcoder2_config: true\n",
            "model.model_config.is_starcoder2_config", 5, "StarCoder2");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_pipeline, teardown),
        cmocka_unit_test_teardown(test_inline, teardown),
        cmocka_unit_test_teardown(test_refusals, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
