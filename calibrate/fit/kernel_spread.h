#ifndef CALIBRATE_FIT_KERNEL_SPREAD_H
#define CALIBRATE_FIT_KERNEL_SPREAD_H
#include "calibrate/fit/kernel_problem.h"

/* Standard errors of the fitted constants, each in its unit, by bootstrap over blocks of shapes:
 * the blocks are drawn again with replacement, and each draw moves the constants by one
 * Gauss-Newton step. The scatter of rows inside a block would give errors several times too small:
 * what the form misses is alike in neighbouring rows. out: by row of the slot's constants. */
void kernel_spread(const struct kernel_problem *p, const struct kernel_rows *rows, const double *x,
                   double *out);

#endif
