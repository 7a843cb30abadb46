/* Configurations of existing runs, read as their frameworks read them. */
#include "parallelism/frameworks/layer_pattern.h"
#include "parallelism/pipeline_layout.h"
#include "tests/unit/import_from.h"
#include <stdlib.h>

#define DATA "tests/data/frameworks/"

static const struct framework_run *read_data(const char *name, double gpus)
{
    struct text path = {0};
    struct import_options options = {NULL, gpus};
    struct error e;
    error_init(&e);
    text_addf(&path, DATA "%s", name);
    enum status status = framework_import_file(path.data, &options, &import, &e);
    if (status != STATUS_OK)
        print_error("%s: %s\n", name, e.message);
    assert_int_equal(status, STATUS_OK);
    text_free(&path);
    return &import.run;
}

/* 16 nodes of 8 from #SBATCH through SLURM_NNODES; 80 layers / pp 8 / 5 a chunk: vpp 2. */
static void test_megatron_script(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("megatron.sh", 0);
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.framework->name, "megatron-lm");
    check_near(import.gpus, 128, 0);
    check_near(import.gpus_per_node, 8, 0);
    assert_string_equal(run->scenario.model.name, "llama3-70b");
    assert_int_equal(s->tp, 4);
    assert_int_equal(s->pp, 8);
    assert_int_equal(s->vpp, 2);
    assert_int_equal(s->schedule, SCHEDULE_INTERLEAVED);
    assert_int_equal(s->micro_batch, 1);
    assert_true(s->sequence_parallel);
    assert_int_equal(s->zero, 1);
    assert_int_equal(s->recompute, RECOMPUTE_SELECTIVE);
    assert_int_equal(s->overlaps, 1u << OVERLAP_DP_GRAD_REDUCE | 1u << OVERLAP_DP_PARAM_GATHER |
                                      1u << OVERLAP_PP);
    check_near(run->scenario.job.seq_length, 8192, 0);
    check_near(run->scenario.job.global_batch, 1024, 0);
    assert_int_equal(run->scenario.job.precision, DTYPE_BF16);
    assert_int_equal(use_of("overlap_gradreduce"), SETTING_UNKNOWN);
    assert_int_equal(use_of("fp32_residual_connection"), SETTING_UNMODELLED);
    assert_int_equal(use_of("lr"), SETTING_NEUTRAL);
    assert_int_equal(use_of("tensor_model_parallel_size"), SETTING_READ);
}

/* The flexible dispatcher's backend, DeepEP where none is named. */
static void test_megatron_flex_backend(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        enum dispatcher dispatcher;
    } cases[] = {
        {"--moe-flex-dispatcher-backend hybridep", DISPATCHER_HYBRIDEP},
        {"--moe-flex-dispatcher-backend deepep",   DISPATCHER_DEEPEP  },
        {"",                                       DISPATCHER_DEEPEP  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e;
        char text[500];
        snprintf(text, sizeof text,
                 "torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 4 --hidden-size 1024 "
                 "--num-attention-heads 8 --seq-length 2048 --max-position-embeddings 2048 "
                 "--vocab-size 1000 --micro-batch-size 1 --num-experts 8 "
                 "--expert-model-parallel-size 8 --moe-token-dispatcher-type flex %s",
                 cases[i].flags);
        assert_int_equal(read_text(text, "x.sh", &e), STATUS_OK);
        assert_int_equal(import.run.strategy.dispatcher, cases[i].dispatcher);
    }
}

static void test_megatron_experts(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("megatron_moe.sh", 0);
    const struct strategy *s = &run->strategy;
    assert_string_equal(run->scenario.model.name, "deepseek-v3");
    check_near(import.gpus, 256, 0);
    assert_int_equal(s->ep, 32);
    assert_int_equal(s->etp, 1);
    assert_int_equal(s->vpp, 2);
    assert_int_equal(s->dispatcher, DISPATCHER_DEEPEP);
    assert_int_equal(s->recompute_modules,
                     1u << MODULE_MLA_UP_PROJ | 1u << MODULE_MOE_ACT | 1u << MODULE_LAYERNORM);
    assert_int_equal(run->scenario.job.precision, DTYPE_FP8_BLOCK);
    assert_true(s->overlaps >> OVERLAP_EP & 1);
    assert_string_equal(s->pp_layout, "Et*4|(t*4|)*14tmL");
}

/* A capacity factor pads experts where the flag beside it says so; else one above the mean load
 * costs nothing of balanced routing, and one below it drops tokens. */
static void test_megatron_capacity(void **state)
{
    (void)state;
    static const struct {
        const char *flags;
        double capacity;
    } cases[] = {
        {"--moe-expert-capacity-factor 2.0",                                    0  },
        {"--moe-expert-capacity-factor 2.0 --moe-pad-expert-input-to-capacity", 2  },
        {"--moe-expert-capacity-factor 0.5",                                    0.5},
        {"--moe-expert-capacity-factor 1.0",                                    1  },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text script = {0};
        struct error e;
        text_addf(&script,
                  "torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 32 --hidden-size 4096 "
                  "--num-attention-heads 32 --seq-length 4096 --micro-batch-size 1 "
                  "--global-batch-size 64 --bf16 --num-experts 8 %s\n",
                  cases[i].flags);
        assert_int_equal(read_text(script.data, "run.sh", &e), STATUS_OK);
        check_near(import.run.scenario.job.expert_capacity, cases[i].capacity, 0);
        assert_int_equal(use_of("moe_expert_capacity_factor"), SETTING_READ);
        bool told = strstr(text_string(&import.notes), "taken as dropless") != NULL;
        assert_int_equal(told, i == 0);
        text_free(&script);
    }
}

static void test_megatron_yaml(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("megatron.yaml", 16);
    const struct model *m = &run->scenario.model;
    const struct strategy *s = &run->strategy;
    assert_int_equal(m->layers, 24);
    assert_int_equal(m->kv_heads, 16);
    assert_int_equal(m->intermediate_size, 2688); /* 8/3 of 1024, down to a multiple of 64 */
    assert_false(m->layer_norm_bias);
    assert_false(m->mlp_bias);
    assert_true(m->rotary);
    assert_int_equal(s->vpp, 4);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_int_equal(s->recompute_layers, 3);
    assert_int_equal(s->micro_batch, 2);
    assert_false(s->overlaps >> OVERLAP_DP_PARAM_GATHER & 1);
    assert_false(run->scenario.stack.kernels.fused_residual);
    assert_true(run->scenario.stack.kernels.fused_cross_entropy);
    check_near(run->scenario.system.gpus, 16, 0);
}

static void test_bridge(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("bridge.sh", 0);
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.framework->name, "megatron-bridge");
    assert_string_equal(run->scenario.model.name, "gpt-oss-20b");
    check_near(import.gpus, 32, 0);
    assert_int_equal(s->tp, 2);
    assert_int_equal(s->pp, 4);
    assert_int_equal(s->ep, 4);
    assert_int_equal(s->etp, 1);
    assert_int_equal(s->zero, 1);
    assert_int_equal(run->scenario.job.precision, DTYPE_MXFP8);
    assert_int_equal(s->recompute_modules, 1u << MODULE_CORE_ATTENTION | 1u << MODULE_LAYERNORM);
    assert_true(s->overlaps >> OVERLAP_TP & 1);
    check_near(run->scenario.job.global_batch, 128, 0);
}

/* 256 = 2 x 2 x 64 replicas */
static void test_deepspeed(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("ds_config.json", 64);
    const struct strategy *s = &run->strategy;
    assert_string_equal(import.framework->name, "deepspeed");
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->micro_batch, 2);
    assert_true(s->offload_optimizer);
    assert_true(s->overlaps >> OVERLAP_FSDP_PREFETCH & 1);
    check_near(run->scenario.job.global_batch, 256, 0);
    check_near(run->scenario.stack.dp_bucket_parameters, 5e8, 0);
    assert_false(run->seq_length_given);
    assert_false(run->model_given);
}

static void test_torchtitan_flags(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("torchtitan.sh", 0);
    const struct strategy *s = &run->strategy;
    assert_string_equal(run->scenario.model.name, "llama3-70b");
    check_near(import.gpus, 64, 0);
    assert_int_equal(s->tp, 4);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->micro_batch, 2);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_true(s->torch_compile);
    assert_true(s->overlaps >> OVERLAP_TP & 1);
    check_near(run->scenario.job.global_batch, 256, 0);
}

static void test_torchtitan_recipe(void **state)
{
    (void)state;
    const struct framework_run *run = read_data("torchtitan.py", 128);
    const struct strategy *s = &run->strategy;
    assert_string_equal(run->scenario.model.name, "llama3-8b");
    assert_int_equal(s->cp, 4);
    assert_int_equal(s->pp, 2);
    assert_int_equal(s->vpp, 2); /* 32 layers, 8 a stage, 2 ranks */
    assert_int_equal(s->fsdp_shard, 8);
    assert_int_equal(s->micro_batch, 2);
    assert_int_equal(s->recompute, RECOMPUTE_SELECTIVE);
    check_near(run->scenario.job.seq_length, 32768, 0);
    check_near(run->scenario.job.global_batch, 256, 0);
}

/* MiCS shards over groups of ranks: between them gradients are reduced as under ZeRO 1, and
 * overlap_comm hides that, too. */
static void test_overlap_of_shard_groups(void **state)
{
    static const struct {
        const char *text;
        unsigned overlaps;
    } cases[] = {
        {"{\"zero_optimization\": {\"stage\": 3, \"overlap_comm\": true, \"mics_shard_size\": 8}}",
         1u << OVERLAP_FSDP_PREFETCH | 1u << OVERLAP_DP_GRAD_REDUCE},
        {"{\"zero_optimization\": {\"stage\": 3, \"overlap_comm\": true}}",
         1u << OVERLAP_FSDP_PREFETCH                               },
        {"{\"zero_optimization\": {\"stage\": 3, \"overlap_comm\": false, \"mics_shard_size\": 8}}",
         0                                                         },
    };
    struct error e;
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(read_text(cases[i].text, "ds.json", &e), STATUS_OK);
        assert_int_equal(import.run.strategy.overlaps, cases[i].overlaps);
    }
}

/* What Megatron-LM takes where a flag is not given. */
static void test_megatron_defaults(void **state)
{
    struct error e;
    (void)state;
    assert_int_equal(
        read_text("torchrun --nproc_per_node 8 pretrain_gpt.py --num-layers 4 --hidden-size 1024 "
                  "--num-attention-heads 8 --max-position-embeddings 2048 --seq-length 2048 "
                  "--vocab-size 1000 --micro-batch-size 4 --num-experts 8",
                  "x.sh", &e),
        STATUS_OK);
    const struct framework_run *run = &import.run;
    assert_int_equal(run->scenario.job.precision, DTYPE_FP32);
    assert_int_equal(run->strategy.zero, 0);
    assert_int_equal(run->strategy.overlaps, 0);
    assert_int_equal(run->strategy.dispatcher, DISPATCHER_ALLGATHER);
    assert_int_equal(run->scenario.model.experts_per_token, 2);
    assert_int_equal(run->scenario.model.moe_intermediate_size, 4096);
    assert_int_equal(run->scenario.model.position_embeddings, 2048);
    assert_true(run->scenario.model.tied_embeddings);
    assert_true(run->scenario.model.mlp_bias);
    assert_false(run->scenario.stack.kernels.grouped_gemm);
    check_near(run->scenario.job.global_batch, 32, 0); /* micro-batch x 8 replicas */
}

/* BLOOM's job (bigscience, tr11-176B-ml.slurm): flags of Megatron-DeepSpeed and of Megatron-LM
 * before 2022, the command in a variable that is shown before it is run. */
static void test_old_flags(void **state)
{
    struct error e;
    (void)state;
    assert_int_equal(
        read_text("#SBATCH --nodes=48\nGPT_ARGS=\" --num-layers 70 --hidden-size 14336 "
                  "--num-attention-heads 112 --seq-length 2048 --max-position-embeddings 2048 "
                  "--micro-batch-size 2 --global-batch-size 2048 --embed-layernorm --bf16 "
                  "--position-embedding-type alibi --checkpoint-activations "
                  "--pad-vocab-size-to 250880 --pp-partition-method 'type:transformer|embedding' "
                  "\"\nLAUNCHER=\"python -u -m torch.distributed.run --nproc_per_node 8 --nnodes "
                  "$SLURM_NNODES\"\nCMD=\"`pwd`/pretrain_gpt.py --tensor-model-parallel-size 4 "
                  "--pipeline-model-parallel-size 12 $GPT_ARGS\"\necho $CMD\n"
                  "clear; srun bash -c \"$LAUNCHER --node_rank \\$SLURM_PROCID $CMD\"\n",
                  "x.slurm", &e),
        STATUS_OK);
    const struct framework_run *run = &import.run;
    const char *notes = text_string(&import.configuration.notes);
    check_near(import.gpus, 384, 0);
    assert_int_equal(run->strategy.recompute, RECOMPUTE_FULL);
    assert_int_equal(run->strategy.recompute_layers, 0);
    assert_int_equal(run->scenario.model.vocab_size, 250880);
    assert_true(run->scenario.model.embedding_norm);
    assert_null(strstr(notes, "training commands"));
    assert_string_equal(import.stack, "megatron-core"); /* the part that tells is not in it */
}

static void test_gpus(void **state)
{
    static const struct {
        const char *script;
        double gpus;
    } cases[] = {
        {"torchrun --nproc-per-node=8 --nnodes=4 t.py --bf16",                                32 },
        {"torchrun --nproc_per_node 4 t.py --bf16",                                           4  },
        {"srun -N 16 --ntasks-per-node=8 python t.py --bf16",                                 128},
        {"srun -N16 --gres=gpu:h100:4 python t.py --bf16 --micro-batch-size 1",               0  },
        {"#SBATCH -N 6\n#SBATCH --gpus-per-node=a100:4 # all\nsrun python t.py --bf16",       24 },
        {"#SBATCH --nodes=2\n#SBATCH --ntasks-per-node=4\npython t.py --bf16",                8  },
        {"srun -n 48 python t.py --bf16",                                                     48 },
        {"mpirun -np 16 python t.py --bf16",                                                  16 },
        {"deepspeed --num_nodes 2 --num_gpus 8 t.py --bf16",                                  16 },
        {"WORLD_SIZE=24\npython t.py --bf16",                                                 24 },
        {"G=8; N=4\nWORLD_SIZE=$((G*N))\npython t.py --bf16",                                 32 },
        {"#SBATCH --nodes=3\ntorchrun --nnodes $SLURM_NNODES --nproc_per_node 8 t.py --bf16", 24 },
        {"python -m torch.distributed.launch --nproc_per_node 8 --nnodes 2 t.py --bf16",      16 },
        {"python t.py --bf16",                                                                0  },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error e;
        assert_int_equal(read_text(cases[i].script, "x.sh", &e), STATUS_OK);
        if (import.gpus < cases[i].gpus || import.gpus > cases[i].gpus)
            print_error("%s\n", cases[i].script);
        check_near(import.gpus, cases[i].gpus, 0);
    }
}

static void check_bad(const char *text, const char *file, const char *message)
{
    struct error e;
    assert_int_equal(read_text(text, file, &e), STATUS_INPUT);
    char formatted[1400];
    error_format(&e, formatted, sizeof formatted);
    if (!strstr(formatted, message)) {
        print_error("%s\nlacks: %s\n", formatted, message);
        fail();
    }
}

static void test_bad_input(void **state)
{
    (void)state;
    check_bad("", "x.sh", "no setting of a training run");
    check_bad("echo hello", "x.sh", "no setting of a training run");
    check_bad("python t.py --frobnicate 3", "x.sh",
              "none of its 1 settings tells how a run is split");
    check_bad("{\"train_batch_size\": 8,", "x.json", "x.json:1:");
    check_bad("[1]", "x.json", "expected an object");
    check_bad("python t.py --tensor-model-parallel-size eight", "x.sh",
              "tensor_model_parallel_size");
    check_bad("python t.py --num-layers 4 --hidden-size 64 --num-attention-heads 4 --num-experts 4 "
              "--vocab-size 10 --max-position-embeddings 8 --moe-layer-freq '([1]*3)'",
              "x.sh", "pattern of 4 layers");
    check_bad("python t.py --bf16 --num-layers 2000 --hidden-size 64 --num-attention-heads 4 "
              "--vocab-size 10",
              "x.sh", "num_layers: expected a value from 1 to 1024");
    check_bad("python t.py --recompute-granularity selective --recompute-modules core_atn", "x.sh",
              "recompute_modules");
}

/* A variable that the file does not set is never guessed. */
static void test_unresolved(void **state)
{
    struct error e;
    struct unresolved u;
    (void)state;
    assert_int_equal(read_text("torchrun t.py --bf16 --tensor-model-parallel-size $TP "
                               "--lr $LR --micro-batch-size 1",
                               "x.sh", &e),
                     STATUS_OK);
    assert_true(framework_import_unresolved(&import, 0, &u));
    assert_string_equal(u.key, "tensor_model_parallel_size");
    assert_string_equal(u.field, "tp");
    assert_false(framework_import_unresolved(&import, 1, &u));
}

static void test_layer_patterns(void **state)
{
    bool flags[16];
    struct text out = {0};
    (void)state;
    assert_int_equal(layer_pattern_read("([0]*3+[1]*2)*2", flags, 16), 10);
    layer_pattern_write(flags, 10, &out);
    assert_string_equal(out.data, "([0]*3+[1]*2+[0]*3+[1]*2)");
    assert_int_equal(layer_pattern_read(out.data, flags, 16), 10);
    assert_int_equal(layer_pattern_read("[1,0,1]", flags, 16), 3);
    assert_int_equal(layer_pattern_read("[1]*17", flags, 16), -1);
    assert_int_equal(layer_pattern_read("[1]*", flags, 16), -1);
    assert_int_equal(layer_pattern_read("__import__('os')", flags, 16), -1);
    assert_int_equal(layer_pattern_read("((((((((((((((((", flags, 16), -1);
    text_free(&out);
}

/* The example of Megatron's own help: eight stages, E, t, t, t, m, m, none, L. */
static void test_pipeline_layouts(void **state)
{
    struct pipeline_layout l;
    (void)state;
    assert_true(pipeline_layout_read("E|(t|)*3,m|m||L", &l));
    assert_int_equal(l.stages, 8);
    assert_int_equal(l.layers[0], 0);
    assert_int_equal(l.layers[1], 1);
    assert_int_equal(l.layers[3], 1);
    assert_int_equal(l.layers[4], 0);
    assert_int_equal(l.mtp_layers, 2);
    assert_true(pipeline_layout_read("Et*3|(tt|)*29mL", &l));
    assert_int_equal(l.stages, 31);
    assert_int_equal(l.layers[0], 3);
    assert_int_equal(l.layers[29], 2);
    assert_int_equal(l.layers[30], 0);
    assert_false(pipeline_layout_read("", &l));
    assert_false(pipeline_layout_read("tt|tL", &l));
    assert_false(pipeline_layout_read("t|EtL", &l));
    assert_false(pipeline_layout_read("EL|t", &l));
    assert_false(pipeline_layout_read("E(t|*3L", &l));
    assert_false(pipeline_layout_read("Et*99999999999L", &l));
    assert_false(pipeline_layout_read("ExL", &l));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_megatron_script, teardown),
        cmocka_unit_test_teardown(test_megatron_flex_backend, teardown),
        cmocka_unit_test_teardown(test_megatron_experts, teardown),
        cmocka_unit_test_teardown(test_megatron_capacity, teardown),
        cmocka_unit_test_teardown(test_megatron_yaml, teardown),
        cmocka_unit_test_teardown(test_bridge, teardown),
        cmocka_unit_test_teardown(test_deepspeed, teardown),
        cmocka_unit_test_teardown(test_torchtitan_flags, teardown),
        cmocka_unit_test_teardown(test_torchtitan_recipe, teardown),
        cmocka_unit_test(test_overlap_of_shard_groups),
        cmocka_unit_test_teardown(test_megatron_defaults, teardown),
        cmocka_unit_test_teardown(test_old_flags, teardown),
        cmocka_unit_test_teardown(test_gpus, teardown),
        cmocka_unit_test_teardown(test_bad_input, teardown),
        cmocka_unit_test_teardown(test_unresolved, teardown),
        cmocka_unit_test(test_layer_patterns),
        cmocka_unit_test(test_pipeline_layouts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
