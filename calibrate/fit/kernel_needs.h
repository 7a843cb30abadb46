#ifndef CALIBRATE_FIT_KERNEL_NEEDS_H
#define CALIBRATE_FIT_KERNEL_NEEDS_H
#include "base/text.h"
#include "calibrate/fit/kernel_rows.h"

/* Whether rows can tell a group's constants. STATUS_INPUT where they cannot; the message says which
 * measurement is missing. */
enum status kernel_needs_check(const struct calibration_slot *slot, const struct kernel_rows *rows,
                               struct error *e);

/* The constants that these rows say nothing of, which keep the value they have: their keys into
 * `held` (NULL-ended, room for `size`), and a line each into `report`. */
void kernel_needs_hold(const struct calibration_slot *slot, const struct kernel_rows *rows,
                       const char **held, size_t size, struct text *report);

#endif
