#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H
#include "cli/arguments.h"

/* A line on a terminal that tells how far a long command is; shown after a second, never to a file.
 */
struct progress {
    bool wanted, shown;
    double start_s;
};

void progress_start(struct progress *p, const struct arguments *a);
/* Replaces the line. */
void progress_show(struct progress *p, const char *format, ...) STEPCAST_PRINTF(2, 3);
/* For the callbacks of a search, a sweep and a fit of kernels; context: a struct progress. */
void progress_search(void *context, double done_frac, long long evaluated);
void progress_points(void *context, int done, int points);
void progress_fit(void *context, const char *op, const char *name, int done, int all);
void progress_end(struct progress *p);

#endif
