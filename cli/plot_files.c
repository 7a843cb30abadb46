#include "calibrate/validate_samples.h"
#include "cli/plot_draw.h"
#include "cli/validate.h"
#include "cli/validate_samples.h"
#include "reports/plot/samples.h"
#include "reports/plot/validation.h"
#include <stdlib.h>

/* Figures of measured samples and of measured runs: the operands behind the kind are their files.
 */

enum status draw_validation(struct plot_work *work, struct error *e)
{
    const struct arguments *a = work->arguments;
    struct cases cases = {0};
    struct prediction *predictions = NULL;
    if (load_cases(a, 1, &cases, e) == STATUS_OK)
        predictions = calloc(cases.count + 1, sizeof *predictions);
    if (e->status == STATUS_OK && !predictions)
        error_set(e, STATUS_IO, "out of memory");
    if (e->status == STATUS_OK && predict_cases(a, &cases, predictions, e) == STATUS_OK)
        plot_validation(&work->figure, &cases, predictions, argument_given(a, "folds"), e);
    free(predictions);
    cases_free(&cases);
    return e->status;
}

static enum status draw_samples(struct plot_work *work,
                                enum status (*plot)(struct figure *, const struct samples_picture *,
                                                    struct error *),
                                struct error *e)
{
    const struct arguments *a = work->arguments;
    struct samples samples = {0};
    struct sample_prediction *predictions = NULL;
    struct system *system = malloc(sizeof *system);
    if (!system)
        return error_set(e, STATUS_IO, "out of memory");
    if (a->operand_count < 2 || (!argument_value(a, "gpu") && !argument_value(a, "system"))) {
        error_set(e, STATUS_USAGE, "expected --gpu NAME or --system NAME and sample files");
        error_set_hint(e, "such as stepcast plot %s --gpu h100-sxm SAMPLES.csv -o figure.svg",
                       a->operands[0]);
    } else if (find_sample_machine(a, system, e) == STATUS_OK &&
               load_samples(a, 1, &samples, e) == STATUS_OK) {
        predictions = calloc(samples.count + 1, sizeof *predictions);
        struct samples_picture picture = {system, &samples, predictions};
        if (!predictions)
            error_set(e, STATUS_IO, "out of memory");
        else
            samples_predict(system, &samples, predictions);
        if (e->status == STATUS_OK)
            plot(&work->figure, &picture, e);
    }
    free(predictions);
    samples_free(&samples);
    free(system);
    return e->status;
}

enum status draw_gemm(struct plot_work *work, struct error *e)
{
    return draw_samples(work, plot_gemm, e);
}

enum status draw_collective(struct plot_work *work, struct error *e)
{
    return draw_samples(work, plot_collective, e);
}
