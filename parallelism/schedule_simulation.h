#ifndef PARALLELISM_SCHEDULE_SIMULATION_H
#define PARALLELISM_SCHEDULE_SIMULATION_H
#include "base/error.h"
#include "parallelism/pipeline.h"
#include <stddef.h>

/* Event simulation of any schedule, stage times and p2p: every rank works its list of operations off in
 * order, each as soon as the rank is free and what it depends on is there. */

enum stage_op_kind {
    STAGE_FORWARD,
    STAGE_BACKWARD,        /* input and weight gradient in one */
    STAGE_BACKWARD_INPUT,  /* split */
    STAGE_BACKWARD_WEIGHT, /* split */
    STAGE_OP_KINDS
};
extern const char *const stage_op_names[STAGE_OP_KINDS + 1];

/* An operation with its time. The two of an overlapped pair (dualpipe) share start and end. */
struct schedule_event {
    int rank, chunk, micro_batch;
    enum stage_op_kind kind;
    double start_s, end_s;
};

/* Result; owned by the caller, reusable; schedule_simulation_free when done. */
struct schedule_simulation {
    double total_s;
    double busy_s[PIPELINE_MAX_RANKS]; /* compute of a rank */
    struct in_flight in_flight[PIPELINE_MAX_RANKS];
    struct schedule_event *events; /* by rank, in order of execution */
    size_t n_events;
    size_t first_event[PIPELINE_MAX_RANKS + 1]; /* of rank r */
    void *workspace;                            /* private */
    size_t workspace_bytes;
};

void schedule_simulation_init(struct schedule_simulation *s);
void schedule_simulation_free(struct schedule_simulation *s);

/* STATUS_NO: the schedule is illegal or deadlocks; STATUS_IO: out of memory. */
enum status schedule_simulate(const struct pipeline *p, struct schedule_simulation *s,
                              struct error *e);

#endif
