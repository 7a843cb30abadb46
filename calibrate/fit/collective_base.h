#ifndef CALIBRATE_FIT_COLLECTIVE_BASE_H
#define CALIBRATE_FIT_COLLECTIVE_BASE_H
#include "calibrate/fit/collective_sample.h"
#include "calibrate/fit/nonlinear.h"

/* The constants of collectives as a fit. What is searched are factors (their logarithms), each of
 * which multiplies one constant or several of the scratch system. */
enum { COLLECTIVE_TARGETS = 160 };
struct collective_base {
    struct system *system; /* scratch; the constants under fit are in it */
    struct collective_samples samples;
    const double *weight; /* by sample; NULL: 1 each */
    double scale;         /* error expected of a sample */
    size_t parameters, targets;
    double sigma[NONLINEAR_PARAMETERS]; /* width of each factor's prior (logarithmic), around 1 */
    double *target[COLLECTIVE_TARGETS];
    double start[COLLECTIVE_TARGETS];
    double limit[COLLECTIVE_TARGETS];  /* it stays at or below */
    size_t factor[COLLECTIVE_TARGETS]; /* of each target */
};

/* Adds a factor of its own for one constant. A constant of 0 stays 0. */
void collective_base_add(struct collective_base *base, double *target, double sigma);

/* Adds a factor; then constants that it multiplies. */
size_t collective_base_factor(struct collective_base *base, double sigma);
void collective_base_share(struct collective_base *base, size_t factor, double *target);

/* No constant added last may exceed `limit`: a share of a NIC is at most 1. */
void collective_base_limit(struct collective_base *base, double limit);

/* Fits, from `starts` further points; the constants are left at the best. */
void collective_base_fit(struct collective_base *base, int starts);

/* Logarithm of predicted over measured time of sample i. */
double collective_base_error(const struct collective_base *base, size_t i);

#endif
