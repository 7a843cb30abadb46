#ifndef PARALLELISM_PIPELINE_CLOSED_H
#define PARALLELISM_PIPELINE_CLOSED_H
#include "parallelism/pipeline/pipeline.h"

/* Makespans in closed form. Each is the longest of a few families of paths through the schedule, so
 * it is never above the makespan; tests/unit/test_pipeline.c holds each to the event simulation.
 * p2p is asynchronous. */

/* One chunk a rank, any stage times: O(ranks). */
double gpipe_s(const struct pipeline *p); /* exact */
double one_forward_one_backward_s(const struct pipeline *p);
double zero_bubble_h_s(const struct pipeline *p, int depth); /* ZB-H1: 1, ZB-H2: 2 */

/* All chunks alike but for the first and the last stage: O(1). */
double uniform_1f1b_s(const struct pipeline_uniform *u);
double uniform_interleaved_s(const struct pipeline_uniform *u);
double uniform_zb_v_s(const struct pipeline_uniform *u);
double uniform_dualpipe_s(const struct pipeline_uniform *u); /* dualpipe and dualpipev */

#endif
