/* What is exported and read back is the same run: random legal strategies, several models, every
 * framework. */
#include "parallelism/frameworks/import.h"
#include "parallelism/frameworks/likeness.h"
#include "reports/launch/launch_report.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long long state_;

/* [Knuth, MMIX] */
static unsigned pick(unsigned n)
{
    state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
    return (unsigned)(state_ >> 33) % n;
}

static int power(unsigned most)
{
    return 1 << pick(most + 1);
}

static void make_scenario(const char *model, const char *stack, struct scenario *out)
{
    struct error e;
    error_init(&e);
    assert_int_equal(model_find(model, NULL, &out->model, &e), STATUS_OK);
    assert_int_equal(system_find("dgx-h100", NULL, &out->system, &e), STATUS_OK);
    assert_int_equal(stack_find(stack, NULL, &out->stack, &e), STATUS_OK);
    job_default(&out->job);
    out->job.seq_length = 2048;
    out->job.global_batch = 512;
}

static void random_strategy(const struct scenario *c, struct strategy *s)
{
    bool given[64] = {false};
    strategy_default(s);
    s->tp = power(3);
    s->cp = pick(3) == 0 ? power(2) : 1;
    s->pp = power(3);
    s->vpp = s->pp > 1 ? power(2) : 1;
    s->micro_batch = power(2);
    s->recompute = (enum recompute)pick(RECOMPUTES);
    s->recompute_layers = pick(3) == 0 ? (int)pick(4) : 0;
    if (pick(3) == 0)
        s->recompute_modules = 1u << MODULE_MLP | 1u << MODULE_LAYERNORM;
    if (c->model.experts > 0) {
        s->ep = power(4);
        s->etp = pick(2) ? 1 : s->tp;
    }
    strategy_complete(s, given, c);
    s->dispatcher = (enum dispatcher)pick(DISPATCHERS);
    s->zero = (int)pick(4);
    s->overlaps = pick(1u << OVERLAPS);
    s->cp_comm = (enum cp_comm)pick(CP_COMMS);
    s->sequence_parallel = s->tp > 1 && (c->model.experts > 0 || pick(4) > 0);
    s->offload_optimizer = pick(8) == 0;
    s->torch_compile = pick(8) == 0;
    if (pick(6) == 0 && s->dp % 2 == 0)
        s->zero_group = s->fsdp_shard = s->dp * s->cp / 2;
    if (pick(6) == 0)
        s->reshard_after_forward = false;
    if (pick(6) == 0 && s->schedule == SCHEDULE_INTERLEAVED)
        s->microbatch_group = 2 * s->pp;
}

/* The forecast of both must be the same number: values that differ have no effect. */
static void check_forecast(const struct scenario *c, const struct strategy *a,
                           const struct strategy *b)
{
    struct step_cost x, y;
    struct strategy plain = strategy_plain(c, a);
    step_estimate(c, &plain, &x);
    step_estimate(c, b, &y);
    assert_true(x.legal && y.legal);
    check_near(y.step_s, x.step_s, 1e-12);
    check_near(y.memory_total_bytes, x.memory_total_bytes, 1e-12);
}

/* 1: written, and read back the same; 0: refused, with a reason. */
static int check_one(const struct framework *f, const struct scenario *c, const struct strategy *s)
{
    static struct framework_import back;
    struct launch_request request = {f, c, s, NULL};
    struct import_options options = {NULL, 0};
    struct text script = {0}, why = {0};
    struct error e;
    error_init(&e);
    if (launch_text(&request, &script, &e) != STATUS_OK) {
        assert_int_equal(e.status, STATUS_NO);
        assert_non_null(strstr(e.message, "cannot express it: "));
        assert_int_equal(script.length, 0);
        return 0;
    }
    assert_int_equal(framework_import_text(script.data, script.length, "x.sh", &options, &back, &e),
                     STATUS_OK);
    assert_ptr_equal(back.framework, f);
    check_near(back.gpus, c->system.gpus, 0);
    assert_true(models_alike(&c->model, &back.run.scenario.model, &why));
    check_near(back.run.scenario.job.seq_length, c->job.seq_length, 0);
    check_near(back.run.scenario.job.global_batch, c->job.global_batch, 0);
    assert_int_equal(back.run.scenario.job.precision, c->job.precision);
    struct strategy got = back.run.strategy;
    got.dp = s->dp;
    if (!strategies_alike(c, s, &got, &why)) {
        print_error("%s\n%s\n", why.data, script.data);
        fail();
    }
    struct strategy plain = strategy_plain(c, &got);
    memcpy(plain.pp_layout, got.pp_layout, sizeof plain.pp_layout);
    check_forecast(c, s, &plain);
    /* every key that was written is known to the table that reads it */
    for (size_t i = 0; i < back.configuration.settings.count; i++)
        assert_int_not_equal(back.configuration.settings.items[i].use, SETTING_UNKNOWN);
    framework_import_free(&back);
    text_free(&script);
    text_free(&why);
    return 1;
}

static void run_framework(const char *name, const char *const models[], int wanted)
{
    const struct framework *f = framework_find(name);
    static struct scenario c;
    int written = 0, refused = 0;
    for (size_t m = 0; models[m]; m++) {
        static const enum dtype dtypes[] = {DTYPE_BF16, DTYPE_FP8, DTYPE_FP16, DTYPE_FP8_BLOCK};
        make_scenario(models[m], f->stack, &c);
        for (int i = 0; i < 500; i++) {
            struct strategy s;
            c.system.gpus = 64 << pick(3);
            c.job.precision = dtypes[pick(4)];
            random_strategy(&c, &s);
            if (strategy_illegal(&c, &s, NULL, 0))
                continue;
            *(check_one(f, &c, &s) ? &written : &refused) += 1;
        }
    }
    print_message("%s: %d written and read back, %d refused\n", name, written, refused);
    assert_true(written >= wanted);
    assert_true(refused > 0);
}

static void test_megatron_lm(void **state)
{
    static const char *const models[] = {"llama3-8b",   "llama3-70b", "mixtral-8x7b",
                                         "deepseek-v3", "gpt3-175b",  NULL};
    (void)state;
    run_framework("megatron-lm", models, 50);
}

static void test_megatron_bridge(void **state)
{
    static const char *const models[] = {"llama3-8b", "mixtral-8x7b", "deepseek-v3", "gpt-oss-20b",
                                         NULL};
    (void)state;
    run_framework("megatron-bridge", models, 50);
}

static void test_torchtitan(void **state)
{
    static const char *const models[] = {"llama3-8b", "llama3-70b", "qwen3-30b-a3b", NULL};
    (void)state;
    run_framework("torchtitan", models, 10);
}

static void test_deepspeed(void **state)
{
    static const char *const models[] = {"llama3-8b", "qwen2.5-7b", "mixtral-8x7b", NULL};
    (void)state;
    run_framework("deepspeed", models, 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_megatron_lm),
        cmocka_unit_test(test_megatron_bridge),
        cmocka_unit_test(test_torchtitan),
        cmocka_unit_test(test_deepspeed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
