#ifndef REPORTS_PLOT_ROOFLINE_H
#define REPORTS_PLOT_ROOFLINE_H
#include "parallelism/step.h"
#include "reports/plot/figure.h"

/* Every kernel of the step under the roofs of the GPU: datasheet dashed, calibrated solid, ridge
 * points, the kernels sized by their share of the kernels' time. STATUS_IO: out of memory. */
enum status plot_roofline(struct figure *f, const struct scenario *scenario,
                          const struct strategy *strategy, struct error *e);

#endif
