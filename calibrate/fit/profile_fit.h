#ifndef CALIBRATE_FIT_PROFILE_FIT_H
#define CALIBRATE_FIT_PROFILE_FIT_H
#include "calibrate/fit/collective_errors.h"
#include "calibrate/fit/kernel_fit.h"

/* The profile of a GPU from samples: its kernels, and its collectives on one node. */
struct profile_fit {
    struct kernel_fit_report kernels;
    double collective_rows;
    struct collective_errors collectives; /* octaves of size left out */
};
void profile_fit_free(struct profile_fit *fit);

/* Sets gpu's calibration; unchanged on errors. STATUS_INPUT where samples cannot tell their
 * constants, cannot be this GPU's, or tell nothing of a GPU. Collectives across nodes are left to
 * calibrate/fit/collective_fabric.h. */
enum status profile_fit(struct gpu *gpu, const struct samples *samples,
                        const struct kernel_fit_options *options, struct profile_fit *out,
                        struct error *e);

#endif
