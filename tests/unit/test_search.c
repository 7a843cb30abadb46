#include "parallelism/search/space.h"
#include "tests/unit/random_scenario.h"
#include "tests/unit/scenarios.h"
#include <stdio.h>
#include <stdlib.h>

/* The search against itself: pruned or not, on one thread or on several, the same results; each of
 * them what an estimate says. */

enum { SCENARIOS = 300, SPACE_MOST = 60000 };

static void same_results(const struct search_result *a, const struct search_result *b, int seed)
{
    if (a->count != b->count)
        fail_msg("seed %d: %d results, not %d", seed, b->count, a->count);
    for (int i = 0; i < a->count; i++) {
        const struct ranked *x = &a->results[i], *y = &b->results[i];
        if (memcmp(&x->strategy, &y->strategy, sizeof x->strategy) == 0 &&
            memcmp(&x->cost.step_s, &y->cost.step_s, sizeof x->cost.step_s) == 0)
            continue;
        struct text s = {0}, t = {0};
        strategy_describe(&x->strategy, &s);
        strategy_describe(&y->strategy, &t);
        fail_msg("seed %d, result %d: %s (%.17g s), not %s (%.17g s)", seed, i + 1, t.data,
                 y->cost.step_s, s.data, x->cost.step_s);
    }
    assert_memory_equal(&a->closest, &b->closest, sizeof a->closest);
}

static void same_counts(const struct search_result *a, const struct search_result *b)
{
    assert_int_equal(a->configs, b->configs);
    assert_int_equal(a->legal, b->legal);
    assert_int_equal(a->evaluated, b->evaluated);
    assert_int_equal(a->pruned, b->pruned);
    assert_int_equal(a->fitting, b->fitting);
    assert_memory_equal(a->pruned_by, b->pruned_by, sizeof a->pruned_by);
    assert_memory_equal(a->rejected, b->rejected, sizeof a->rejected);
}

static void run(const struct scenario *scenario, const struct search_options *options,
                struct search_result *out)
{
    struct error e;
    error_init(&e);
    if (search_run(scenario, options, out, &e) != STATUS_OK)
        fail_msg("%s", e.message);
    long long illegal = 0;
    for (int i = 0; i < out->rules; i++)
        illegal += strcmp(out->rejected[i].name, "memory") ? out->rejected[i].count : 0;
    assert_int_equal(out->configs, out->legal + illegal);
    assert_int_equal(out->legal, out->evaluated + out->pruned);
}

/* A scenario of a seed whose space is neither empty nor too large to search unpruned. */
static bool usable(int seed, struct scenario *scenario, struct search_options *options)
{
    struct random r = {0x9e3779b97f4a7c15u * (uint64_t)(seed + 1)};
    struct search_space space;
    struct error e;
    error_init(&e);
    random_scenario(&r, scenario);
    random_options(&r, scenario, options);
    assert_int_equal(search_space_init(scenario, options, &space, &e), STATUS_OK);
    bool use = space.legal > 0 && space.legal <= SPACE_MOST;
    search_space_free(&space);
    return use;
}

/* What the scenarios that were compared hold: the property says nothing about what is not there. */
struct coverage {
    int fitting, experts, corrected, below_one, schedules, offload, uneven, overlaps, zero_3,
        recompute, clipped;
};

static void cover(struct coverage *c, const struct scenario *scenario,
                  const struct search_options *options, const struct search_result *result)
{
    const struct strategy *best = result->count > 0 ? &result->results[0].strategy : NULL;
    c->fitting += best != NULL;
    c->experts += scenario->model.experts > 0;
    c->corrected +=
        correction_count(&scenario->system.gpu.calibration.gemm_correction[DTYPE_BF16]) > 0;
    c->below_one += scenario->stack.constant[STACK_COMPUTE].value < 1;
    c->schedules += options->open[SEARCH_SCHEDULE];
    c->offload += options->open[SEARCH_OFFLOAD_OPTIMIZER];
    c->uneven += options->open[SEARCH_FIRST_STAGE_LAYERS];
    c->overlaps += options->open_overlaps != 0;
    c->zero_3 += best && best->zero == 3;
    c->recompute += best && best->recompute != RECOMPUTE_NONE;
    for (int i = 0; i < result->rules; i++)
        c->clipped += strcmp(result->rejected[i].name, "memory") == 0;
}

static void check_coverage(const struct coverage *c)
{
    enum { ENOUGH = SCENARIOS / 20 };
    const int counts[] = {c->experts, c->corrected, c->below_one, c->schedules, c->offload,
                          c->uneven,  c->overlaps,  c->zero_3,    c->recompute, c->clipped};
    assert_true(c->fitting > SCENARIOS / 2);
    for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
        if (counts[i] < ENOUGH)
            fail_msg("kind %zu: only %d of %d scenarios", i, counts[i], SCENARIOS);
}

static void check_seed(int seed, const struct scenario *scenario, struct search_options *options,
                       struct coverage *coverage)
{
    struct search_result pruned, whole, threaded;
    run(scenario, options, &pruned);
    options->no_prune = true;
    run(scenario, options, &whole);
    options->no_prune = false;
    options->threads = 3;
    run(scenario, options, &threaded);
    assert_int_equal(whole.pruned, 0);
    same_results(&whole, &pruned, seed);
    same_results(&pruned, &threaded, seed);
    same_counts(&pruned, &threaded);
    cover(coverage, scenario, options, &whole);
    search_result_free(&pruned);
    search_result_free(&whole);
    search_result_free(&threaded);
}

static void test_pruning_changes_nothing(void **state)
{
    (void)state;
    struct scenario *scenario = malloc(sizeof *scenario);
    struct search_options *options = malloc(sizeof *options);
    struct coverage coverage = {.fitting = 0};
    int used = 0;
    for (int seed = 0; used < SCENARIOS; seed++) {
        if (!usable(seed, scenario, options))
            continue;
        check_seed(seed, scenario, options, &coverage);
        used++;
    }
    check_coverage(&coverage);
    free(options);
    free(scenario);
}

/* reshard_after_forward is tried under ZeRO 3 alone: elsewhere it stays as the base has it,
 * whatever was tried before. */
static void test_what_is_not_tried_stays(void **state)
{
    (void)state;
    struct scenario *c = stack_scenario("llama3-8b", "dgx-h100", "torchtitan", 32);
    int others = 0;
    for (int base = 0; base < 2; base++) {
        struct search_options options;
        struct search_result result;
        search_options_default(&options);
        strategy_complete(&options.base, NULL, c);
        options.base.reshard_after_forward = base;
        options.top = 200;
        run(c, &options, &result);
        for (int i = 0; i < result.count; i++) {
            const struct strategy *s = &result.results[i].strategy;
            others += s->zero < 3;
            assert_true(s->zero == 3 || s->reshard_after_forward == base);
        }
        search_result_free(&result);
    }
    assert_true(others > 2);
    free(c);
}

static void choose(struct search_options *options, enum search_dimension d, int value)
{
    options->choices[d].value[options->choices[d].count++] = value;
}

static long long rejected_by(const struct search_result *r, const char *rule)
{
    for (int i = 0; i < r->rules; i++)
        if (strcmp(r->rejected[i].name, rule) == 0)
            return r->rejected[i].count;
    return 0;
}

/* Stages of ZeRO and their groups that were asked for and that a rule forbids are counted by it,
 * one for each way to recompute; beside a legal one too. The stack has ZeRO 0 and 3; 32 replicas
 * have no groups of 3 or 5. */
static void test_forbidden_zeros_are_counted(void **state)
{
    (void)state;
    static const enum search_dimension ones[] = {SEARCH_TP, SEARCH_CP, SEARCH_PP,
                                                 SEARCH_MICRO_BATCH};
    struct scenario *c = stack_scenario("llama3-8b", "dgx-h100", "torchtitan", 32);
    struct search_options options;
    struct search_result result;
    search_options_default(&options);
    search_options_complete(&options, NULL, c);
    for (size_t i = 0; i < sizeof ones / sizeof *ones; i++)
        choose(&options, ones[i], 1);
    choose(&options, SEARCH_RECOMPUTE, RECOMPUTE_NONE);
    choose(&options, SEARCH_RECOMPUTE, RECOMPUTE_SELECTIVE);
    choose(&options, SEARCH_ZERO, 1);
    run(c, &options, &result);
    assert_int_equal(result.legal, 0);
    assert_int_equal(rejected_by(&result, "zero-supported"), 2);
    search_result_free(&result);

    choose(&options, SEARCH_ZERO, 3);
    choose(&options, SEARCH_FSDP_SHARD, 3);
    choose(&options, SEARCH_FSDP_SHARD, 5);
    run(c, &options, &result);
    int reshards = 1 + c->stack.keeps_gathered_on_request;
    assert_int_equal(result.legal, 0);
    assert_int_equal(rejected_by(&result, "zero-supported"), 2);
    assert_int_equal(rejected_by(&result, "shard-groups"), 2 * 2 * reshards);
    search_result_free(&result);

    choose(&options, SEARCH_FSDP_SHARD, 8);
    run(c, &options, &result);
    assert_true(result.legal > 0);
    assert_int_equal(rejected_by(&result, "zero-supported"), 2);
    assert_int_equal(rejected_by(&result, "shard-groups"), 2 * 2 * reshards);
    search_result_free(&result);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_pruning_changes_nothing),
        cmocka_unit_test(test_what_is_not_tried_stays),
        cmocka_unit_test(test_forbidden_zeros_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
