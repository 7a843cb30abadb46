#include "parallelism/search.h"
#include "tests/unit/model_from.h"
#include <stdlib.h>

/* The search against layouts that NVIDIA tuned and published with their throughput: none of them is
 * faster than what it finds (they lie in its space), and what it finds is not faster by more than a
 * forecast can tell, or the layout that is ranked first owes its place to a cost that is too low.
 * NVIDIA-NeMo/Megatron-Bridge docs/performance-summary.md; NVIDIA/NeMo
 * docs/source/performance/performance_summary.md. */
static const struct recipe {
    const char *stack, *model, *system;
    double gpus, seq_length, global_batch;
    enum dtype precision;
    int tp, cp, pp, vpp, micro_batch;
} recipes[] = {
    {"megatron-bridge-25.09", "llama3.1-405b",   "dgx-h100",    1024, 8192, 512,  DTYPE_FP8,   8, 2, 8,  8,
     1                                                                                                        },
    {"megatron-bridge-25.09", "llama3.1-405b",   "dgx-b200",    128,  8192, 64,   DTYPE_MXFP8, 4, 2, 8,  8,
     1                                                                                                        },
    {"megatron-bridge-26.04", "llama3.1-405b",   "gb200-nvl72", 256,  8192, 1536, DTYPE_FP8,   4, 1, 16,
     4,                                                                                                      1},
    {"nemo-24.07",            "gpt3-175b",       "dgx-h100",    512,  2048, 2048, DTYPE_FP8,   4, 1, 8,  6,  2},
    {"nemo-24.07",            "nemotron-4-340b", "dgx-h100",    128,  4096, 32,   DTYPE_FP8,   8, 1, 8,  12, 1},
};
static const double told_apart_frac = 0.03;

static struct scenario *scenario_of(const struct recipe *r)
{
    struct scenario *s = calloc(1, sizeof *s);
    struct error e;
    error_init(&e);
    assert_non_null(s);
    s->model = catalog_model(r->model);
    assert_int_equal(system_find(r->system, NULL, &s->system, &e), STATUS_OK);
    assert_int_equal(stack_find(r->stack, NULL, &s->stack, &e), STATUS_OK);
    job_default(&s->job);
    s->system.gpus = r->gpus;
    s->job.seq_length = r->seq_length;
    s->job.global_batch = r->global_batch;
    s->job.precision = r->precision;
    return s;
}

static struct strategy strategy_of(const struct recipe *r, const struct scenario *scenario)
{
    struct strategy s;
    strategy_default(&s);
    s.tp = r->tp;
    s.cp = r->cp;
    s.pp = r->pp;
    s.vpp = r->vpp;
    s.micro_batch = r->micro_batch;
    strategy_complete(&s, NULL, scenario);
    s.overlaps |= 1u << OVERLAP_TP; /* all of them set tp_comm_overlap */
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
        fail_msg("%s on %g GPUs with %s: the recipe takes %g s, the fastest found %g s", r->model,
                 r->gpus, r->stack, cost.step_s, best);
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
