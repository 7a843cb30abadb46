#ifndef REPORTS_PLOT_HEATMAP_H
#define REPORTS_PLOT_HEATMAP_H
#include "parallelism/search/strategy_grid.h"
#include "reports/plot/figure.h"

/* Step time over two dimensions of the strategy, the rest optimised; what does not fit is hatched.
 */
void plot_heatmap(struct figure *f, const struct scenario *scenario,
                  const struct strategy_grid *grid);

#endif
