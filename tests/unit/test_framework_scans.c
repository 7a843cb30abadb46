/* Megatron's layers without attention: read from flags and overrides, written, read again. */
#include "parallelism/frameworks/likeness.h"
#include "tests/unit/import_from.h"
#include "tests/unit/model_from.h"

#define COMMON                                                                                     \
    "torchrun --nproc_per_node 8 pretrain_mamba.py --hidden-size 4096 --ffn-hidden-size 21504 "    \
    "--num-attention-heads 32 --group-query-attention --num-query-groups 8 --kv-channels 128 "     \
    "--position-embedding-type none --normalization RMSNorm --disable-bias-linear "                \
    "--untie-embeddings-and-output-weights --vocab-size 131071 --tokenizer-type NullTokenizer "    \
    "--seq-length 8192 --global-batch-size 64 --micro-batch-size 1 --bf16 "
#define PATTERN "M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*-M-M-M-M-M-"

static const struct framework_run *read_script(const char *text)
{
    struct error e;
    enum status status = read_text(text, "run.sh", &e);
    if (status != STATUS_OK)
        print_error("%s\n", e.message);
    assert_int_equal(status, STATUS_OK);
    return &import.run;
}

static void check_refused(const char *text, const char *words)
{
    struct error e;
    assert_int_equal(read_text(text, "run.sh", &e), STATUS_INPUT);
    if (!strstr(e.message, words))
        fail_msg("\"%s\" lacks \"%s\"", e.message, words);
}

/* Nemotron-H's script is the catalog's model, by the older flags and the newer one, which tells the
 * number of layers and may divide them. */
static void nemotron_h(void **state)
{
    (void)state;
    static const char *const flags[] = {
        "--num-layers 52 --is-hybrid-model --hybrid-override-pattern " PATTERN
        " --mamba-num-heads 128 --mamba-head-dim 64 --mamba-num-groups 8 --mamba-state-dim 128 "
        "--spec megatron.core.models.mamba.mamba_layer_specs mamba_stack_spec",
        "--hybrid-layer-pattern M-M-M-M*-M-M-M-M-M*-M-M-M-M-M*'|'-M-M-M-M-M*-M-M-M-M-M-",
    };
    struct model model = catalog_model("nemotron-h-8b");
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        char text[2048];
        struct text why = {0};
        snprintf(text, sizeof text, "%s%s\n", COMMON, flags[i]);
        const struct framework_run *run = read_script(text);
        assert_true(run->model_given);
        if (!models_alike(&run->scenario.model, &model, &why))
            fail_msg("%s", text_string(&why));
        text_free(&why);
        assert_true(notes("assumed rate"));
    }
}

/* '|' divides the stages; '/' stands before each prediction layer. */
static void stages_in_a_pattern(void **state)
{
    (void)state;
    const struct framework_run *run = read_script(
        COMMON "--pipeline-model-parallel-size 2 --hybrid-layer-pattern 'M-M-|M*-|M-M|-/M-/M-'\n");
    assert_int_equal(run->scenario.model.layers, 11);
    assert_int_equal(run->scenario.model.mtp_layers, 2);
    assert_string_equal(run->strategy.pp_layout, "Et*4|t*3|t*3|t*1mmL");
    assert_int_equal(run->strategy.vpp, 2);
    assert_true(notes("one more of the last kind, not as \"M-/M-\""));
    check_refused(COMMON "--pipeline-model-parallel-size 2 --hybrid-layer-pattern 'M-|M-|M-'\n",
                  "is no layout of 2 ranks");
}

/* NVIDIA's 8B hybrid [arXiv:2406.07887]: 56 layers of which 0.08 attention and 0.5 MLPs; the letters
 * are those its checkpoint is served with. */
static void layers_by_shares(void **state)
{
    (void)state;
    static const char served[] = "M-M-M--M-M*-M-M-M-M--M*-M-M-M-M-M*--M-M-M-M-M*-M--M-M-M-";
    char text[2048];
    struct text why = {0};
    snprintf(text, sizeof text, "%s--num-layers 56 --hybrid-override-pattern %s\n", COMMON, served);
    struct model spelt = read_script(text)->scenario.model;
    const struct framework_run *run =
        read_script(COMMON "--num-layers 56 --is-hybrid-model --hybrid-attention-ratio 0.08 "
                           "--hybrid-mlp-ratio 0.5\n");
    if (!models_alike(&run->scenario.model, &spelt, &why))
        fail_msg("%s", text_string(&why));
    text_free(&why);
    double count[MODEL_LAYER_KINDS_MAX] = {0};
    model_count_kinds(&run->scenario.model, 0, 56, count);
    for (int i = 0; i < 3; i++) {
        enum mixer mixer = run->scenario.model.kind[i].mixer;
        check_near(count[i], mixer == MIXER_MAMBA2 ? 24 : mixer == MIXER_ATTENTION ? 4 : 28, 0);
    }
    assert_true(notes(served));
    run = read_script(COMMON "--num-layers 4 --is-hybrid-model\n"); /* no share: Mamba alone */
    assert_int_equal(run->scenario.model.kinds, 1);
    assert_int_equal(run->scenario.model.kind[0].mixer, MIXER_MAMBA2);
    check_refused(COMMON "--num-layers 4 --is-hybrid-model --hybrid-mlp-ratio half\n",
                  "a share from 0 to 1");
    check_refused(COMMON "--num-layers 4 --hybrid-attention-ratio 0.6 --hybrid-mlp-ratio 0.5\n",
                  "more than 1");
}

/* Experts in a latent space are read and written. */
static void latent_experts(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_script(COMMON "--hybrid-override-pattern ME*E --num-experts 512 --moe-router-topk 22 "
                           "--moe-ffn-hidden-size 2688 --moe-latent-size 1024\n");
    struct model_parameters p =
        layer_parameters(&run->scenario.model, &run->scenario.model.kind[1]);
    assert_int_equal(run->scenario.model.moe_latent_size, 1024);
    check_near(p.experts, 512.0 * 2 * 1024 * 2688, 0);
    check_near(p.shared_experts, 2.0 * 4096 * 1024, 0);
}

/* Mamba's heads are as many as make twice the hidden size where no flag counts them. */
static void default_heads(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_script(COMMON "--num-layers 4 --hybrid-override-pattern M-*- --mamba-head-dim 128\n");
    assert_int_equal(run->scenario.model.scan_heads, 2 * 4096 / 128);
    assert_int_equal(run->scenario.model.kinds, 3);
}

#define DELTA                                                                                      \
    COMMON "--num-layers 8 --swiglu --experimental-attention-variant gated_delta_net "             \
           "--linear-num-key-heads 16 --linear-num-value-heads 48 --attention-output-gate "
static void gated_delta_net(void **state)
{
    (void)state;
    static const char *const freq[] = {"4", "'([1]*3+[0])*2'"};
    for (size_t f = 0; f < 2; f++) {
        char text[2048];
        snprintf(text, sizeof text, "%s--linear-attention-freq %s\n", DELTA, freq[f]);
        const struct model *m = &read_script(text)->scenario.model;
        for (int i = 0; i < 8; i++)
            assert_int_equal(m->kind[m->kind_of_layer[i]].mixer,
                             i % 4 == 3 ? MIXER_ATTENTION : MIXER_GATED_DELTANET);
        assert_int_equal(m->scan_heads, 48);
        assert_int_equal(m->scan_key_heads, 16);
        assert_int_equal(m->scan_key_dim, 128);
        assert_true(m->attention_gate);
        assert_int_equal(m->kind[m->kind_of_layer[0]].intermediate_size, 21504);
    }
}

/* A log prints every argument: those of mixers that the model has not change nothing. */
static void defaults_of_other_mixers(void **state)
{
    (void)state;
    const struct model *m =
        &read_script(COMMON "--num-layers 2 --mamba-state-dim 128 --linear-num-key-heads 16 "
                            "--linear-attention-freq 4 --mamba-num-groups 8\n")
             ->scenario.model;
    assert_int_equal(m->scan_heads, 0);
    assert_int_equal(m->kinds, 1);
    assert_int_equal(m->kind[0].mixer, MIXER_ATTENTION);
}

static void not_modelled(void **state)
{
    (void)state;
    check_refused(COMMON "--num-layers 4 --hybrid-override-pattern M-D-\n",
                  "one of M * - E, got 'D'");
    check_refused(COMMON "--num-layers 4 --hybrid-override-pattern M-M\n", "4 layers, got 3");
    check_refused(COMMON "--num-layers 4 --hybrid-override-pattern M-M* --mamba-num-groups 7\n",
                  "7 groups do not divide 128 heads");
    check_refused(COMMON "--num-layers 4 --experimental-attention-variant dsa\n", "not modelled");
    check_refused(DELTA "\n", "needs linear_attention_freq");
    check_refused(DELTA "--linear-attention-freq '[1,0]'\n", "expected a pattern of 8 layers");
}

/* What is written of a model is that model again; what no flag says is refused. */
static void written_and_read(void **state)
{
    (void)state;
    static const struct {
        const char *model, *refused;
    } rows[] = {
        {"nemotron-h-56b",          NULL                        },
        {"nemotron-3-nano-30b-a3b", NULL                        },
        {"qwen3-next-80b-a3b",      NULL                        },
        {"kimi-linear-48b-a3b",     "kda layers"                },
        {"granite-4.0-h-small",     "Mamba layers with an MLP"  },
        {"minimax-text-01",         "lightning_attention layers"},
    };
    const struct framework *f = framework_find("megatron-lm");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct framework_run run, defaults;
        struct settings settings = {0};
        struct error e;
        error_init(&e);
        assert_int_equal(framework_run_init(f, f->stack, NULL, &run, &e), STATUS_OK);
        assert_int_equal(framework_run_init(f, f->stack, NULL, &defaults, &e), STATUS_OK);
        run.scenario.model = catalog_model(rows[i].model);
        run.scenario.job.seq_length = 4096;
        run.scenario.job.global_batch = 64;
        struct framework_writer w = {f, &run, &defaults, &settings, &e, false};
        enum status status = framework_write(&w);
        assert_int_equal(status, rows[i].refused ? STATUS_NO : STATUS_OK);
        if (rows[i].refused && !strstr(e.message, rows[i].refused))
            fail_msg("\"%s\" lacks \"%s\"", e.message, rows[i].refused);
        struct text notes = {0}, why = {0};
        struct framework_reader r = {f, &settings, &defaults, &e, &notes};
        if (!rows[i].refused &&
            (framework_read(&r) != STATUS_OK ||
             !models_alike(&defaults.scenario.model, &run.scenario.model, &why)))
            fail_msg("%s: %s%s", rows[i].model, e.message, text_string(&why));
        text_free(&notes);
        text_free(&why);
        settings_free(&settings);
    }
}

/* A recipe of Megatron-Bridge's names the model. */
static void recipes(void **state)
{
    (void)state;
    const struct framework_run *run =
        read_script("torchrun --nproc_per_node 8 run_recipe.py --recipe "
                    "nemotron_3_nano_pretrain_config train.global_batch_size=512\n");
    assert_string_equal(run->model_name, "nemotron-3-nano-30b-a3b");
    assert_true(model_scans(&run->scenario.model));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(nemotron_h, teardown),
        cmocka_unit_test_teardown(stages_in_a_pattern, teardown),
        cmocka_unit_test_teardown(layers_by_shares, teardown),
        cmocka_unit_test_teardown(latent_experts, teardown),
        cmocka_unit_test_teardown(default_heads, teardown),
        cmocka_unit_test_teardown(gated_delta_net, teardown),
        cmocka_unit_test_teardown(defaults_of_other_mixers, teardown),
        cmocka_unit_test_teardown(not_modelled, teardown),
        cmocka_unit_test(written_and_read),
        cmocka_unit_test_teardown(recipes, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
