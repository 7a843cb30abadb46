#ifndef PARALLELISM_PIPELINE_SCHEDULE_SIMULATION_H
#define PARALLELISM_PIPELINE_SCHEDULE_SIMULATION_H
#include "base/error.h"
#include "parallelism/pipeline/pipeline.h"
#include "parallelism/pipeline/schedule_order.h"
#include <stddef.h>

/* Event simulation of any schedule, stage times and p2p: every rank works its list of operations
 * off in order, each as soon as the rank is free and what it depends on is there. */

/* An operation with its time. Both of an overlapped pair have the start and the end of the pair. */
struct schedule_event {
    struct stage_op op; /* dualpipe: micro-batches are counted in each direction */
    int rank;
    double start_s, end_s;
};

/* Result; reusable. schedule_simulation_init before, schedule_simulation_free after. */
struct schedule_simulation {
    double total_s;                    /* as struct pipeline_time has it */
    double busy_s[PIPELINE_MAX_RANKS]; /* compute of a rank, and p2p where the rank waits for it */
    double start_s[PIPELINE_MAX_RANKS], end_s[PIPELINE_MAX_RANKS]; /* first and last operation */
    struct in_flight in_flight[PIPELINE_MAX_RANKS];
    struct schedule_event *events; /* by rank, in order of execution; in the workspace */
    size_t first_event[PIPELINE_MAX_RANKS + 1]; /* of a rank; the last is their number */
    void *workspace;                            /* private, owned */
    size_t workspace_bytes;
};

void schedule_simulation_init(struct schedule_simulation *s);
void schedule_simulation_free(struct schedule_simulation *s);

/* STATUS_NO: the schedule is illegal or deadlocks; STATUS_IO: out of memory. */
enum status schedule_simulate(const struct pipeline *p, struct schedule_simulation *s,
                              struct error *e);

#endif
