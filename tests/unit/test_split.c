#include "parallelism/layout.h"
#include "parallelism/split.h"
#include "parallelism/step.h"
#include "parallelism/step_parts.h"
#include "tests/unit/check.h"
#include "tests/unit/gpt.h"
#include "parallelism/scenario_read.h"
#include <stdlib.h>

static struct scenario *scenario_of(const char *stack, int layers)
{
    struct scenario *c = calloc(1, sizeof *c);
    struct error e;
    error_init(&e);
    assert_non_null(c);
    assert_int_equal(stack_find(stack, NULL, &c->stack, &e), STATUS_OK);
    assert_int_equal(system_find("dgx-a100", NULL, &c->system, &e), STATUS_OK);
    c->system.gpus = 16;
    job_default(&c->job);
    c->job.seq_length = 2048;
    c->job.global_batch = 64;
    c->model = gpt_model(layers, 4096, 32, 51200);
    return c;
}

static void check_layers(const struct scenario *c, int stages, const int expected[])
{
    struct strategy s;
    int layers[STAGES_MAX], sum = 0;
    strategy_default(&s);
    s.pp = stages;
    assert_true(split_layers(c, &s, stages, layers));
    for (int i = 0; i < stages; i++) {
        assert_int_equal(layers[i], expected[i]);
        sum += layers[i];
    }
    assert_int_equal(sum, c->model.layers);
}

/* 1 + 60 + 2 modules in runs of 16, 16, 16, 15; 1 + 40 + 2 in runs of 22, 21. */
static void test_lists_of_modules_are_cut_evenly(void **state)
{
    (void)state;
    struct scenario *c = scenario_of("default", 60);
    c->stack.items_before = 1;
    c->stack.items_after = 2;
    check_layers(c, 4, (const int[]){15, 16, 16, 13});
    check_layers(c, 2, (const int[]){31, 29});
    check_layers(c, 1, (const int[]){60});
    c->model.layers = 40;
    check_layers(c, 2, (const int[]){21, 19});
    c->stack.items_before = c->stack.items_after = 0;
    check_layers(c, 2, (const int[]){20, 20});
    free(c);
}

static double term_of(const struct scenario *c, int pp, enum term term)
{
    struct strategy s;
    struct step_cost cost;
    strategy_default(&s);
    s.pp = pp;
    s.dp = 16 / pp;
    s.micro_batch = 1;
    s.schedule = pp > 1 ? SCHEDULE_1F1B : SCHEDULE_NONE;
    step_estimate(c, &s, &cost);
    assert_true(cost.legal);
    return cost.term_s[term];
}

/* A ramp of n micro-batches adds n times what the bottleneck does for one, under pipelines alone. */
static void test_ramp_of_a_pipelined_step(void **state)
{
    (void)state;
    struct scenario *c = scenario_of("default", 32);
    double once = term_of(c, 4, TERM_BUBBLE), alone = term_of(c, 1, TERM_BUBBLE);
    c->stack.ramp_micro_batches = 2;
    double two = term_of(c, 4, TERM_BUBBLE) - once;
    c->stack.ramp_micro_batches = 6;
    double six = term_of(c, 4, TERM_BUBBLE) - once;
    assert_true(two > 0);
    check_near(six, 3 * two, 1e-9);
    check_near(term_of(c, 1, TERM_BUBBLE), alone, 1e-12);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_lists_of_modules_are_cut_evenly),
        cmocka_unit_test(test_ramp_of_a_pipelined_step),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
