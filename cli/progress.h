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
void progress_end(struct progress *p);

#endif
