#ifndef PARALLELISM_MEMORY_H
#define PARALLELISM_MEMORY_H
#include "parallelism/data_parallel.h"
#include "parallelism/layout.h"

/* Bytes on one GPU of a pipeline rank when it holds most, by kind; returns the sum. MODELLING 6 */
double rank_memory(const struct scenario *scenario, const struct rank_load *load,
                   const struct zero_cost *zero, const struct strategy *s,
                   double by_kind[MEMORY_KINDS]);

/* Of what a job holds, what a figure counts: all of the device (nvidia-smi), what the framework's
 * allocator took from it (torch.cuda.max_memory_reserved: neither context nor communicators, whose
 * buffers NCCL allocates itself), or what its tensors hold (max_memory_allocated). */
enum memory_measure { MEMORY_OF_DEVICE, MEMORY_RESERVED, MEMORY_ALLOCATED, MEMORY_MEASURES };
extern const char *const memory_measure_names[MEMORY_MEASURES + 1];

/* The bytes that such a figure shows of a rank that holds by_kind. */
double memory_measured(const struct scenario *scenario, const struct strategy *s,
                       const double by_kind[MEMORY_KINDS], enum memory_measure measure);

/* What a GPU of this system has for a job under this stack. */
double memory_capacity(const struct scenario *scenario);

#endif
