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

/* Sets the switch points that NCCL's planner has on a technology inside a node; none where it has
 * none. */
void collective_default_switches(const char *technology, enum collective op,
                                 struct collective_constants *c);

#endif
