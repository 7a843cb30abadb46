/* Configurations as their users write them: what DeepSpeed's reader allows in JSON, settings left
 * to a trainer, files that a script writes, launchers whose sizes are not told. */
#include "tests/unit/import_from.h"

/* DeepSpeed reads its JSON with hjson: comments, and a comma behind the last member. */
static void test_relaxed_json(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_ok("{ // a comment, \"stage\": 1\n"
                "  \"train_micro_batch_size_per_gpu\": 2, # per GPU\n"
                "  /* \"bf16\": 1,\n */ \"fp16\": {\"enabled\": true,},\n"
                "  \"tensorboard\": {\"output_path\": \"a//b#c,}\"},\n"
                "  \"zero_optimization\": {\"stage\": 3, },\n}\n",
                "ds.json");
    assert_int_equal(run->strategy.zero, 3);
    assert_int_equal(run->strategy.micro_batch, 2);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP16);
    assert_string_equal(settings_value(&import.configuration.settings, "tensorboard.output_path"),
                        "a//b#c,}");
    struct error e;
    assert_int_equal(read_text("{\"a\": 1,, \"b\": 2}", "ds.json", &e), STATUS_INPUT);
    assert_int_equal(e.column, 9);
    assert_int_equal(read_text("{\"a\": 1 /* open", "ds.json", &e), STATUS_INPUT);
    assert_int_equal(read_text("{,}", "ds.json", &e), STATUS_INPUT);
}

/* Neither bf16 nor fp16: fp32, but for a file that leaves values to the trainer; both are said. */
static void test_no_precision(void **state)
{
    (void)state;
    read_ok("{\"train_batch_size\": 8, \"zero_optimization\": {\"stage\": 2}}", "ds.json");
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP32);
    assert_true(notes("no precision is told: fp32"));
    read_ok("{\"train_batch_size\": \"auto\", \"zero_optimization\": {\"stage\": 2}}", "ds.json");
    assert_int_equal(import.run.scenario.job.precision, DTYPE_BF16);
    assert_true(notes("no precision is told: bf16"));
    read_ok("{\"train_batch_size\": \"auto\", \"bf16\": {\"enabled\": false}}", "ds.json");
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP32);
    assert_false(notes("no precision"));
#define GPT                                                                                        \
    "python pretrain_gpt.py --num-layers 4 --hidden-size 1024 --num-attention-heads 8 "            \
    "--seq-length 1024 --micro-batch-size 1 --vocab-size 32000 "
    read_ok(GPT "\n", "x.sh");
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP32);
    assert_true(notes("neither --bf16 nor --fp16"));
    assert_true(import.run.model_given);
    read_ok(GPT "--bf16 --spec megatron.core.models.gpt.gpt_layer_specs get_gpt_layer_spec\n",
            "x.sh");
    assert_false(notes("neither --bf16"));
    assert_true(import.run.model_given);
    read_ok(GPT "--bf16 --spec plugins.models.qwen3_next get_spec\n", "x.sh");
    assert_false(import.run.model_given); /* layers of its own */
}

static void test_deepspeed_optimizer(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        enum optimizer optimizer;
        bool noted;
    } cases[] = {
        {"AdamW",      OPTIMIZER_ADAM, false},
        {"SGD",        OPTIMIZER_SGD,  false},
        {"Muon",       OPTIMIZER_MUON, false},
        {"OneBitLamb", OPTIMIZER_ADAM, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[200];
        snprintf(text, sizeof text,
                 "{\"train_batch_size\": 8, \"bf16\": {\"enabled\": true}, \"optimizer\": "
                 "{\"type\": \"%s\", \"params\": {\"lr\": 1e-4}}}",
                 cases[i].type);
        read_ok(text, "ds.json");
        assert_int_equal(import.run.scenario.job.optimizer, cases[i].optimizer);
        assert_int_equal(notes("is taken as Adam"), cases[i].noted);
    }
}

/* Offload by a word, where DeepSpeed reads an object: not priced, and told. */
static void test_offload_word(void **state)
{
    (void)state;
    read_ok("{\"train_batch_size\": 8, \"bf16\": {\"enabled\": true}, \"zero_optimization\": "
            "{\"stage\": 3, \"offload_optimizer\": \"cpu\", \"offload_param\": null}}",
            "ds.json");
    assert_int_equal(use_of("zero_optimization.offload_optimizer"), SETTING_UNMODELLED);
}

/* The words of LLaMA-Factory's forks for how ranks that share a sequence exchange it. */
static void test_sequence_parallel_mode(void **state)
{
    (void)state;
    static const struct {
        const char *mode;
        enum cp_comm comm;
    } cases[] = {
        {"zigzag-ring",    CP_COMM_P2P    },
        {"ulysses",        CP_COMM_A2A    },
        {"deepspeed-alst", CP_COMM_A2A    },
        {"usp",            CP_COMM_A2A_P2P},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "model_name_or_path: Qwen/Qwen2.5-7B-Instruct\nfinetuning_type: full\n"
                 "sequence_parallel_size: 4\nsequence_parallel_mode: %s\ncutoff_len: 32768\n"
                 "per_device_train_batch_size: 1\nbf16: true\n",
                 cases[i].mode);
        const struct framework_run *run = read_yaml(text);
        assert_int_equal(run->strategy.cp, 4);
        assert_int_equal(run->strategy.cp_comm, cases[i].comm);
    }
#define SPLIT "finetuning_type: full\ncutoff_len: 32768\nper_device_train_batch_size: 1\n"
    assert_int_equal(read_yaml(SPLIT "sequence_parallel_mode: usp\n"
                                     "sequence_parallel_ulysses_degree: 4\n"
                                     "sequence_parallel_ring_degree: 2\n")
                         ->strategy.cp,
                     8);
    assert_int_equal(read_yaml(SPLIT "alst_ulysses_degree: 4\n")->strategy.cp, 4);
    struct error e;
    assert_int_equal(read_text(SPLIT "sequence_parallel_ulysses_degree: 1000000000\n"
                                     "sequence_parallel_ring_degree: 1000000000\n",
                               "x.yml", &e),
                     STATUS_INPUT);
}

/* A trainer's YAML, and torchtitan's TOML, in a here-document of the script that starts it. */
static void test_written_configurations(void **state)
{
    (void)state;
    read_ok("LEN=4096\ncat > c.yaml <<EOF\n### model\nmodel_name_or_path: Qwen/Qwen3-8B\n"
            "finetuning_type: full\ncutoff_len: $LEN\nper_device_train_batch_size: 2\nbf16: true\n"
            "EOF\nllamafactory-cli train c.yaml 2>&1 | tail -3\n",
            "x.sh");
    assert_string_equal(import.run.scenario.model.name, "qwen3-8b");
    check_near(import.run.scenario.job.seq_length, 4096, 0);
    read_ok("cat > t.toml <<'EOF'\n[model]\nname = \"llama3\"\nflavor = \"8B\"\n[training]\n"
            "local_batch_size = 2\nseq_len = 8192\n[parallelism]\ntensor_parallel_degree = 4\nEOF\n"
            "torchrun --nproc_per_node=8 -m torchtitan.train --job.config_file t.toml\n",
            "x.sh");
    assert_string_equal(import.framework->name, "torchtitan");
    assert_int_equal(import.run.strategy.tp, 4);
    check_near(import.gpus, 8, 0);
}

#define FLAGS                                                                                      \
    "--num-layers 32 --hidden-size 4096 --num-attention-heads 32 --seq-length 4096 "               \
    "--max-position-embeddings 4096 --micro-batch-size 1 --global-batch-size 8 --bf16 "

/* A number of nodes that the file does not tell is not one. */
static void test_untold_nodes(void **state)
{
    (void)state;
    read_ok("torchrun --nproc_per_node 8 --nnodes $NODES pretrain_gpt.py " FLAGS, "x.sh");
    check_near(import.gpus, 0, 0);
    check_near(import.gpus_per_node, 8, 0);
    read_ok("torchrun --nproc_per_node 8 pretrain_gpt.py " FLAGS, "x.sh");
    check_near(import.gpus, 8, 0);
    read_ok("#SBATCH --nodes=4\ntorchrun --nproc_per_node 8 --nnodes $NODES pretrain_gpt.py " FLAGS,
            "x.sh");
    check_near(import.gpus, 32, 0);
    static const char *const none[] = {"0", "-4", "2.5", "1e30", "NaN", "all"};
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
        char script[512];
        snprintf(script, sizeof script,
                 "torchrun --nnodes %s --nproc_per_node 8 pretrain_gpt.py " FLAGS, none[i]);
        read_ok(script, "x.sh");
        check_near(import.gpus, 0, 0);
    }
}

/* Scripts of 2020: one name for both kinds of model parallelism, one batch a replica. */
static void test_first_megatron(void **state)
{
    (void)state;
    read_ok("MP=2\nopts=\" --model-parallel-size ${MP} --num-layers 40 --hidden-size 1536 "
            "--num-attention-heads 16 --batch-size 4 --seq-length 1024 "
            "--max-position-embeddings 1024 --vocab-size 50257 --fp16\"\n"
            "run=\"python -m torch.distributed.launch --nproc_per_node 8 pretrain_gpt2.py $opts\"\n"
            "eval ${run}\n",
            "x.sh");
    assert_int_equal(import.run.strategy.tp, 2);
    assert_int_equal(import.run.strategy.micro_batch, 4);
    assert_int_equal(use_of("model_parallel_size"), SETTING_READ);
}

/* Older scripts name GPT-2's merges and no tokenizer; MindSpeed-LLM's own spellings. */
static void test_megatron_forks(void **state)
{
    (void)state;
    read_ok("torchrun --nproc_per_node 8 pretrain_gpt.py --vocab-file gpt2-vocab.json "
            "--merge-file gpt2-merges.txt " FLAGS,
            "x.sh");
    assert_int_equal(import.run.scenario.model.vocab_size, 50257);
    read_ok("torchrun --nproc_per_node 8 pretrain_gpt.py --num-experts 16 --moe-router-topk 2 "
            "--moe-layer-freq -1 --context-parallel-size 2 "
            "--context-parallel-algo ulysses_cp_algo --padded-vocab-size 32000 " FLAGS,
            "x.sh");
    assert_int_equal(import.run.scenario.model.kinds, 1);
    assert_int_equal(import.run.scenario.model.kind[0].experts, 1);
    assert_int_equal(import.run.strategy.cp_comm, CP_COMM_A2A);
}

/* "megatron sft --model": ms-swift's, which takes the model from the hub. */
static void test_swift_model(void **state)
{
    (void)state;
    read_ok("NPROC_PER_NODE=4 \\\nmegatron sft \\\n    --model Qwen/Qwen2.5-7B-Instruct \\\n"
            "    --train_type lora --lora_rank 8 --tensor_model_parallel_size 2 \\\n"
            "    --micro_batch_size 4 --global_batch_size 8 --max_length 2048 --max_epochs 1\n",
            "x.sh");
    assert_string_equal(import.run.scenario.model.name, "qwen2.5-7b");
    assert_int_equal(import.run.strategy.tp, 2);
    check_near(import.gpus, 4, 0);
    check_near(import.run.scenario.job.seq_length, 2048, 0);
    assert_int_equal(use_of("train_type"), SETTING_UNMODELLED);
    assert_int_equal(use_of("max_epochs"), SETTING_NEUTRAL);
}

/* torchtitan's recipes of late 2026: a length that the model's registry is given, micro-batches in
 * tokens of it, converters in a list. */
static void test_torchtitan_registry(void **state)
{
    (void)state;
    read_ok("from torchtitan.models.llama3 import build_model_config\n"
            "def llama3_8b() -> Trainer.Config:\n"
            "    model_config = build_model_config(\"8B\", seq_len=8192)\n"
            "    return Trainer.Config(\n        model=model_config,\n"
            "        training=TrainingConfig(\n"
            "            num_tokens_per_microbatch_per_dp_rank=2 * "
            "model_config.max_context_length,\n"
            "            max_context_length=model_config.max_context_length,\n        ),\n"
            "        model_converters=ModelConvertersContainer.Config(\n"
            "            converters=[\n                Float8LinearConverter.Config(\n"
            "                    filter_fqns=[\"output\"],\n                ),\n            ],\n"
            "        ),\n        parallelism=ParallelismConfig(data_parallel_shard_degree=-1),\n"
            "    )\n",
            "x.py");
    check_near(import.run.scenario.job.seq_length, 8192, 0);
    assert_int_equal(import.run.strategy.micro_batch, 2);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP8);
}

/* torchtitan's files of 2024 tell the data parallel degrees beside the batch; they make the number
 * of GPUs where each is told. */
static void test_torchtitan_degrees(void **state)
{
    (void)state;
    static const char older[] = "[model]\nname = \"llama3\"\nflavor = \"8B\"\n[training]\n"
                                "batch_size = 2\nseq_len = 8192\ntensor_parallel_degree = 8\n"
                                "data_parallel_replicate_degree = 12\n"
                                "data_parallel_shard_degree = %d\n"
                                "[experimental]\npipeline_parallel_degree = 1\n";
    char text[512];
    snprintf(text, sizeof text, older, 32);
    read_ok(text, "x.toml");
    check_near(import.gpus, 12.0 * 32 * 8, 0);
    assert_int_equal(import.run.strategy.fsdp_shard, 32);
    snprintf(text, sizeof text, older, -1); /* what is left */
    read_ok(text, "x.toml");
    check_near(import.gpus, 0, 0);
    read_ok("[model]\nname = \"llama3\"\nflavor = \"8B\"\n[training]\nbatch_size = 1\n"
            "seq_len = 8192\ndata_parallel_degree = 16\ntensor_parallel_degree = 4\n",
            "x.toml");
    check_near(import.gpus, 16.0 * 4, 0);
}

/* GPT-NeoX: experts by their older name are refused as by the newer; GPT-2's vocabulary by its
 * file. */
static void test_neox_names(void **state)
{
    (void)state;
#define NEOX                                                                                       \
    "\"pipe-parallel-size\": 0, \"model-parallel-size\": 2, \"num-layers\": 12, "                  \
    "\"hidden-size\": 768, \"num-attention-heads\": 12, \"seq-length\": 2048, "                    \
    "\"max-position-embeddings\": 2048, \"train_micro_batch_size_per_gpu\": 4"
    struct error e;
    assert_int_equal(read_text("{" NEOX ", \"num_experts\": 4}", "x.yml", &e), STATUS_INPUT);
    assert_non_null(strstr(e.message, "experts are not modelled"));
    read_ok("{" NEOX ", \"vocab-file\": \"data/gpt2-vocab.json\"}", "x.yml");
    assert_int_equal(import.run.scenario.model.vocab_size, 50432); /* to 2 x 128 */
}

/* None of a sequence, a step or a head is no number of them. */
static void test_none_of_it(void **state)
{
    static const struct {
        const char *text, *file;
    } files[] = {
        {"{\"train_micro_batch_size_per_gpu\": 0, \"bf16\": {\"enabled\": true}}",      "ds.json"},
        {"{\"gradient_accumulation_steps\": 0, \"zero_optimization\": {\"stage\": 2}}", "ds.json"},
        {"torchrun --nproc_per_node 8 pretrain_gpt.py --group-query-attention "
         "--num-query-groups 0 " FLAGS,
         "x.sh"                                                                                  },
    };
    (void)state;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        struct error e;
        assert_int_equal(read_text(files[i].text, files[i].file, &e), STATUS_INPUT);
        assert_non_null(strstr(e.message, "expected at least 1"));
    }
}

/* What a trainer's file leaves to its launcher's is said; nothing where it tells itself. */
static void test_launchers_file(void **state)
{
    (void)state;
    static const char trainer[] = "model_name_or_path: Qwen/Qwen2.5-Coder-32B-Instruct\n"
                                  "per_device_train_batch_size: 1\nbf16: true\nmax_length: 4096\n";
    struct error e;
    char text[512];
    snprintf(text, sizeof text, "%s", trainer);
    assert_int_equal(read_on(8, text, "x.yaml", &e), STATUS_OK);
    assert_string_equal(import.run.model_name, "qwen2.5-32b");
    assert_true(notes("no DeepSpeed or FSDP is told"));
    assert_int_equal(read_on(1, text, "x.yaml", &e), STATUS_OK);
    assert_false(notes("no DeepSpeed"));
    snprintf(text, sizeof text, "%sfsdp: full_shard\n", trainer);
    assert_int_equal(read_on(8, text, "x.yaml", &e), STATUS_OK);
    assert_false(notes("no DeepSpeed"));
    snprintf(text, sizeof text, "%sdeepspeed: examples/ds_z2_autotp_config.json\nbeta: 0.1\n",
             trainer);
    assert_int_equal(read_on(8, text, "x.yaml", &e), STATUS_OK);
    assert_false(notes("no DeepSpeed"));
    assert_true(notes("state --tp"));
    assert_int_equal(import.run.strategy.zero, 2);
    assert_int_equal(use_of("beta"), SETTING_UNMODELLED);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_relaxed_json, teardown),
        cmocka_unit_test_teardown(test_launchers_file, teardown),
        cmocka_unit_test_teardown(test_no_precision, teardown),
        cmocka_unit_test_teardown(test_deepspeed_optimizer, teardown),
        cmocka_unit_test_teardown(test_offload_word, teardown),
        cmocka_unit_test_teardown(test_sequence_parallel_mode, teardown),
        cmocka_unit_test_teardown(test_written_configurations, teardown),
        cmocka_unit_test_teardown(test_untold_nodes, teardown),
        cmocka_unit_test_teardown(test_first_megatron, teardown),
        cmocka_unit_test_teardown(test_megatron_forks, teardown),
        cmocka_unit_test_teardown(test_swift_model, teardown),
        cmocka_unit_test_teardown(test_torchtitan_registry, teardown),
        cmocka_unit_test_teardown(test_torchtitan_degrees, teardown),
        cmocka_unit_test_teardown(test_neox_names, teardown),
        cmocka_unit_test_teardown(test_none_of_it, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
