#include "tests/unit/scenarios.h"
#include <math.h>

/* A step waits for its slowest GPU. */

static double waiting_frac(int gpus, double share, double spread_frac)
{
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", gpus);
    c->stack.straggler_share = share;
    c->stack.straggler_spread_frac = spread_frac;
    struct strategy s;
    strategy_default(&s);
    s.tp = 8;
    s.dp = gpus / 8;
    struct step_cost cost = legal_cost(c, &s);
    free(c);
    return cost.term_s[TERM_STRAGGLER] / (cost.step_s - cost.term_s[TERM_STRAGGLER]);
}

/* Any of 8 GPUs slow, each with the chance 1/4: 1 - (3/4)^8 = 58975/65536. */
static void test_chance_of_a_slow_one(void **state)
{
    (void)state;
    check_near(waiting_frac(8, 0.25, 0.1), 0.1 * 58975 / 65536, 1e-9);
    check_near(waiting_frac(8, 0, 0.1), 0, 1e-12);
    check_near(waiting_frac(8, 0.25, 0), 0, 1e-12);
}

/* The catalog's: one machine of 200 [Jiang24], 8 GPUs each. Among the first 8 none is, among 16,384
 * one surely, among 1,109 one in every other cluster (half-life: ln 2 x 1600). */
static void test_catalog(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    double share = c->stack.straggler_share, spread = c->stack.straggler_spread_frac;
    free(c);
    check_near(share, 0.005 / 8, 1e-12);
    assert_true(waiting_frac(8, share, spread) < 0.006 * spread);
    check_near(waiting_frac(1104, share, spread), 0.5 * spread, 0.01);
    check_near(waiting_frac(16384, share, spread), spread, 0.001);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_chance_of_a_slow_one),
        cmocka_unit_test(test_catalog),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
