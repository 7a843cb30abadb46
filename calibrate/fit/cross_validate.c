#include "calibrate/fit/cross_validate.h"
#include <stdlib.h>
#include <string.h>

/* Predicts the cases of one fold with the fits of the others, runs of the same clusters. */
static void predict_fold(struct cases *cases, const int *fold, int which,
                         const struct stack_fits *fits, struct prediction *predictions)
{
    for (size_t i = 0; i < cases->count; i++) {
        struct run_case *c = &cases->items[i];
        if (fold[i] != which)
            continue;
        struct stack saved = c->scenario.stack;
        stack_fit_apply(stack_fits_find(fits, c->stack), &c->scenario.stack);
        c->scenario.stack.site_spread_frac = 0;
        case_predict(c, &predictions[i]);
        c->scenario.stack = saved;
    }
}

enum status cases_cross_validate(struct cases *cases, const struct cross_validation *how,
                                 struct prediction *predictions, struct error *e)
{
    int *fold = calloc(cases->count + 1, sizeof *fold);
    bool *left_out = calloc(cases->count + 1, sizeof *left_out);
    struct stack_fits *fits = malloc(sizeof *fits);
    struct stack_fit_options options = {.catalog = how->catalog, .left_out = left_out};
    if (!fold || !left_out || !fits) {
        error_set(e, STATUS_IO, "out of memory");
        goto out;
    }
    int folds = cases_folds(cases, how->by, how->folds, fold);
    for (int f = 0; f < folds && e->status == STATUS_OK; f++) {
        if (how->progress)
            how->progress(how->progress_context, f, folds);
        for (size_t i = 0; i < cases->count; i++)
            left_out[i] = fold[i] == f;
        if (stacks_fit(cases, &options, fits, e) == STATUS_OK)
            predict_fold(cases, fold, f, fits, predictions);
    }
out:
    free(fold);
    free(left_out);
    free(fits);
    return e->status;
}

/* True at the first case of its stack. */
static bool starts_stack(const struct cases *cases, size_t i)
{
    for (size_t j = 0; j < i; j++)
        if (strcmp(cases->items[j].stack, cases->items[i].stack) == 0)
            return false;
    return true;
}

static int count_stacks(const struct cases *cases)
{
    int n = 0;
    for (size_t i = 0; i < cases->count; i++)
        n += starts_stack(cases, i);
    return n;
}

static void predict_stack(struct cases *cases, const char *stack, const struct stack_fit *fit,
                          struct prediction *predictions)
{
    for (size_t i = 0; i < cases->count; i++) {
        struct run_case *c = &cases->items[i];
        if (strcmp(c->stack, stack) != 0)
            continue;
        struct stack saved = c->scenario.stack;
        stack_fit_apply(fit, &c->scenario.stack);
        case_predict(c, &predictions[i]);
        c->scenario.stack = saved;
    }
}

enum status cases_leave_stacks_out(struct cases *cases, const struct cross_validation *how,
                                   struct prediction *predictions, struct error *e)
{
    const char *common = how->constants ? "described" : "default";
    int stacks = count_stacks(cases), done = 0;
    struct stack_fits *fits = malloc(sizeof *fits);
    if (!fits)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t i = 0; i < cases->count && e->status == STATUS_OK; i++) {
        const char *stack = cases->items[i].stack;
        struct stack_fit_options options = {
            .catalog = how->catalog, .without = stack, .common = common};
        if (!starts_stack(cases, i))
            continue;
        if (how->progress)
            how->progress(how->progress_context, done++, stacks);
        if (stacks_fit(cases, &options, fits, e) == STATUS_OK)
            predict_stack(cases, stack, stack_fits_find(fits, common), predictions);
    }
    free(fits);
    return e->status;
}
