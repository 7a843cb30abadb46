#include "parallelism/interval.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <math.h>
#include <stdlib.h>

/* 80 % intervals: what they are made of, by hand. */

static const double quantile_90 = 1.2815515655446004;

/* Of 64 GPUs: 10 s of which so many in exposed traffic between nodes. */
static double width(const char *model, const char *system, double residual_frac, double traffic_s)
{
    struct scenario *c = catalog_scenario(model, system, 64);
    struct step_cost cost = {.step_s = 10};
    c->stack.residual_frac = residual_frac;
    c->stack.site_spread_frac = 0.03;
    cost.term_s[TERM_DP] = 0.5 * traffic_s;
    cost.term_s[TERM_EP] = 0.3 * traffic_s;
    cost.term_s[TERM_PP] = 0.2 * traffic_s;
    cost.term_s[TERM_TP] = 1; /* counts nothing */
    cost.variance = interval_common_variance(c) + interval_traffic_variance(&cost);
    check_near(step_low_s(&cost) * step_high_s(&cost), 100, 1e-12);
    free(c);
    return log(step_high_s(&cost) / 10);
}

/* Runs of the stack spread by 4 %, clusters by 3: 5 % together. Not fitted: 15 % in place of the 4.
 */
static void test_stack_and_cluster(void **state)
{
    (void)state;
    check_near(width("llama3-8b", "dgx-h100", 0.04, 0), quantile_90 * 0.05, 1e-6);
    check_near(width("llama3-8b", "dgx-h100", 0, 0), quantile_90 * sqrt(0.15 * 0.15 + 0.03 * 0.03),
               1e-6);
}

/* Kernel constants of another generation: 12 % more, 13 with the 5; of the same one: no more. */
static void test_transferred_kernels(void **state)
{
    (void)state;
    check_near(width("llama3-8b", "azure-nd-mi300x-v5", 0.04, 0), quantile_90 * 0.13, 1e-6);
    check_near(width("llama3-8b", "dgx-h200", 0.04, 0), quantile_90 * 0.05, 1e-6);
}

/* 15 % of exposed traffic: of 8 in 10 s 12 %, 13 with the 5. Experts 8: squares of 25 + 64. */
static void test_traffic_and_experts(void **state)
{
    (void)state;
    check_near(width("llama3-8b", "dgx-h100", 0.04, 8), quantile_90 * 0.13, 1e-6);
    check_near(width("mixtral-8x7b", "dgx-h100", 0.04, 0), quantile_90 * sqrt(0.0089), 1e-6);
    check_near(width("mixtral-8x7b", "dgx-h100", 0.04, 8), quantile_90 * sqrt(0.0089 + 0.0144),
               1e-6);
}

/* What a forecast says is what these say of it. */
static void test_of_a_forecast(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("mixtral-8x7b", "dgx-h100", 64);
    struct strategy s;
    strategy_default(&s);
    s.dp = 64;
    s.ep = 8;
    struct step_cost cost = legal_cost(c, &s);
    check_near(cost.variance, interval_common_variance(c) + interval_traffic_variance(&cost),
               1e-12);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_stack_and_cluster),
        cmocka_unit_test(test_transferred_kernels),
        cmocka_unit_test(test_traffic_and_experts),
        cmocka_unit_test(test_of_a_forecast),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
