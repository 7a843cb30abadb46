#ifndef CALIBRATE_SAMPLE_BOUND_H
#define CALIBRATE_SAMPLE_BOUND_H
#include "calibrate/samples.h"

/* The least a kernel's row can take by the datasheet: FLOP at the peak, bytes at the bandwidth of
 * memory. 0 where it has none, and for collectives. */
double sample_flop_s(const struct gpu *gpu, const struct sample *s);
double sample_bytes_s(const struct gpu *gpu, const struct sample *s);

/* STATUS_INPUT where half of a file's longer rows in a datatype take much less or much more than
 * that: times in another unit, or of another GPU. */
enum status samples_check_units(const struct gpu *gpu, const struct samples *samples,
                                struct error *e);

#endif
