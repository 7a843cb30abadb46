#include "hardware/collective_leg.h"
#include "tests/unit/check.h"

/* One collective by its legs: 10 us and 10 GB/s to 300 kB, then 20 us and 1 TB/s. Measured were
 * three times that at 100 kB and just that at 200 kB: what a knot lifts stays lifted to the next,
 * but the planner's switch, at 10 + 30 us, ends it. */
static void test_small_sizes_keep_below_the_switch(void **state)
{
    (void)state;
    struct collective_constants c = {
        .regimes = 2,
        .regime = {{.bandwidth_frac = 1, .join = 1}, {.bandwidth_frac = 1, .join = 1}},
        .switch_regime = 1,
        .groups = 1,
        .group_ranks = {8                               },
        .group_frac = {1},
        .knots = 2,
        .split = {2                               },
        .knot_bytes = {1e5, 2e5},
        .ratio = {{3, 1}                            }
    };
    struct collective_leg leg = {
        .constants = &c,
        .ranks = 8,
        .latency_s = {10e-6, 20e-6},
        .s_per_byte = {1e-10, 1e-12},
        .switch_bytes = 3e5,
        .corrected = true
    };
    check_near(collective_leg_s(&leg, 2e4), 3 * 12e-6, 1e-12);
    check_near(collective_leg_s(&leg, 1e5), 40e-6, 1e-12);   /* 60 measured */
    check_near(collective_leg_s(&leg, 2.5e5), 40e-6, 1e-12); /* 60 by the knots before */
    check_near(collective_leg_s(&leg, 4e5), 40e-6, 1e-12);   /* 20.4 by the larger protocol */
    check_near(collective_leg_s(&leg, 6e7), 80e-6, 1e-12);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_small_sizes_keep_below_the_switch)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
