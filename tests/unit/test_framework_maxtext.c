/* MaxText's YAML and command lines: a mesh of two levels, what base.yml says where nothing is, the
 * stack that machine and weights tell. */
#include "tests/unit/import_from.h"

static const struct framework_run *read_maxtext(const char *text, const char *file, double gpus)
{
    struct error e;
    enum status status = read_on(gpus, text, file, &e);
    if (status != STATUS_OK)
        print_error("%s: %s\n", e.path, e.message);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(import.framework->name, "maxtext");
    return &import.run;
}

/* 32 GPUs in nodes of 8: FSDP within two of them, two copies; 3 sequences a GPU. */
static void test_gpus(void **state)
{
    (void)state;
    const struct framework_run *run = read_maxtext(
        "base_config: \"base.yml\"\nrun_name: \"x\"\nhardware: \"gpu\"\nsteps: 30\n"
        "model_name: \"llama2-70b\"\nattention: \"cudnn_flash_te\"\ndcn_data_parallelism: -1\n"
        "dcn_fsdp_parallelism: 2\nici_fsdp_parallelism: 8\nici_tensor_parallelism: 1\n"
        "remat_policy: 'full'\noptimizer_memory_host_offload: False\ndtype: \"bfloat16\"\n"
        "quantization: \"\"\nweight_dtype: bfloat16\nper_device_batch_size: 3\n"
        "max_target_length: 4096\ngradient_accumulation_steps: 2\ndataset_type: \"synthetic\"\n"
        "no_such_key: 1\n",
        "x.yml", 32);
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.stack, "maxtext-2026");
    assert_string_equal(run->model_name, "llama2-70b");
    check_near(import.gpus_per_node, 8, 0);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->fsdp_shard, 16);
    assert_int_equal(s->micro_batch, 3);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_int_equal(s->overlaps, 0); /* its stack's */
    assert_false(s->offload_optimizer);
    check_near(run->scenario.job.global_batch, 192, 0); /* 3 x 32 x 2 */
    check_near(run->scenario.job.seq_length, 4096, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    assert_int_equal(use_of("no_such_key"), SETTING_UNKNOWN);
}

/* ZeRO 1 over copies that data parallelism alone makes; beside FSDP it is told that it is not
 * modelled. */
static void test_optimizer_shards(void **state)
{
    (void)state;
    static const char both[] = "base_config: base.yml\nhardware: gpu\nmodel_name: llama2-7b\n"
                               "weight_dtype: bfloat16\nper_device_batch_size: 1\n";
    static const char copies[] = "ici_fsdp_parallelism: 1\nici_data_parallelism: 8\n";
    char text[400];
    snprintf(text, sizeof text, "%s%sshard_optimizer_over_data: true\n", both, copies);
    assert_int_equal(read_maxtext(text, "x.yml", 8)->strategy.zero, 1);
    assert_int_equal(import.run.scenario.stack.zero_stages >> 1 & 1, 1);
    snprintf(text, sizeof text, "%s%sshard_optimizer_over_data: false\n", both, copies);
    assert_int_equal(read_maxtext(text, "x.yml", 8)->strategy.zero, 0);
    assert_false(notes("shard_optimizer_over_data"));
    snprintf(text, sizeof text, "%sdcn_data_parallelism: 2\nici_fsdp_parallelism: 8\n%s", both,
             "shard_optimizer_over_data: true\n");
    assert_int_equal(read_maxtext(text, "x.yml", 16)->strategy.zero, 3);
    assert_true(notes("shard_optimizer_over_data is not modelled beside FSDP"));
}

/* 32 = 2^5: layers x 2, stream x 4, heads and width x 4 (its 32b.sh, whose published run it is:
 * 8192, 64, 28672, 32); 7 sequences a chip, 4 chips a replica. */
static void test_scale(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_maxtext("python3 MaxText/train.py MaxText/configs/base.yml run_name=$RUN_NAME\\\n"
                     "    steps=30 per_device_batch_size=7 remat_policy=minimal \\\n"
                     "    global_parameter_scale=32 ici_fsdp_parallelism=-1 "
                     "ici_tensor_parallelism=4\\\n    max_target_length=2048 attention='flash' "
                     "quantization=\"\"\n",
                     "32b.sh", 64);
    const struct model *m = &run->scenario.model;
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.stack, "maxtext-tpu-2024");
    assert_true(run->model_given);
    assert_int_equal(m->layers, 32);
    assert_int_equal(m->hidden_size, 8192);
    assert_int_equal(m->heads, 64);
    assert_int_equal(m->kv_heads, 64);
    assert_int_equal(m->intermediate_size, 28672);
    assert_int_equal(m->vocab_size, 32000);
    assert_true(m->gated_mlp);
    assert_false(m->tied_embeddings);
    assert_int_equal(s->tp, 4);
    assert_true(s->sequence_parallel);
    assert_int_equal(s->micro_batch, 28);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->fsdp_shard, 0);
    assert_int_equal(s->recompute, RECOMPUTE_SELECTIVE);
    assert_int_equal(s->recompute_modules,
                     1u << MODULE_LAYERNORM | 1u << MODULE_MLP_ACT | 1u << MODULE_CORE_ATTENTION);
    assert_int_equal(s->overlaps,
                     1u << OVERLAP_TP | 1u << OVERLAP_FSDP_PREFETCH | 1u << OVERLAP_DP_GRAD_REDUCE);
    check_near(run->scenario.job.global_batch, 448, 0);
    assert_true(notes("one slice is taken"));
}

/* Every axis told: the GPUs follow. Weights in fp32, half a sequence a GPU, another policy. */
static void test_told(void **state)
{
    (void)state;
    const struct framework_run *run = read_maxtext(
        "hardware: gpu_multiprocess\nmodel_name: deepseek3-671b\nici_expert_parallelism: 8\n"
        "ici_fsdp_parallelism: 1\ndcn_data_parallelism: 1\ndcn_fsdp_parallelism: 4\n"
        "dcn_context_parallelism: 2\nper_device_batch_size: 0.5\nquantization: te_fp8_delayed\n"
        "remat_policy: save_qkv_proj\n",
        "x.yml", 0);
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.stack, "jax-toolbox-2024");
    assert_string_equal(run->model_name, "deepseek-v3");
    check_near(import.gpus, 64, 0);
    assert_int_equal(s->ep, 8);
    assert_int_equal(s->cp, 2);
    assert_int_equal(s->cp_comm, CP_COMM_ALLGATHER);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->fsdp_shard, 0);
    assert_int_equal(s->micro_batch, 1);
    check_near(run->scenario.job.global_batch, 32, 0);
    check_near(run->scenario.job.seq_length, 2048, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP8);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_true(notes("remat_policy save_qkv_proj is taken as full"));
    /* replicas alone */
    run = read_maxtext("hardware: gpu\nmodel_name: llama3-8b\nici_data_parallelism: 8\n"
                       "ici_fsdp_parallelism: 1\ndcn_data_parallelism: 1\n"
                       "remat_policy: minimal_flash\nattention: dot_product\n",
                       "x.yml", 0);
    assert_int_equal(run->strategy.zero, 0);
    assert_int_equal(run->strategy.attention, ATTENTION_UNFUSED);
    assert_int_equal(run->strategy.micro_batch, 12); /* base.yml's */
    assert_int_equal(run->strategy.recompute_modules,
                     1u << MODULE_LAYERNORM | 1u << MODULE_MLP_ACT);
    check_near(import.gpus, 8, 0);
}

static void refused(const char *text, const char *path, int line, const char *message)
{
    struct error e;
    assert_int_equal(read_on(16, text, "x.yml", &e), STATUS_INPUT);
    if (!strstr(e.message, message))
        print_error("%s: %s\n", e.path, e.message);
    assert_non_null(strstr(e.message, message));
    assert_string_equal(e.path, path);
    assert_int_equal(e.line, line);
}

static void test_refusals(void **state)
{
    (void)state;
    refused("hardware: gpu\nici_fsdp_parallelism: 8\ndcn_data_parallelism: 4\n",
            "ici_fsdp_parallelism", 2, "axes of 32 do not make 16 GPUs");
    refused("hardware: gpu\nici_tensor_parallelism: 3\nici_fsdp_parallelism: -1\n",
            "ici_fsdp_parallelism", 3, "axes of 3 do not make 16 GPUs");
    refused("hardware: gpu\nici_data_parallelism: -1\nscan_layers: true\n", "ici_fsdp_parallelism",
            0, "one axis of a level alone");
    refused("hardware: gpu\nici_pipeline_parallelism: 4\n", "ici_pipeline_parallelism", 2,
            "pipeline is not modelled");
    refused("hardware: gpu\nper_device_batch_size: 0.25\nici_fsdp_parallelism: 8\n",
            "per_device_batch_size", 2, "0.25 sequences a device");
    refused("ici_fsdp_parallelism: 8\nhardware: gpu\nglobal_parameter_scale: 3\n",
            "global_parameter_scale", 3, "a power of two");
    refused("ici_fsdp_parallelism: many\nhardware: gpu\nscan_layers: true\n",
            "ici_fsdp_parallelism", 1, "many");
}

/* A model whose dimensions are not read is asked for. */
static void test_unread_models(void **state)
{
    static const struct {
        const char *settings, *note;
    } files[] = {
        {"model_name: llama2-7b\noverride_model_config: true\n",
         "override_model_config llama2-7b: other dimensions"                                                       },
        {"decoder_block: gemma2\n",                              "decoder_block gemma2: not read by its dimensions"},
        {"num_experts: 8\n",                                     "num_experts 8: not read by its dimensions"       },
        {"base_num_heads: 24\n",                                 "base_num_heads 24: of MaxText in 2023"           },
        {"scale: 3\n",                                           "scale 3: of MaxText in 2023"                     },
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char text[256];
        struct error e;
        snprintf(text, sizeof text, "ici_fsdp_parallelism: 8\nhardware: gpu\n%s",
                 files[i].settings);
        assert_int_equal(read_on(8, text, "x.yml", &e), STATUS_OK);
        assert_false(import.run.model_given);
        assert_true(notes(files[i].note));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_gpus, teardown),
        cmocka_unit_test_teardown(test_optimizer_shards, teardown),
        cmocka_unit_test_teardown(test_scale, teardown),
        cmocka_unit_test_teardown(test_told, teardown),
        cmocka_unit_test_teardown(test_unread_models, teardown),
        cmocka_unit_test_teardown(test_refusals, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
