#include "parallelism/sweep/sensitivity.h"
#include "parallelism/sweep/what_if.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <string.h>

static struct search_options small_search(const struct scenario *s)
{
    struct search_options options;
    search_options_default(&options);
    options.choices[SEARCH_VPP] = (struct choices){1, {1}};
    options.choices[SEARCH_MICRO_BATCH] = (struct choices){
        2, {1, 2}
    };
    strategy_complete(&options.base, NULL, s);
    return options;
}

static struct strategy strategy_of(const struct scenario *s, int tp, int pp)
{
    struct strategy strategy;
    struct step_cost cost;
    strategy_default(&strategy);
    strategy.tp = tp;
    strategy.pp = pp;
    strategy_complete(&strategy, NULL, s);
    step_estimate(s, &strategy, &cost);
    assert_true(cost.legal);
    return strategy;
}

/* All zero where the input is idle. */
static struct sensitivity row_of(const struct sensitivities *found, const char *name)
{
    struct sensitivity none = {.elasticity = 0};
    for (int i = 0; i < found->count; i++)
        if (strcmp(found->rows[i].knob.name, name) == 0)
            return found->rows[i];
    return none;
}

/* The step is a sum of kernels' times and of the host's: homogeneous of the first degree, so that
 * the elasticities to the kernels' speeds sum to -1 where nothing else takes time (Euler). */
static void check_sum(const char *model, int tp, int pp)
{
    static const char *const kernels[] = {
        "kernel.gemm",       "kernel.grouped_gemm",   "kernel.attention", "kernel.memory_bound",
        "kernel.all_reduce", "kernel.reduce_scatter", "kernel.alltoall",  "kernel.all_gather",
        "kernel.sendrecv",   "kernel.broadcast"};
    struct scenario *s = catalog_scenario(model, "dgx-h100", 32);
    struct sensitivities found;
    struct error e;
    double sum = 0;
    error_init(&e);
    s->system.gpu.power_cap_w = 0;
    s->stack.constant[STACK_HOST].value = 0;
    s->stack.constant[STACK_STEP].value = 0;
    s->stack.collective_wait_s = 0;
    struct strategy fixed = strategy_of(s, tp, pp);
    struct sensitivity_request request = {.scenario = s, .fixed = &fixed, .range_frac = 0.2};
    assert_int_equal(sensitivities_find(&request, &found, &e), STATUS_OK);
    for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
        struct sensitivity row = row_of(&found, kernels[i]);
        sum += row.elasticity;
        assert_true(row.elasticity <= 0);
    }
    struct step_cost cost;
    step_estimate(s, &fixed, &cost);
    /* what is left of the host: gaps between kernels, which no speed shortens */
    check_near(sum, -(1 - cost.term_s[TERM_HOST] / cost.step_s), 3e-3);
    sensitivities_free(&found);
    free(s);
}

static void test_elasticities_sum(void **state)
{
    (void)state;
    check_sum("llama3-8b", 2, 1);
    check_sum("llama3-8b", 4, 4);
    check_sum("mixtral-8x7b", 8, 2);
}

/* The ends are estimates of the scenario with the input there. */
static void test_ends(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct strategy fixed = strategy_of(s, 2, 1);
    struct sensitivity_request request = {.scenario = s, .fixed = &fixed, .range_frac = 0.2};
    struct sensitivities found;
    struct step_cost cost;
    struct error e;
    (void)state;
    error_init(&e);
    assert_int_equal(sensitivities_find(&request, &found, &e), STATUS_OK);
    step_estimate(s, &fixed, &cost);
    check_near(found.step_s, cost.step_s, 0);
    struct sensitivity row = row_of(&found, "gpu.memory_bandwidth");
    s->system.gpu.memory_bandwidth_bytes_per_s *= 0.8;
    step_estimate(s, &fixed, &cost);
    check_near(row.low.step_s, cost.step_s, 1e-12);
    assert_true(row.elasticity < 0 && row.low.step_s > row.high.step_s);
    /* a share ends at 1 */
    assert_true(row_of(&found, "gpu.gemm.bf16.phi").high.value <= 1);
    assert_false(row.searched);
    for (int i = 1; i < found.count; i++)
        assert_true(found.rows[i - 1].effect >= found.rows[i].effect);
    sensitivities_free(&found);
    free(s);
}

/* Optimised anew is never slower than the strategy as it is, where that one fits; more memory helps
 * only so. */
static void test_optimised_anew(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct search_options options = small_search(s);
    struct search_result now;
    struct sensitivities found;
    struct error e;
    (void)state;
    error_init(&e);
    s->system.gpu.memory_bytes = 48e9;
    options.top = 1;
    assert_int_equal(search_run(s, &options, &now, &e), STATUS_OK);
    assert_int_equal(now.count, 1);
    struct sensitivity_request request = {.scenario = s,
                                          .fixed = &now.results[0].strategy,
                                          .options = &options,
                                          .range_frac = 0.2,
                                          .searches = 12};
    assert_int_equal(sensitivities_find(&request, &found, &e), STATUS_OK);
    int searched = 0;
    for (int i = 0; i < found.count; i++) {
        const struct sensitivity *row = &found.rows[i];
        searched += row->searched;
        if (!row->searched)
            continue;
        assert_true(!row->low.fits || row->low.best_s <= row->low.step_s * (1 + 1e-12));
        assert_true(!row->high.fits || row->high.best_s <= row->high.step_s * (1 + 1e-12));
    }
    assert_int_equal(searched, 12);
    struct sensitivity memory = row_of(&found, "gpu.memory");
    assert_true(memory.searched);
    check_near(memory.elasticity, 0, 1e-12);
    assert_true(memory.high.best_s <= found.step_s && memory.low.best_s >= found.step_s);
    sensitivities_free(&found);
    search_result_free(&now);
    free(s);
}

static void test_what_if(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct strategy fixed = strategy_of(s, 2, 1);
    struct search_options options = small_search(s);
    struct what_if_result r;
    struct step_cost cost;
    struct error e;
    (void)state;
    error_init(&e);
    assert_int_equal(what_if_parse(s, "attention=2x,gpu.memory=192 GB", &r, &e), STATUS_OK);
    assert_int_equal(r.count, 2);
    assert_int_equal(what_if_find(s, &fixed, &options, &r, &e), STATUS_OK);
    step_estimate(s, &fixed, &cost);
    check_near(r.now.step_s, cost.step_s, 0);
    /* the power cap apart, half of the attention's time is saved */
    double saved = r.now.step_s - r.alone[0].step_s;
    assert_true(saved > 0.3 * cost.term_s[TERM_ATTENTION]);
    assert_true(saved < 0.55 * cost.term_s[TERM_ATTENTION]);
    check_near(r.alone[1].step_s, r.now.step_s, 0);
    check_near(r.together.step_s, r.alone[0].step_s, 1e-12);
    assert_true(r.now.best_s <= r.now.step_s && r.together.best_s <= r.alone[0].best_s);
    free(s);
}

static void test_wrong_what_ifs(void **state)
{
    static const char *const wrong[] = {
        "",         "attention",     "attention=",    "=1.1x", "attention=1.1x,", "attenton=1.1x",
        "gpu=b200", "attention=-1x", "gpu.memory=1s", ",",     "attention=1.1x,,"};
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 16);
    struct what_if_result r;
    struct error e;
    (void)state;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        error_init(&e);
        if (what_if_parse(s, wrong[i], &r, &e) != STATUS_USAGE)
            fail_msg("\"%s\" was taken", wrong[i]);
    }
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_elasticities_sum), cmocka_unit_test(test_ends),
        cmocka_unit_test(test_optimised_anew),   cmocka_unit_test(test_what_if),
        cmocka_unit_test(test_wrong_what_ifs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
