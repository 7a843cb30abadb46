#ifndef CALIBRATE_FIT_COLLECTIVE_BASE_H
#define CALIBRATE_FIT_COLLECTIVE_BASE_H
#include "calibrate/fit/collective_sample.h"
#include "calibrate/fit/nonlinear.h"

/* The regimes of one op as a fit: constants in the scratch system that take the logarithms of what
 * is searched. */
struct collective_base {
    struct system *system; /* scratch; the constants under fit are in it */
    enum collective op;
    struct collective_samples samples;
    const double *weight; /* by sample; NULL: 1 each */
    size_t parameters;
    double *target[NONLINEAR_PARAMETERS];
    double prior[NONLINEAR_PARAMETERS], sigma[NONLINEAR_PARAMETERS];
};

/* Adds a constant; its present value is the prior's centre and the start, `sigma` its width
 * (logarithmic). A constant of 0 stays 0. */
void collective_base_add(struct collective_base *base, double *target, double sigma);

/* Fits, from `starts` further points; the constants are left at the best. */
void collective_base_fit(struct collective_base *base, int starts);

/* Logarithm of predicted over measured time of sample i. */
double collective_base_error(const struct collective_base *base, size_t i);

#endif
