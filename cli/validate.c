#include "cli/validate.h"
#include "base/embedded.h"
#include "base/file.h"
#include "base/units.h"
#include "calibrate/fit/cross_validate.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/validate_samples.h"
#include "reports/validation_report.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

extern const struct embedded_file published_cases[];

const char *const left_out_names[] = {[LEFT_OUT_STACK] = "stack",
                                      [LEFT_OUT_CONSTANTS] = "constants",
                                      [LEFT_OUT_MODEL] = "model",
                                      NULL};

enum { FOLDS_MAX = 1000 };

enum status load_cases(const struct arguments *a, size_t from, struct cases *cases, struct error *e)
{
    const char *left_out = argument_value(a, "leave-out");
    struct cases_options options = {
        argument_value(a, "catalog"),
        left_out && names_equal(left_out, "stack") ? "default" : argument_value(a, "stack")};
    for (size_t i = from; i < a->operand_count && e->status == STATUS_OK; i++)
        cases_load(a->operands[i], &options, cases, e);
    const struct embedded_file *file = published_cases;
    for (; a->operand_count == from && file->name && e->status == STATUS_OK; file++)
        cases_parse((const char *)file->text, file->length, file->name, &options, cases, e);
    if (e->status == STATUS_OK && cases->count == 0) {
        error_set(e, STATUS_USAGE, "which cases? give a file of measured runs");
        error_set_hint(e, "stepcast validate --help shows an example");
    }
    return e->status;
}

/* A stack named for every case must exist: better one message than every case skipped. */
static enum status check_stack(const struct arguments *a, struct error *e)
{
    struct stack stack;
    const char *name = argument_value(a, "stack");
    return name ? stack_find(name, argument_value(a, "catalog"), &stack, e) : STATUS_OK;
}

static enum status judge(const struct arguments *a, const struct validation_report *report,
                         struct error *e)
{
    const char *words = argument_value(a, "max-error");
    struct validation all;
    double limit = 0;
    if (words && unit_parse(words, UNIT_FRACTION, &limit, e) != STATUS_OK)
        return argument_error(option_find(a->table, ~0u, "max-error", strlen("max-error")), e);
    if (validation_summarise(report->cases, report->predictions, NULL, &all, e) != STATUS_OK)
        return e->status;
    if (all.predicted == 0)
        return error_set(e, STATUS_NO, "none of the %zu cases could be forecast: each says why",
                         all.cases);
    if (words && all.step.n == 0)
        return error_set(e, STATUS_NO, "no case tells a measured step time to judge by");
    if (words && !(all.step.mape <= limit))
        return error_set(e, STATUS_NO, "mean absolute error %.1f %% is over %.1f %%",
                         100 * all.step.mape, 100 * limit);
    return STATUS_OK;
}

static void show_fold(void *context, int fold, int folds)
{
    progress_show(context, "fitting: fold %d of %d", fold + 1, folds);
}

static void show_model(void *context, int model, int models)
{
    progress_show(context, "fitting: without model %d of %d", model + 1, models);
}

static void show_stack(void *context, int stack, int stacks)
{
    progress_show(context, "fitting: without stack %d of %d", stack + 1, stacks);
}

/* What --leave-out names; refused beside --stack, and a stack beside --folds. */
static enum status read_left_out(const struct arguments *a, int *out, struct error *e)
{
    const char *word = argument_value(a, "leave-out");
    *out = LEFT_OUT_NOTHING;
    if (argument_name(a, "leave-out", out, e) != STATUS_OK)
        return e->status;
    if ((word || argument_given(a, "folds")) && argument_given(a, "stack"))
        return error_set(e, STATUS_USAGE, "%s fits every stack, --stack takes one",
                         word ? "--leave-out" : "--folds");
    if (word && *out != LEFT_OUT_MODEL && argument_given(a, "folds"))
        return error_set(e, STATUS_USAGE, "--leave-out %s takes each stack in turn: no --folds",
                         word);
    return STATUS_OK;
}

/* Each stack is a family of its own in the report. */
static void group_by_stack(struct cases *cases)
{
    for (size_t i = 0; i < cases->count; i++)
        snprintf(cases->items[i].family, sizeof cases->items[i].family, "%.63s",
                 cases->items[i].stack);
}

enum status predict_cases(const struct arguments *a, struct cases *cases,
                          struct prediction *predictions, struct error *e)
{
    double folds = 0;
    int left_out;
    struct progress progress;
    if (argument_count(a, "folds", 2, &folds, e) != STATUS_OK ||
        read_left_out(a, &left_out, e) != STATUS_OK)
        return e->status;
    if (folds > FOLDS_MAX)
        return error_set(e, STATUS_USAGE, "more than %d folds", FOLDS_MAX);
    bool models = left_out == LEFT_OUT_MODEL, stacks = left_out >= 0 && !models;
    for (size_t i = 0; left_out < 0 && folds == 0 && i < cases->count; i++)
        case_predict(&cases->items[i], &predictions[i]);
    if (left_out < 0 && folds == 0)
        return STATUS_OK;
    struct cross_validation how = {.catalog = argument_value(a, "catalog"),
                                   .by = models ? FOLD_BY_MODEL : FOLD_BY_RUN,
                                   .folds = (int)folds,
                                   .progress = stacks                 ? show_stack
                                               : models && folds == 0 ? show_model
                                                                      : show_fold,
                                   .progress_context = &progress,
                                   .constants = left_out == LEFT_OUT_CONSTANTS};
    progress_start(&progress, a);
    if (stacks) {
        group_by_stack(cases);
        cases_leave_stacks_out(cases, &how, predictions, e);
    } else {
        cases_cross_validate(cases, &how, predictions, e);
    }
    progress_end(&progress);
    return e->status;
}

static enum status predict_and_write(const struct arguments *a, struct cases *cases,
                                     enum output_format format, struct error *e)
{
    static enum status (*const writers[])(const struct validation_report *, struct text *,
                                          struct error *) = {[OUTPUT_TEXT] = validation_text,
                                                             [OUTPUT_JSON] = validation_json,
                                                             [OUTPUT_CSV] = validation_csv};
    struct prediction *predictions = calloc(cases->count + 1, sizeof *predictions);
    struct validation_report report = {cases, predictions};
    struct text out = {0};
    if (!predictions)
        return error_set(e, STATUS_IO, "out of memory");
    if (predict_cases(a, cases, predictions, e) == STATUS_OK &&
        writers[format](&report, &out, e) == STATUS_OK && output_write(a, &out, e) == STATUS_OK)
        judge(a, &report, e);
    text_free(&out);
    free(predictions);
    return e->status;
}

enum status validate_command(const struct arguments *arguments, struct error *e)
{
    enum output_format format;
    struct cases cases = {0};
    if (argument_given(arguments, "gpu") || argument_given(arguments, "system"))
        return validate_samples(arguments, e);
    if (output_format(arguments, &format, e) == STATUS_OK &&
        check_stack(arguments, e) == STATUS_OK && load_cases(arguments, 0, &cases, e) == STATUS_OK)
        predict_and_write(arguments, &cases, format, e);
    cases_free(&cases);
    return e->status;
}
