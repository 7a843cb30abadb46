#ifndef CALIBRATE_FIT_KERNEL_GROUP_H
#define CALIBRATE_FIT_KERNEL_GROUP_H
#include "calibrate/fit/kernel_fit.h"
#include "calibrate/fit/kernel_problem.h"

/* Fits one group of `gpu`'s calibration to its rows: constants, errors, range, corrections.
 * Outliers and constants that are held go to the report's notes. Its next group, not counted yet,
 * takes the errors, unless options->quick. */
enum status kernel_group_fit(struct gpu *gpu, const struct calibration_slot *slot,
                             const struct kernel_rows *rows,
                             const struct kernel_fit_options *options,
                             struct kernel_fit_report *report, struct error *e);

#endif
