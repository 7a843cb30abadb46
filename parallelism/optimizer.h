#ifndef PARALLELISM_OPTIMIZER_H
#define PARALLELISM_OPTIMIZER_H
#include "parallelism/step.h"

/* What the job's optimizer keeps and moves, where a stack's figures are those of Adam with moments
 * of 32 bit. */

/* Memory of the optimizer's state, bytes a parameter. */
double optimizer_state_bytes(const struct scenario *scenario);

/* HBM bytes of the update of one owned parameter. */
double optimizer_traffic_bytes(const struct scenario *scenario);

/* Muon's orthogonalisation of so many owned parameters of dense and of expert layers; 0 for the
 * others. */
double optimizer_orthogonalise_s(const struct scenario *scenario, double dense, double expert);

#endif
