#include "parallelism/search/clusters.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const objective_names[OBJECTIVES + 1] = {
    [OBJECTIVE_STEP_TIME] = "step_time",
    [OBJECTIVE_TOKENS_PER_GPU] = "tokens_per_s_per_gpu",
    [OBJECTIVE_COST_PER_TOKEN] = "cost_per_token",
};

enum status gpu_counts_range(double least, double most, double factor, double step,
                             struct gpu_counts *out, struct error *e)
{
    out->count = 0;
    if (!(least >= 1) || !(most >= least) || !(factor > 1 || step >= 1))
        return error_set(e, STATUS_USAGE, "no range of GPUs: %g to %g", least, most);
    for (double n = least; n <= most; n = factor > 1 ? n * factor : n + step) {
        if (out->count == GPU_COUNTS_MAX)
            return error_set(e, STATUS_USAGE, "more than %d numbers of GPUs between %g and %g",
                             GPU_COUNTS_MAX, least, most);
        if (out->count == 0 || out->gpus[out->count - 1] < floor(n))
            out->gpus[out->count++] = floor(n);
    }
    return STATUS_OK;
}

static double price_of(const struct scenario *scenario, double price_usd_per_gpu_h)
{
    return price_usd_per_gpu_h > 0 ? price_usd_per_gpu_h : scenario->system.gpu.price_usd_per_h;
}

double cost_per_token_usd(const struct scenario *scenario, const struct step_cost *cost,
                          double price_usd_per_gpu_h)
{
    double price = price_of(scenario, price_usd_per_gpu_h);
    double usd_per_s = price * scenario->system.gpus / 3600;
    return price > 0 ? usd_per_s / step_tokens_per_s(scenario, cost) : (double)NAN;
}

static double objective_of(const struct scenario *scenario, const struct cluster_options *how,
                           const struct step_cost *cost)
{
    switch (how->objective) {
    case OBJECTIVE_TOKENS_PER_GPU:
        return step_tokens_per_s(scenario, cost) / scenario->system.gpus;
    case OBJECTIVE_COST_PER_TOKEN:
        return cost_per_token_usd(scenario, cost, how->price_usd_per_gpu_h);
    case OBJECTIVE_STEP_TIME:
    case OBJECTIVES:
        break;
    }
    return cost->step_s;
}

static bool better(enum objective objective, double a, double b)
{
    return objective == OBJECTIVE_TOKENS_PER_GPU ? a > b : a < b;
}

static enum status run_cluster(const struct scenario *scenario,
                               const struct search_options *options,
                               const struct cluster_options *how, struct cluster *out,
                               struct error *e)
{
    struct search_options here = *options;
    here.base.dp = 1; /* what the GPUs leave */
    if (search_run(scenario, &here, &out->result, e) != STATUS_OK || out->result.count == 0)
        return e->status;
    const struct step_cost *best = &out->result.results[0].cost;
    out->objective = objective_of(scenario, how, best);
    out->enough = step_tokens_per_s(scenario, best) >= how->tokens_per_s;
    return STATUS_OK;
}

static void note(struct clusters *out, enum objective objective)
{
    int i = out->count - 1;
    const struct cluster *c = &out->cluster[i];
    if (!c->enough)
        return;
    if (out->smallest < 0)
        out->smallest = i;
    if (out->best < 0 || better(objective, c->objective, out->cluster[out->best].objective))
        out->best = i;
}

enum status clusters_search(const struct scenario *scenario, const struct search_options *options,
                            const struct gpu_counts *counts, const struct cluster_options *how,
                            struct clusters *out, struct error *e)
{
    struct scenario *here = malloc(sizeof *here);
    *out = (struct clusters){.best = -1, .smallest = -1};
    out->cluster = calloc((size_t)counts->count + 1, sizeof *out->cluster);
    if (!here || !out->cluster)
        error_set(e, STATUS_IO, "out of memory for %d clusters", counts->count);
    else if (how->objective == OBJECTIVE_COST_PER_TOKEN &&
             !(price_of(scenario, how->price_usd_per_gpu_h) > 0))
        error_set(e, STATUS_USAGE, "cost per token needs a price: %s has none",
                  scenario->system.gpu.name);
    else
        *here = *scenario;
    for (int i = 0; i < counts->count && e->status == STATUS_OK; i++) {
        struct cluster *c = &out->cluster[out->count++];
        c->gpus = here->system.gpus = counts->gpus[i];
        run_cluster(here, options, how, c, e);
        note(out, how->objective);
        if (how->smallest && out->smallest >= 0)
            break;
    }
    free(here);
    return e->status;
}

void clusters_free(struct clusters *clusters)
{
    for (int i = 0; i < clusters->count; i++)
        search_result_free(&clusters->cluster[i].result);
    free(clusters->cluster);
    memset(clusters, 0, sizeof *clusters);
}
