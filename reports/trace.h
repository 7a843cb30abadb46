#ifndef REPORTS_TRACE_H
#define REPORTS_TRACE_H
#include "parallelism/timeline.h"

/* A step as a trace in Chrome's JSON, which Perfetto reads: a process a pipeline stage, a thread a
 * stream, a counter of its memory. Times in microseconds, whole nanoseconds, so that no two events
 * of a thread overlap by rounding. */
void trace_json(const struct scenario *scenario, const struct strategy *strategy,
                const struct timeline *timeline, struct text *out);

#endif
