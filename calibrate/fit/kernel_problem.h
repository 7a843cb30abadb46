#ifndef CALIBRATE_FIT_KERNEL_PROBLEM_H
#define CALIBRATE_FIT_KERNEL_PROBLEM_H
#include "calibrate/fit/kernel_parameters.h"
#include "calibrate/fit/kernel_rows.h"

/* One group of constants and the rows it is fitted to. The GPU is the fit's own copy: its constants
 * of this group move. */
struct kernel_problem {
    struct gpu *gpu;
    struct calibration_slot slot;
    struct kernel_parameters parameters;
    double prior[NONLINEAR_PARAMETERS]; /* where the fit starts and is drawn to, in the solver's
                                           variables */
    bool *starved; /* set where memory ran out: then no result counts */
};

/* Puts the solver's variables into the GPU; where they start. */
void kernel_problem_set(const struct kernel_problem *p, const double *x);
void kernel_problem_start(const struct kernel_problem *p, double *x);

/* ln(predicted / measured) of every row, with the GPU's present constants. */
void kernel_problem_residuals(const struct kernel_problem *p, const struct kernel_rows *rows,
                              double *r);

/* Residuals above this are taken for outliers: they pull with bounded force. */
extern const double kernel_problem_scale;

/* Weight of the prior: so wide that it only holds what the rows do not tell. */
extern const double kernel_problem_sigma;

/* Fits from x with at most `iterations` (0: the solver's own) and `starts` further starting points;
 * leaves the best in x and in the GPU. Returns its cost, HUGE_VAL where the solver failed. */
double kernel_problem_fit(const struct kernel_problem *p, const struct kernel_rows *rows, int starts,
                        int iterations, double *x);

#endif
