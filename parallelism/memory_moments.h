#ifndef PARALLELISM_MEMORY_MOMENTS_H
#define PARALLELISM_MEMORY_MOMENTS_H
#include "parallelism/timeline.h"

/* When a GPU of each pipeline stage first holds most: by the event simulation of the schedule. Most
 * activations are held from a forward pass on; where logits or a layer computed again come on top,
 * the peak is at the end of that forward, or in the backward after it. */
enum memory_cause { MEMORY_AT_FORWARD, MEMORY_AT_LOGITS, MEMORY_AT_RECOMPUTE, MEMORY_CAUSES };
extern const char *const memory_cause_names[MEMORY_CAUSES + 1];

struct memory_moment {
    double time_s; /* of the step */
    int in_flight; /* chunks of micro-batches whose activations are held */
    enum memory_cause cause;
    int chunk, micro_batch; /* of that operation; -1: the schedule has none */
};

struct memory_moments {
    struct stage_memory memory;
    struct memory_moment moment[PIPELINE_MAX_RANKS];
};

/* The strategy is legal. STATUS_IO: out of memory. */
enum status memory_moments_find(const struct scenario *scenario, const struct strategy *s,
                                struct memory_moments *out, struct error *e);

#endif
