#ifndef CALIBRATE_FIT_COLLECTIVE_UNITS_H
#define CALIBRATE_FIT_COLLECTIVE_UNITS_H
#include "base/error.h"
#include "calibrate/fit/collective_sample.h"

/* STATUS_INPUT where half of the large messages of an op move bytes much faster than the links of
 * `system` carry them, or much slower than any library does: times in another unit, or of another
 * machine. `file`: of the rows, for the message; NULL: several. */
enum status collective_check_units(const struct system *system, const struct collective_samples *s,
                                   const char *file, struct error *e);

#endif
