/* NeMo's and Accelerate's YAML, and what YAML itself brings along. */
#include "tests/unit/import_from.h"

#define DATA "tests/data/frameworks/"

/* 4 nodes of 8; the width of the MLP is 4 x 2048, not 8/3 of it, gated or not. */
static void test_nemo(void **state)
{
    (void)state;
    const struct framework_run *run = read_file(DATA "nemo.yaml");
    const struct model *m = &run->scenario.model;
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.framework->name, "nemo");
    check_near(import.gpus, 32, 0);
    check_near(import.gpus_per_node, 8, 0);
    assert_true(run->model_given);
    assert_int_equal(m->layers, 24);
    assert_int_equal(m->intermediate_size, 8192);
    assert_int_equal(m->max_position_embeddings, 4096);
    assert_int_equal(m->kv_heads, 4);
    assert_int_equal(m->vocab_size, 50257);
    assert_true(m->gated_mlp);
    assert_true(m->rotary);
    assert_false(m->layer_norm_bias);
    assert_false(m->mlp_bias);
    assert_false(m->tied_embeddings);
    assert_int_equal(s->tp, 2);
    assert_int_equal(s->pp, 4);
    assert_int_equal(s->vpp, 3);
    assert_int_equal(s->micro_batch, 2);
    assert_int_equal(s->zero, 1);
    assert_true(s->sequence_parallel);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_int_equal(s->recompute_layers, 1);
    assert_int_equal(s->attention, ATTENTION_FLASH);
    assert_int_equal(s->overlaps,
                     1u << OVERLAP_TP | 1u << OVERLAP_PP | 1u << OVERLAP_DP_GRAD_REDUCE);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    check_near(run->scenario.job.seq_length, 4096, 0);
    check_near(run->scenario.job.global_batch, 256, 0);
    assert_false(run->scenario.stack.kernels.fused_residual);
    assert_true(run->scenario.stack.kernels.fused_activation);
    assert_int_equal(use_of("model.data.reset_attention_mask"), SETTING_UNMODELLED);
    assert_int_equal(use_of("model.data.data_prefix"), SETTING_NEUTRAL);
}

/* What its defaults are where a file of 2022 says little: GPT's layers, no fused attention, no
 * sharded state, weights in fp32. */
static void test_nemo_old(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("trainer:\n  devices: 1\n  num_nodes: 1\n  precision: 16\n"
                  "model:\n  micro_batch_size: 4\n  global_batch_size: 8\n"
                  "  encoder_seq_length: 512\n  max_position_embeddings: 512\n  num_layers: 12\n"
                  "  hidden_size: 768\n  num_attention_heads: 12\n"
                  "  activations_checkpoint_granularity: full\n"
                  "  activations_checkpoint_method: block\n"
                  "  activations_checkpoint_num_layers: 0\n"
                  "  tokenizer:\n    type: GPT2BPETokenizer\n"
                  "  megatron_amp_O2: False\n  optim:\n    name: fused_adam\n");
    assert_string_equal(import.framework->name, "nemo");
    assert_int_equal(run->scenario.model.intermediate_size, 3072);
    assert_int_equal(run->scenario.model.position_embeddings, 512);
    assert_int_equal(run->strategy.attention, ATTENTION_UNFUSED);
    assert_int_equal(run->strategy.zero, 0);
    assert_int_equal(run->strategy.recompute, RECOMPUTE_NONE); /* of no layer */
    assert_int_equal(run->scenario.job.precision, DTYPE_FP16);
    assert_true(notes("megatron_amp_O2"));
}

static void test_nemo_overrides(void **state)
{
    (void)state;
    struct error e;
    enum status status = read_text("python megatron_gpt_pretraining.py trainer.devices=8 "
                                   "trainer.num_nodes=2 trainer.precision=bf16 "
                                   "model.micro_batch_size=1 model.global_batch_size=64 "
                                   "model.tensor_model_parallel_size=4 ++model.fsdp=True "
                                   "model.fp8=True model.encoder_seq_length=2048\n",
                                   "x.sh", &e);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(import.framework->name, "nemo");
    check_near(import.gpus, 16, 0);
    assert_int_equal(import.run.strategy.tp, 4);
    assert_int_equal(import.run.strategy.zero, 3);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP8);
}

/* 16 processes / cp 2 = 8 replicas, in two copies over 4 x 2 ranks each. */
static void test_accelerate_fsdp(void **state)
{
    (void)state;
    const struct framework_run *run = read_file(DATA "accelerate_fsdp.yaml");
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.framework->name, "accelerate");
    check_near(import.gpus, 16, 0);
    check_near(import.gpus_per_node, 8, 0);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->cp, 2);
    assert_int_equal(s->cp_comm, CP_COMM_ALLGATHER);
    assert_int_equal(s->fsdp_shard, 8);
    assert_false(s->reshard_after_forward);
    assert_true(s->offload_optimizer);
    assert_true(run->scenario.stack.offloads_shards);
    assert_true(run->scenario.stack.cp_comms >> CP_COMM_ALLGATHER & 1);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_int_equal(s->overlaps, 1u << OVERLAP_FSDP_PREFETCH);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    check_near(run->scenario.job.global_batch, 8, 0);
    assert_int_equal(use_of("main_process_ip"), SETTING_NEUTRAL);
    assert_int_equal(use_of("use_cpu"), SETTING_NEUTRAL);
    assert_true(notes("micro-batch"));
}

static void test_accelerate_deepspeed(void **state)
{
    (void)state;
    const struct framework_run *run = read_file(DATA "accelerate_deepspeed.yaml");
    assert_int_equal(run->strategy.zero, 3);
    assert_true(run->strategy.offload_optimizer);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP16);
    check_near(run->scenario.job.global_batch, 32, 0); /* 8 x 4 of accumulation */
    assert_int_equal(use_of("deepspeed_config.offload_param_device"), SETTING_NEUTRAL);
}

/* 16 / (4 x 2) = 2 replicas of 6 micro-batches. */
static void test_accelerate_megatron(void **state)
{
    (void)state;
    const struct framework_run *run = read_file(DATA "accelerate_megatron.yaml");
    const struct strategy *s = &run->strategy;
    assert_string_equal(run->scenario.stack.name, "megatron-core");
    assert_int_equal(s->tp, 4);
    assert_int_equal(s->pp, 2);
    assert_int_equal(s->schedule, SCHEDULE_1F1B);
    assert_int_equal(s->zero, 1);
    assert_int_equal(s->recompute, RECOMPUTE_SELECTIVE);
    assert_true(s->sequence_parallel);
    check_near(run->scenario.job.global_batch, 12, 0);
}

static void test_accelerate_words(void **state)
{
    static const struct {
        const char *text;
        int zero, fsdp_shard, zero_group;
    } cases[] = {
        {"fsdp_sharding_strategy: FULL_SHARD",                       3, 0, 0},
        {"fsdp_sharding_strategy: 2",                                2, 0, 0},
        {"fsdp_sharding_strategy: NO_SHARD",                         0, 0, 0},
        {"fsdp_sharding_strategy: HYBRID_SHARD",                     3, 8, 0},
        {"fsdp_sharding_strategy: 5",                                2, 0, 8},
        {"fsdp_reshard_after_forward: SHARD_GRAD_OP",                2, 0, 0},
        {"fsdp_version: 2\n  fsdp_sharding_strategy: SHARD_GRAD_OP", 3, 0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "distributed_type: FSDP\nnum_processes: 16\nnum_machines: 2\n"
                 "mixed_precision: bf16\nfsdp_config:\n  %s\n",
                 cases[i].text);
        const struct strategy *s = &read_yaml(text)->strategy;
        assert_int_equal(s->zero, cases[i].zero);
        assert_int_equal(s->fsdp_shard, cases[i].fsdp_shard);
        assert_int_equal(s->zero_group, cases[i].zero_group);
    }
    const struct framework_run *run =
        read_yaml("distributed_type: MULTI_GPU\nnum_processes: 4\nmixed_precision: 'no'\n"
                  "dynamo_config:\n  dynamo_backend: INDUCTOR\n");
    assert_int_equal(run->strategy.zero, 0);
    assert_true(run->strategy.torch_compile);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP32);
}

static void test_accelerate_refused(void **state)
{
    static const char *const cases[][2] = {
        {"distributed_type: MULTI_CPU\nnum_processes: 4\n",                        "MULTI_CPU"   },
        {"distributed_type: FSDP\nmixed_precision: bf61\nnum_processes: 4\n",      "bf61"        },
        {"distributed_type: FSDP\nfsdp_config:\n  fsdp_sharding_strategy: ZERO\n", "ZERO"        },
        {"distributed_type: DEEPSPEED\ndeepspeed_config:\n  zero_stage: 4\n",      "0 to 3"      },
        {"distributed_type: FSDP\nnum_processes: many\n",                          "whole number"},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e;
        assert_int_equal(read_text(cases[i][0], "x.yaml", &e), STATUS_INPUT);
        assert_non_null(strstr(e.message, cases[i][1]));
    }
}

/* A file of Windows, one with a byte order mark; sections open all the same. */
static void test_line_ends(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("\xef\xbb\xbf"
                  "distributed_type: FSDP\r\nnum_processes: 8\r\nfsdp_config:\r\n"
                  "  fsdp_offload_params: true\r\nmixed_precision: bf16\r\n");
    assert_string_equal(import.framework->name, "accelerate");
    assert_true(run->strategy.offload_optimizer);
    assert_int_equal(use_of("distributed_type"), SETTING_READ);
}

static void test_interpolation(void **state)
{
    (void)state;
    read_yaml("model:\n  hidden_size: 96\n  num_layers: ${.hidden_size}\n"
              "  ffn_hidden_size: ${multiply:4, ${.hidden_size}}\n"
              "  global_batch_size: ${divide_ceil:${model.hidden_size},36}\n"
              "  micro_batch_size: ${divide_floor:${training.model.hidden_size}, 40}\n"
              "  fp8_margin: a${.hidden_size}b${.num_layers}\n  fp8_interval: ${.fp8_interval}\n"
              "  seed: ${oc.env:SEED}\n  hysteresis: ${divide_floor:1,0}\n  onnx_safe: ???\n"
              "  native_amp_a: ${.native_amp_b}\n  native_amp_b: ${.native_amp_a}\n");
    assert_string_equal(value_of("model.num_layers"), "96");
    assert_string_equal(value_of("model.ffn_hidden_size"), "384");
    assert_string_equal(value_of("model.global_batch_size"), "3");
    assert_string_equal(value_of("model.micro_batch_size"), "2");
    assert_string_equal(value_of("model.fp8_margin"), "a96b96");
    static const char *const open[] = {"model.fp8_interval", "model.seed",
                                       "model.hysteresis",   "model.onnx_safe",
                                       "model.native_amp_a", "model.native_amp_b"};
    for (size_t i = 0; i < sizeof open / sizeof *open; i++)
        assert_true(value_is_unresolved(value_of(open[i])));
}

/* Lists as people write them: blanks behind commas, quotes, comments, several lines; a member
 * behind a list that its bracket does not close. */
static void test_lists(void **state)
{
    (void)state;
    static const char *const lists[] = {
        "[core_attn,moe]",
        "[core_attn, moe]",
        "[ \"core_attn\", 'moe' ]   # the least that fits",
        "[\n    \"core_attn\",  # a comment\n    \"moe\",\n  ]",
        "\n    - core_attn\n    - \"moe\"",
        "[core_attn, moe",
    };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "train:\n  global_batch_size: 8\nmodel:\n  num_layers: 4\n  hidden_size: 1024\n"
                 "  num_attention_heads: 8\n  seq_length: 1024\n  vocab_size: 32000\n"
                 "  recompute_granularity: selective\n  recompute_modules: %s\n"
                 "  context_parallel_size: 2\n"
                 "ddp:\n  use_distributed_optimizer: true\n",
                 lists[i]);
        const struct framework_run *run = read_yaml(text);
        assert_string_equal(value_of("model.recompute_modules"), "core_attn moe");
        assert_int_equal(run->strategy.recompute_modules,
                         1u << MODULE_CORE_ATTENTION | 1u << MODULE_MOE);
        assert_int_equal(run->strategy.cp, 2);
    }
    read_yaml("trainer:\n  devices: 8\nmodel:\n  num_layers: 4\n  hidden_size: 1024\n"
              "  num_attention_heads: 8\n  encoder_seq_length: 512\n"
              "  data:\n    data_prefix:\n    - name: a\n      splits: [\"1\", [\"0 2\", \"3\"]]\n"
              "      columns:\n      - x\n      - y\n    - name: b\n      weight: 2\n");
    assert_string_equal(value_of("model.data.data_prefix.splits"), "1 0 2 3");
    assert_string_equal(value_of("model.data.data_prefix.columns"), "x y");
    assert_string_equal(value_of("model.data.data_prefix.name"), "b");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_nemo, teardown),
        cmocka_unit_test_teardown(test_nemo_old, teardown),
        cmocka_unit_test_teardown(test_nemo_overrides, teardown),
        cmocka_unit_test_teardown(test_accelerate_fsdp, teardown),
        cmocka_unit_test_teardown(test_accelerate_deepspeed, teardown),
        cmocka_unit_test_teardown(test_accelerate_megatron, teardown),
        cmocka_unit_test_teardown(test_accelerate_words, teardown),
        cmocka_unit_test_teardown(test_accelerate_refused, teardown),
        cmocka_unit_test_teardown(test_line_ends, teardown),
        cmocka_unit_test_teardown(test_interpolation, teardown),
        cmocka_unit_test_teardown(test_lists, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
