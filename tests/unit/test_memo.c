#include "parallelism/memo.h"
#include "parallelism/op_cost.h"
#include "tests/unit/scenarios.h"
#include <string.h>

/* What was priced is priced once, and nothing else for it. A weight gradient of experts has its
 * rows where the other passes have their width: of the same sizes, [4096 x 2048][2048 x 1024] each,
 * the factor of experts takes 4096 and 1024 there and 2048 and 1024 here. */
static void test_products_of_equal_sizes(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("qwen3-30b-a3b", "dgx-h100", 8);
    struct memo *memo = malloc(sizeof *memo);
    struct strategy s;
    assert_non_null(memo);
    strategy_default(&s);
    memo_init(memo);
    c->stack.constant[STACK_EXPERTS].value = 2;
    c->stack.expert_half_width = 1000;
    struct op op = {.kind = OP_GROUPED_GEMM, .dtype = DTYPE_BF16, .phase = PHASE_FORWARD};
    op.gemm = (struct gemm){.m = 4096, .n = 1024, .k = 2048, .batch = 8, .output_bytes = 2};
    double forward = memo_op_s(memo, c, &s, &op);
    check_near(forward, op_cost_s(c, &s, &op), 0);
    op.phase = PHASE_BACKWARD_WEIGHT;
    double weight = memo_op_s(memo, c, &s, &op);
    check_near(weight, op_cost_s(c, &s, &op), 0);
    double at_forward = 1 + 1 / (1 + 2048.0 * 1024 / (2048 + 1024) / 1000);
    double at_weight = 1 + 1 / (1 + 4096.0 * 1024 / (4096 + 1024) / 1000);
    check_near(weight / forward, at_weight / at_forward, 1e-12);
    op.phase = PHASE_FORWARD;
    check_near(memo_op_s(memo, c, &s, &op), forward, 0);
    free(memo);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_products_of_equal_sizes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
