#include "parallelism/search/search.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

/* The search against layouts that NVIDIA tuned and published: none of them is faster than what it
 * finds (they lie in its space), and what it finds is not faster by more than a forecast can tell,
 * or the layout that is ranked first owes its place to a cost that is too low.
 * NVIDIA-NeMo/Megatron-Bridge docs/performance-summary.md and scripts/performance/configs;
 * NVIDIA/NeMo docs/source/performance/performance_summary.md. */
static const struct recipe {
    const char *stack, *model, *system;
    enum dtype precision;
    int job[3], degrees[6]; /* GPUs, tokens, sequences; tp, cp, pp, vpp, ep, micro-batch */
} recipes[] = {
  /* clang-format off */
    {"megatron-bridge-25.09", "llama3.1-405b",   "dgx-h100",    DTYPE_FP8,   {1024, 8192, 512},  {8, 2, 8, 8, 1, 1}},
    {"megatron-bridge-25.09", "llama3.1-405b",   "dgx-b200",    DTYPE_MXFP8, {128, 8192, 64},    {4, 2, 8, 8, 1, 1}},
    {"megatron-bridge-26.04", "llama3.1-405b",   "gb200-nvl72", DTYPE_FP8,   {256, 8192, 1536},  {4, 1, 16, 4, 1, 1}},
    {"nemo-24.07",            "gpt3-175b",       "dgx-h100",    DTYPE_FP8,   {512, 2048, 2048},  {4, 1, 8, 6, 1, 2}},
    {"nemo-24.07",            "nemotron-4-340b", "dgx-h100",    DTYPE_FP8,   {128, 4096, 32},    {8, 1, 8, 12, 1, 1}},
    {"megatron-bridge-26.04", "deepseek-v3",     "gb200-nvl72", DTYPE_MXFP8, {256, 4096, 4096},  {1, 1, 4, 4, 64, 1}},
    {"megatron-bridge-26.04", "deepseek-v3",     "dgx-b200",    DTYPE_MXFP8, {256, 4096, 4096},  {1, 1, 8, 2, 32, 1}},
    {"megatron-bridge-26.06", "gpt-oss-120b",    "gb300-nvl72", DTYPE_MXFP8, {64, 4096, 1280},   {1, 1, 1, 1, 16, 4}},
    {"megatron-bridge-26.04", "qwen3-30b-a3b",   "gb300-nvl72", DTYPE_MXFP8, {8, 4096, 512},     {1, 1, 1, 1, 8, 8}},
  /* clang-format on */
};
static const double told_apart_frac = 0.05;

static struct scenario *scenario_of(const struct recipe *r)
{
    struct scenario *s = stack_scenario(r->model, r->system, r->stack, r->job[0]);
    s->job.seq_length = r->job[1];
    s->job.global_batch = r->job[2];
    s->job.precision = r->precision;
    return s;
}

static struct strategy strategy_of(const struct recipe *r, const struct scenario *scenario)
{
    struct strategy s;
    strategy_default(&s);
    int *degrees[] = {&s.tp, &s.cp, &s.pp, &s.vpp, &s.ep, &s.micro_batch};
    for (int i = 0; i < 6; i++)
        *degrees[i] = r->degrees[i];
    strategy_complete(&s, NULL, scenario);
    s.overlaps |= 1u << OVERLAP_TP; /* those of dense models set tp_comm_overlap */
    return s;
}

static void check_recipe(const struct recipe *r)
{
    struct scenario *scenario = scenario_of(r);
    struct strategy recipe = strategy_of(r, scenario);
    struct search_options options;
    struct search_result result;
    struct step_cost cost;
    struct error e;
    error_init(&e);
    search_options_default(&options);
    search_options_complete(&options, NULL, scenario);
    assert_int_equal(search_run(scenario, &options, &result, &e), STATUS_OK);
    assert_true(result.count > 0);
    step_estimate(scenario, &recipe, &cost);
    if (!cost.legal || !cost.fits)
        fail_msg("%s with %s: %s", r->model, r->stack, cost.reason);
    double best = result.results[0].cost.step_s;
    if (cost.step_s < best * (1 - 1e-9) || cost.step_s > best * (1 + told_apart_frac))
        fail_msg("%s on %d GPUs with %s: the recipe takes %g s, the fastest found %g s", r->model,
                 r->job[0], r->stack, cost.step_s, best);
    search_result_free(&result);
    free(scenario);
}

static void test_tuned_recipes_are_found(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof recipes / sizeof *recipes; i++)
        check_recipe(&recipes[i]);
}

/* What a stack overlaps on request is asked for, unless the overlaps are given. */
static void test_overlaps_on_request(void **state)
{
    (void)state;
    struct scenario *scenario = scenario_of(&recipes[0]);
    bool given[STRATEGY_FIELDS_MAX] = {false};
    struct search_options options;
    search_options_default(&options);
    search_options_complete(&options, NULL, scenario);
    assert_true(options.base.overlaps >> OVERLAP_TP & 1);
    assert_false(options.open_overlaps >> OVERLAP_TP & 1);
    search_options_default(&options);
    options.base.overlaps = 1u << OVERLAP_PP;
    given[strategy_row("overlaps")] = true;
    search_options_complete(&options, given, scenario);
    assert_int_equal(options.base.overlaps, 1u << OVERLAP_PP);
    struct strategy s;
    strategy_default(&s);
    strategy_complete(&s, NULL, scenario);
    assert_false(s.overlaps >> OVERLAP_TP & 1); /* a forecast takes what is told to be on */
    free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_tuned_recipes_are_found),
        cmocka_unit_test(test_overlaps_on_request),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
