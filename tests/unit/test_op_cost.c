#include "parallelism/op_cost.h"
#include "parallelism/placement.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

/* What a message of 64 MB costs in a ring of cp context ranks beside tp ranks, on nodes of 8 H100,
 * over what the network alone takes with the 50 us that a collective waits. */
static double ring_factor(int tp, int cp)
{
    struct scenario *c = stack_scenario("llama2-7b", "dgx-h100", "untuned", tp * cp);
    c->stack.constant[STACK_NETWORK].value = 2;
    c->stack.constant[STACK_SCALE_UP].value = 3;
    struct strategy s;
    strategy_default(&s);
    s.tp = tp;
    s.cp = cp;
    strategy_complete(&s, NULL, c);
    struct op op = {.kind = OP_COLLECTIVE,
                    .name = OP_NAME_CP_EXCHANGE,
                    .module = MODULE_CORE_ATTENTION,
                    .comm = COMM_CP,
                    .collective = COLLECTIVE_SEND_RECV,
                    .bytes = 64e6,
                    .repeat = 1};
    struct group g = placement_comm(&c->system, &s, COMM_CP);
    double alone = collective_s(&c->system, COLLECTIVE_SEND_RECV, op.bytes, &g) + 50e-6;
    double factor = op_cost_s(c, &s, &op) / alone;
    free(c);
    return factor;
}

/* Messages of a ring between nodes are bound by their channels: no factor. Inside a node, and of a
 * pair, they take the stack's. */
static void test_rings_between_nodes_take_no_factor(void **state)
{
    (void)state;
    check_near(ring_factor(4, 4), 1, 1e-12);
    check_near(ring_factor(8, 16), 1, 1e-12);
    check_near(ring_factor(2, 4), 3, 1e-12);
    check_near(ring_factor(8, 2), 2, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_rings_between_nodes_take_no_factor),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
