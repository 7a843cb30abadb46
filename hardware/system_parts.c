#include "hardware/figures.h"
#include "hardware/system_finish.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A system from a gpu and the few numbers that cases and flags give; the rest is how the part is
 * usually built, which its file says. */

static bool is_count(double x)
{
    return x >= 0 && x < 1e9 && x == floor(x);
}

static enum status check_parts(const struct system_parts *p, struct error *e)
{
    const struct {
        const char *what;
        double value;
    } counts[] = {
        {"GPUs",                        p->gpus           },
        {"GPUs per node",               p->gpus_per_node  },
        {"NICs per node",               p->nics_per_node  },
        {"GPUs of the scale-up domain", p->scale_up_domain},
    };
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (!is_count(counts[i].value))
            return error_set(e, STATUS_INPUT, "expected a whole number of %s, got %g",
                             counts[i].what, counts[i].value);
    if (!(p->nic_bytes_per_s >= 0 && p->nic_bytes_per_s < HUGE_VAL))
        return error_set(e, STATUS_INPUT, "expected a NIC rate per GPU in bytes/s, got %g",
                         p->nic_bytes_per_s);
    if (!(p->power_limit_w >= 0 && p->power_limit_w < HUGE_VAL))
        return error_set(e, STATUS_INPUT, "expected a power limit in watts, got %g",
                         p->power_limit_w);
    return STATUS_OK;
}

static struct source *tier_source(struct tier *tier, const char *key)
{
    return &tier->source[figures_row(tier_fields, tier_field_count, key)];
}

static const struct source by_user = {SOURCE_ASSUMED, 0, "given with the system"};

/* The usual domain: inside the node of this system, unless the gpu's domains are built of several.
 */
static double usual_domain(const struct gpu *gpu, double gpus_per_node)
{
    double domain = gpu->scale_up_domain_gpus;
    if (domain <= 0)
        return gpus_per_node;
    return domain > gpu->gpus_per_node ? domain : fmin(domain, gpus_per_node);
}

static struct tier scale_up_tier(const struct system_parts *p, const struct system *s)
{
    struct tier tier = {.name = "scale_up", .oversubscription = 1};
    const struct gpu *gpu = &s->gpu;
    bool usual = p->scale_up_domain <= 0;
    memcpy(tier.technology, gpu->scale_up_technology, sizeof tier.technology);
    tier.topology = gpu->scale_up_topology;
    tier.domain_gpus = usual ? usual_domain(gpu, s->gpus_per_node) : p->scale_up_domain;
    tier.bandwidth_bytes_per_s = gpu->scale_up_bandwidth_bytes_per_s;
    *tier_source(&tier, "domain_gpus") = usual ? *gpu_source(gpu, "scale_up_domain") : by_user;
    *tier_source(&tier, "bandwidth") = *gpu_source(gpu, "scale_up_bandwidth");
    return tier;
}

static struct tier scale_out_tier(const struct system_parts *p, const struct gpu *gpu)
{
    struct tier tier = {.name = "scale_out", .oversubscription = 1, .topology = TOPOLOGY_FAT_TREE};
    struct source *bandwidth = tier_source(&tier, "bandwidth");
    memcpy(tier.technology, gpu->nic_technology, sizeof tier.technology);
    tier.bandwidth_bytes_per_s = p->nic_bytes_per_s;
    *bandwidth = by_user;
    if (p->nic_bytes_per_s <= 0) {
        tier.bandwidth_bytes_per_s = gpu->nic_bandwidth_bytes_per_s;
        snprintf(bandwidth->text, sizeof bandwidth->text, "usual for %.40s: %.100s", gpu->name,
                 gpu_source(gpu, "nic_bandwidth")->text);
    }
    *tier_source(&tier, "oversubscription") = (struct source){SOURCE_ASSUMED, 0, "full bisection"};
    return tier;
}

enum status system_from_parts(const struct system_parts *parts, const char *catalog,
                              struct system *system, struct error *e)
{
    struct system s = {.gpus = parts->gpus, .power_limit_w = parts->power_limit_w, .tiers = 2};
    enum status status = check_parts(parts, e);
    if (status == STATUS_OK)
        status = gpu_find(parts->gpu, catalog, &s.gpu, e);
    if (status != STATUS_OK)
        return status;
    s.gpus_per_node = parts->gpus_per_node > 0  ? parts->gpus_per_node
                      : s.gpu.gpus_per_node > 0 ? s.gpu.gpus_per_node
                                                : 1;
    s.nics_per_node = parts->nics_per_node > 0 ? parts->nics_per_node : s.gpus_per_node;
    snprintf(s.name, sizeof s.name, "%.40s x %g", s.gpu.name, s.gpus_per_node);
    s.tier[0] = scale_up_tier(parts, &s);
    s.tier[1] = scale_out_tier(parts, &s.gpu);
    if (s.tier[1].bandwidth_bytes_per_s <= 0) {
        error_set(e, STATUS_INPUT, "expected a NIC rate: %s has no usual one", s.gpu.name);
        return e->status;
    }
    system_finish(&s, &by_user);
    *system = s;
    return STATUS_OK;
}

void system_of_domain(const struct gpu *gpu, double gpus, struct system *system)
{
    memset(system, 0, sizeof *system);
    system->gpu = *gpu;
    system->gpus = system->gpus_per_node = gpus;
    system->tiers = 1;
    struct tier *tier = &system->tier[0];
    memcpy(tier->technology, gpu->scale_up_technology, sizeof tier->technology);
    tier->domain_gpus = gpus;
    tier->bandwidth_bytes_per_s = gpu->scale_up_bandwidth_bytes_per_s;
    tier->topology = gpu->scale_up_topology;
    tier->oversubscription = 1;
}
