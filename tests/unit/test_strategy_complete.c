#include "parallelism/stack.h"
#include "parallelism/step.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

static enum dispatcher completed(const struct scenario *scenario, int ep)
{
    struct strategy s;
    strategy_default(&s);
    s.ep = ep;
    strategy_complete(&s, NULL, scenario);
    return s.dispatcher;
}

/* Experts of one scale-up domain are reached by the stack's dispatcher; over several domains by its
 * other one, unless routing is limited to some; tokens dropped and padded always by the other. */
static void test_dispatcher(void **state)
{
    (void)state;
    struct scenario *c = calloc(1, sizeof *c);
    assert_non_null(c);
    c->system.gpus = 64;
    c->system.gpus_per_node = 8;
    c->system.tiers = 1;
    c->system.tier[0].domain_gpus = 8;
    c->stack.dispatcher = DISPATCHER_DEEPEP;
    c->stack.dispatcher_across = DISPATCHER_ALLTOALL;
    assert_int_equal(completed(c, 8), DISPATCHER_DEEPEP);
    assert_int_equal(completed(c, 16), DISPATCHER_ALLTOALL);
    c->model.expert_groups_per_token = 4;
    assert_int_equal(completed(c, 16), DISPATCHER_DEEPEP);
    c->system.tier[0].domain_gpus = 72; /* more than DeepEP's kernels serve */
    assert_int_equal(completed(c, 16), DISPATCHER_HYBRIDEP);
    c->system.gpus = 8; /* links that leave the host all the same */
    assert_int_equal(completed(c, 8), DISPATCHER_HYBRIDEP);
    c->system.gpus = 64;
    c->system.tier[0].domain_gpus = 8;
    c->job.expert_capacity = 1.25;
    assert_int_equal(completed(c, 8), DISPATCHER_ALLTOALL);
    free(c);
}

/* A stack without a ring takes the exchange of context ranks that it has, and no other is legal. */
static void test_context_exchange(void **state)
{
    (void)state;
    struct scenario *c = stack_scenario("llama3-8b", "dgx-h100", "deepspeed", 8);
    struct strategy s;
    strategy_default(&s);
    s.cp = 2;
    strategy_complete(&s, NULL, c);
    assert_int_equal(s.cp_comm, CP_COMM_A2A);
    assert_null(strategy_illegal(c, &s, NULL, 0));
    s.cp_comm = CP_COMM_P2P;
    assert_string_equal(strategy_illegal(c, &s, NULL, 0), "context-exchange");
    s.cp = 1;
    s.dp = 8;
    assert_null(strategy_illegal(c, &s, NULL, 0));
    c->stack.cp_comms = 1u << CP_COMM_P2P | 1u << CP_COMM_A2A;
    strategy_default(&s);
    s.cp = 2;
    strategy_complete(&s, NULL, c);
    assert_int_equal(s.cp_comm, CP_COMM_P2P);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_dispatcher),
                                       cmocka_unit_test(test_context_exchange)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
