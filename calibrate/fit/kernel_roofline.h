#ifndef CALIBRATE_FIT_KERNEL_ROOFLINE_H
#define CALIBRATE_FIT_KERNEL_ROOFLINE_H
#include "calibrate/fit/kernel_rows.h"

/* The yardstick of every form: a roofline of three constants,
 *     T = t0 + max(FLOP / (R e), bytes / (BW eb)) [Williams09] and, where activations are quantised
 * first, their bytes at eb. */
struct kernel_roofline {
    double t0_s, rate_frac, bandwidth_frac;
};

/* Fitted to the rows outside a fold (-1: to all), as robustly as the forms are. */
struct kernel_roofline kernel_roofline_fit(const struct gpu *gpu, const struct kernel_rows *rows,
                                           int left_out);

double kernel_roofline_s(const struct kernel_roofline *roofline, const struct gpu *gpu,
                         const struct sample *s);

#endif
