#include "calibrate/fit/kernel_problem.h"
#include "calibrate/sample_predict.h"
#include <math.h>
#include <stdlib.h>

const double kernel_problem_scale = 0.06;
const double kernel_problem_sigma = 4;

void kernel_problem_set(const struct kernel_problem *p, const double *x)
{
    for (size_t j = 0; j < p->parameters.count; j++)
        *calibration_constant(&p->gpu->calibration, &p->slot, p->parameters.row[j]) =
            kernel_parameter_from_solver(&p->parameters.parameter[j], x[j]);
}

void kernel_problem_start(const struct kernel_problem *p, double *x)
{
    struct calibration *c = &p->gpu->calibration;
    const struct calibration_group *group = calibration_group_of(c, &p->slot);
    for (size_t j = 0; j < p->parameters.count; j++) {
        const struct kernel_parameter *parameter = &p->parameters.parameter[j];
        double value = *calibration_constant(c, &p->slot, p->parameters.row[j]);
        x[j] =
            kernel_parameter_to_solver(parameter, kernel_parameter_start(parameter, group, value));
    }
}

void kernel_problem_residuals(const struct kernel_problem *p, const struct kernel_rows *rows,
                              double *r)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct sample *s = rows->row[i];
        r[i] = log(kernel_sample_s(p->gpu, s) / s->time_s);
    }
}

/* What the solver's callback needs. */
struct call {
    const struct kernel_problem *problem;
    const struct kernel_rows *rows;
};

static void evaluate(const double *x, double *r, void *context)
{
    const struct call *call = context;
    kernel_problem_set(call->problem, x);
    kernel_problem_residuals(call->problem, call->rows, r);
    for (size_t i = 0; i < call->rows->n; i++)
        r[i] *= sqrt(kernel_weight(call->rows->row[i]));
}

double kernel_problem_fit(const struct kernel_problem *p, const struct kernel_rows *rows,
                          int starts, int iterations, double *x)
{
    double sigma[NONLINEAR_PARAMETERS];
    struct call call = {p, rows};
    for (size_t j = 0; j < p->parameters.count; j++)
        sigma[j] = kernel_problem_sigma;
    struct nonlinear problem = {
        .parameters = p->parameters.count,
        .residuals = rows->n,
        .evaluate = evaluate,
        .context = &call,
        .prior = p->prior,
        .sigma = sigma,
        .scale = kernel_problem_scale,
        .iterations = iterations,
        .starved = p->starved,
    };
    const double spread = 0.25; /* of sigma: neighbouring valleys of the tile menu */
    double cost = nonlinear_multistart(&problem, x, starts, spread);
    kernel_problem_set(p, x);
    return cost;
}
