#ifndef PARALLELISM_INTERVAL_H
#define PARALLELISM_INTERVAL_H
#include "parallelism/step.h"

/* What a forecast of a step may be off by: variances of ln(measured / forecast), of causes that are
 * independent of each other. MODELLING 11.6 */

/* Besides the stack's spread and that of clusters that told nothing of it (stack.h), runs of a GPU
 * with another generation's kernel constants, those of a mixture of experts, and exposed traffic by
 * so much of its own time: 1 sigma of ln. */
extern const double generation_spread_frac, experts_spread_frac, traffic_spread_frac;

/* Of every strategy of a scenario: stack, cluster, GPU, experts. */
double interval_common_variance(const struct scenario *scenario);
/* Of traffic between pipeline, expert and data ranks, by its share of the step. */
double interval_traffic_variance(const struct step_cost *cost);
/* What any stack's run is off by for what it is: experts and traffic. */
double interval_kind_variance(const struct scenario *scenario, const struct step_cost *cost);

#endif
