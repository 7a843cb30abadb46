/* What launchers, trainers and forks of Megatron-LM say in words of their own. */
#include "tests/unit/import_from.h"

/* axolotl's and the trainer's FSDP, and the flags of "accelerate launch". */
static void test_trainer_fsdp(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("base_model: NousResearch/Meta-Llama-3.1-8B\nsequence_len: 2048\n"
                  "micro_batch_size: 2\ngradient_accumulation_steps: 1\nbf16: true\n"
                  "fsdp_version: 2\nfsdp_config:\n  offload_params: true\n"
                  "  activation_checkpointing: true\n  reshard_after_forward: true\n");
    assert_string_equal(import.framework->name, "deepspeed");
    assert_int_equal(run->strategy.zero, 3);
    assert_true(run->strategy.offload_optimizer);
    assert_int_equal(run->strategy.recompute, RECOMPUTE_FULL);
    struct error e;
    assert_int_equal(read_text("accelerate launch --num_processes 8 --mixed_precision bf16 "
                               "--use_fsdp --fsdp_sharding_strategy SHARD_GRAD_OP "
                               "--config_file conf/fsdp.yaml run_clm.py "
                               "--per_device_train_batch_size 2 --block_size 2048",
                               "x.sh", &e),
                     STATUS_OK);
    assert_int_equal(import.run.strategy.zero, 2);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_BF16);
    check_near(import.gpus, 8, 0);
    assert_true(notes("conf/fsdp.yaml"));
}

/* The stage of a file that is not followed, where its name tells it. */
static void test_stage_of_name(void **state)
{
    static const struct {
        const char *name;
        int zero;
    } cases[] = {
        {"a/ds_z3_partial_offload_config.json", 3},
        {"deepspeed_configs/zero2.json",        2},
        {"zero_stage1_config.json",             1},
        {"../stage3.json",                      3},
        {"ds_zero_3_bf16.json",                 3},
        {"z3/config.json",                      0}, /* the folder's name */
        {"ds_config_z30.json",                  0},
        {"size2.json",                          0},
        {"ds_config.json",                      0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        snprintf(text, sizeof text,
                 "base_model: x/y\nsequence_len: 2048\nmicro_batch_size: 2\ndeepspeed: %s\n",
                 cases[i].name);
        assert_int_equal(read_yaml(text)->strategy.zero, cases[i].zero);
        assert_true(notes("is not followed"));
    }
}

/* What changes the step and has no word of ours is named; what has one is read. */
static void test_trainer_words(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("base_model: meta-llama/Llama-3.2-3B\nsequence_len: 512\nmicro_batch_size: 16\n"
                  "optimizer: adamw_bnb_8bit\noptim: adamw_torch\ntorch_compile: true\nfp8: true\n"
                  "liger_rope: true\nplugins:\n  - a.b\npure_bf16: true\n");
    assert_int_equal(use_of("optimizer"), SETTING_UNMODELLED);
    assert_int_equal(use_of("optim"), SETTING_NEUTRAL);
    assert_int_equal(use_of("liger_rope"), SETTING_UNMODELLED);
    assert_int_equal(use_of("plugins"), SETTING_NEUTRAL);
    assert_true(run->strategy.torch_compile);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP8);
}

/* axolotl's mesh: two shards of two tensor and two context ranks are eight GPUs, whose parameters
 * lie over shards and context; packed sequences gather their keys [docs/nd_parallelism.qmd]. */
static void test_axolotl_mesh(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("base_model: Qwen/Qwen3-8B\nplugins:\n"
                  "  - axolotl.integrations.cut_cross_entropy.CutCrossEntropyPlugin\n"
                  "dp_shard_size: 2\ncontext_parallel_size: 2\ntensor_parallel_size: 2\n"
                  "fsdp_version: 2\nfsdp_config:\n  reshard_after_forward: true\n"
                  "sequence_len: 8_192\nsample_packing: true\nmicro_batch_size: 1\nbf16: true\n");
    check_near(import.gpus, 8, 0);
    assert_int_equal(run->strategy.tp, 2);
    assert_int_equal(run->strategy.cp, 2);
    assert_int_equal(run->strategy.cp_comm, CP_COMM_ALLGATHER);
    assert_int_equal(run->strategy.fsdp_shard, 0); /* all that are left */
    assert_int_equal(run->strategy.tiles, 1u << TILE_LOSS);
    check_near(run->scenario.job.seq_length, 8192, 0);
    check_near(run->scenario.job.global_batch, 2, 0);
    run = read_yaml("base_model: x/y\ndp_replicate_size: 2\ndp_shard_size: 4\nbf16: true\n"
                    "sequence_parallel_degree: 2\nfsdp_version: 2\nsequence_len: 4096\n"
                    "fsdp_config:\n  reshard_after_forward: true\n"
                    "micro_batch_size: 1\ncut_cross_entropy: false\n"
                    "plugins:\n  - a.CutCrossEntropyPlugin\n");
    check_near(import.gpus, 16, 0);
    assert_int_equal(run->strategy.zero, 3);
    assert_int_equal(run->strategy.fsdp_shard, 8);
    assert_int_equal(run->strategy.cp_comm, CP_COMM_P2P);
    assert_int_equal(run->strategy.tiles, 0);
}

/* Its experts lie over ranks beside those that shard the rest. */
static void test_axolotl_experts(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("base_model: Qwen/Qwen3-30B-A3B-Instruct-2507\nexpert_parallel_size: 2\n"
                  "dp_shard_size: 4\nfsdp_config:\n  fsdp_version: 2\n"
                  "  reshard_after_forward: true\nsequence_len: 2048\nmicro_batch_size: 1\n"
                  "activation_offloading: legacy\n");
    assert_string_equal(run->model_name, "qwen3-30b-a3b");
    check_near(import.gpus, 8, 0);
    assert_int_equal(run->strategy.ep, 2);
    assert_int_equal(run->strategy.dispatcher, DISPATCHER_DEEPEP);
    assert_int_equal(run->strategy.fsdp_shard, 4);
    assert_int_equal(use_of("activation_offloading"), SETTING_UNMODELLED);
}

#define LLAMA_FACTORY                                                                              \
    "model_name_or_path: meta-llama/Llama-3.1-8B\nfinetuning_type: full\ncutoff_len: 4096\n"       \
    "per_device_train_batch_size: 1\nbf16: true\n"
/* LLaMA-Factory recomputes unless it is told not to; other programs of the trainer do not. */
static void test_llama_factory(void **state)
{
    (void)state;
    const struct framework_run *run = read_yaml(LLAMA_FACTORY "stage: sft\nuse_muon: true\n");
    assert_int_equal(run->strategy.recompute, RECOMPUTE_FULL);
    assert_int_equal(run->scenario.job.optimizer, OPTIMIZER_MUON);
    assert_true(notes("disable_gradient_checkpointing"));
    assert_int_equal(use_of("stage"), SETTING_NEUTRAL);
    run = read_yaml(LLAMA_FACTORY "stage: dpo\ndisable_gradient_checkpointing: true\n"
                                  "deepspeed: examples/deepspeed/ds_z3_offload_config.json\n");
    assert_int_equal(run->strategy.recompute, RECOMPUTE_NONE);
    assert_int_equal(run->scenario.job.optimizer, OPTIMIZER_ADAM);
    assert_int_equal(use_of("stage"), SETTING_UNMODELLED);
    assert_int_equal(run->strategy.zero, 3);
    assert_true(run->strategy.offload_optimizer && notes("with its optimizer offloaded"));
    run = read_yaml("model_name_or_path: meta-llama/Llama-3.1-8B\nmax_seq_length: 4096\n"
                    "per_device_train_batch_size: 1\nbf16: true\n");
    assert_int_equal(run->strategy.recompute, RECOMPUTE_NONE);
}

/* OpenRLHF keeps its command in a variable that `read` takes from a here-document. */
static void test_openrlhf(void **state)
{
    (void)state;
    struct error e;
    enum status status = read_text("read -r -d '' commands <<EOF\nopenrlhf.cli.train_sft \\\n"
                                   "   --max_len 2048 \\\n   --train_batch_size 256 \\\n"
                                   "   --micro_train_batch_size 2 --ring_attn_size 2 \\\n"
                                   "   --pretrain meta-llama/Meta-Llama-3-8B --zero_stage 2 \\\n"
                                   "   --param_dtype bf16 --gradient_checkpointing\nEOF\n"
                                   "deepspeed --num_gpus 8 --module $commands\n",
                                   "x.sh", &e);
    const struct strategy *s = &import.run.strategy;
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(import.run.scenario.model.name, "llama3-8b");
    assert_int_equal(s->zero, 2);
    assert_int_equal(s->cp, 2);
    assert_int_equal(s->micro_batch, 2);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_BF16);
    check_near(import.run.scenario.job.seq_length, 2048, 0);
    check_near(import.run.scenario.job.global_batch, 256, 0);
    check_near(import.gpus, 8, 0);
}

/* ms-swift starts torchrun by itself; "zero3" is its own file of DeepSpeed's. */
static void test_swift(void **state)
{
    (void)state;
    struct error e;
    enum status status =
        read_text("N=8\nNPROC_PER_NODE=$N NNODES=2 swift sft --model Qwen/Qwen2.5-7B-Instruct "
                  "--train_type full --torch_dtype bfloat16 --per_device_train_batch_size 1 "
                  "--gradient_accumulation_steps $(expr 32 / $N) --max_length 2048 "
                  "--deepspeed zero3\n",
                  "x.sh", &e);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(import.framework->name, "deepspeed");
    assert_string_equal(import.run.scenario.model.name, "qwen2.5-7b");
    check_near(import.gpus, 16, 0);
    check_near(import.run.scenario.job.global_batch, 64, 0); /* 16 x 4 */
    assert_int_equal(import.run.strategy.zero, 3);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_BF16);
    status =
        read_text("NPROC_PER_NODE=8 megatron sft --tensor_model_parallel_size 2 "
                  "--micro_batch_size 1 --global_batch_size 16 --max_length 8192 --packing true\n",
                  "x.sh", &e);
    assert_int_equal(status, STATUS_OK);
    assert_string_equal(import.framework->name, "megatron-lm");
    check_near(import.gpus, 8, 0);
    check_near(import.run.scenario.job.seq_length, 8192, 0);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_BF16);
    assert_int_equal(use_of("packing"), SETTING_UNMODELLED);
    assert_true(notes("ms-swift"));
}

/* torchtitan compiles what its components say; the older switch stood under training. */
static void test_torchtitan_compile(void **state)
{
    static const struct {
        const char *text;
        bool compiled;
    } cases[] = {
        {"[compile]\nenable=true\ncomponents = [\"loss\"]\n",            false},
        {"[compile]\nenable=true\ncomponents = [\"model\", \"loss\"]\n", true },
        {"[compile]\nenable=true\n",                                     true },
        {"[training]\ncompile = true\n",                                 true },
        {"[training]\ncompile = false\n",                                false},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[300];
        struct error e;
        snprintf(text, sizeof text,
                 "[model]\nname = \"llama3\"\nflavor = \"8B\"\n[parallelism]\n"
                 "tensor_parallel_degree = 2\n%s",
                 cases[i].text);
        assert_int_equal(read_text(text, "x.toml", &e), STATUS_OK);
        assert_int_equal(import.run.strategy.torch_compile, cases[i].compiled);
    }
}

/* AMD's Primus keeps Megatron-LM's arguments three sections deep. */
static void test_primus(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_yaml("work_group: ${TEAM:amd}\nmodules:\n  pre_trainer:\n    framework: megatron\n"
                  "    model: llama3.1_70B.yaml\n    overrides:\n      micro_batch_size: 2\n"
                  "      global_batch_size: 32\n      seq_length: 8192\n"
                  "      tensor_model_parallel_size: 4\n      use_torch_fsdp2: false\n"
                  "  other:\n    seq_length: 1\n");
    assert_string_equal(import.framework->name, "megatron-lm");
    assert_int_equal(run->strategy.tp, 4);
    assert_int_equal(run->strategy.micro_batch, 2);
    assert_int_equal(run->strategy.zero, 0);
    check_near(run->scenario.job.seq_length, 8192, 0);
    check_near(run->scenario.job.global_batch, 32, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    assert_true(notes("Primus"));
    assert_string_equal(run->model_name, "llama3-70b");
#define PRIMUS(overrides)                                                                          \
    "modules:\n  pre_trainer:\n    framework: megatron\n    model: ${M:deepseek_v3}.yaml\n"        \
    "    overrides:\n      micro_batch_size: 1\n      global_batch_size: 32\n"                     \
    "      tensor_model_parallel_size: ${P_TP:2}\n" overrides
    run = read_yaml(PRIMUS("      seq_length: ${oc.env:LENGTH, 512}\n"));
    assert_true(run->model_given);
    assert_string_equal(run->model_name, "deepseek-v3");
    assert_int_equal(run->strategy.tp, 2);
    assert_int_equal(run->scenario.model.mtp_layers, 1);
    assert_int_equal(run->strategy.dispatcher, DISPATCHER_ALLGATHER);
    check_near(run->scenario.job.seq_length, 512, 0);
    run = read_yaml(PRIMUS("      seq_length: 512\n      mtp_num_layers: 0\n"
                           "      num_layers: 61\n      enable_primus_turbo: true\n"
                           "      use_turbo_deepep: true\n"));
    assert_int_equal(run->strategy.dispatcher, DISPATCHER_DEEPEP);
    assert_true(run->model_given);
    assert_int_equal(run->scenario.model.mtp_layers, 0);
    run = read_yaml(PRIMUS("      seq_length: 512\n      num_layers: 4\n"));
    assert_false(run->model_given); /* a part of it */
    assert_true(notes("num_layers is not that of"));
    run = read_yaml("modules:\n  pre_trainer:\n    framework: torchtitan\n"
                    "    model: llama3.1_70B-fp8.yaml\n    overrides:\n      training:\n"
                    "        local_batch_size: 6\n        seq_len: 8192\n"
                    "      activation_checkpoint:\n        mode: full\n");
    assert_string_equal(import.framework->name, "torchtitan");
    assert_string_equal(run->model_name, "llama3-70b");
    assert_int_equal(run->strategy.micro_batch, 6);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP8);
}

/* mpirun's -np counts over all nodes; a model without experts has none to split, its vocabulary
 * known or not. */
static void test_mpirun(void **state)
{
    (void)state;
    struct error e;
    enum status status =
        read_text("mpirun -np 16 --npernode 8 -x A=b python pretrain_gpt.py --num-layers 24 "
                  "--hidden-size 2048 --num-attention-heads 16 --micro-batch-size 2 "
                  "--tensor-model-parallel-size 2 --max-position-embeddings 2048\n",
                  "x.sh", &e);
    assert_int_equal(status, STATUS_OK);
    check_near(import.gpus, 16, 0);
    check_near(import.gpus_per_node, 8, 0);
    assert_false(import.run.model_given);
    assert_int_equal(import.run.strategy.etp, 1);
    /* Megatron-DeepSpeed's words for Llama's norms and heads */
    status = read_text("torchrun pretrain_gpt.py --num-layers 24 --hidden-size 2048 "
                       "--num-attention-heads 16 --micro-batch-size 2 --normalization rmsnorm "
                       "--num-key-value-heads 4 --max-position-embeddings 2048\n",
                       "x.sh", &e);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(import.run.scenario.model.kv_heads, 4);
    assert_false(import.run.scenario.model.layer_norm_bias);
}

/* Flavors without a recipe, what is offloaded, and what keeps a run's state otherwise. */
static void test_torchtitan_flavors(void **state)
{
    (void)state;
    static const char *const words[][3] = {
        {"deepseek_v3", "16B",       "deepseek-v2-lite"},
        {"deepseek_v3", "671B",      "deepseek-v3"     },
        {"llama4",      "17bx16e",   "llama4-scout"    },
        {"qwen3",       "235B-A22B", "qwen3-235b-a22b" },
        {"deepseek_v3", "kimi_k2",   "kimi-k2"         }, /* a fork's */
    };
    char text[512];
    struct error e;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        snprintf(text, sizeof text,
                 "[model]\nname = \"%s\"\nflavor = \"%s\"\n[training]\nseq_len = 4096\n"
                 "local_batch_size = 1\nenable_cpu_offload = true\ndtype = \"bfloat16\"\n"
                 "[optimizer]\nearly_step_in_backward = true\n",
                 words[i][0], words[i][1]);
        assert_int_equal(read_text(text, "run.toml", &e), STATUS_OK);
        assert_string_equal(import.run.model_name, words[i][2]);
    }
    assert_true(import.run.strategy.offload_optimizer);
    assert_true(import.run.scenario.stack.offloads_optimizer);
    assert_true(import.run.scenario.stack.offloads_shards);
    assert_int_equal(use_of("training.dtype"), SETTING_UNMODELLED);
    assert_int_equal(use_of("optimizer.early_step_in_backward"), SETTING_UNMODELLED);
    assert_int_equal(
        read_text(
            "[model]\nname = \"llama3\"\nflavor = \"debugmodel\"\n[training]\nseq_len = 4096\n"
            "dtype = \"float32\"\n",
            "run.toml", &e),
        STATUS_OK);
    assert_true(notes("debugmodel"));
    assert_int_equal(use_of("training.dtype"), SETTING_NEUTRAL);
}

/* verl's supervised trainer on FSDP; a step of its reinforcement learning is refused. */
static void test_verl(void **state)
{
    (void)state;
    struct error e;
    assert_int_equal(
        read_text("torchrun --nnodes=2 --nproc_per_node=8 -m verl.trainer.fsdp_sft_trainer "
                  "data.train_files=$HOME/x.parquet data.max_length=2048 "
                  "data.train_batch_size=256 data.micro_batch_size_per_gpu=4 "
                  "model.partial_pretrain=Qwen/Qwen2.5-7B-Instruct model.use_liger=True "
                  "model.fsdp_config.cpu_offload=True ulysses_sequence_parallel_size=2 "
                  "use_remove_padding=true model.lora_rank=0\n",
                  "x.sh", &e),
        STATUS_OK);
    const struct strategy *s = &import.run.strategy;
    assert_string_equal(import.framework->name, "verl");
    assert_string_equal(import.run.model_name, "qwen2.5-7b");
    check_near(import.gpus, 16, 0);
    check_near(import.run.scenario.job.global_batch, 256, 0);
    check_near(import.run.scenario.job.seq_length, 2048, 0);
    assert_int_equal(s->cp, 2);
    assert_int_equal(s->cp_comm, CP_COMM_A2A);
    assert_int_equal(s->micro_batch, 4);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->recompute, RECOMPUTE_FULL); /* on unless told off */
    assert_int_equal(s->tiles, 1u << TILE_LOSS);
    assert_true(s->offload_optimizer && import.run.scenario.stack.offloads_shards);
    assert_int_equal(use_of("use_remove_padding"), SETTING_UNMODELLED);
    assert_int_equal(use_of("model.lora_rank"), SETTING_NEUTRAL);
    teardown(NULL);
    assert_int_equal(read_text("python3 -m verl.trainer.main_ppo algorithm.adv_estimator=grpo "
                               "data.train_batch_size=1024 "
                               "actor_rollout_ref.model.path=Qwen/Qwen2-7B-Instruct "
                               "trainer.n_gpus_per_node=8\n",
                               "x.sh", &e),
                     STATUS_INPUT);
    assert_non_null(strstr(e.message, "generates, scores and trains"));
    teardown(NULL);
#define ENGINE(engine)                                                                             \
    "torchrun --nproc_per_node=8 -m verl.trainer.sft_trainer data.train_batch_size=32 "            \
    "data.max_length=2048 model.path=$HOME/Qwen/Qwen3-8B engine=" engine "\n"
    assert_int_equal(read_text(ENGINE("megatron engine.tensor_model_parallel_size=2"), "x.sh", &e),
                     STATUS_INPUT); /* no FSDP of it */
    teardown(NULL);
    assert_int_equal(read_text(ENGINE("fsdp engine.ulysses_sequence_parallel_size=4"), "x.sh", &e),
                     STATUS_OK);
    assert_string_equal(import.run.model_name, "qwen3-8b");
    assert_int_equal(import.run.strategy.cp, 4);
}

/* What a recipe of NeMo 2 leaves to NeMo's code is not guessed. */
static void test_nemo2(void **state)
{
    (void)state;
    struct error e;
    assert_int_equal(read_text("import nemo_run as run\nfrom nemo.collections import llm\n\n"
                               "recipe = llm.llama3_8b.pretrain_recipe(num_nodes=2)\n"
                               "recipe.trainer.strategy.tensor_model_parallel_size = 2\n",
                               "run.py", &e),
                     STATUS_INPUT);
    assert_non_null(strstr(e.message, "recipe of NeMo 2"));
    assert_int_equal(e.line, 4);
}

/* An optimizer that Megatron-LM's forks add is named; its own are not. */
static void test_megatron_optimizers(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        enum optimizer optimizer;
        bool noted;
    } cases[] = {
        {"adam",      OPTIMIZER_ADAM, false},
        {"dist_muon", OPTIMIZER_MUON, false},
        {"sgd",       OPTIMIZER_SGD,  false},
        {"ademamix",  OPTIMIZER_ADAM, true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char text[256];
        struct error e;
        snprintf(text, sizeof text,
                 "torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 2 --hidden-size 64 "
                 "--num-attention-heads 4 --micro-batch-size 1 --optimizer %s\n",
                 cases[i].name);
        assert_int_equal(read_text(text, "x.sh", &e), STATUS_OK);
        assert_int_equal(import.run.scenario.job.optimizer, cases[i].optimizer);
        assert_true(notes("is taken as Adam") == cases[i].noted);
        teardown(NULL);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_trainer_fsdp, teardown),
        cmocka_unit_test_teardown(test_stage_of_name, teardown),
        cmocka_unit_test_teardown(test_trainer_words, teardown),
        cmocka_unit_test_teardown(test_axolotl_mesh, teardown),
        cmocka_unit_test_teardown(test_axolotl_experts, teardown),
        cmocka_unit_test_teardown(test_llama_factory, teardown),
        cmocka_unit_test_teardown(test_openrlhf, teardown),
        cmocka_unit_test_teardown(test_swift, teardown),
        cmocka_unit_test_teardown(test_torchtitan_compile, teardown),
        cmocka_unit_test_teardown(test_torchtitan_flavors, teardown),
        cmocka_unit_test_teardown(test_verl, teardown),
        cmocka_unit_test_teardown(test_nemo2, teardown),
        cmocka_unit_test(test_megatron_optimizers),
        cmocka_unit_test_teardown(test_primus, teardown),
        cmocka_unit_test_teardown(test_mpirun, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
