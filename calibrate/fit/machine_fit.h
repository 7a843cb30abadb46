#ifndef CALIBRATE_FIT_MACHINE_FIT_H
#define CALIBRATE_FIT_MACHINE_FIT_H
#include "base/text.h"
#include "calibrate/fit/kernel_fit.h"
#include "calibrate/machine.h"

/* What a fit found, a line each. Zero-initialise; machine_fit_report_free when done. */
struct machine_fit_report {
    struct text
        groups; /* each group: samples and error of shapes left out, or why it was not fitted */
    struct text notes; /* single constants that are held, outliers */
};
void machine_fit_report_free(struct machine_fit_report *report);

/* Fits what a machine's samples tell to `gpu` (a copy of machine->gpu): its kernels and the
 * collectives inside a node. A run that was cut short has not measured everything: a group of
 * constants that its samples cannot tell stays as it was, and the report says why. */
enum status machine_fit(const struct machine *machine, const struct kernel_fit_options *options,
                        struct gpu *gpu, struct machine_fit_report *report, struct error *e);

#endif
