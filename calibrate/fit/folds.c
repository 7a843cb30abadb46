/* Which runs are left out together when constants are cross-validated. */
#include "calibrate/fit/stack_fit.h"
#include <string.h>

/* Models by their dimensions: sources name one model in several ways. */
static bool same_model(const struct run_case *a, const struct run_case *b)
{
    const struct model *x = &a->scenario.model, *y = &b->scenario.model;
    return x->layers == y->layers && x->hidden_size == y->hidden_size && x->heads == y->heads &&
           x->experts == y->experts;
}

/* Runs of equal model, system, job and strategy: compared by what the cost model sees of them. */
static bool same_run(const struct run_case *a, const struct run_case *b)
{
    const struct scenario *x = &a->scenario, *y = &b->scenario;
    struct strategy s = a->strategy, t = b->strategy;
    s.overlaps = t.overlaps = 0; /* a stack's, not the run's */
    return same_model(a, b) && strcmp(x->model.name, y->model.name) == 0 &&
           strcmp(x->system.gpu.name, y->system.gpu.name) == 0 &&
           x->system.gpus == y->system.gpus && x->job.seq_length == y->job.seq_length &&
           x->job.global_batch == y->job.global_batch && x->job.precision == y->job.precision &&
           memcmp(&s, &t, sizeof s) == 0;
}

int cases_folds(const struct cases *cases, enum fold_by by, int folds, int *fold)
{
    bool (*same)(const struct run_case *, const struct run_case *) =
        by == FOLD_BY_MODEL ? same_model : same_run;
    int next = 0;
    for (size_t i = 0; i < cases->count; i++) {
        fold[i] = -1;
        for (size_t j = 0; j < i && fold[i] < 0; j++)
            if (same(&cases->items[i], &cases->items[j]))
                fold[i] = fold[j];
        if (fold[i] < 0)
            fold[i] = folds ? next++ % folds : next++;
    }
    return folds ? folds : next;
}
