#ifndef PARALLELISM_PIPELINE_PIPELINE_H
#define PARALLELISM_PIPELINE_PIPELINE_H
#include "parallelism/pipeline/schedules.h"
#include <stdbool.h>

/* The makespan of a pipeline from the times of its stages. Pure functions, no allocation. */

/* Times of chunk c on rank r at [c * ranks + r], in seconds for one micro-batch, compute and all
 * communication but p2p. Backward = input gradient + weight gradient; a schedule that does not
 * split uses their sum. dualpipe: chunk 1 of rank r repeats the times of chunk 0 of rank
 * ranks-1-r, and half of the micro-batches run through either. */
struct pipeline {
    struct schedule_shape shape; /* legal by schedule_legal */
    const double *forward_s;
    const double *backward_input_s;
    const double *backward_weight_s;
    double p2p_s;         /* one hop between neighbouring ranks, latency and bytes */
    bool p2p_synchronous; /* the ranks wait for the transfer: it hides behind nothing */
    bool steps_overlap; /* a rank begins the next step without waiting for the others (zero-bubble's
                           optimizer post-validation): the step takes the longest time from a rank's
                           first operation to its last, not the makespan */
};

/* Of one micro-batch in one chunk. */
struct chunk_time {
    double forward_s, backward_input_s, backward_weight_s;
};

static inline double chunk_time_sum_s(const struct chunk_time *t)
{
    return t->forward_s + t->backward_input_s + t->backward_weight_s;
}

static inline struct chunk_time chunk_time_minus(struct chunk_time a, struct chunk_time b)
{
    return (struct chunk_time){a.forward_s - b.forward_s, a.backward_input_s - b.backward_input_s,
                               a.backward_weight_s - b.backward_weight_s};
}

/* A pipeline whose chunks are all alike but for extra work on the first stage (embedding) and on
 * the last (head, loss). Evaluated without arrays; the result is that of the general form. */
struct pipeline_uniform {
    struct schedule_shape shape;
    struct chunk_time chunk; /* of every chunk */
    struct chunk_time first; /* added to the first stage's */
    struct chunk_time last;  /* added to the last stage's */
    double p2p_s;
    bool p2p_synchronous;
    bool steps_overlap;
};

struct pipeline_time {
    double total_s;      /* makespan (or see steps_overlap); total = work + p2p + bubble */
    double work_s;       /* of the bottleneck rank over its micro-batches */
    double p2p_s;        /* exposed point-to-point time */
    double bubble_s;     /* the rest */
    int bottleneck_rank; /* the rank with most work, of equals the first */
    bool exact; /* equal to the event simulation. Otherwise within 0.2 % (interleaved, zb-h1,
                   zb-h2) or an estimate (zb-v, dualpipe, dualpipev: bench_pipeline) */
};

/* Cannot fail: a legal shape has a time. */
void pipeline_time(const struct pipeline *p, struct pipeline_time *out);
void pipeline_uniform_time(const struct pipeline_uniform *p, struct pipeline_time *out);

#endif
