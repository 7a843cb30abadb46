#include "cli/validate_samples.h"
#include "base/units.h"
#include "calibrate/fit/kernel_rows.h"
#include "calibrate/fit/kernel_validate.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "reports/sample_report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum status load_samples(const struct arguments *a, size_t from, struct samples *samples,
                         struct error *e)
{
    for (size_t i = from; i < a->operand_count && e->status == STATUS_OK; i++)
        samples_load(a->operands[i], samples, e);
    output_lines(a, &samples->notes);
    return e->status;
}

enum status find_sample_machine(const struct arguments *a, struct system *system, struct error *e)
{
    const char *catalog = argument_value(a, "catalog"), *name = argument_value(a, "system");
    const char *gpu_name = argument_value(a, "gpu");
    struct gpu gpu;
    if (name && system_find(name, catalog, system, e) != STATUS_OK)
        return e->status;
    if (gpu_name && gpu_find(gpu_name, catalog, &gpu, e) != STATUS_OK)
        return e->status;
    if (!name)
        samples_system(&gpu, system);
    else if (gpu_name)
        system->gpu = gpu;
    if (name)
        system->gpus = HUGE_VAL; /* as many nodes as a row says */
    return STATUS_OK;
}

static enum status judge(const struct arguments *a, const struct sample_report *r, struct error *e)
{
    const char *words = argument_value(a, "max-error");
    struct sample_error all;
    double limit = 0;
    if (words && unit_parse(words, UNIT_FRACTION, &limit, e) != STATUS_OK)
        return argument_error(option_find(a->table, ~0u, "max-error", strlen("max-error")), e);
    if (samples_error(r->samples, r->predictions, &(struct sample_choice){NULL, -1, SAMPLES_ALL},
                      &all, e) != STATUS_OK)
        return e->status;
    if (all.time.n == 0)
        return error_set(e, STATUS_NO, "none of the %zu rows could be forecast: each says why",
                         all.skipped);
    if (words && !(all.time.mape <= limit))
        return error_set(e, STATUS_NO, "mean absolute error %.1f %% is over %.1f %%",
                         100 * all.time.mape, 100 * limit);
    return STATUS_OK;
}

/* Each row by a fit to the others' shapes. */
static enum status cross_validate(const struct arguments *a, const struct system *system,
                                  const struct sample_report *report,
                                  struct sample_prediction *predictions,
                                  struct sample_prediction *rooflines, struct error *e)
{
    double folds = 0;
    struct progress progress;
    if (argument_count(a, "folds", 2, &folds, e) != STATUS_OK)
        return e->status;
    if (folds != KERNEL_FOLDS)
        return error_set(e, STATUS_USAGE, "blocks of shapes are cut into %d folds", KERNEL_FOLDS);
    progress_start(&progress, a);
    struct kernel_fit_options how = {.progress = progress_fit, .context = &progress};
    kernels_cross_validate(&system->gpu, report->samples, &how, predictions, rooflines, e);
    progress_end(&progress);
    return e->status;
}

static enum status predict_and_write(const struct arguments *a, const struct system *system,
                                     const struct samples *samples, enum output_format format,
                                     struct error *e)
{
    static enum status (*const writers[])(const struct sample_report *, struct text *,
                                          struct error *) = {[OUTPUT_TEXT] = sample_report_text,
                                                             [OUTPUT_JSON] = sample_report_json,
                                                             [OUTPUT_CSV] = sample_report_csv};
    struct sample_prediction *predictions = calloc(samples->count + 1, sizeof *predictions);
    struct sample_prediction *rooflines = calloc(samples->count + 1, sizeof *rooflines);
    bool folds = argument_given(a, "folds");
    struct sample_report report = {samples, predictions, folds ? rooflines : NULL};
    struct text out = {0};
    if (!predictions || !rooflines)
        error_set(e, STATUS_IO, "out of memory");
    else if (folds)
        cross_validate(a, system, &report, predictions, rooflines, e);
    else
        samples_predict(system, samples, predictions);
    if (e->status == STATUS_OK && writers[format](&report, &out, e) == STATUS_OK &&
        output_write(a, &out, e) == STATUS_OK)
        judge(a, &report, e);
    text_free(&out);
    free(predictions);
    free(rooflines);
    return e->status;
}

enum status validate_samples(const struct arguments *a, struct error *e)
{
    enum output_format format;
    struct samples samples = {0};
    struct system *system = malloc(sizeof *system);
    if (!system)
        return error_set(e, STATUS_IO, "out of memory");
    if (a->operand_count == 0) {
        error_set(e, STATUS_USAGE, "which samples? give CSV files of measured kernels");
        error_set_hint(e, "stepcast validate --help shows an example");
    } else if (argument_given(a, "stack")) {
        error_set(e, STATUS_USAGE, "--stack is for cases, --gpu and --system for samples");
    } else if (argument_given(a, "folds") && argument_given(a, "system")) {
        error_set(e, STATUS_USAGE, "--folds judges the kernels of a --gpu, not of a --system");
    }
    if (e->status == STATUS_OK && output_format(a, &format, e) == STATUS_OK &&
        find_sample_machine(a, system, e) == STATUS_OK &&
        load_samples(a, 0, &samples, e) == STATUS_OK)
        predict_and_write(a, system, &samples, format, e);
    samples_free(&samples);
    free(system);
    return e->status;
}
