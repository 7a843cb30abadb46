#ifndef CALIBRATE_RUNLOG_KINETO_H
#define CALIBRATE_RUNLOG_KINETO_H
#include "base/error.h"
#include "parallelism/step.h"

/* A Kineto (PyTorch profiler) trace of one rank, Chrome's JSON: the time of one step by term. A
 * moment in which a compute kernel runs is that kernel's; one in which only communication or a copy
 * runs is exposed, and its; one in which nothing runs is the host's. So the terms sum to the step.
 * Waiting inside a collective looks like the collective: bubbles are in pp, stragglers in the
 * collective that waits for them. */
enum { KINETO_UNKNOWN_MAX = 5 };

struct kineto {
    double step_s;        /* of the step that was taken */
    double term_s[TERMS]; /* sums to step_s; bubble, straggler and recompute are 0 */
    double busy_s[TERMS]; /* time of the kernels themselves, hidden or not */
    double kernels;       /* launched in the step */
    int steps;            /* whole steps in the trace */
    double other_comm_s;  /* of busy_s[TERM_DP]: collectives whose communicator could not be told */
    int unknown_count;    /* names of kernels that no row of the table knows: memory_bound */
    char unknown[KINETO_UNKNOWN_MAX][96];
};

/* The strategy tells communicators apart where the trace gives only their sizes. STATUS_INPUT where
 * no kernel is in it. */
enum status kineto_load(const char *path, const struct strategy *strategy, struct kineto *out,
                        struct error *e);
enum status kineto_read(const char *text, size_t n, const char *file,
                        const struct strategy *strategy, struct kineto *out, struct error *e);

#endif
