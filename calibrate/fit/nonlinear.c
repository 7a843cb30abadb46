#include "calibrate/fit/nonlinear.h"
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_randist.h>
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* sqrt(rho) with the sign of r: its square is what the solver sums. */
static double robust(double r, double scale)
{
    double z = r / scale;
    return copysign(sqrt(2 * (sqrt(1 + z * z) - 1)), r);
}

/* What the solver calls with: the problem, and room for its residuals (the solver's own vector may
 * be a column of a matrix). */
struct call {
    const struct nonlinear *problem;
    double *residuals;
};

static int evaluate(const gsl_vector *x, void *params, gsl_vector *f)
{
    const struct call *call = params;
    const struct nonlinear *p = call->problem;
    double values[NONLINEAR_PARAMETERS];
    for (size_t j = 0; j < p->parameters; j++)
        values[j] = gsl_vector_get(x, j);
    p->evaluate(values, call->residuals, p->context);
    for (size_t i = 0; i < p->residuals; i++) {
        if (!isfinite(call->residuals[i]))
            return GSL_EBADFUNC;
        gsl_vector_set(f, i, robust(call->residuals[i], p->scale));
    }
    for (size_t j = 0; j < p->parameters; j++)
        gsl_vector_set(f, p->residuals + j, (values[j] - p->prior[j]) / p->sigma[j]);
    return GSL_SUCCESS;
}

static double cost_of(const gsl_multifit_nlinear_workspace *w)
{
    double norm = 0;
    for (size_t i = 0; i < w->f->size; i++)
        norm += gsl_vector_get(w->f, i) * gsl_vector_get(w->f, i);
    return norm;
}

/* A solver that stops without progress has still improved: what counts is the cost. */
static double solve(const struct nonlinear *problem, gsl_multifit_nlinear_workspace *w,
                    gsl_multifit_nlinear_fdf *fdf, double *x)
{
    enum { ITERATIONS = 60 };
    const double tolerance = 1e-8;
    int info;
    gsl_vector_view start = gsl_vector_view_array(x, problem->parameters);
    if (gsl_multifit_nlinear_init(&start.vector, fdf, w) != GSL_SUCCESS)
        return HUGE_VAL;
    size_t iterations = problem->iterations > 0 ? (size_t)problem->iterations : ITERATIONS;
    gsl_multifit_nlinear_driver(iterations, tolerance, tolerance, tolerance, NULL, NULL, &info, w);
    double cost = cost_of(w);
    if (!isfinite(cost))
        return HUGE_VAL;
    for (size_t j = 0; j < problem->parameters; j++)
        x[j] = gsl_vector_get(w->x, j);
    return cost;
}

static void starve(const struct nonlinear *problem)
{
    if (problem->starved)
        *problem->starved = true;
}

double nonlinear_fit(const struct nonlinear *problem, double *x)
{
    gsl_multifit_nlinear_parameters options = gsl_multifit_nlinear_default_parameters();
    struct call call = {problem, malloc((problem->residuals + 1) * sizeof(double))};
    gsl_multifit_nlinear_fdf fdf = {.f = evaluate,
                                    .n = problem->residuals + problem->parameters,
                                    .p = problem->parameters,
                                    .params = &call};
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &options, fdf.n, fdf.p);
    if (!w || !call.residuals)
        starve(problem);
    double cost = w && call.residuals ? solve(problem, w, &fdf, x) : HUGE_VAL;
    if (w)
        gsl_multifit_nlinear_free(w);
    free(call.residuals);
    return cost;
}

double nonlinear_multistart(const struct nonlinear *problem, double *x, int starts, double spread)
{
    double best[NONLINEAR_PARAMETERS], trial[NONLINEAR_PARAMETERS], origin[NONLINEAR_PARAMETERS];
    size_t size = problem->parameters * sizeof *x;
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
    if (!rng)
        starve(problem);
    memcpy(origin, x, size);
    memcpy(best, x, size);
    double cost = nonlinear_fit(problem, best);
    for (int i = 0; rng && i < starts; i++) {
        for (size_t j = 0; j < problem->parameters; j++)
            trial[j] = origin[j] + spread * gsl_ran_gaussian(rng, problem->sigma[j]);
        double trial_cost = nonlinear_fit(problem, trial);
        if (trial_cost < cost) {
            cost = trial_cost;
            memcpy(best, trial, size);
        }
    }
    gsl_rng_free(rng);
    memcpy(x, best, size);
    return cost;
}
