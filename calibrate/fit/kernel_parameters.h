#ifndef CALIBRATE_FIT_KERNEL_PARAMETERS_H
#define CALIBRATE_FIT_KERNEL_PARAMETERS_H
#include "calibrate/fit/nonlinear.h"
#include "hardware/calibration.h"

/* What a fit varies of a group of constants, where it starts and between which bounds it looks. */
struct kernel_parameter {
    const char *key; /* of the slot's constants */
    double start, low, high;
};

struct kernel_parameters {
    size_t count;
    struct kernel_parameter parameter[NONLINEAR_PARAMETERS];
    size_t row[NONLINEAR_PARAMETERS]; /* in the slot's constants */
};

/* The constants of a slot that fits vary; those that `held` names (NULL-ended) are left out. */
void kernel_parameters_of(const struct calibration_slot *slot, const char *const *held,
                          struct kernel_parameters *out);

/* Where the search of parameter i starts: at the constant that `group` has, where a measurement
 * (its own or a relative's) gave it, else at the table's. */
double kernel_parameter_start(const struct kernel_parameter *p,
                              const struct calibration_group *group, double value);

/* Between a constant and the unbounded variable that the solver moves: the logit of where its
 * logarithm lies between the bounds. */
double kernel_parameter_to_solver(const struct kernel_parameter *p, double value);
double kernel_parameter_from_solver(const struct kernel_parameter *p, double x);

/* Alternatives to start the search of a slot from; 1 where there are none. `which` of them is put
 * into `c` and into the solver's x. */
int kernel_choice_count(const struct calibration_slot *slot);
void kernel_choose(const struct calibration_slot *slot, const struct kernel_parameters *parameters,
                   int which, struct calibration *c, double *x);

/* d ln(constant) / dx, for errors. */
double kernel_parameter_slope(const struct kernel_parameter *p, double x);

#endif
