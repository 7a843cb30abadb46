#ifndef PARALLELISM_PLACEMENT_H
#define PARALLELISM_PLACEMENT_H
#include "hardware/collective.h"
#include "parallelism/strategy.h"

/* Where the ranks of each communicator sit, in Megatron's rank order: tensor, context, expert,
 * data, pipeline, from the fastest to the slowest varying. [Narayanan21] */

/* GPUs of one scale-up domain that a job uses: a job larger than one domain fills each with the
 * largest number that divides the job (64 of 72), in whole nodes where it can. */
double placement_domain_gpus(const struct system *system);

/* A group of `size` ranks `stride` apart. */
struct group placement_group(const struct system *system, double size, double stride);

/* The communicator of a strategy. COMM_DP covers data and context ranks (gradients are reduced over
 * both); COMM_PP is a pair of neighbours. */
struct group placement_comm(const struct system *system, const struct strategy *s, enum comm comm);

/* True if some neighbouring pipeline ranks sit in different scale-up domains: every micro-batch
 * passes all links, so that a pipeline keeps the pace of its slowest. */
bool placement_pipeline_crosses(const struct system *system, const struct strategy *s);

#endif
