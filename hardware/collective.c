#include "hardware/collective.h"
#include "hardware/collective_defaults.h"
#include "hardware/collective_topology.h"
#include <math.h>

/* A collective costs the least of its regimes of algorithm and protocol [MODELLING 4.6]:
 *     t = min_i ( latency_i(r, k) joined with V / B_i )                         [s]
 * V: bytes that each rank must send; n: ranks; r: ranks in one scale-up domain; k = n / r: domains;
 *     B_i = min(scale-up bus bandwidth of r ranks, r NICs x rate x frac_i / contention)
 * Every term grows with bytes, falls with bandwidth, and is continuous in both. */

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

static const struct collective_constants *scale_up_constants(const struct system *s,
                                                             enum collective op)
{
    const struct collective_calibration *own = s->tier[0].collective.op[op].regimes > 0
                                                   ? &s->tier[0].collective
                                                   : &s->gpu.calibration.collective;
    return own->op[op].regimes > 0 ? &own->op[op] : collective_default(s->tier[0].technology, op);
}

static const struct collective_constants *scale_out_constants(const struct system *s, int tier,
                                                              enum collective op)
{
    const struct tier *t = &s->tier[tier];
    return t->collective.op[op].regimes > 0
               ? &t->collective.op[op]
               : collective_default_across(s->tier[0].technology, t->technology, op);
}

const struct collective_constants *collective_tier_constants(const struct system *system, int tier,
                                                             enum collective op)
{
    return tier == 0 ? scale_up_constants(system, op) : scale_out_constants(system, tier, op);
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

/* Hops of a tree over k domains: as log2(k) at 10 domains, of which most constants are, but growing
 * a little faster (2 domains 0.92, 512 11.1), for larger trees run over longer links and wait for
 * more nodes: log2(10) (k^g - 1) / (10^g - 1). g was chosen by logs left out: Alps of 2 to 512
 * nodes, NVL72 of 2 and 20 racks. */
static double tree_hops(double domains)
{
    const double growth = 0.1, scale = 12.829672; /* log2(10) / (10^growth - 1) */
    return scale * (pow(domains, growth) - 1);
}

/* Where the ranks of a latency sit: steps inside a domain, domains, hops of a tree over them. */
struct path {
    double steps, domains, hops;
};

/* Latency of regime i over k domains of r ranks, in `steps`, r - 1, inside a domain:
 *     tree: alpha + step (r - 1) + hop hops(k)        ring: alpha + step k (r - 1) + hop (k - 1) */
static double latency_s(const struct collective_regime *g, double ranks, const struct path *path)
{
    if (ranks < g->ranks)
        return HUGE_VAL;
    if (g->algorithm == COLLECTIVE_TREE)
        return g->alpha_s + g->step_s * path->steps + g->hop_s * path->hops;
    return g->alpha_s + g->step_s * path->domains * path->steps + g->hop_s * (path->domains - 1);
}

/* Size at which the planner turns to the larger protocol: the latency it adds is what its bandwidth
 * saves, S = (alpha + step (n - 1)) / (V / S (1 / low - 1 / high) / B). [NCCL-tuning] */
static double switch_bytes(const struct collective_site *site, const struct collective_constants *c,
                           double bytes_per_s)
{
    double least = HUGE_VAL, per_byte = collective_volume_bytes(site->op, 1, site->ranks);
    for (int i = 0; i < c->switches; i++) {
        const struct collective_switch *w = &c->change[i];
        if (site->ranks < w->ranks)
            continue;
        double latency = w->alpha_s + w->step_s * ring_steps(site->ranks);
        double saved = per_byte * (1 / w->low_frac - 1 / w->high_frac) / bytes_per_s;
        least = fmin(least, fmax(0, latency) / saved);
    }
    return least;
}

/* Collective inside one scale-up domain. */
static struct collective_leg scale_up_leg(const struct collective_site *site)
{
    const struct collective_constants *c = scale_up_constants(site->system, site->op);
    struct collective_leg leg = {.constants = c, .ranks = site->ranks, .corrected = true};
    double bandwidth = collective_scale_up_bytes_per_s(site, site->ranks);
    double volume = collective_volume_bytes(site->op, 1, site->ranks);
    const struct path path = {ring_steps(site->ranks), 1, 0};
    for (int i = 0; i < c->regimes; i++) {
        leg.latency_s[i] = latency_s(&c->regime[i], site->ranks, &path);
        leg.s_per_byte[i] = volume / (bandwidth * collective_group_frac(c, site->ranks) *
                                      c->regime[i].bandwidth_frac);
    }
    leg.switch_bytes = switch_bytes(site, c, bandwidth);
    return leg;
}

static double largest_frac(const struct collective_constants *c)
{
    double frac = 0;
    for (int i = 0; i < c->regimes; i++)
        frac = fmax(frac, c->regime[i].bandwidth_frac);
    return frac;
}

/* The regime that carries most inside a domain of r ranks. A ring over the domains runs as a ring
 * inside them too; a tree may reduce in their switch (NVLS). */
static const struct collective_regime *inner_regime(const struct collective_constants *c,
                                                    enum collective_algorithm algorithm, double r)
{
    const struct collective_regime *widest = &c->regime[0];
    for (int i = 1; i < c->regimes; i++) {
        const struct collective_regime *g = &c->regime[i];
        if (g->ranks <= (algorithm == COLLECTIVE_TREE ? r : 0) &&
            g->bandwidth_frac > widest->bandwidth_frac)
            widest = g;
    }
    return widest;
}

/* What passes through a domain is a path of r - 1 links, no ring of r: a mesh of r (r - 1) links
 * holds r paths for each r - 1 rings. Two nodes of MI300X reach 351 to 361 GB/s of bus bandwidth,
 * 8/7 of the 316 of one. A switch gives each GPU the same either way. */
static double path_gain(const struct collective_site *site)
{
    double r = site->per_domain;
    bool mesh = site->system->tier[0].topology == TOPOLOGY_MESH;
    return mesh && site->op != COLLECTIVE_ALL_TO_ALL ? r / (r - 1) : 1;
}

/* Transfer time inside a domain of one byte that each of its r ranks must send. */
static double inner_s_per_byte(const struct collective_site *site,
                               enum collective_algorithm algorithm)
{
    double r = site->per_domain;
    if (r <= 1)
        return 0;
    const struct collective_constants *c = scale_up_constants(site->system, site->op);
    return 1 / (collective_scale_up_bytes_per_s(site, r) * path_gain(site) *
                collective_group_frac(c, r) * inner_regime(c, algorithm, r)->bandwidth_frac);
}

/* What a rank sends inside its domain in an all-reduce of one byte by a tree over the domains: a
 * chain passes every byte up and down; a switch that reduces serves the r ranks alone. */
static double inner_tree_volume(const struct collective_site *site)
{
    double r = site->per_domain;
    const struct collective_regime *g =
        inner_regime(scale_up_constants(site->system, site->op), COLLECTIVE_TREE, r);
    return g->ranks > 0 ? collective_volume_bytes(site->op, 1, r) : 2;
}

/* What regime i gets of a NIC; a tier with a stated efficiency scales its best regime to it. */
static double nic_frac(const struct collective_site *site, const struct collective_constants *c,
                       int i)
{
    double stated = site->system->tier[1].efficiency_frac;
    double frac = c->regime[i].bandwidth_frac;
    return stated > 0 ? stated * frac / largest_frac(c) : frac;
}

/* What a domain gets of NICs of this rate. An all-reduce drives 8: two NVL72 racks reach 811 GB/s
 * of bus bandwidth as trees, 20 racks 406 as rings, whatever the other 64 NICs do. Over racks a NIC
 * of 800 Gb/s counts as one of 400, two of which it shows itself as: S at 345 and 372 GB/s over two
 * racks of GB200 and GB300 with ConnectX-8. No measurement says so of the other ops, and a training
 * step that gathers its parameters over two racks has no time for it. */
static double nics_bytes_per_s(const struct collective_site *site, double nic_bytes_per_s)
{
    const double all_reduce_nics = 8, port_bytes_per_s = 50e9;
    double r = site->per_domain;
    if (site->op != COLLECTIVE_ALL_REDUCE)
        return r * nic_bytes_per_s;
    bool several_nodes = r > site->system->gpus_per_node;
    double ports = several_nodes ? fmax(1, site->nic_bytes_per_s / port_bytes_per_s) : 1;
    return fmin(r, all_reduce_nics) * nic_bytes_per_s / ports;
}

/* All-reduce of one byte by a double binary tree: each tree carries half of it up and down. A
 * domain in the middle of one, with a parent and two children, is a leaf of the other and sends 3/2
 * + 1/2; of three domains 1 + 1/2, of two 1/2 + 1/2. */
static double tree_s_per_byte(const struct collective_site *site, double nic_bytes_per_s)
{
    double crossing = fmin(2, fmax(1, site->domains / 2));
    return fmax(inner_tree_volume(site) * inner_s_per_byte(site, COLLECTIVE_TREE),
                crossing / nics_bytes_per_s(site, nic_bytes_per_s));
}

/* The same where the switches reduce: every byte leaves a domain once, spread over its ranks by a
 * reduce-scatter and gathered again as by a ring. 8 H100 nodes: S at 193 GB/s, 195 measured
 * [coreweave/nccl-tests cb86553]. */
static double switch_s_per_byte(const struct collective_site *site, double nic_bytes_per_s)
{
    double r = site->per_domain;
    return fmax(2 * (r - 1) / r * inner_s_per_byte(site, COLLECTIVE_RING),
                1 / nics_bytes_per_s(site, nic_bytes_per_s));
}

/* Channels of one message between domains: two, over more than four domains one. NCCL gives a peer
 * on the network two and halves them while 2 n > 4 P for n ranks and P channels, of which the
 * communicator has two a NIC that its ranks drive (16 of 8 H100 a node), so that n = r k ranks keep
 * both to k = 4 [NCCL-paths]: 24.2 GB/s up to 4 nodes of 4 GH200, 18.3 on 8 [NCCL-1272]. A domain's
 * only rank was measured with one, 25 GB/s [10 H100 nodes], and keeps it. */
static double message_channels(const struct collective_site *site)
{
    return site->per_domain > 1 && site->domains <= 4 ? 2 : 1;
}

/* What binds a message between domains is the thread block of its channel, not a share of the NIC:
 * 25 GB/s where one rank a node sends, 15 where a ring of eight leaves the node for another rail
 * [10 H100 nodes, 400 Gb/s]. Shares are of that NIC: a slower one gives as many bytes, up to what
 * rings get of it; and a ring leaves a domain by one rank, so that a NIC that GPUs share is its
 * own. The gain over the share of the own NIC. */
static double message_gain(const struct collective_site *site)
{
    static const double measured_nic_bytes_per_s = 50e9;
    const struct system *s = site->system;
    const char *up = s->tier[0].technology, *out = s->tier[1].technology;
    const struct collective_constants *message, *ring;
    message = collective_default_across(up, out, COLLECTIVE_SEND_RECV);
    ring = collective_default_across(up, out, COLLECTIVE_ALL_GATHER);
    double gpus_per_nic = s->nics_per_node > 0 ? s->gpus_per_node / s->nics_per_node : 1;
    double whole = fmax(1, fmin(site->per_domain, gpus_per_nic));
    double share = largest_frac(message) * collective_group_frac(message, site->per_domain);
    double channels = message_channels(site) * measured_nic_bytes_per_s / site->nic_bytes_per_s;
    return fmax(1, fmin(channels, whole * largest_frac(ring) / share));
}

/* Transfer time of one byte of size across domains.
 * Ring: every byte of V passes the links and the NICs that are driven.   V / min(B_up, nics NIC)
 * All-to-all: S (n-r)/n leaves through the own NIC while S (r-1)/n stays inside.
 * Send/recv: the whole message through the own NIC. */
static double across_s_per_byte(const struct collective_site *site,
                                const struct collective_constants *c, int i)
{
    enum collective_algorithm algorithm = c->regime[i].algorithm;
    double nic =
        site->nic_bytes_per_s * nic_frac(site, c, i) * collective_group_frac(c, site->per_domain);
    double n = site->ranks, r = site->per_domain;
    if (site->op == COLLECTIVE_SEND_RECV)
        return 1 / (nic * message_gain(site));
    if (site->op == COLLECTIVE_ALL_REDUCE && algorithm == COLLECTIVE_TREE)
        return fmin(tree_s_per_byte(site, nic),
                    site->reduces ? switch_s_per_byte(site, nic) : HUGE_VAL);
    double inner_s = inner_s_per_byte(site, algorithm);
    if (site->op == COLLECTIVE_ALL_TO_ALL)
        return fmax((n - r) / n / nic, (r - 1) / n * inner_s);
    return collective_volume_bytes(site->op, 1, n) * fmax(inner_s, 1 / nics_bytes_per_s(site, nic));
}

/* Over two domains a tree sends half of what a ring does and waits for fewer: NCCL runs trees there
 * where it has them. RCCL runs rings too: its trees are bound by the chain inside. */
static bool trees_alone(const struct collective_site *site, const struct collective_constants *c)
{
    bool trees = false;
    if (collective_default_rccl(site->system->tier[0].technology))
        return false;
    for (int i = 0; i < c->regimes; i++)
        trees = trees || c->regime[i].algorithm == COLLECTIVE_TREE;
    return trees && site->op == COLLECTIVE_ALL_REDUCE && site->domains <= 2;
}

/* Where the latency of regime i sits. A ring over several domains passes every rank of each: 20
 * NVL72 racks take 3.4 us a rank. So does a tree of LL or LL128, whose inside is a chain: two racks
 * of 64 GB200 take 184 us for 8 bytes, two nodes of 8 H100 25. Its widest protocol may reduce in a
 * large domain's switch, as inside one. */
static struct path regime_path(const struct collective_site *site,
                               const struct collective_constants *c, int i)
{
    double r = site->per_domain;
    bool tree = c->regime[i].algorithm == COLLECTIVE_TREE;
    bool widest = c->regime[i].bandwidth_frac > 0.5 * largest_frac(c);
    struct path path = {tree && widest ? ring_steps(r) : r - 1, site->domains, 0};
    if (site->op == COLLECTIVE_ALL_REDUCE)
        path.hops = tree_hops(site->reduces ? fmin(2, site->domains) : site->domains);
    return path;
}

static struct collective_leg scale_out_leg(const struct collective_site *site)
{
    const struct collective_constants *c = scale_out_constants(site->system, 1, site->op);
    struct collective_leg leg = {.constants = c, .ranks = site->ranks, .switch_bytes = HUGE_VAL};
    bool no_rings = trees_alone(site, c);
    for (int i = 0; i < c->regimes; i++) {
        const struct collective_regime *g = &c->regime[i];
        const struct path path = regime_path(site, c, i);
        bool runs = g->algorithm == COLLECTIVE_TREE || !no_rings;
        leg.latency_s[i] = runs ? latency_s(g, site->ranks, &path) : HUGE_VAL;
        leg.s_per_byte[i] = across_s_per_byte(site, c, i);
    }
    return leg;
}

static struct collective_site site_of(const struct system *system, enum collective op,
                                      const struct group *g)
{
    struct collective_site site = {.system = system, .op = op, .ranks = g->ranks};
    site.per_domain = fmin(g->ranks, fmax(1, g->per_domain));
    site.domains = site.ranks / site.per_domain;
    site.scale_up_bytes_per_s = system->tier[0].bandwidth_bytes_per_s;
    if (site.domains > 1 && system->tiers > 1) {
        site.nic_bytes_per_s = system->tier[1].bandwidth_bytes_per_s / fmax(1, g->sharing) /
                               collective_contention(&site);
        site.reduces =
            op == COLLECTIVE_ALL_REDUCE && collective_default_reduces(system->tier[1].technology);
    }
    return site;
}

struct collective_leg collective_leg_of(const struct system *system, enum collective op,
                                        const struct group *group)
{
    struct collective_site site = site_of(system, op, group);
    return site.domains > 1 ? scale_out_leg(&site) : scale_up_leg(&site);
}

double collective_s(const struct system *system, enum collective op, double bytes,
                    const struct group *group)
{
    if (group->ranks <= 1 || bytes <= 0)
        return 0;
    struct collective_leg leg = collective_leg_of(system, op, group);
    return collective_leg_s(&leg, bytes);
}

/* [DeepEP docs/README_Hybrid-EP.md, 4096 tokens of 7168, top-8; algorithm bandwidths less the own
 * share] Links: 0.70 of B200's and GB200's at 8 ranks, 0.62 to 0.67 at 36, 0.65 of H20's [DeepEP
 * issue 16]. NICs: 0.86 to 0.88 of 400 Gb/s at 32 and 64 H100. A call takes 65 us more than its
 * kernel and the copy of what it returns. Hidden: Qwen3-30B-A3B on 16 H100 goes from 24.71 to
 * 20.99 s a step [Megatron-Bridge pull request 5094], and 5.57 s of it are exchange by the other
 * three. */
const struct expert_exchange_constants expert_exchange_constants = {
    .link_frac = 0.65,
    .nic_frac = 0.86,
    .call_s = 65e-6,
    .hidden_frac = 0.67,
    .source = "deepseek-ai/DeepEP docs/README_Hybrid-EP.md 41cad94 and issue 16: B200, GB200, H20; "
              "H100 over 400 Gb/s",
};

/* A token crosses the network once to each domain and is passed on over the links inside it, both
 * at once; what stays with the sender moves over neither. t0 + max(S_link (r-1)/r / B_link, S_net
 * (k-1)/k / B_nic) */
double expert_exchange_s(const struct system *system, double link_bytes, double network_bytes,
                         const struct group *group)
{
    const struct expert_exchange_constants *c = &expert_exchange_constants;
    if (group->ranks <= 1 || link_bytes <= 0)
        return 0;
    struct collective_site site = site_of(system, COLLECTIVE_ALL_TO_ALL, group);
    double r = site.per_domain, k = site.domains;
    double link_s =
        link_bytes * (r - 1) / r / (c->link_frac * collective_scale_up_bytes_per_s(&site, r));
    double nic_s = k > 1 ? network_bytes * (k - 1) / k / (c->nic_frac * site.nic_bytes_per_s) : 0;
    return c->call_s + fmax(link_s, nic_s);
}

struct group p2p_group(bool across)
{
    double inside = across ? 1 : 2;
    return (struct group){.ranks = 2, .per_domain = inside, .per_node = inside, .sharing = 1};
}

double p2p_s(const struct system *system, double bytes, bool across)
{
    struct group pair = p2p_group(across);
    return collective_s(system, COLLECTIVE_SEND_RECV, bytes, &pair);
}
