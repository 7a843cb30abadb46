#ifndef REPORTS_PLOT_SWEEP_H
#define REPORTS_PLOT_SWEEP_H
#include "parallelism/sweep/sweep.h"
#include "reports/plot/figure.h"

/* Step time and MFU over the first axis of a sweep, a curve for each value of the second; where the
 * fastest strategy is another one than at the point before is marked, and with one axis named. */
enum { PLOT_SWEEP_AXES = 2, PLOT_SWEEP_CURVES = 8 };
enum status plot_sweep(struct figure *f, const struct sweep_request *request,
                       const struct sweep *sweep, struct error *e);

#endif
