#ifndef PARALLELISM_WEIGHT_BYTES_H
#define PARALLELISM_WEIGHT_BYTES_H
#include "parallelism/step.h"

/* What a parameter takes in the memory of a GPU that holds it, and in the gather of updated or
 * sharded parameters: the stack's figures, or 8 bit alone where it keeps no other weights in fp8
 * training scaled by tensor. Hopper multiplies fp8 in one layout only and keeps the transposed copy
 * beside it; Blackwell takes any layout [TransformerEngine, Handling transposes]. */
double weight_memory_bytes(const struct scenario *scenario);
double weight_gather_bytes(const struct scenario *scenario);

#endif
