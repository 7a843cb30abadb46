#ifndef REPORTS_PLOT_PARETO_H
#define REPORTS_PLOT_PARETO_H
#include "parallelism/search/pareto.h"
#include "parallelism/sweep/sweep.h"
#include "reports/plot/figure.h"

/* Step time against memory: the front and the fastest strategies behind it; and against the number
 * of GPUs, or where the GPU has a price against the cost of a step. */
struct pareto_picture {
    const struct scenario *scenario;
    const struct pareto *front;
    const struct ranked *cloud; /* other strategies that fit */
    int cloud_count;
    const struct sweep *by_gpus; /* its first input is the number of GPUs */
};
void plot_pareto(struct figure *f, const struct pareto_picture *picture);

#endif
