/* What the stack's factor of experts adds to their grouped products. */
#include "hardware/roofline.h"
#include "parallelism/op_cost.h"
#include "parallelism/step.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

/* Cost over the kernel's time. */
static double factor_of(const struct scenario *scenario, enum phase phase, struct gemm gemm)
{
    struct strategy s;
    struct op op = {.kind = OP_GROUPED_GEMM, .phase = phase, .dtype = DTYPE_BF16, .gemm = gemm};
    strategy_default(&s);
    return op_cost_s(scenario, &s, &op) / grouped_gemm_s(&scenario->system.gpu, op.dtype, &op.gemm);
}

/* By hand, compute 1.1, experts 1.8, half width 1000: hidden 3000 and width 1500 have n k / (n + k)
 * = 1000, so that half of 0.8 is left; hidden 6000 and width 30000 have 5000, a sixth. */
static void test_factor_fades_with_width(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("mixtral-8x7b", "dgx-h100", 64);
    scenario->stack.constant[STACK_COMPUTE].value = 1.1;
    scenario->stack.constant[STACK_EXPERTS].value = 1.8;
    scenario->stack.expert_half_width = 1000;
    struct gemm narrow = {.m = 512, .n = 1500, .k = 3000, .batch = 8};
    struct gemm wide = {.m = 512, .n = 30000, .k = 6000, .batch = 8};
    check_near(factor_of(scenario, PHASE_FORWARD, narrow), 1.1 * 1.4, 1e-12);
    check_near(factor_of(scenario, PHASE_FORWARD, wide), 1.1 * (1 + 0.8 / 6), 1e-12);
    struct gemm weights = {.m = 3000, .n = 1500, .k = 512, .batch = 8};
    check_near(factor_of(scenario, PHASE_BACKWARD_WEIGHT, weights), 1.1 * 1.4, 1e-12);
    scenario->stack.expert_half_width = 0;
    check_near(factor_of(scenario, PHASE_FORWARD, narrow), 1.1, 1e-12);
    free(scenario);
}

/* How the experts are spread over ranks, in more rows or more groups, changes nothing. */
static void test_factor_is_the_experts(void **state)
{
    (void)state;
    struct scenario *scenario = catalog_scenario("mixtral-8x7b", "dgx-h100", 64);
    scenario->stack.constant[STACK_EXPERTS].value = 2.5;
    struct gemm gemm = {.m = 64, .n = 4096, .k = 1536, .batch = 16};
    double first = factor_of(scenario, PHASE_FORWARD, gemm);
    gemm.batch = 2;
    for (gemm.m = 128; gemm.m < 1e6; gemm.m *= 4)
        check_near(factor_of(scenario, PHASE_FORWARD, gemm), first, 1e-12);
    free(scenario);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_factor_fades_with_width),
        cmocka_unit_test(test_factor_is_the_experts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
