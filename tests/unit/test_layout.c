#include "parallelism/step.h"
#include "parallelism/step_parts.h"
#include "tests/unit/gpt.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

static struct scenario *scenario_of(const char *stack, int layers)
{
    struct scenario *c = stack_scenario(NULL, "dgx-a100", stack, 16);
    c->job.seq_length = 2048;
    c->job.global_batch = 64;
    c->model = gpt_model(layers, 4096, 32, 51200);
    return c;
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

/* A ramp of n micro-batches adds n times what the bottleneck does for one, under pipelines alone.
 */
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

/* 32 layers on 4 ranks of 2 chunks; the last rank, with the head, holds most. While the gradients
 * of its second chunk's last micro-batch are reduced, 4 passes of the first chunk are still to
 * come, and forward alike. Without chunks the last micro-batch's own pass is all there is. */
static void test_windows_of_the_tail(void **state)
{
    (void)state;
    struct scenario *c = scenario_of("untuned", 32);
    struct step_parts *parts = malloc(sizeof *parts);
    struct strategy s;
    assert_non_null(parts);
    strategy_default(&s);
    s.pp = 4;
    s.dp = (int)c->system.gpus / 4;
    for (int v = 1; v <= 2; v++) {
        s.vpp = v;
        s.schedule = v > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
        step_take_apart(c, &s, parts);
        const struct block_cost *layer = &parts->shard.layer[0], *head = &parts->shard.head;
        double layers = v > 1 ? 4 * 4 + 4 : 8;
        assert_int_equal(parts->stages.tail_rank, 3);
        check_near(parts->layout.forward_window_s, layers * layer->forward + head->forward, 1e-9);
        check_near(parts->layout.backward_window_s,
                   layers * (layer->backward_input + layer->backward_weight) +
                       head->backward_input + head->backward_weight,
                   1e-9);
    }
    free(parts);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ramp_of_a_pipelined_step),
        cmocka_unit_test(test_windows_of_the_tail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
