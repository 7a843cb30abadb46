#ifndef PARALLELISM_PLACEMENT_H
#define PARALLELISM_PLACEMENT_H
#include "hardware/collective.h"
#include "parallelism/strategy.h"

/* Where the ranks of each communicator sit, in Megatron's rank order: tensor, context, expert,
 * data, pipeline, from the fastest to the slowest varying. [Narayanan21] */

/* A group of `size` ranks `stride` apart. */
struct group placement_group(const struct system *system, double size, double stride);

/* The communicator of a strategy. COMM_DP covers data and context ranks (gradients are reduced over
 * both); COMM_PP is a pair of neighbours. */
struct group placement_comm(const struct system *system, const struct strategy *s, enum comm comm);

/* True if some neighbouring pipeline ranks sit in different scale-up domains: every micro-batch
 * passes all links, so that a pipeline keeps the pace of its slowest. */
bool placement_pipeline_crosses(const struct system *system, const struct strategy *s);

#endif
