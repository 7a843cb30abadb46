/* Run configurations in syntaxes and of programs beside the frameworks' own: TOML, interpolated
 * YAML, the trainers that launch DeepSpeed; and files that are none. */
#include "tests/unit/import_from.h"

static void check_read(const char *text, const char *file, double gpus)
{
    struct error e;
    enum status status = read_on(gpus, text, file, &e);
    if (status != STATUS_OK)
        print_error("%s: %s\n", file, e.message);
    assert_int_equal(status, STATUS_OK);
}

/* 64 GPUs / (tp 8 x cp 2) = 4 replicas of 8 sequences. */
static void test_torchtitan_toml(void **state)
{
    struct import_options options = {NULL, 64};
    struct error e;
    (void)state;
    error_init(&e);
    assert_int_equal(
        framework_import_file("tests/data/frameworks/torchtitan.toml", &options, &import, &e),
        STATUS_OK);
    const struct strategy *s = &import.run.strategy;
    assert_string_equal(import.framework->name, "torchtitan");
    assert_string_equal(import.run.model_name, "llama3-70b");
    assert_int_equal(s->tp, 8);
    assert_int_equal(s->cp, 2);
    assert_int_equal(s->micro_batch, 8);
    assert_int_equal(s->zero, 3);
    assert_int_equal(s->recompute, RECOMPUTE_FULL);
    assert_true(s->torch_compile);
    check_near(import.run.scenario.job.seq_length, 8192, 0);
    check_near(import.run.scenario.job.global_batch, 32, 0);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP8); /* a list over three lines */
    assert_string_equal(value_of("training.steps"), "1000");
}

static void test_toml_values(void **state)
{
    (void)state;
    check_read("a.'b c'.\"d\" = 'it\\s' # note\n"
               "e = {f = 1, g.h = [1, 2,\n 3], i = {}}\n"
               "t = \"\"\"two\nlines\"\"\"\n"
               "[[x.y]]\r\n"
               "z = \"q\\\"#\" \r\n"
               "[training]\n"
               "seq_len = 4_096\n"
               "m = [[1, 2], {k = 1}, \"s\"]\n"
               "broken = [1,",
               "run.toml", 8);
    assert_string_equal(value_of("a.b c.d"), "it\\s");
    assert_string_equal(value_of("e.f"), "1");
    assert_string_equal(value_of("e.g.h"), "1 2 3");
    assert_string_equal(value_of("t"), "two lines");
    assert_string_equal(value_of("x.y.z"), "q\"#");
    assert_string_equal(value_of("training.seq_len"), "4096");
    assert_string_equal(value_of("training.m"), "1 2 s");
    assert_string_equal(value_of("training.broken"), "1");
    assert_int_equal(import.configuration.settings.items[0].line, 1);
    assert_int_equal(settings_find(&import.configuration.settings, "training.seq_len")->line, 9);
}

/* Degrees under the sections that torchtitan had before "parallelism". */
static void test_torchtitan_old_sections(void **state)
{
    (void)state;
    check_read("[model]\nname = \"llama3\"\nflavor = \"8B\"\n"
               "[training]\nbatch_size = 2\nseq_len = 8192\ntensor_parallel_degree = 2\n"
               "[experimental]\npipeline_parallel_degree = 4\ncontext_parallel_degree = 2\n"
               "pipeline_parallel_schedule = \"1f1b\"\n"
               "[float8]\nenable_float8_linear = true\n",
               "run.toml", 64);
    assert_int_equal(import.run.strategy.tp, 2);
    assert_int_equal(import.run.strategy.pp, 4);
    assert_int_equal(import.run.strategy.cp, 2);
    assert_int_equal(import.run.scenario.job.precision, DTYPE_FP8);
}

static void test_torchtitan_unknown_schedule(void **state)
{
    (void)state;
    check_read(
        "[parallelism]\npipeline_parallel_degree = 4\npipeline_parallel_schedule = \"Zig\"\n",
        "run.toml", 64);
    assert_non_null(strstr(text_string(&import.notes), "the schedule Zig is not known"));
}

/* OmegaConf: "${.x}" is a sibling, "${..x}" stands one section up, "${a.b}" counts from the root.
 */
static void test_yaml_interpolation(void **state)
{
    (void)state;
    check_read("seq: 8192\n"
               "model:\n"
               "  seq_length: ${seq}\n"
               "  max_position_embeddings: ${.seq_length}\n"
               "  num_layers: ${oc.env:LAYERS}\n"
               "  tensor_model_parallel_size: 2\n"
               "  inner:\n"
               "    degree: ${..tensor_model_parallel_size}\n"
               "train:\n"
               "  micro_batch_size: ${model.tensor_model_parallel_size}\n"
               "  global_batch_size: ${train.missing}\n",
               "run.yaml", 64);
    assert_string_equal(value_of("model.max_position_embeddings"), "8192");
    assert_string_equal(value_of("model.inner.degree"), "2");
    assert_int_equal(import.run.strategy.micro_batch, 2);
    check_near(import.run.scenario.job.seq_length, 8192, 0);
    assert_true(value_is_unresolved(value_of("model.num_layers")));
    assert_true(value_is_unresolved(value_of("train.global_batch_size")));
}

static void test_axolotl(void **state)
{
    (void)state;
    check_read("base_model: NousResearch/Meta-Llama-3.1-8B-Instruct\n"
               "sequence_len: 4096\nsample_packing: true\nadapter: lora\n"
               "gradient_accumulation_steps: 4\nmicro_batch_size: 2\nbf16: auto\n"
               "gradient_checkpointing: true\ndeepspeed: deepspeed_configs/zero3_bf16.json\n",
               "run.yaml", 8);
    assert_string_equal(import.framework->name, "deepspeed");
    assert_string_equal(import.run.scenario.model.name, "llama3-8b");
    assert_int_equal(import.run.strategy.micro_batch, 2);
    check_near(import.run.scenario.job.seq_length, 4096, 0);
    check_near(import.run.scenario.job.global_batch, 64, 0); /* 2 x 4 x 8 */
    assert_int_equal(import.run.strategy.recompute, RECOMPUTE_FULL);
    assert_int_equal(use_of("adapter"), SETTING_UNMODELLED);
    assert_non_null(strstr(text_string(&import.notes),
                           "deepspeed_configs/zero3_bf16.json, which tells the ZeRO stage, is not "
                           "followed: ZeRO 3 is taken from its name"));
    assert_int_equal(import.run.strategy.zero, 3);
}

static void check_tiles(const char *switches, unsigned tiles)
{
    struct text file = {0};
    text_addf(&file,
              "base_model: NousResearch/Meta-Llama-3.1-8B-Instruct\nsequence_len: 4096\n"
              "micro_batch_size: 2\nbf16: auto\n%s",
              switches);
    check_read(text_string(&file), "run.yaml", 8);
    assert_int_equal(import.run.strategy.tiles, tiles);
    text_free(&file);
}

/* axolotl's switches of tiles, LLaMA-Factory's and the Trainer's of all that Liger has. */
static void test_tiles(void **state)
{
    unsigned loss = 1u << TILE_LOSS, mlp = 1u << TILE_MLP;
    check_tiles("", 0);
    teardown(state);
    check_tiles("tiled_mlp: true\n", mlp);
    teardown(state);
    check_tiles("liger_fused_linear_cross_entropy: true\ntiled_mlp: true\n", loss | mlp);
    teardown(state);
    check_tiles("enable_liger_kernel: true\n", loss);
    teardown(state);
    check_tiles("use_liger_kernel: true\n", loss);
}

static void test_trainer_fsdp(void **state)
{
    static const struct {
        const char *words;
        int zero, shard;
    } cases[] = {
        {"full_shard auto_wrap",   3, 0},
        {"hybrid_shard auto_wrap", 3, 8},
        {"shard_grad_op",          2, 0},
        {"no_shard",               0, 0},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct text script = {0};
        text_addf(&script,
                  "torchrun --nnodes 4 --nproc_per_node 8 run_clm.py --bf16 --block_size 2048 "
                  "--per_device_train_batch_size 4 --gradient_accumulation_steps 2 --fsdp '%s'",
                  cases[i].words);
        check_read(script.data, "run.sh", 0);
        assert_int_equal(import.run.strategy.zero, cases[i].zero);
        assert_int_equal(import.run.strategy.fsdp_shard, cases[i].shard);
        check_near(import.run.scenario.job.global_batch, 256, 0); /* 4 x 2 x 32 */
        text_free(&script);
        teardown(state);
    }
}

static void check_refused(const char *text, const char *file, const char *message)
{
    struct error e;
    assert_int_equal(read_text(text, file, &e), STATUS_INPUT);
    if (!strstr(e.message, message)) {
        print_error("%s\nlacks: %s\n", e.message, message);
        fail();
    }
    teardown(NULL);
}

/* A Python file is no torchtitan recipe for being Python. */
static void test_not_a_run(void **state)
{
    (void)state;
    check_refused("import torch\nprint(\"hello\")\n", "x.py", "none of its 1 settings tells");
    check_refused("from nemo.collections import llm\nmodel = Net(width=3)\n", "x.py", "\"width\"");
    check_refused("[project]\nname = \"x\"\nversion = \"1\"\n", "pyproject.toml", "project.name");
    check_refused("", "x.toml", "no setting of a training run");
}

/* What it was taken for stands beside a value that is wrong. */
static void test_wrong_framework(void **state)
{
    struct error e;
    (void)state;
    assert_int_equal(read_on(8, "strategy: FSDP\nmixed_precision: bf16\n", "a.yaml", &e),
                     STATUS_INPUT);
    assert_non_null(strstr(e.hint, "read as Megatron-Bridge's"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(test_torchtitan_toml, teardown),
        cmocka_unit_test_teardown(test_toml_values, teardown),
        cmocka_unit_test_teardown(test_torchtitan_old_sections, teardown),
        cmocka_unit_test_teardown(test_torchtitan_unknown_schedule, teardown),
        cmocka_unit_test_teardown(test_yaml_interpolation, teardown),
        cmocka_unit_test_teardown(test_axolotl, teardown),
        cmocka_unit_test_teardown(test_tiles, teardown),
        cmocka_unit_test_teardown(test_trainer_fsdp, teardown),
        cmocka_unit_test_teardown(test_not_a_run, teardown),
        cmocka_unit_test_teardown(test_wrong_framework, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
