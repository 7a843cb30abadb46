#ifndef CALIBRATE_FIT_SLOT_FIT_H
#define CALIBRATE_FIT_SLOT_FIT_H
#include "hardware/gpu.h"

/* Fits one group of calibration constants, whatever it is, to measured times: each constant within
 * the bounds of its field row, around the value it has, by robust least squares of ln(predicted /
 * measured). For a machine's own samples, which are few; a
 * constant that they do not tell stays where it was, and one of 0 stays 0. Corrections near other
 * measured points are dropped. */
struct slot_samples {
    size_t n;
    const double *measured_s;
    const int *fold; /* 0 .. folds-1 of each: held out together */
    int folds;
    double (*predict_s)(const struct gpu *gpu, const void *context, size_t i);
    const void *context;
};

/* Leaves the constants, their standard errors (jackknife over folds), the number of samples and the
 * mean absolute error of the held-out folds in gpu->calibration; source, date and range are the
 * caller's. `fixed`: keys of constants that stay, NULL-ended, or NULL. STATUS_INPUT when there are
 * fewer samples than three for each constant. */
enum status slot_fit(struct gpu *gpu, const struct calibration_slot *slot,
                     const struct slot_samples *samples, const char *const *fixed, struct error *e);

#endif
