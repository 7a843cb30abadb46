#ifndef CALIBRATE_FIT_CROSS_VALIDATE_H
#define CALIBRATE_FIT_CROSS_VALIDATE_H
#include "calibrate/fit/stack_fit.h"
#include "calibrate/validate.h"

/* Predicts every case with stack constants that were fitted without it: the cases are cut into
 * folds (cases_folds), and each fold is predicted with what the others give. predictions: one a
 * case. The cases' constants are restored. */
struct cross_validation {
    const char *catalog; /* NULL: none */
    enum fold_by by;
    int folds; /* 0: each run or model by itself */
    void (*progress)(void *context, int fold, int folds);
    void *progress_context;
    bool constants; /* leave stacks out: their constants alone */
};
enum status cases_cross_validate(struct cases *cases, const struct cross_validation *how,
                                 struct prediction *predictions, struct error *e);

/* What a user gets whose stack nobody fitted: the runs of each stack that the cases name are
 * predicted with the constants of `default`, fitted to the runs of the others. The cases are read
 * under `default` (cases_options.stack), or, with how->constants, each under its own stack, whose
 * kernels and overlaps it keeps beside the constants of `described`. how->folds is not used;
 * progress counts stacks. */
enum status cases_leave_stacks_out(struct cases *cases, const struct cross_validation *how,
                                   struct prediction *predictions, struct error *e);

#endif
