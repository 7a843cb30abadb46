#ifndef CALIBRATE_FIT_STACK_FIT_H
#define CALIBRATE_FIT_STACK_FIT_H
#include "calibrate/cases.h"

/* Constants of training stacks from their measured runs.
 *
 * Each stack has at most four fitted constants (its `fit` list). Minimised over x, ln of the
 * constants:
 *     sum over runs of      huber(ln(predicted / measured) / s)
 *   + sum over constants of ((x - x_parent) / w)^2
 * s: spread of a stack's runs; w: how far stacks of one family differ. A stack with few runs stays
 * near its parent, a stack of one run is its parent. The root, `default`, is fitted to the runs of
 * all stacks under its own kernels and overlaps, every stack with the same weight: it is what a
 * stack gets of which nothing is known. `described`, below it, is fitted to the same runs under the
 * kernels and overlaps that each run's stack has: where a file says what a software does, a
 * constant need not stand for that. */

enum { STACK_FITS_MAX = 64 };

struct stack_fit {
    char name[STACK_NAME_SIZE], parent[64];
    struct stack_constant constant[STACK_CONSTANTS];
    double
        residual_frac; /* spread of ln(measured / predicted), corrected for the constants fitted */
    int depth;         /* generations below `default` */
    int runs;
    unsigned fitted; /* bits of the constants fitted */
};

struct stack_fits {
    int count;
    struct stack_fit fit[STACK_FITS_MAX]; /* parents before children; [0] is `default` */
};

struct stack_fit_options {
    const char *catalog;  /* NULL: none */
    const bool *left_out; /* by case: runs that must not be used; NULL: none */
    const char *without;  /* a stack whose runs are left out everywhere; NULL: none */
    const char
        *common;      /* this stack and its parents alone, to all runs; NULL: all that are named */
    const char *only; /* refit this stack alone, its parents as they are; NULL: all */
    bool own;         /* of `only`: a user's runs of that software tell its `compute` anew, shrunk
                         towards what the stack has; all else of it stays. A few runs tell no more:
                         calibrate/published/README.md */
    void (*progress)(void *context, const char *stack, int done, int all);
    void *progress_context;
};

/* Fits every stack that the cases name, their parents and `default`. The cases' scenarios are used
 * as working copies: their constants are restored. Cases without a step time or skipped ones are
 * ignored. */
enum status stacks_fit(struct cases *cases, const struct stack_fit_options *options,
                       struct stack_fits *out, struct error *e);

/* The fit of a stack by name, else of `default`. */
const struct stack_fit *stack_fits_find(const struct stack_fits *fits, const char *name);

/* Puts fitted constants into a stack. */
void stack_fit_apply(const struct stack_fit *fit, struct stack *stack);

/* Folds: runs equal in model, system, job and strategy share a fold, whatever their stack, or all
 * runs of a model do. The same cases always give the same folds. folds: how many, 0: as many as
 * there are such runs or models. Returns their number; fold[i] is below it. */
enum fold_by { FOLD_BY_RUN, FOLD_BY_MODEL };
int cases_folds(const struct cases *cases, enum fold_by by, int folds, int *fold);

#endif
