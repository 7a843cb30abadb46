#ifndef CALIBRATE_FIT_KERNEL_FIT_H
#define CALIBRATE_FIT_KERNEL_FIT_H
#include "base/text.h"
#include "calibrate/samples.h"
#include "hardware/gpu.h"

/* The kernels of one GPU from samples: constants of every op and datatype that the samples hold,
 * with standard errors, range, table of corrections, and the error of blocks of shapes that were
 * left out. */

/* One group that was fitted, and how well it predicts what it did not see (five folds of whole
 * blocks). */
struct kernel_fit_group {
    const char *op, *name; /* of its slot; static */
    size_t rows, large_rows;
    double error_frac;       /* mean absolute error of held-out rows, all of them */
    double large_error_frac; /* of large ones: products with m, n, k of 512 and more; 0: none */
    double form_error_frac, form_large_error_frac; /* the same without the table of corrections */
};
enum { KERNEL_FIT_GROUPS = 40 };
struct kernel_fit_report {
    size_t count;
    struct kernel_fit_group group[KERNEL_FIT_GROUPS];
    struct text notes; /* a line each: constants that are held, outliers */
};
void kernel_fit_report_free(struct kernel_fit_report *report);

struct kernel_fit_options {
    const char *date; /* ISO, of today */
    bool form_alone;  /* no table of corrections */
    bool quick;       /* no cross-validation: error_frac stays 0 */
    double *left_out_s; /* NULL, or one a sample: its time by the fit to the other folds, 0: none */
    double *roofline_s; /* the same by rooflines of three constants, of large rows and of others */
    void (*progress)(void *context, const char *op, const char *name, int done, int all);
    void *context;
};

/* Fits the samples' kernels; collectives are left to calibrate/fit/collective_node.h. `out` starts
 * as the GPU's own calibration; what the samples do not hold stays. Datatypes and the backward pass
 * that were not measured follow their nearest relative and say so. STATUS_INPUT where rows cannot
 * tell a group's constants; then `out` is as before. */
enum status kernel_fit(const struct gpu *gpu, const struct samples *samples,
                       const struct kernel_fit_options *options, struct calibration *out,
                       struct kernel_fit_report *report, struct error *e);

/* The slot whose constants predict a sample; false for collectives. */
bool kernel_fit_slot(const struct gpu *gpu, const struct sample *s, struct calibration_slot *slot);

#endif
