#ifndef CLI_SWEEP_AXES_H
#define CLI_SWEEP_AXES_H
#include "cli/arguments.h"
#include "parallelism/sweep/sweep.h"

/* The axes of --vary, in the order they are given. */
enum status sweep_axes_read(const struct arguments *a, const struct scenario *scenario,
                            struct axis axes[SWEEP_AXES_MAX], int *count, struct error *e);

#endif
