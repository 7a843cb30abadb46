#ifndef CALIBRATE_FIT_MACHINE_FIT_H
#define CALIBRATE_FIT_MACHINE_FIT_H
#include "base/text.h"
#include "calibrate/machine.h"

/* Fits what a machine's samples tell to `gpu` (a copy of machine->gpu): dense products by datatype,
 * memory-bound kernels by class, collectives inside a node. What was fitted is told in `report`, a
 * line each with its held-out error; what could not be is told with the reason and keeps its
 * constants. */
enum status machine_fit(const struct machine *machine, struct gpu *gpu, struct text *report,
                        struct error *e);

#endif
