#ifndef PARALLELISM_STACK_CONSTANTS_H
#define PARALLELISM_STACK_CONSTANTS_H
#include "parallelism/stack.h"

/* The fitted constants of the catalog's stacks: one machine-written file, compiled in, apart from
 * the stack files that say what a stack is.
 *     {"source", "date", "stacks":
 *      {NAME: {"runs", "residual", "compute": {"value", "standard_error"}, ..}}} */

/* Spread of a stack that no run told, of ln, from what it inherits: at least that of `described`,
 * of runs around constants of other software where kernels and overlaps are known. */
double stack_untold_frac(double inherited_frac, double described_frac);

/* Puts the shipped constants of stack `name` into it. Where none are shipped no run told it: its
 * constants stay its parent's, and its spread is stack_untold_frac's. */
enum status stack_constants_apply(const char *name, struct stack *stack, struct error *e);

#endif
