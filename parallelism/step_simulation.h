#ifndef PARALLELISM_STEP_SIMULATION_H
#define PARALLELISM_STEP_SIMULATION_H
#include "parallelism/step.h"

/* The step time of a legal strategy with its pipeline worked off event by event in place of the
 * closed form that ranks. STATUS_IO: out of memory. */
enum status step_simulate(const struct scenario *scenario, const struct strategy *s, double *step_s,
                          struct error *e);

#endif
