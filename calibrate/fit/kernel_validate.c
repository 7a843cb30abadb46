#include "calibrate/fit/kernel_validate.h"
#include "calibrate/sample_bound.h"
#include <stdlib.h>

static void store(const double *time_s, const struct samples *samples,
                  struct sample_prediction *predictions)
{
    for (size_t i = 0; i < samples->count; i++) {
        predictions[i] = (struct sample_prediction){time_s[i], NULL};
        if (samples->items[i].kind == SAMPLE_COLLECTIVE)
            predictions[i].skipped = "collectives are judged by calibrate fit";
        else if (!(time_s[i] > 0))
            predictions[i].skipped = "all rows of its kind are of one block of shapes";
    }
}

enum status kernels_cross_validate(const struct gpu *gpu, const struct samples *samples,
                                   const struct kernel_fit_options *options,
                                   struct sample_prediction *predictions,
                                   struct sample_prediction *rooflines, struct error *e)
{
    struct gpu *blank = malloc(sizeof *blank);
    struct calibration *fitted = malloc(sizeof *fitted);
    struct kernel_fit_report report = {0};
    struct kernel_fit_options how = *options;
    how.left_out_s = calloc(samples->count + 1, sizeof *how.left_out_s);
    how.roofline_s = calloc(samples->count + 1, sizeof *how.roofline_s);
    if (!blank || !fitted || !how.left_out_s || !how.roofline_s) {
        error_set(e, STATUS_IO, "out of memory");
        goto out;
    }
    *blank = *gpu; /* its own constants have seen the samples */
    calibration_default(&blank->calibration, gpu->architecture);
    if (samples_check_units(gpu, samples, e) == STATUS_OK &&
        kernel_fit(blank, samples, &how, fitted, &report, e) == STATUS_OK) {
        store(how.left_out_s, samples, predictions);
        store(how.roofline_s, samples, rooflines);
    }
    kernel_fit_report_free(&report);
out:
    free(blank);
    free(fitted);
    free(how.left_out_s);
    free(how.roofline_s);
    return e->status;
}
