#include "hardware/collective_topology.h"
#include <math.h>

static double domain_gpus(const struct system *s)
{
    return s->tier[0].domain_gpus > 0 ? s->tier[0].domain_gpus : s->gpus_per_node;
}

/* Dimensions of a torus whose GPUs have two links in each. */
static double torus_dimensions(const struct system *s)
{
    return s->gpu.scale_up_links >= 2 ? s->gpu.scale_up_links / 2 : 1;
}

/* Dimensions that a group of n ranks spans: it fills one axis of the torus after the other. */
static double torus_axes(const struct system *s, double ranks)
{
    double dimensions = torus_dimensions(s);
    double size = s->tier[0].domain_gpus > 0 ? s->tier[0].domain_gpus : s->gpus;
    if (size <= 2 || ranks >= size)
        return dimensions;
    return fmax(1, dimensions * log(ranks) / log(size));
}

/* Share of the links that n ranks can drive: all behind a switch; in a full mesh those to the n - 1
 * peers; in a torus those of the axes that the group spans. */
static double link_frac(const struct system *s, double ranks)
{
    const struct tier *tier = &s->tier[0];
    double domain = domain_gpus(s);
    if (tier->topology == TOPOLOGY_MESH && domain > 1)
        return fmin(1, (ranks - 1) / (domain - 1));
    if (tier->topology == TOPOLOGY_TORUS)
        return torus_axes(s, ranks) / torus_dimensions(s);
    return 1;
}

/* All-to-all in a torus: a quarter of all bytes crosses the bisection one way, 2 n / d links of B /
 * (2 D): t >= S d D / (4 B), relative to S (n-1)/n / B of a switch. [MODELLING 4.7] */
static double torus_all_to_all_frac(const struct system *s, double ranks)
{
    double side = pow(ranks, 1 / torus_axes(s, ranks));
    return fmin(1, 4 * (ranks - 1) / ranks / (side * torus_dimensions(s)));
}

double collective_scale_up_bytes_per_s(const struct collective_site *site, double ranks)
{
    const struct system *s = site->system;
    double frac = link_frac(s, ranks);
    if (site->op == COLLECTIVE_ALL_TO_ALL && s->tier[0].topology == TOPOLOGY_TORUS)
        frac *= torus_all_to_all_frac(s, ranks);
    return site->scale_up_bytes_per_s * frac;
}

/* Share of a group's traffic that leaves a unit of m of its ranks (a domain, a pod), relative to
 * what its NICs send: a ring leaves a unit once per NIC of a domain, all-to-all with every byte for
 * a rank outside. */
static double crossing_frac(const struct collective_site *site, double ranks_in_unit)
{
    if (site->op == COLLECTIVE_ALL_TO_ALL)
        return (site->ranks - ranks_in_unit) / fmax(site->ranks - site->per_domain, 1);
    return fmin(1, site->per_domain / ranks_in_unit);
}

/* GPUs of a group of a dragonfly: Slingshot's are 32 switches of 16 endpoints. [DeSensi20] */
static double dragonfly_group_gpus(const struct system *s)
{
    const double group_endpoints = 32 * 16;
    return group_endpoints * (s->nics_per_node > 0 ? s->gpus_per_node / s->nics_per_node : 1);
}

/* Dragonfly: minimal routes share the links between its groups, so that all-to-all is taken as
 * routed over two of them (Valiant); inside a group no byte needs one. [MODELLING 4.7] */
static double dragonfly_detour(const struct system *s, double gpus)
{
    return 1 + fmax(0, 1 - dragonfly_group_gpus(s) / fmax(gpus, 1));
}

/* What tier t makes of the traffic of a group that spreads over so many GPUs, when all groups run
 * at once: x to 1 passes 1/x of what the units of `unit` ranks below it can send. A dragonfly is
 * tapered between its groups alone: four nodes in one have the full rate of their NICs (Slingshot,
 * MI250X: 47.9 GB/s of 50). */
static double tier_contention(const struct collective_site *site, int t, double unit, double spread)
{
    const struct system *s = site->system;
    double x = fmax(1, s->tier[t].oversubscription);
    if (s->tier[t].topology != TOPOLOGY_DRAGONFLY)
        return x * crossing_frac(site, unit);
    double outside = fmin(site->ranks, site->ranks * dragonfly_group_gpus(s) / spread);
    double tapered = fmax(1, x * crossing_frac(site, fmax(unit, outside)));
    return site->op == COLLECTIVE_ALL_TO_ALL ? tapered * dragonfly_detour(s, spread) : tapered;
}

double collective_contention(const struct collective_site *site)
{
    const struct system *s = site->system;
    double worst = 1, unit = site->per_domain;
    double spread = site->domains * domain_gpus(s); /* GPUs that the group's domains hold */
    for (int t = 1; t < s->tiers && unit < site->ranks; t++) {
        worst = fmax(worst, tier_contention(site, t, unit, spread));
        double domain = s->tier[t].domain_gpus;
        unit = domain > 0 && domain < spread ? site->ranks * domain / spread : site->ranks;
    }
    return worst;
}
