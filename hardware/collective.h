#ifndef HARDWARE_COLLECTIVE_H
#define HARDWARE_COLLECTIVE_H
#include "base/op.h"
#include "hardware/collective_leg.h"
#include "hardware/system.h"

/* Where the ranks of a communicator sit. */
struct group {
    double ranks;
    double per_domain; /* ranks in one scale-up domain (1 .. min(ranks, domain)) */
    double per_node;   /* ranks in one host (shares the host's NICs) */
    double sharing; /* how many equal groups drive each NIC of the group at once; 1: alone. Each GPU
                       owns its NIC, so that sibling groups of a node do not share: see
                       MODELLING 4.5 */
};

/* Seconds of a collective of `bytes` (nccl-tests "size") in a group; 0 for a group of one. The
 * minimum over the tier's alpha-beta regimes; across domains the slower of the scale-up and
 * scale-out legs joined, with min(scale-up, per_domain x NIC) as its bandwidth. All sibling groups
 * run at once. */
double collective_s(const struct system *system, enum collective op, double bytes,
                    const struct group *group);

/* The same as a function of size alone, for a group of two or more: its constants and latencies,
 * for fits and explanations. */
struct collective_leg collective_leg_of(const struct system *system, enum collective op,
                                        const struct group *group);

/* The constants in force on a tier: its own, else the gpu's (scale-up), else its technology's. */
const struct collective_constants *collective_tier_constants(const struct system *system, int tier,
                                                             enum collective op);

/* Bytes each rank must send, bandwidth-optimal: S (n-1)/n, twice that for all-reduce. [NCCL-perf]
 */
double collective_volume_bytes(enum collective op, double bytes, double ranks);

/* Seconds of a dispatch or combine of experts by DeepEP's or Hybrid-EP's kernels in a group of one
 * domain or more. link_bytes: what a rank's tokens come to when each goes once to every rank that
 * holds one of its experts; network_bytes: when each goes once to every such domain; both count the own. */
double expert_exchange_s(const struct system *system, double link_bytes, double network_bytes,
                         const struct group *group);
/* What prices it: reached shares of the links and of the NIC, a call's time beside its transfer, and
 * what of it is gained by running it beside another micro-batch's compute, which its SMs slow. */
struct expert_exchange_constants {
    double link_frac, nic_frac, call_s, hidden_frac;
    const char *source; /* they are measured */
};
extern const struct expert_exchange_constants expert_exchange_constants;

/* One point-to-point message between neighbouring pipeline ranks; `across`: leaves the scale-up
 * domain. */
double p2p_s(const struct system *system, double bytes, bool across);
/* Those two: a send/recv in this group. */
struct group p2p_group(bool across);

#endif
