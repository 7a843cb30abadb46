#ifndef PARALLELISM_PIPELINE_RECURRENCE_H
#define PARALLELISM_PIPELINE_RECURRENCE_H
#include "parallelism/pipeline/pipeline.h"

/* Exact makespans by max-plus recurrences, without lists of operations: every rank does one slot (a
 * forward, a backward) a step. Where the state has become periodic, whole periods are skipped. p2p
 * is asynchronous; the caller folds synchronous p2p into the stage times. */

/* none, 1f1b, zb-h1, zb-h2; any number of micro-batches. */
double recurrence_one_chunk_s(const struct pipeline *p);

/* interleaved; any group size up to RECURRENCE_MAX_GROUP. */
enum { RECURRENCE_MAX_GROUP = 1023 };
double recurrence_interleaved_s(const struct pipeline *p);

#endif
