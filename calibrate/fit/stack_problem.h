#ifndef CALIBRATE_FIT_STACK_PROBLEM_H
#define CALIBRATE_FIT_STACK_PROBLEM_H
#include "calibrate/fit/stack_fit.h"

/* One robust least-squares problem: some runs, the free constants of one stack, its parent's
 * values. The runs' scenarios serve as working copies: the caller restores their stacks. */
struct stack_problem {
    struct run_case **run;
    const double *share; /* of each run: what it weighs beside the others, before robustness */
    double *weight;      /* of each run's residual; scratch */
    size_t runs;
    int free_count;
    int free[STACK_CONSTANTS];                       /* constants that are fitted */
    struct stack_constant constant[STACK_CONSTANTS]; /* all; the free ones are set */
    double prior[STACK_CONSTANTS];                   /* ln of the value */
    double prior_spread[STACK_CONSTANTS];            /* of that ln */
};

/* Sets out's constants, their standard errors and the spread of the residuals. STATUS_NO: does not
 * converge. */
enum status stack_problem_solve(struct stack_problem *p, struct stack_fit *out, struct error *e);

#endif
