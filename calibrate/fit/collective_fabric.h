#ifndef CALIBRATE_FIT_COLLECTIVE_FABRIC_H
#define CALIBRATE_FIT_COLLECTIVE_FABRIC_H
#include "base/text.h"
#include "calibrate/fit/collective_errors.h"
#include "calibrate/fit/collective_sample.h"

/* Fits the scale-out fabric (tier 1) of a system to logs across its nodes, from the constants of
 * its technology: first a factor for all latencies and one for all bandwidths, which serve the ops
 * that nobody measured too, then every measured op around them. Constants that the rows do not tell
 * stay near the technology's. Standard errors are by bootstrap over logs; `errors` is of whole logs
 * that were left out, messages of 1 MB and more; `report` gets a line for each log. Rows with the
 * same `log` are one. STATUS_INPUT without a row that leaves a node. */
enum status collective_fit_fabric(const struct system *system, const struct collective_samples *all,
                                  struct collective_calibration *out,
                                  struct collective_errors *errors, struct text *report,
                                  struct error *e);

#endif
