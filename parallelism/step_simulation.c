#include "parallelism/step_simulation.h"
#include "parallelism/pipeline/schedule_simulation.h"
#include "parallelism/step_parts.h"
#include <stdlib.h>

/* What the simulation needs: too large for the stack of a small thread. */
struct work {
    struct step_parts parts;
    struct stage_times times;
    struct pipeline pipeline;
    struct step_cost cost;
    struct schedule_simulation simulation;
};

/* All that follows the pipeline stays, and stragglers stretch the difference as they do the rest:
 *     T = T_closed + (makespan_events - makespan_closed) (1 + straggler_frac) */
static double simulated_s(const struct work *w)
{
    double more = w->simulation.total_s - w->parts.layout.pipeline.total_s;
    return w->cost.step_s + more * (1 + w->parts.constants.straggler_frac);
}

enum status step_simulate(const struct scenario *scenario, const struct strategy *s, double *step_s,
                          struct error *e)
{
    struct work *w = malloc(sizeof *w);
    if (!w)
        return error_set(e, STATUS_IO, "out of memory for a simulation");
    step_take_apart(scenario, s, &w->parts);
    struct step_inputs in = step_parts_inputs(scenario, &w->parts);
    step_evaluate(&in, s, &w->cost);
    layout_describe(scenario, &w->parts.stages, s, &w->times, &w->pipeline);
    schedule_simulation_init(&w->simulation);
    if (schedule_simulate(&w->pipeline, &w->simulation, e) == STATUS_OK)
        *step_s = simulated_s(w);
    schedule_simulation_free(&w->simulation);
    free(w);
    return e->status;
}
