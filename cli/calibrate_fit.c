#include "cli/calibrate_fit.h"
#include "base/file.h"
#include "calibrate/fit/stack_fits_write.h"
#include "calibrate/validate.h"
#include "cli/calibrate_profile.h"
#include "cli/calibrate_system.h"
#include "cli/date.h"
#include "cli/output.h"
#include "cli/progress.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* "123 runs: a.json, b.json" */
static void write_source(const struct arguments *a, size_t runs, struct text *out)
{
    text_addf(out, "%zu runs:", runs);
    for (size_t i = 1; i < a->operand_count; i++) {
        const char *slash = strrchr(a->operands[i], '/');
        text_addf(out, "%s %s", i > 1 ? "," : "", slash ? slash + 1 : a->operands[i]);
    }
}

static void show_stack(void *context, const char *stack, int done, int all)
{
    progress_show(context, "fitting: stack %d of %d, %s", done + 1, all, stack);
}

/* What the fit found, as notes. */
static void note_fit(const struct arguments *a, const struct stack_fit *fit)
{
    unsigned fitted = 0;
    for (int i = 0; i < STACK_CONSTANTS; i++)
        fitted += fit->fitted >> i & 1;
    output_note(a, "stack %s: %d runs, %u constant%s fitted, spread %.1f %%", fit->name, fit->runs,
                fitted, fitted == 1 ? "" : "s", 100 * fit->residual_frac);
    for (int i = 0; i < STACK_CONSTANTS; i++) {
        const struct stack_constant *c = &fit->constant[i];
        if (fit->fitted >> i & 1)
            output_note(a, "  %s %.4g, standard error %.1f %%", stack_constant_names[i], c->value,
                        100 * c->standard_error);
    }
}

/* What a stack cannot express tells nothing of it. */
static void skip_unpredicted(struct cases *cases)
{
    for (size_t i = 0; i < cases->count; i++) {
        struct prediction p;
        case_predict(&cases->items[i], &p);
        memcpy(cases->items[i].skipped, p.skipped, sizeof p.skipped);
    }
}

/* Every case is taken as a run of the stack that is fitted. */
static enum status load_cases(const struct arguments *a, const char *stack, struct cases *cases,
                              struct error *e)
{
    struct cases_options options = {argument_value(a, "catalog"), stack};
    for (size_t i = 1; i < a->operand_count && e->status == STATUS_OK; i++)
        cases_load(a->operands[i], &options, cases, e);
    for (size_t i = 0; stack && i < cases->count; i++)
        snprintf(cases->items[i].stack, sizeof cases->items[i].stack, "%s", stack);
    if (e->status == STATUS_OK)
        skip_unpredicted(cases);
    return e->status;
}

static size_t usable_runs(const struct cases *cases)
{
    size_t n = 0;
    for (size_t i = 0; i < cases->count; i++)
        n += cases->items[i].skipped[0] == '\0' && cases->items[i].step_s > 0;
    return n;
}

/* The user's own runs of a software of the catalog; a file says itself what its runs set. */
static bool is_built_in(const char *name)
{
    const char *built_in;
    for (size_t i = 0; (built_in = stack_catalog_name(i)) != NULL; i++)
        if (names_equal(built_in, name))
            return true;
    return false;
}

/* The first case that tells nothing, and how many do. */
static size_t skipped_cases(const struct cases *cases, const struct run_case **first)
{
    size_t n = 0;
    for (size_t i = cases->count; i-- > 0;)
        if (cases->items[i].skipped[0]) {
            *first = &cases->items[i];
            n++;
        }
    return n;
}

/* What a user's runs of a catalog's stack make of it: a stack below it, of the user's clusters. */
static void make_own(struct stack *stack)
{
    char name[sizeof stack->name];
    snprintf(name, sizeof name, "%.59s-own", stack->name);
    memcpy(stack->parent, stack->name, sizeof stack->parent);
    memcpy(stack->name, name, sizeof stack->name);
    stack->fit = 1u << STACK_COMPUTE;
}

static enum status write_one(const struct arguments *a, const char *name,
                             const struct stack_fits *fits, struct text *out, struct error *e)
{
    const struct stack_fit *fit = stack_fits_find(fits, name);
    char date[DATE_SIZE];
    struct stack stack;
    struct text source = {0};
    if (stack_find(name, argument_value(a, "catalog"), &stack, e) != STATUS_OK)
        return e->status;
    date_today(date);
    write_source(a, (size_t)fit->runs, &source);
    stack_fit_apply(fit, &stack);
    if (is_built_in(name))
        make_own(&stack);
    stack.site_spread_frac = 0; /* the runs are of the clusters that it is for */
    stack_fit_write(&stack, source.data, date, out);
    text_free(&source);
    note_fit(a, fit);
    return STATUS_OK;
}

static void write_all(const struct arguments *a, const struct stack_fits *fits, size_t runs,
                      struct text *out)
{
    char date[DATE_SIZE];
    struct text source = {0};
    date_today(date);
    write_source(a, runs, &source);
    stack_fits_write(fits, source.data, date, out);
    text_free(&source);
    for (int i = 0; i < fits->count; i++)
        note_fit(a, &fits->fit[i]);
}

static enum status check_fitted(const char *name, const struct stack_fits *fits, struct error *e)
{
    if (stack_fits_find(fits, name)->fitted)
        return STATUS_OK;
    error_set(e, STATUS_INPUT, "stack '%s' leaves its runs no constant to set", name);
    error_set_hint(e, "list some in the file: \"fit\": [\"compute\"]");
    return e->status;
}

static enum status fit_and_write(const struct arguments *a, const char *only, struct cases *cases,
                                 struct error *e)
{
    enum { RUNS_MIN = 2 };
    struct stack_fits *fits = calloc(1, sizeof *fits);
    struct progress progress;
    struct text out = {0};
    if (!fits)
        return error_set(e, STATUS_IO, "out of memory");
    progress_start(&progress, a);
    struct stack_fit_options options = {.catalog = argument_value(a, "catalog"),
                                        .only = only,
                                        .own = only && is_built_in(only),
                                        .progress = show_stack,
                                        .progress_context = &progress};
    const struct run_case *first = NULL;
    size_t runs = usable_runs(cases), skipped = skipped_cases(cases, &first);
    if (runs < RUNS_MIN) {
        error_set(e, STATUS_INPUT, "a fit needs at least %d runs with a step time, got %zu",
                  RUNS_MIN, runs);
        if (skipped > 0)
            error_set_hint(e, "%s: %.160s", first->id, first->skipped);
    } else
        stacks_fit(cases, &options, fits, e);
    progress_end(&progress);
    if (e->status == STATUS_OK && skipped > 0)
        output_note(a, "%zu of %zu cases tell nothing: %s: %.160s", skipped, cases->count,
                    first->id, first->skipped);
    if (e->status == STATUS_OK && only && check_fitted(only, fits, e) == STATUS_OK)
        write_one(a, only, fits, &out, e);
    else if (e->status == STATUS_OK && !only)
        write_all(a, fits, runs, &out);
    if (e->status == STATUS_OK)
        output_write(a, &out, e);
    text_free(&out);
    free(fits);
    return e->status;
}

enum status calibrate_fit(const struct arguments *a, struct error *e)
{
    struct cases cases = {0};
    struct stack stack;
    const char *name = argument_value(a, "stack");
    if (argument_given(a, "gpu") + argument_given(a, "system") + argument_given(a, "stack") > 1)
        return error_set(e, STATUS_USAGE, "--gpu, --system and --stack: one is fitted at a time");
    if (!name && argument_value(a, "system"))
        return calibrate_system(a, e);
    if (!name && argument_value(a, "gpu"))
        return calibrate_profile(a, e);
    if (!name) {
        error_set(e, STATUS_USAGE,
                  "what is fitted? --gpu NAME, --system NAME, or --stack NAME (or all)");
        error_set_hint(e, "stepcast calibrate --help shows an example");
        return e->status;
    }
    const char *only = names_equal(name, "all") ? NULL : name;
    if (only && strlen(only) >= STACK_NAME_SIZE)
        return error_set(e, STATUS_INPUT, "--stack: a path of more than %d characters",
                         STACK_NAME_SIZE - 1);
    if (only && stack_find(only, argument_value(a, "catalog"), &stack, e) != STATUS_OK)
        return e->status;
    if (load_cases(a, only, &cases, e) == STATUS_OK)
        fit_and_write(a, only, &cases, e);
    cases_free(&cases);
    return e->status;
}
