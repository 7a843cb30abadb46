/* Which runs are left out together when constants are cross-validated. */
#include "calibrate/fit/stack_fit.h"
#include <string.h>

/* Runs of equal model, system, job and strategy: compared by what the cost model sees of them. */
static bool same_run(const struct run_case *a, const struct run_case *b)
{
    const struct scenario *x = &a->scenario, *y = &b->scenario;
    struct strategy s = a->strategy, t = b->strategy;
    s.overlaps = t.overlaps = 0; /* a stack's, not the run's */
    return strcmp(x->model.name, y->model.name) == 0 && x->model.layers == y->model.layers &&
           x->model.hidden_size == y->model.hidden_size && x->model.heads == y->model.heads &&
           strcmp(x->system.gpu.name, y->system.gpu.name) == 0 &&
           x->system.gpus == y->system.gpus && x->job.seq_length == y->job.seq_length &&
           x->job.global_batch == y->job.global_batch && x->job.precision == y->job.precision &&
           memcmp(&s, &t, sizeof s) == 0;
}

enum status cases_folds(const struct cases *cases, int folds, int *fold, struct error *e)
{
    int next = 0;
    if (folds < 2)
        return error_set(e, STATUS_USAGE, "at least two folds, got %d", folds);
    for (size_t i = 0; i < cases->count; i++) {
        fold[i] = -1;
        for (size_t j = 0; j < i && fold[i] < 0; j++)
            if (same_run(&cases->items[i], &cases->items[j]))
                fold[i] = fold[j];
        if (fold[i] < 0)
            fold[i] = next++ % folds;
    }
    return STATUS_OK;
}
