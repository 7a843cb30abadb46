#ifndef REPORTS_PLOT_TORNADO_H
#define REPORTS_PLOT_TORNADO_H
#include "parallelism/sweep/sensitivity.h"
#include "reports/plot/figure.h"

/* Change of the step time with each input at its two ends, largest on top: the strategy as it is
 * (bars) and optimised anew (marks). */
void plot_tornado(struct figure *f, const struct scenario *scenario,
                  const struct sensitivities *found, double range_frac, int rows);

#endif
