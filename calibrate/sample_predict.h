#ifndef CALIBRATE_SAMPLE_PREDICT_H
#define CALIBRATE_SAMPLE_PREDICT_H
#include "calibrate/samples.h"
#include "hardware/system.h"

/* What a row of samples measured, as the hardware's functions cost it. `system` is the machine of
 * collectives, and its gpu the one of kernels. Returns seconds; 0 with `why` set (a static text)
 * where it cannot be predicted. */
double sample_predict_s(const struct system *system, const struct sample *s, const char **why);

/* The same of a kernel alone, for fits: `s` is no collective and its datatype has a peak. */
double kernel_sample_s(const struct gpu *gpu, const struct sample *s);

/* The datatype that the matrix products of a row run in: fp8 attention where queries or keys are.
 */
enum dtype sample_compute_dtype(const struct sample *s);

#endif
