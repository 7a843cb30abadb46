#ifndef CALIBRATE_FIT_KERNEL_TABLE_H
#define CALIBRATE_FIT_KERNEL_TABLE_H
#include "calibrate/fit/kernel_rows.h"

/* Fits the table of corrections of a group to what its form leaves of the rows: residual[i] =
 * ln(measured / form). Neighbouring knots are held together, and all to zero, so that a knot
 * without rows follows its neighbours and one row moves little. An op without corrections leaves
 * `out` empty. False: out of memory. */
bool kernel_table_fit(const struct calibration_slot *slot, const struct kernel_rows *rows,
                      const double *residual, struct correction *out);

#endif
