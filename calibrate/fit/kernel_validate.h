#ifndef CALIBRATE_FIT_KERNEL_VALIDATE_H
#define CALIBRATE_FIT_KERNEL_VALIDATE_H
#include "calibrate/fit/kernel_fit.h"
#include "calibrate/validate_samples.h"

/* Predicts every row of kernels from fits that did not see its block of shapes (KERNEL_FOLDS of
 * them, from the built-in defaults on); collectives are skipped. `rooflines`: the same by the
 * yardstick, a roofline of three constants. Both: one a sample. */
enum status kernels_cross_validate(const struct gpu *gpu, const struct samples *samples,
                                   const struct kernel_fit_options *options,
                                   struct sample_prediction *predictions,
                                   struct sample_prediction *rooflines, struct error *e);

#endif
