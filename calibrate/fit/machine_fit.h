#ifndef CALIBRATE_FIT_MACHINE_FIT_H
#define CALIBRATE_FIT_MACHINE_FIT_H
#include "base/text.h"
#include "calibrate/fit/kernel_fit.h"
#include "calibrate/machine.h"

/* Fits what a machine's samples tell to `gpu` (a copy of machine->gpu): its kernels and the
 * collectives inside a node. A run that was cut short has not measured everything: a group of
 * constants that its samples cannot tell stays as it was. What was fitted is told in `report`, a
 * line each with the error of shapes left out; what was not, with the reason. */
enum status machine_fit(const struct machine *machine, const struct kernel_fit_options *options,
                        struct gpu *gpu, struct text *report, struct error *e);

#endif
