#include "calibrate/cases.h"
#include "calibrate/validate.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Measured cases: what is unknown never stops a file. */

#define MODEL                                                                                      \
    "\"model\": {\"name\": \"small\", \"num_hidden_layers\": 8, \"hidden_size\": 1024, "           \
    "\"num_attention_heads\": 16, \"num_key_value_heads\": 16, \"head_dim\": 64, "                 \
    "\"intermediate_size\": 4096, \"gated_mlp\": false, \"vocab_size\": 32000}"
#define SYSTEM                                                                                     \
    "\"system\": {\"gpu\": \"a100-sxm-80gb\", \"gpus\": 16, \"gpus_per_node\": 8, "                \
    "\"inter_node_gbit_per_s_per_gpu\": 200}"
#define JOB "\"job\": {\"seq_length\": 1024, \"global_batch\": 32, \"precision\": \"bf16\"}"
#define STRATEGY "\"strategy\": {\"tp\": 2, \"pp\": 2, \"micro_batch\": 2, \"schedule\": \"1f1b\"}"
#define MEASURED "\"measured\": {\"step_time_s\": 1.5, \"memory_gib\": 2}"

static enum status parse(const char *text, struct cases *cases, struct error *e)
{
    struct cases_options options = {.catalog = NULL};
    memset(cases, 0, sizeof *cases);
    error_init(e);
    return cases_parse(text, strlen(text), "family", &options, cases, e);
}

/* The only case of a text, which must be readable. */
static struct run_case one(const char *text)
{
    struct cases cases;
    struct error e;
    assert_int_equal(parse(text, &cases, &e), STATUS_OK);
    assert_int_equal(cases.count, 1);
    struct run_case c = cases.items[0];
    cases_free(&cases);
    return c;
}

/* A case whose strategy object is given. */
static struct run_case with_strategy(const char *strategy)
{
    char text[2048];
    snprintf(text, sizeof text,
             "[{\"id\": \"a\", " MODEL ", " SYSTEM ", " JOB ", \"strategy\": %s}]", strategy);
    return one(text);
}

static bool assumes(const struct run_case *c, const char *words)
{
    for (int i = 0; i < c->assumed_count; i++) {
        if (strstr(c->assumed[i], words))
            return true;
    }
    return false;
}

static void test_reads_a_case(void **state)
{
    (void)state;
    struct run_case c = one("[{\"id\": \"a\", \"source\": \"paper\", \"sweep\": \"s\", " MODEL
                            ", " SYSTEM ", " JOB ", " STRATEGY ", " MEASURED "}]");
    assert_string_equal(c.skipped, "");
    assert_string_equal(c.id, "a");
    assert_string_equal(c.family, "family");
    assert_string_equal(c.sweep, "s");
    assert_int_equal(c.scenario.model.layers, 8);
    check_near(c.scenario.system.gpus, 16, 0);
    check_near(c.scenario.system.tier[1].bandwidth_bytes_per_s, 25e9, 1e-12); /* 200 Gb/s */
    check_near(c.scenario.job.global_batch, 32, 0);
    assert_int_equal(c.strategy.tp, 2);
    assert_int_equal(c.strategy.dp, 4); /* 16 / (2 x 2) */
    assert_true(c.strategy.sequence_parallel);
    check_near(c.step_s, 1.5, 0);
    check_near(c.memory_bytes, 2147483648.0, 0);
    assert_false(c.oom);
    assert_int_equal(c.assumed_count, 0);
}

/* What a figure of memory counts is all of the device unless the run says less; a forecast leaves
 * out as much: context and communicators of tensor, pipeline and data ranks. */
static void test_memory_of_what_was_measured(void **state)
{
    static const char *const said[] = {"", ", \"memory_of\": \"reserved\"",
                                       ", \"memory_of\": \"allocated\""};
    struct prediction p[3];
    struct run_case c[3];
    (void)state;
    for (int i = 0; i < 3; i++) {
        char text[2048];
        snprintf(text, sizeof text,
                 "[{\"id\": \"a\", " MODEL ", " SYSTEM ", " JOB ", " STRATEGY
                 ", \"measured\": {\"memory_gib\": 2%s}}]",
                 said[i]);
        c[i] = one(text);
        assert_int_equal(c[i].memory_of, i);
        assert_int_equal(c[i].assumed_count, 0);
        case_predict(&c[i], &p[i]);
        assert_string_equal(p[i].skipped, "");
    }
    const struct stack *stack = &c[0].scenario.stack;
    check_near(p[0].memory_bytes - p[1].memory_bytes,
               stack->context_bytes + 3 * stack->communicator_bytes, 1e-9);
    assert_true(p[2].memory_bytes < p[1].memory_bytes);
}

static void test_nearest_meaning_is_noted(void **state)
{
    (void)state;
    struct run_case c = with_strategy("{\"tensor_model_parallel_size\": 4, \"mbs\": 1}");
    assert_string_equal(c.skipped, "");
    assert_int_equal(c.strategy.tp, 4);
    assert_int_equal(c.strategy.micro_batch, 1);
    assert_true(assumes(&c, "tensor_model_parallel_size"));
    c = with_strategy("{\"tp\": \"4\", \"recompute\": \"selectiv\", \"attention\": \"fa2\"}");
    assert_string_equal(c.skipped, "");
    assert_int_equal(c.strategy.tp, 4);
    assert_int_equal(c.strategy.recompute, RECOMPUTE_SELECTIVE);
    assert_int_equal(c.strategy.attention, ATTENTION_FLASH);
    assert_true(assumes(&c, "fa2"));
}

static void test_neutral_unknown_keys_change_nothing(void **state)
{
    (void)state;
    struct run_case c = with_strategy("{\"tp\": 2, \"quantum\": false, \"teleport\": 0}");
    assert_string_equal(c.skipped, "");
    assert_true(assumes(&c, "quantum"));
}

static void test_unclear_ones_skip_that_case_alone(void **state)
{
    (void)state;
    struct run_case c = with_strategy("{\"tp\": 2, \"quantum\": true}");
    assert_non_null(strstr(c.skipped, "quantum"));
    /* a number in a name tells variants apart: fp4 is no misspelt fp8 */
    c = with_strategy("{\"schedule\": \"zb-h3\", \"pp\": 2}");
    assert_non_null(strstr(c.skipped, "zb-h3"));
    c = with_strategy("{\"tp\": 2.5}");
    assert_true(c.skipped[0] != '\0');
    struct cases cases;
    struct error e;
    const char *text = "[{\"id\": \"bad\", \"model\": 7}, {\"id\": \"good\", " MODEL ", " SYSTEM
                       ", " JOB ", " STRATEGY "}]";
    assert_int_equal(parse(text, &cases, &e), STATUS_OK);
    assert_int_equal(cases.count, 2);
    assert_true(cases.items[0].skipped[0] != '\0');
    assert_string_equal(cases.items[1].skipped, "");
    cases_free(&cases);
}

static void test_missing_parts_are_reasons(void **state)
{
    (void)state;
    struct run_case c = one("[{\"id\": \"a\"}]");
    assert_string_equal(c.skipped, "model is missing");
    c = one("[{\"id\": \"a\", " MODEL ", " JOB ", " STRATEGY "}]");
    assert_string_equal(c.skipped, "system is missing");
    c = one("[{\"id\": \"a\", " MODEL ", " SYSTEM ", \"job\": {\"seq_length\": 8}, " STRATEGY "}]");
    assert_string_equal(c.skipped, "job.global_batch is missing");
    c = one("[{" MODEL ", " SYSTEM ", " JOB ", " STRATEGY "}]");
    assert_string_equal(c.id, "family[0]");
}

static void test_unknown_gpu_and_stack(void **state)
{
    (void)state;
    struct run_case c =
        one("[{\"id\": \"a\", " MODEL ", \"system\": {\"gpu\": \"z9\", \"gpus\": 8}, " JOB
            ", " STRATEGY "}]");
    assert_non_null(strstr(c.skipped, "z9"));
    c = one("[{\"id\": \"a\", \"stack\": \"nobody-knows\", " MODEL ", " SYSTEM ", " JOB
            ", " STRATEGY "}]");
    assert_string_equal(c.skipped, "");
    assert_string_equal(c.scenario.stack.name, "default");
    assert_true(assumes(&c, "nobody-knows"));
    assert_string_equal(c.stack, "default"); /* so that a fit to it has a stack */
}

static void check_broken(const char *text, const char *message)
{
    struct cases cases;
    struct error e;
    assert_int_equal(parse(text, &cases, &e), STATUS_INPUT);
    assert_int_equal(cases.count, 0);
    if (!strstr(e.message, message))
        fail_msg("%s: %s", text, e.message);
    cases_free(&cases);
}

static void test_broken_files_are_errors(void **state)
{
    (void)state;
    check_broken("", "");
    check_broken("[", "");
    check_broken("{}", "expected an array");
    check_broken("[]", "no case");
    check_broken("[{\"id\": \"a\"}, 7]", "expected a case");
    check_broken("[{\"id\": \"a\", \"id\": \"b\"}]", "");
}

/* Errors of known size: the summary must find them. */
static void test_summary(void **state)
{
    (void)state;
    static const double predicted[] = {1.1, 0.9, 2.0, 1.0};
    struct run_case *items = calloc(6, sizeof *items);
    struct cases cases = {items, 6, 6};
    struct prediction p[6] = {0};
    struct validation v;
    struct error e;
    error_init(&e);
    for (int i = 0; i < 4; i++) {
        items[i].step_s = 1;
        items[i].memory_bytes = 100;
        p[i].step_s = predicted[i];
        p[i].memory_bytes = 110;
        p[i].fits = true;
        p[i].step_low_s = 0.95 * predicted[i];
        p[i].step_high_s = 1.12 * predicted[i]; /* holds 1 for the second and the fourth */
    }
    items[4].oom = true; /* foreseen */
    strcpy(p[5].skipped, "why");
    assert_int_equal(validation_summarise(&cases, p, NULL, &v, &e), STATUS_OK);
    assert_int_equal(v.cases, 6);
    assert_int_equal(v.predicted, 5);
    assert_int_equal(v.skipped, 1);
    assert_int_equal(v.step.n, 4);
    check_near(v.step.mape, (0.1 + 0.1 + 1 + 0) / 4, 1e-12);
    check_near(v.step.bias, (0.1 - 0.1 + 1 + 0) / 4, 1e-12);
    check_near(v.step.worst, 1, 1e-12);
    check_near(v.coverage, 0.5, 1e-12);
    check_near(v.memory_mape, 0.1, 1e-12);
    assert_int_equal(v.oom, 1);
    assert_int_equal(v.oom_foreseen, 1);
    assert_int_equal(v.fit_foreseen, 4);
    free(items);
}

/* Every published run file is read, and at least 97 % of its cases can be predicted. */
static void test_shared_runs(void **state)
{
    (void)state;
    static const char *const files[] = {
        "bloom-prequel", "hagemann23", "internevo", "korthikanti22",   "megatron-bridge",
        "megatron-sc21", "misc",       "mlperf",    "mpt-llm-foundry", "nemo",
        "simumax-b200",  "torchtitan", "vtrain",    "zero-bubble"};
    const char *shared = getenv("STEPCAST_SHARED");
    struct cases_options options = {.catalog = NULL};
    struct cases cases = {0};
    struct error e;
    if (!shared)
        skip();
    error_init(&e);
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        char path[512];
        snprintf(path, sizeof path, "%s/measured/runs/%s.json", shared, files[i]);
        assert_int_equal(cases_load(path, &options, &cases, &e), STATUS_OK);
    }
    size_t skipped = 0;
    for (size_t i = 0; i < cases.count; i++) {
        struct prediction p;
        case_predict(&cases.items[i], &p);
        skipped += p.skipped[0] != '\0';
        if (p.skipped[0] == '\0')
            assert_true(p.step_s > 0 && p.memory_bytes > 0);
    }
    assert_true((double)skipped <= 0.03 * (double)cases.count);
    cases_free(&cases);
}

/* A stack that mostly compiles its layers: a run that does not say so did not. */
static void test_runs_compile_where_they_say_so(void **state)
{
    (void)state;
    static const char *const said[] = {"", ", \"torch_compile\": true",
                                       ", \"torch_compile\": false"};
    for (int i = 0; i < 3; i++) {
        char text[2048];
        snprintf(text, sizeof text,
                 "[{\"id\": \"a\", \"stack\": \"torchtitan\", " MODEL ", " SYSTEM ", " JOB
                 ", \"strategy\": {\"zero\": 3%s}}]",
                 said[i]);
        struct run_case c = one(text);
        assert_string_equal(c.skipped, "");
        assert_int_equal(c.strategy.torch_compile, i == 1);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_a_case),
        cmocka_unit_test(test_memory_of_what_was_measured),
        cmocka_unit_test(test_runs_compile_where_they_say_so),
        cmocka_unit_test(test_nearest_meaning_is_noted),
        cmocka_unit_test(test_neutral_unknown_keys_change_nothing),
        cmocka_unit_test(test_unclear_ones_skip_that_case_alone),
        cmocka_unit_test(test_missing_parts_are_reasons),
        cmocka_unit_test(test_unknown_gpu_and_stack),
        cmocka_unit_test(test_broken_files_are_errors),
        cmocka_unit_test(test_summary),
        cmocka_unit_test(test_shared_runs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
