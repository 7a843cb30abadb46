#include "parallelism/data_parallel.h"
#include "hardware/collective.h"
#include "parallelism/placement.h"
#include "parallelism/step_parts.h"
#include "tests/unit/check.h"
#include "tests/unit/gpt.h"
#include <stdlib.h>

static struct scenario *scenario_of(int gpus)
{
    struct scenario *c = calloc(1, sizeof *c);
    struct error e;
    error_init(&e);
    assert_non_null(c);
    assert_int_equal(stack_find("untuned", NULL, &c->stack, &e), STATUS_OK);
    assert_int_equal(system_find("dgx-a100", NULL, &c->system, &e), STATUS_OK);
    c->system.gpus = gpus;
    job_default(&c->job);
    c->job.seq_length = 2048;
    c->job.global_batch = gpus;
    c->model = gpt_model(32, 4096, 32, 51200);
    return c;
}

static double gather_of(const struct scenario *c, double *parameters)
{
    struct strategy s;
    struct step_parts *parts = malloc(sizeof *parts);
    assert_non_null(parts);
    strategy_default(&s);
    s.dp = (int)c->system.gpus;
    s.micro_batch = 1;
    s.schedule = SCHEDULE_NONE;
    s.zero = 1;
    step_take_apart(c, &s, parts);
    double gather_s = parts->zero.gather_s;
    *parameters = parts->stages.tail_parameters.dense;
    free(parts);
    return gather_s;
}

/* n owners broadcast 1/n of the 16-bit parameters each, in turn: the ring's latency n times, which a
 * gather pays once. */
static void test_parameters_broadcast_in_turn(void **state)
{
    (void)state;
    double more[2], p;
    for (int i = 0; i < 2; i++) {
        int n = i == 0 ? 16 : 256;
        struct scenario *c = scenario_of(n);
        double gathered = gather_of(c, &p);
        c->stack.broadcasts_parameters = true;
        double broadcast = gather_of(c, &p);
        struct group g = placement_group(&c->system, n, 1);
        check_near(broadcast, n * collective_s(&c->system, COLLECTIVE_BROADCAST, 2 * p / n, &g),
                   1e-12);
        more[i] = broadcast - gathered;
        free(c);
    }
    assert_true(more[1] > more[0] && more[1] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_parameters_broadcast_in_turn)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
