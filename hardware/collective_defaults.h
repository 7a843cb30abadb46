#ifndef HARDWARE_COLLECTIVE_DEFAULTS_H
#define HARDWARE_COLLECTIVE_DEFAULTS_H
#include "hardware/collective_constants.h"

/* Constants of a link technology, for tiers that have none of their own. The technology is that of
 * the longest row name that `technology` starts with ("infiniband-ndr" is "infiniband"); an unknown
 * one is taken as a plain switched fabric. Never NULL, regimes >= 1. */
const struct collective_constants *collective_default(const char *technology, enum collective op);

/* Where they come from: "measured: ...", "transferred: ...", "assumed: ...". */
const char *collective_default_source(const char *technology);

/* Whether its switches reduce (SHARP): an all-reduce can then send every byte once. */
bool collective_default_reduces(const char *technology);

/* The same of a fabric between domains of GPUs that are joined by `links`: RCCL's all-reduces are
 * its own. */
const struct collective_constants *
collective_default_across(const char *links, const char *technology, enum collective op);

/* Whether the library that runs over these links is RCCL, NCCL's fork for AMD's GPUs. */
bool collective_default_rccl(const char *links);

/* Sets the switch points that NCCL's planner has on a technology inside a node; none where it has
 * none. */
void collective_default_switches(const char *technology, enum collective op,
                                 struct collective_constants *c);

#endif
