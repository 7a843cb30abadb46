#ifndef CALIBRATE_FIT_COLLECTIVE_NODE_H
#define CALIBRATE_FIT_COLLECTIVE_NODE_H
#include "base/text.h"
#include "calibrate/fit/collective_errors.h"
#include "calibrate/fit/collective_sample.h"

/* A machine whose one tier is the GPU's scale-up domain, for samples of one node. */
void collective_node_system(const struct gpu *gpu, double ranks, struct system *system);

/* Fits the collectives of one node: the constants, their standard errors (bootstrap over octaves of
 * size) and the range go to `out` (source and date are the caller's), the error of octaves that
 * were left out, five folds, to `errors`; outliers are named in `report`, a line each. STATUS_INPUT
 * when an op's rows cannot identify its constants; the message says what is missing. */
enum status collective_fit_node(const struct gpu *gpu, const struct collective_samples *all,
                                struct collective_calibration *out,
                                struct collective_errors *errors, struct text *report,
                                struct error *e);

#endif
