#ifndef CALIBRATE_FIT_STACK_FITS_WRITE_H
#define CALIBRATE_FIT_STACK_FITS_WRITE_H
#include "base/text.h"
#include "calibrate/fit/stack_fit.h"

/* All fits as the catalog's file of constants (parallelism/stack_constants.h). */
void stack_fits_write(const struct stack_fits *fits, const char *source, const char *date,
                      struct text *out);

/* A stack with its fitted constants as a file that a user passes as --stack FILE: whole, so that no
 * catalog is needed to read it. */
void stack_fit_write(const struct stack *stack, const char *source, const char *date,
                     struct text *out);

#endif
