#ifndef CALIBRATE_FIT_COLLECTIVE_KNOTS_H
#define CALIBRATE_FIT_COLLECTIVE_KNOTS_H
#include "base/text.h"
#include "calibrate/fit/collective_sample.h"

/* Sets the corrections near measured points of the op's constants in tier 0 of `system`: for every
 * group of them the measured time over the regimes', after dips, hollows and spikes were cut and
 * falling times pooled, on each side of the group's switch apart. What is cut is named in
 * `outliers` (NULL: not wanted). */
void collective_knots_fit(struct system *system, enum collective op,
                          const struct collective_samples *samples, struct text *outliers);

#endif
