#ifndef REPORTS_PLOT_SCALING_H
#define REPORTS_PLOT_SCALING_H
#include "parallelism/sweep/sweep.h"
#include "reports/plot/figure.h"

/* Step time, throughput and MFU over the number of GPUs: the same batch on more of them (strong),
 * a batch that grows with them (weak), each with its ideal line. The first input of each sweep's
 * axis is the number of GPUs; weak: the second is the batch. */
void plot_scaling(struct figure *f, const struct scenario *scenario, const struct sweep *strong,
                  const struct sweep *weak);

#endif
