#ifndef REPORTS_PLOT_TIMELINE_H
#define REPORTS_PLOT_TIMELINE_H
#include "parallelism/timeline.h"
#include "reports/plot/figure.h"

/* The pipeline schedule: one row a stage; forward, backward, weight gradients, what communication
 * exposes, the end of the step. A long step shows its beginning and its end. */
void plot_timeline(struct figure *f, const struct scenario *scenario,
                   const struct strategy *strategy, const struct timeline *timeline);

#endif
