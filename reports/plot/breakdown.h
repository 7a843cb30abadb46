#ifndef REPORTS_PLOT_BREAKDOWN_H
#define REPORTS_PLOT_BREAKDOWN_H
#include "parallelism/search/search.h"
#include "reports/plot/figure.h"

/* Step time by term: one bar a strategy, the fastest on top. */
void plot_breakdown(struct figure *f, const struct scenario *scenario, const struct ranked *results,
                    int count);

#endif
