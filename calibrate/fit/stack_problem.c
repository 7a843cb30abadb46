/* One stack's constants from its runs: robust nonlinear least squares (GSL) from several starts. */
#include "calibrate/fit/stack_problem.h"
#include "calibrate/validate.h"
#include <gsl/gsl_math.h>
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_vector.h>
#include <math.h>
#include <string.h>

/* Spread of one stack's runs around its constants: from the published runs themselves (MODELLING
 * 16). */
static const double run_spread = 0.05;
/* Huber's constant: residuals beyond it weigh less. [Huber64] */
static const double huber_k = 1.345;
enum { ROBUST_ROUNDS = 4, ITERATIONS = 40, STARTS = 2 };

/* Constants are positive: fitted as their logarithms. */
static void set_constants(struct stack_problem *p, const gsl_vector *x)
{
    for (int i = 0; i < p->free_count; i++)
        p->constant[p->free[i]].value = exp(gsl_vector_get(x, (size_t)i));
}

/* kind_variance: of that run, whatever its stack. */
static double run_deviation(const struct stack_problem *p, struct run_case *c,
                            double *kind_variance)
{
    struct prediction prediction;
    *kind_variance = 0;
    memcpy(c->scenario.stack.constant, p->constant, sizeof p->constant);
    case_predict(c, &prediction);
    if (prediction.skipped[0] || !(prediction.step_s > 0))
        return 0;
    *kind_variance = prediction.kind_variance;
    return log(prediction.step_s / c->step_s);
}

static double run_residual(const struct stack_problem *p, struct run_case *c)
{
    double kind_variance;
    return run_deviation(p, c, &kind_variance);
}

/* How many spreads the i-th free constant lies from its prior. */
static double prior_residual(const struct stack_problem *p, const gsl_vector *x, int i)
{
    int c = p->free[i];
    return (gsl_vector_get(x, (size_t)i) - p->prior[c]) / p->prior_spread[c];
}

static int residuals(const gsl_vector *x, void *context, gsl_vector *f)
{
    struct stack_problem *p = context;
    set_constants(p, x);
    for (size_t i = 0; i < p->runs; i++)
        gsl_vector_set(f, i, p->weight[i] * run_residual(p, p->run[i]));
    for (int i = 0; i < p->free_count; i++)
        gsl_vector_set(f, p->runs + (size_t)i, prior_residual(p, x, i));
    return GSL_SUCCESS;
}

/* Trust-region solution from x; covariance of the free constants. */
static bool solve(struct stack_problem *p, gsl_vector *x, gsl_matrix *covariance)
{
    gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    parameters.h_df = 1e-4;
    size_t n = p->runs + (size_t)p->free_count;
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .n = n, .p = (size_t)p->free_count, .params = p};
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, n, fdf.p);
    int info = 0;
    if (!w)
        return false;
    bool ok = gsl_multifit_nlinear_init(x, &fdf, w) == GSL_SUCCESS;
    if (ok) {
        gsl_multifit_nlinear_driver(ITERATIONS, 1e-7, 1e-7, 0, NULL, NULL, &info, w);
        gsl_vector_memcpy(x, gsl_multifit_nlinear_position(w));
        ok = gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0, covariance) == GSL_SUCCESS;
    }
    gsl_multifit_nlinear_free(w);
    return ok;
}

/* Huber's weights around the present constants. */
static void reweigh(struct stack_problem *p)
{
    for (size_t i = 0; i < p->runs; i++) {
        double z = fabs(run_residual(p, p->run[i])) / run_spread;
        p->weight[i] = p->share[i] / run_spread * (z > huber_k ? sqrt(huber_k / z) : 1);
    }
}

/* Standard deviation beyond what runs of that kind have under any stack, from the mean absolute
 * deviation (sqrt(2 / pi) of it where errors are normal), which a few runs far off do not rule; at
 * least half of the variance is the stack's own, for a kind's is a mean over stacks. */
static double spread_of_runs(struct stack_problem *p)
{
    double sum = 0, of_kind = 0, runs = (double)p->runs;
    for (size_t i = 0; i < p->runs; i++) {
        double kind_variance, r = run_deviation(p, p->run[i], &kind_variance);
        sum += fabs(r);
        of_kind += kind_variance;
    }
    double variance = M_PI_2 * (sum / runs) * (sum / runs) * runs / fmax(runs - p->free_count, 1);
    return sqrt(fmax(variance / 2, variance - of_kind / (double)p->runs));
}

/* What the robust fit minimises: Huber's losses of the runs, the squares of the priors. */
static double loss(struct stack_problem *p, const gsl_vector *x)
{
    double sum = 0;
    set_constants(p, x);
    for (size_t i = 0; i < p->runs; i++) {
        double z = fabs(run_residual(p, p->run[i])) / run_spread;
        sum += p->share[i] * p->share[i] * (z > huber_k ? huber_k * (2 * z - huber_k) : z * z);
    }
    for (int i = 0; i < p->free_count; i++) {
        double z = prior_residual(p, x, i);
        sum += z * z;
    }
    return sum;
}

/* One robust descent from x. */
static bool descend(struct stack_problem *p, gsl_vector *x, gsl_matrix *covariance)
{
    for (size_t i = 0; i < p->runs; i++)
        p->weight[i] = p->share[i] / run_spread;
    for (int round = 0; round < ROBUST_ROUNDS; round++) {
        if (!solve(p, x, covariance))
            return false;
        set_constants(p, x);
        reweigh(p);
    }
    return true;
}

/* Where descents start: at the priors, and with the host ten times as slow, which shows only where
 * it takes longer than the GPU, so that nothing leads there from a fast one. False: no such start.
 */
static bool start_at(const struct stack_problem *p, int start, gsl_vector *x)
{
    bool told = start == 0;
    for (int i = 0; i < p->free_count; i++) {
        bool slow = start == 1 && p->free[i] == STACK_HOST;
        gsl_vector_set(x, (size_t)i, p->prior[p->free[i]] + (slow ? log(10) : 0));
        told = told || slow;
    }
    return told;
}

/* The best of the descents; false: none converges. */
static bool best_descent(struct stack_problem *p, gsl_vector *x, gsl_matrix *covariance)
{
    size_t k = (size_t)p->free_count;
    gsl_vector *tried = gsl_vector_alloc(k);
    gsl_matrix *spread = gsl_matrix_calloc(k, k);
    double least = (double)INFINITY;
    for (int start = 0; tried && spread && start < STARTS; start++) {
        if (!start_at(p, start, tried) || !descend(p, tried, spread))
            continue;
        double here = loss(p, tried);
        if (!(here < least))
            continue;
        least = here;
        gsl_vector_memcpy(x, tried);
        gsl_matrix_memcpy(covariance, spread);
    }
    gsl_vector_free(tried);
    gsl_matrix_free(spread);
    return isfinite(least);
}

enum status stack_problem_solve(struct stack_problem *p, struct stack_fit *out, struct error *e)
{
    size_t k = (size_t)p->free_count;
    gsl_vector *x = gsl_vector_alloc(k);
    gsl_matrix *covariance = gsl_matrix_calloc(k, k);
    if (!x || !covariance) {
        error_set(e, STATUS_IO, "out of memory while fitting stack '%s'", out->name);
        goto out;
    }
    if (!best_descent(p, x, covariance)) {
        error_set(e, STATUS_NO, "the fit of stack '%s' does not converge", out->name);
        goto out;
    }
    set_constants(p, x);
    memcpy(out->constant, p->constant, sizeof p->constant);
    for (int i = 0; i < p->free_count; i++)
        out->constant[p->free[i]].standard_error =
            sqrt(gsl_matrix_get(covariance, (size_t)i, (size_t)i));
    out->residual_frac = spread_of_runs(p);
out:
    gsl_vector_free(x);
    gsl_matrix_free(covariance);
    return e->status;
}
