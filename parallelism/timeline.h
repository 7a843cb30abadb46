#ifndef PARALLELISM_TIMELINE_H
#define PARALLELISM_TIMELINE_H
#include "parallelism/pipeline/schedule_simulation.h"
#include "parallelism/stage_memory.h"

/* A step as events in time: what one GPU of every pipeline stage does, drawn from the event
 * simulation of the schedule. The ranks of a stage do the same at the same time. Communication is
 * the exposed part; of an operation it stands after its compute. */

enum stream { STREAM_COMPUTE, STREAM_TP, STREAM_CP, STREAM_EP, STREAM_PP, STREAM_DP, STREAMS };
extern const char *const stream_names[STREAMS + 1];

/* What an event belongs to: an operation of the schedule, a transfer between stages that runs
 * beside compute, or what follows the pipeline. */
enum timeline_kind {
    TIMELINE_FORWARD,
    TIMELINE_BACKWARD,
    TIMELINE_BACKWARD_INPUT,
    TIMELINE_BACKWARD_WEIGHT,
    TIMELINE_PAIR, /* a forward and a backward, overlapped */
    TIMELINE_SEND,
    TIMELINE_DATA_PARALLEL,
    TIMELINE_OPTIMIZER,
    TIMELINE_OFFLOAD,
    TIMELINE_HOST,
    TIMELINE_STRAGGLER,
    TIMELINE_KINDS
};
extern const char *const timeline_kind_names[TIMELINE_KINDS + 1];

struct timeline_event {
    int stage;
    enum stream stream;
    enum timeline_kind kind;
    int chunk, micro_batch; /* of an operation; else -1 */
    double start_s, end_s;
};

/* Memory of a stage from then on. */
struct timeline_memory {
    int stage;
    double time_s, bytes;
};

struct timeline {
    struct timeline_event *events; /* by stage, then by stream, in order of time */
    size_t count;
    struct timeline_memory *memory; /* by stage, in order of time */
    size_t memory_count;
    int stages;
    double pipeline_s;  /* the last operation of the schedule ends */
    double total_s;     /* the step: that and what follows it */
    double step_s;      /* by the closed form of the schedule */
    bool exact;         /* the closed form is exact: both agree to rounding */
    bool steps_overlap; /* stages begin the next step without waiting: total_s is longer than a step
                         */
};

/* The strategy is legal. STATUS_IO: out of memory. */
enum status timeline_find(const struct scenario *scenario, const struct strategy *s,
                          struct timeline *out, struct error *e);
void timeline_free(struct timeline *t);

#endif
