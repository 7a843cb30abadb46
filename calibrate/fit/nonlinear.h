#ifndef CALIBRATE_FIT_NONLINEAR_H
#define CALIBRATE_FIT_NONLINEAR_H
#include <stdbool.h>
#include <stddef.h>

/* Robust nonlinear least squares with a prior, over GSL: minimises
 *     sum_i rho(r_i(x) / s) + sum_j ((x_j - prior_j) / sigma_j)^2,   rho(z) = 2 (sqrt(1 + z^2) - 1)
 * which is z^2 near 0 and 2 |z| far out, so that outliers pull with bounded force; s: the error
 * expected of a residual. */
struct nonlinear {
    size_t parameters, residuals;
    void (*evaluate)(const double *x, double *r, void *context);
    void *context;
    const double *prior, *sigma; /* of the parameters */
    double scale;                /* s */
    int iterations;              /* at most; 0: 60 */
    bool *starved;               /* NULL, or set where memory ran out: then no result counts */
};

enum { NONLINEAR_PARAMETERS = 40 };

/* Improves x from where it starts; returns the cost there, HUGE_VAL where the solver failed. */
double nonlinear_fit(const struct nonlinear *problem, double *x);

/* From x and from `starts` points around it (normal, of the prior's sigma times `spread`; always
 * the same), the best. */
double nonlinear_multistart(const struct nonlinear *problem, double *x, int starts, double spread);

#endif
