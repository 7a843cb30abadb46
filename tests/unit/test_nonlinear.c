#include "calibrate/fit/nonlinear.h"
#include "calibrate/fit/quiet.h"
#include "tests/unit/check.h"

/* NIST StRD Misra1a: y = b1 (1 - exp(-b2 x)), 14 points; certified b1 = 238.94212918, b2
 * = 5.5015643181e-4. */
static const double misra1a[14][2] = {
    {77.6,  10.07},
    {114.9, 14.73},
    {141.1, 17.94},
    {190.8, 23.93},
    {239.9, 29.61},
    {289.0, 35.18},
    {332.8, 40.02},
    {378.4, 44.82},
    {434.8, 50.76},
    {477.3, 55.05},
    {536.8, 61.01},
    {593.1, 66.40},
    {689.1, 75.47},
    {760.0, 81.78}
};

static void misra_residuals(const double *x, double *r, void *context)
{
    (void)context;
    for (int i = 0; i < 14; i++)
        r[i] = exp(x[0]) * (1 - exp(-exp(x[1]) * misra1a[i][0])) - misra1a[i][1];
}

static const double no_prior[2] = {0, 0}, wide[2] = {1e6, 1e6};

static void test_nist(void **state)
{
    (void)state;
    struct nonlinear problem = {.parameters = 2,
                                .residuals = 14,
                                .evaluate = misra_residuals,
                                .prior = no_prior,
                                .sigma = wide,
                                .scale = 30};
    double x[2] = {log(500), log(1e-4)};
    nonlinear_fit(&problem, x);
    check_near(exp(x[0]), 238.94212918, 1e-4);
    check_near(exp(x[1]), 5.5015643181e-4, 1e-4);
}

/* 2, 2, 2, 2 and an outlier of 100: the robust centre stays near 2, least squares would say 21.6.
 */
static void centre_residuals(const double *x, double *r, void *context)
{
    (void)context;
    for (int i = 0; i < 5; i++)
        r[i] = x[0] - (i < 4 ? 2 : 100);
}

static void test_outlier_and_prior(void **state)
{
    (void)state;
    struct nonlinear problem = {.parameters = 1,
                                .residuals = 5,
                                .evaluate = centre_residuals,
                                .prior = no_prior,
                                .sigma = wide,
                                .scale = 0.1};
    double x[1] = {10};
    nonlinear_fit(&problem, x);
    check_near(x[0], 2, 0.05);
    const double narrow[1] = {1e-4};
    problem.sigma = narrow;
    nonlinear_fit(&problem, x);
    check_near(x[0], 0, 0.01);
}

/* A cost with its lowest valley away from the start: sin(3x) + (x - 3)^2 / 20 in residual form. */
static void valley_residuals(const double *x, double *r, void *context)
{
    (void)context;
    r[0] = sin(3 * x[0]) + 1;
    r[1] = (x[0] - 3) / 4;
}

static void test_multistart(void **state)
{
    (void)state;
    const double sigma[1] = {1e3};
    struct nonlinear problem = {.parameters = 1,
                                .residuals = 2,
                                .evaluate = valley_residuals,
                                .prior = no_prior,
                                .sigma = sigma,
                                .scale = 10};
    double near[1] = {0}, far[1] = {0};
    double local = nonlinear_fit(&problem, near),
           global = nonlinear_multistart(&problem, far, 40, 4e-3);
    assert_true(global < 0.5 * local);
    check_near(far[0], 3.65, 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_nist),
                                       cmocka_unit_test(test_outlier_and_prior),
                                       cmocka_unit_test(test_multistart)};
    fit_quiet();
    return cmocka_run_group_tests(tests, NULL, NULL);
}
