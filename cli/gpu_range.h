#ifndef CLI_GPU_RANGE_H
#define CLI_GPU_RANGE_H
#include "cli/arguments.h"
#include "parallelism/search/clusters.h"

/* --gpus: a number, a list 64,96,128, or a range 64:1024 (times 2), 64:1024:x4, 64:1024:+64.
 * count 0: not given. */
enum status gpu_range_read(const struct arguments *a, struct gpu_counts *out, struct error *e);

#endif
