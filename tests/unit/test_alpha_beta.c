#include "calibrate/alpha_beta.h"
#include "tests/unit/check.h"

static void test_exact(void **state)
{
    double bytes[12], time_s[12];
    (void)state;
    for (int i = 0; i < 12; i++) {
        bytes[i] = 1024 * pow(4, i);
        time_s[i] = 20e-6 + bytes[i] / 50e9;
    }
    struct linear_cost fit = alpha_beta_fit(bytes, time_s, 12);
    check_near(fit.alpha_s, 20e-6, 1e-9);
    check_near(fit.beta_s_per_byte, 1 / 50e9, 1e-9);
    check_near(alpha_beta_error(fit, bytes, time_s, 12), 0, 1e-9);
}

/* Relative errors: a doubled small time pulls alpha as much as a doubled large one pulls beta. By
 * hand: rows (1, 2), (1, 4): minimise (a/2 - 1)^2 + (a/4 - 1)^2 -> a = (1/2 + 1/4) / (1/4 + 1/16) =
 * 2.4. */
static void test_relative(void **state)
{
    const double bytes[] = {1, 1}, time_s[] = {2, 4};
    (void)state;
    struct linear_cost fit = alpha_beta_fit(bytes, time_s, 2);
    check_near(fit.alpha_s, 2.4, 1e-12);
    check_near(fit.beta_s_per_byte, 0, 0);
    check_near(alpha_beta_error(fit, bytes, time_s, 2), (0.2 + 0.4) / 2, 1e-12);
}

static void test_never_negative(void **state)
{
    const double bytes[] = {1, 2, 4}, proportional[] = {1, 3, 9}, falling[] = {3, 2, 1};
    (void)state;
    struct linear_cost fit = alpha_beta_fit(bytes, proportional, 3);
    check_near(fit.alpha_s, 0, 0);
    assert_true(fit.beta_s_per_byte > 0);
    fit = alpha_beta_fit(bytes, falling, 3);
    check_near(fit.beta_s_per_byte, 0, 0);
    assert_true(fit.alpha_s > 0);
    fit = alpha_beta_fit(bytes, falling, 0);
    check_near(fit.alpha_s, 0, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_exact),
        cmocka_unit_test(test_relative),
        cmocka_unit_test(test_never_negative),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
