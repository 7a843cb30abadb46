#include "hardware/collective.h"
#include "hardware/collective_defaults.h"
#include <math.h>

/* A collective costs the least of its protocol regimes [MODELLING 4.6]:
 *     t = min_i ( latency_i(n, k) + V / B_i )                                   [s]
 * V: bytes that each rank must send; n: ranks; r: ranks in one scale-up domain; k = n / r: domains;
 *     latency_i = alpha_i + step_i (r - 1) + level_i log2(k) + hop_i (k - 1)
 *     B_i       = min(scale-up bus bandwidth of r ranks, r NICs x rate x frac_i / contention)
 * Every term grows with bytes, falls with bandwidth, and is continuous in both. */

/* What a call needs, worked out once. */
struct collective_site {
    const struct system *system;
    enum collective op;
    double ranks, per_domain, domains;
    double scale_up_bytes_per_s; /* of one GPU, all links */
    double nic_bytes_per_s;      /* of one GPU, what is left after sharing and contention */
};

double collective_volume_bytes(enum collective op, double bytes, double ranks)
{
    static const double ring_passes[COLLECTIVES] = {
        [COLLECTIVE_ALL_REDUCE] = 2,
        [COLLECTIVE_ALL_GATHER] = 1,
        [COLLECTIVE_REDUCE_SCATTER] = 1,
        [COLLECTIVE_ALL_TO_ALL] = 1,
    };
    if (ranks <= 1)
        return 0;
    return ring_passes[op] > 0 ? ring_passes[op] * bytes * (ranks - 1) / ranks : bytes;
}

static const struct collective_constants *tier_constants(const struct collective_calibration *own,
                                                         const struct tier *tier,
                                                         enum collective op)
{
    return own->op[op].regimes > 0 ? &own->op[op] : collective_default(tier->technology, op);
}

static const struct collective_constants *scale_up_constants(const struct system *s,
                                                             enum collective op)
{
    const struct collective_calibration *own = s->tier[0].collective.op[op].regimes > 0
                                                   ? &s->tier[0].collective
                                                   : &s->gpu.calibration.collective;
    return tier_constants(own, &s->tier[0], op);
}

/* Bus bandwidth of a group of n ranks relative to the largest measured group: 1/frac is linear in
 * 1/n, since a small group drives only part of the links. [MODELLING 4.4] */
static double group_frac(const struct collective_constants *c, double ranks)
{
    if (c->groups == 0)
        return 1;
    if (ranks <= c->group_ranks[0])
        return c->group_frac[0];
    for (int i = 1; i < c->groups; i++) {
        if (ranks > c->group_ranks[i])
            continue;
        double x0 = 1 / c->group_ranks[i - 1], x1 = 1 / c->group_ranks[i];
        double w = (x0 - 1 / ranks) / (x0 - x1);
        return 1 / ((1 - w) / c->group_frac[i - 1] + w / c->group_frac[i]);
    }
    return c->group_frac[c->groups - 1];
}

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

static double scale_up_bytes_per_s(const struct collective_site *site, double ranks)
{
    const struct system *s = site->system;
    double frac = link_frac(s, ranks);
    if (site->op == COLLECTIVE_ALL_TO_ALL && s->tier[0].topology == TOPOLOGY_TORUS)
        frac *= torus_all_to_all_frac(s, ranks);
    return site->scale_up_bytes_per_s * frac;
}

/* Ring steps of n ranks. Rings were measured to 8 ranks; in a larger domain trees and in-switch
 * reduction take over, assumed to grow as the logarithm and smoothly joined: 7 + 8 ln(n / 8). */
static double ring_steps(double ranks)
{
    const double measured_ranks = 8;
    return ranks <= measured_ranks
               ? ranks - 1
               : measured_ranks - 1 + measured_ranks * log(ranks / measured_ranks);
}

/* Collective inside one scale-up domain. */
static double scale_up_s(const struct collective_site *site, double bytes)
{
    const struct collective_constants *c = scale_up_constants(site->system, site->op);
    double volume = collective_volume_bytes(site->op, bytes, site->ranks);
    double bandwidth = scale_up_bytes_per_s(site, site->ranks) * group_frac(c, site->ranks);
    double best = HUGE_VAL;
    for (int i = 0; i < c->regimes; i++) {
        const struct collective_regime *r = &c->regime[i];
        double t = r->alpha_s + r->step_s * ring_steps(site->ranks) +
                   volume / (bandwidth * r->bandwidth_frac);
        best = fmin(best, t);
    }
    return best;
}

static double largest_frac(const struct collective_constants *c)
{
    double frac = 0;
    for (int i = 0; i < c->regimes; i++)
        frac = fmax(frac, c->regime[i].bandwidth_frac);
    return frac;
}

/* Bus bandwidth of the scale-up leg of a group with r ranks in a domain; infinite for one rank. */
static double scale_up_leg_bytes_per_s(const struct collective_site *site)
{
    if (site->per_domain <= 1)
        return HUGE_VAL;
    const struct collective_constants *c = scale_up_constants(site->system, site->op);
    return scale_up_bytes_per_s(site, site->per_domain) * group_frac(c, site->per_domain) *
           largest_frac(c);
}

/* What regime i gets of a NIC; a tier with a stated efficiency scales its best regime to it. */
static double nic_frac(const struct collective_site *site, const struct collective_constants *c,
                       int i)
{
    double stated = site->system->tier[1].efficiency_frac;
    double frac = c->regime[i].bandwidth_frac;
    return stated > 0 ? stated * frac / largest_frac(c) : frac;
}

/* Transfer time across domains at the full size, without latency.
 * Ring and tree: every byte of V passes the domain's r NICs.       V / min(B_up, r NIC)
 * All-to-all: S (n-r)/n leaves through the own NIC while S (r-1)/n stays inside.
 * Send/recv: the whole message through the own NIC. */
static double transfer_s(const struct collective_site *site, const struct collective_constants *c,
                         int i, double bytes)
{
    double nic = site->nic_bytes_per_s * nic_frac(site, c, i);
    double up = scale_up_leg_bytes_per_s(site);
    double n = site->ranks, r = site->per_domain;
    if (site->op == COLLECTIVE_SEND_RECV)
        return bytes / nic;
    if (site->op == COLLECTIVE_ALL_TO_ALL)
        return fmax(bytes * (n - r) / n / nic, bytes * (r - 1) / n / up);
    double gain = site->domains <= 2 && c->two_domain_gain > 0 ? c->two_domain_gain : 1;
    return collective_volume_bytes(site->op, bytes, n) / fmin(up, r * nic * gain);
}

static double scale_out_s(const struct collective_site *site, double bytes)
{
    const struct system *s = site->system;
    const struct collective_constants *c =
        tier_constants(&s->tier[1].collective, &s->tier[1], site->op);
    double best = HUGE_VAL;
    for (int i = 0; i < c->regimes; i++) {
        const struct collective_regime *r = &c->regime[i];
        double latency = r->alpha_s + r->step_s * ring_steps(site->per_domain) +
                         r->level_s * log2(site->domains) + r->hop_s * (site->domains - 1);
        best = fmin(best, latency + transfer_s(site, c, i, bytes));
    }
    return best;
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

/* Slow-down by oversubscribed tiers when all groups run at once: a tier of x to 1 passes 1/x of
 * what the units below it can send. Dragonfly: minimal routes share the global links, so that
 * all-to-all is taken as routed over two of them (Valiant). [MODELLING 4.7] */
static double contention(const struct collective_site *site)
{
    const struct system *s = site->system;
    double worst = 1, unit = site->per_domain;
    double spread = site->domains * domain_gpus(s); /* GPUs that the group's domains hold */
    for (int t = 1; t < s->tiers && unit < site->ranks; t++) {
        double x = fmax(1, s->tier[t].oversubscription);
        if (s->tier[t].topology == TOPOLOGY_DRAGONFLY && site->op == COLLECTIVE_ALL_TO_ALL)
            x *= 2;
        worst = fmax(worst, x * crossing_frac(site, unit));
        double domain = s->tier[t].domain_gpus;
        unit = domain > 0 && domain < spread ? site->ranks * domain / spread : site->ranks;
    }
    return worst;
}

static struct collective_site site_of(const struct system *system, enum collective op,
                                      const struct group *g)
{
    struct collective_site site = {.system = system, .op = op, .ranks = g->ranks};
    site.per_domain = fmin(g->ranks, fmax(1, g->per_domain));
    site.domains = site.ranks / site.per_domain;
    site.scale_up_bytes_per_s = system->tier[0].bandwidth_bytes_per_s;
    if (site.domains > 1 && system->tiers > 1)
        site.nic_bytes_per_s =
            system->tier[1].bandwidth_bytes_per_s / fmax(1, g->sharing) / contention(&site);
    return site;
}

double collective_s(const struct system *system, enum collective op, double bytes,
                    const struct group *group)
{
    if (group->ranks <= 1 || bytes <= 0)
        return 0;
    struct collective_site site = site_of(system, op, group);
    return site.domains > 1 ? scale_out_s(&site, bytes) : scale_up_s(&site, bytes);
}

double p2p_s(const struct system *system, double bytes, bool across)
{
    struct group pair = {
        .ranks = 2, .per_domain = across ? 1 : 2, .per_node = across ? 1 : 2, .sharing = 1};
    return collective_s(system, COLLECTIVE_SEND_RECV, bytes, &pair);
}

/* V / t at a size where latency is nothing. */
double collective_bus_bandwidth(const struct system *system, enum collective op,
                                const struct group *group)
{
    const double bytes = 1e18;
    double t = collective_s(system, op, bytes, group);
    return t > 0 ? collective_volume_bytes(op, bytes, group->ranks) / t : HUGE_VAL;
}
