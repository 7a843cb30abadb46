#include "base/text.h"
#include "parallelism/step.h"
#include "parallelism/strategy_idle.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>
#include <string.h>

/* What was asked for and changes nothing is named; what does change something is not. */

static void check_idle(const struct scenario *c, const struct strategy *s, const char *key)
{
    struct text out = {0};
    strategy_idle(c, s, &out);
    if (key ? !strstr(text_string(&out), key) : out.length > 0)
        fail_msg("%s: %s", key ? key : "nothing", text_string(&out));
    text_free(&out);
}

/* Each key beside keys that leave it without effect, then beside those that give it one. */
static void test_keys(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 64);
    struct strategy plain, s;
    strategy_default(&plain);
    plain.dp = 64;
    plain.zero = 1;
    check_idle(c, &plain, NULL);
    s = plain;
    s.recompute_layers = 3;
    check_idle(c, &s, "recompute-layers 3");
    s.recompute = RECOMPUTE_SELECTIVE;
    check_idle(c, &s, "recompute-layers 3");
    s.recompute = RECOMPUTE_FULL;
    check_idle(c, &s, NULL);
    s = plain;
    s.recompute_modules = 1u << MODULE_MLP;
    check_idle(c, &s, "recompute-modules changes nothing");
    s.recompute = RECOMPUTE_SELECTIVE;
    check_idle(c, &s, NULL);
    s = plain;
    s.zero_group = 8;
    check_idle(c, &s, NULL);
    s.zero = 0;
    check_idle(c, &s, "zero-group 8");
    s.zero = 3;
    check_idle(c, &s, "zero-group 8");
    s = plain;
    s.fsdp_shard = 8;
    check_idle(c, &s, "fsdp-shard 8");
    s.zero = 3;
    check_idle(c, &s, NULL);
    s = plain;
    s.microbatch_group = s.first_stage_layers = s.last_stage_layers = 4;
    check_idle(c, &s, "microbatch-group 4");
    check_idle(c, &s, "first-stage-layers 4");
    check_idle(c, &s, "last-stage-layers 4");
    s.pp = 4;
    s.vpp = 2;
    check_idle(c, &s, NULL);
    free(c);
}

/* torchtitan shards parameters over context ranks under any ZeRO: its groups count there. */
static void test_shards_over_context(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 64);
    struct strategy s;
    strategy_default(&s);
    s.zero = 1;
    s.fsdp_shard = 8;
    s.cp = 2;
    check_idle(c, &s, "fsdp-shard 8");
    c->stack.shards_over_context = true;
    check_idle(c, &s, NULL);
    s.cp = 1;
    check_idle(c, &s, "fsdp-shard 8");
    free(c);
}

/* Modules that a model has none of. */
static void test_modules(void **state)
{
    (void)state;
    static const struct {
        const char *model;
        enum module module;
        bool has;
    } cases[] = {
        {"llama3-8b",    MODULE_MOE,            false},
        {"llama3-8b",    MODULE_MLA_UP_PROJ,    false},
        {"llama3-8b",    MODULE_CORE_ATTENTION, true },
        {"mixtral-8x7b", MODULE_MOE,            true },
        {"mixtral-8x7b", MODULE_SHARED_EXPERTS, false},
        {"deepseek-v3",  MODULE_SHARED_EXPERTS, true },
        {"deepseek-v3",  MODULE_MLA_UP_PROJ,    true },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct scenario *c = catalog_scenario(cases[i].model, "dgx-h100", 64);
        struct strategy s;
        strategy_default(&s);
        s.recompute = RECOMPUTE_SELECTIVE;
        s.recompute_modules = 1u << cases[i].module | 1u << MODULE_LAYERNORM;
        check_idle(c, &s, cases[i].has ? NULL : module_names[cases[i].module]);
        free(c);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_keys),
        cmocka_unit_test(test_shards_over_context),
        cmocka_unit_test(test_modules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
