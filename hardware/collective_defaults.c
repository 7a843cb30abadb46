#include "hardware/collective_defaults.h"
#include "hardware/collective_fabrics.h"
#include "hardware/collective_links.h"
#include <string.h>

/* clang-format off */
static const struct technology {
    const char *name, *source;
    const struct collective_constants *op;
    bool reduces; /* its switches add */
    bool rccl;    /* links: RCCL runs over them; fabrics: it has all-reduces of its own on them */
} technologies[] = {
    {"nvlink2", "transferred: A100, NCCL 2.27.3", collective_nvlink3, false, false},
    {"nvlink3", "measured: 8x A100, NCCL 2.27.3, ai-dynamo/aiconfigurator 095f58a",
     collective_nvlink3, false, false},
    {"nvlink", "measured: 8x H100, NCCL 2.29.2, ai-dynamo/aiconfigurator 095f58a",
     collective_nvlink4, false, false},
    {"xgmi", "measured: all-reduce on 8x MI300X, hisohara/ai-scripts 7b8b1ec; other ops from it",
     collective_xgmi, false, true},
    {"infinity",
     "measured: all-reduce on 8x MI300X, hisohara/ai-scripts 7b8b1ec; other ops from it",
     collective_xgmi, false, true},
    {"pcie", "assumed: PCIe through host memory", collective_pcie, false, false},
    {"ici", "assumed: no measurement", collective_ici, false, false},
    {"infiniband", "transferred: 10 H100 and 2 A100 nodes on InfiniBand", collective_infiniband,
     false, true},
    {"infiniband-sharp", "transferred: 10 H100 and 2 A100 nodes on InfiniBand; SHARP by its form",
     collective_infiniband, true, true},
    {"roce", "transferred: InfiniBand, by 15 logs over RoCE", collective_roce, false, true},
    {"slingshot", "transferred: Alps, Polaris, Kestrel", collective_slingshot, false, true},
    {"efa-v1", "transferred: 2 AWS p4de nodes", collective_efa1, false, false},
    {"efa", "transferred: 2 AWS p5 nodes", collective_efa, false, false},
    {"gpudirect-tcpx", "transferred: 2 GCP a3-high nodes", collective_tcpx, false, false},
    {"gpudirect-tcpxo", "transferred: 2 GCP a3-mega nodes", collective_tcpxo, false, false},
    {"ethernet", "assumed: no measurement", collective_ethernet, false, false},
    {"tcp", "assumed: no measurement", collective_ethernet, false, false},
    {"", "assumed: a technology that is not known, as a plain switched fabric",
     collective_plain_switch, false, false},
};
/* clang-format on */

static const struct technology *technology_find(const char *name)
{
    const struct technology *best = &technologies[sizeof technologies / sizeof *technologies - 1];
    for (size_t i = 0; i < sizeof technologies / sizeof *technologies; i++) {
        size_t n = strlen(technologies[i].name);
        if (strncmp(name, technologies[i].name, n) == 0 && n > strlen(best->name))
            best = &technologies[i];
    }
    return best;
}

const struct collective_constants *collective_default(const char *technology, enum collective op)
{
    return &technology_find(technology)->op[op];
}

const char *collective_default_source(const char *technology)
{
    return technology_find(technology)->source;
}

bool collective_default_reduces(const char *technology)
{
    return technology_find(technology)->reduces;
}

bool collective_default_rccl(const char *links)
{
    return technology_find(links)->rccl;
}

const struct collective_constants *
collective_default_across(const char *links, const char *technology, enum collective op)
{
    const struct technology *fabric = technology_find(technology);
    bool own = op == COLLECTIVE_ALL_REDUCE && fabric->rccl && collective_default_rccl(links);
    return own ? &collective_rccl_all_reduce : &fabric->op[op];
}

/* clang-format off */
/* NCCL's planner inside a node: a ring of LL costs 6.6 us at `ll` GB/s a GPU, one of Simple 8.4 us
 * at `ring`, and each step of Simple `step_s` more: 3.4 - 0.6 us over NVLink, 5.7 - 1.0 us over
 * PCIe. NVLS takes 25 us at `nvls` as bus bandwidth, from `nvls_ranks` on (a measured threshold).
 * PCIe 4.0 x16 counts 24 GB/s, the link between two CPUs 16, which more than 4 ranks cross
 * (assumed), and LL half of either; all-reduces over PCIe show no such change. Rates over the
 * links' datasheet rate. [NCCL-tuning] */
static const struct planner {
    const char *technology;
    double step_s, ll_frac, ring_frac, nvls_frac, nvls_ranks;
    double cpu_frac, cpu_ranks; /* planned ring from cpu_ranks on; 0: as of fewer */
    bool reduces;               /* changes protocol in all-reduces too */
} planners[] = {
    {"nvlink2", 2.8e-6, 39.0 / 150, 120.0 / 150, 0, 0, 0, 0, true},
    {"nvlink3", 2.8e-6, 87.7 / 300, 240.0 / 300, 0, 0, 0, 0, true},
    {"nvlink4", 2.8e-6, 141.0 / 450, 360.0 / 450, 2 * 0.85 * 360 / 450 * 15 / 16, 5, 0, 0, true},
    {"nvlink5", 2.8e-6, 282.0 / 900, 720.0 / 900, 2 * 0.74 * 720 / 900 * 15 / 16, 6, 0, 0, true},
    {"pcie", 4.7e-6, 12.0 / 31.5, 24.0 / 31.5, 0, 0, 16.0 / 31.5, 5, false},
};
/* clang-format on */

static const struct planner *planner_find(const char *technology)
{
    for (size_t i = 0; i < sizeof planners / sizeof *planners; i++)
        if (strncmp(technology, planners[i].technology, strlen(planners[i].technology)) == 0)
            return &planners[i];
    return NULL;
}

static bool runs_as_ring(enum collective op)
{
    return op == COLLECTIVE_ALL_REDUCE || op == COLLECTIVE_ALL_GATHER ||
           op == COLLECTIVE_REDUCE_SCATTER;
}

void collective_default_switches(const char *technology, enum collective op,
                                 struct collective_constants *c)
{
    const double alpha_s = 8.4e-6 - 6.6e-6, nvls_s = 25e-6, ll_s = 6.6e-6, ll_step_s = 0.6e-6;
    const struct planner *p = planner_find(technology);
    bool reduce = op == COLLECTIVE_ALL_REDUCE;
    c->switches = 0;
    if (!p || !runs_as_ring(op) || (reduce && !p->reduces))
        return;
    double step_s = (reduce ? 2 : 1) * p->step_s;
    c->change[c->switches++] =
        (struct collective_switch){2, alpha_s, step_s, p->ll_frac, p->ring_frac};
    if (p->cpu_frac > 0)
        c->change[c->switches++] =
            (struct collective_switch){p->cpu_ranks, alpha_s, step_s, p->cpu_frac / 2, p->cpu_frac};
    if (reduce && p->nvls_frac > 0)
        c->change[c->switches++] = (struct collective_switch){
            p->nvls_ranks, nvls_s - ll_s, -2 * ll_step_s, p->ll_frac, p->nvls_frac};
}
