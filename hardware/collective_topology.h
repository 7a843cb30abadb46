#ifndef HARDWARE_COLLECTIVE_TOPOLOGY_H
#define HARDWARE_COLLECTIVE_TOPOLOGY_H
#include "hardware/collective.h"

/* What the shape of a network leaves of its links' rate: meshes and tori inside a domain, fat trees
 * and dragonflies over domains. [MODELLING 4.7] */

/* What a call needs, worked out once. */
struct collective_site {
    const struct system *system;
    enum collective op;
    double ranks, per_domain, domains;
    double scale_up_bytes_per_s; /* of one GPU, all links */
    double nic_bytes_per_s;      /* of one GPU, what is left after sharing and contention */
    bool reduces;                /* the switches between the domains do */
};

/* Bytes a second, of one GPU and direction, over the links that so many ranks of a domain drive. */
double collective_scale_up_bytes_per_s(const struct collective_site *site, double ranks);

/* Slow-down of a group's traffic by oversubscribed tiers; 1: none. */
double collective_contention(const struct collective_site *site);

#endif
