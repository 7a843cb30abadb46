#include "parallelism/search_limits.h"
#include "parallelism/search_pass.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const limit_names[LIMITS + 1] = {
    [LIMIT_COMPUTE] = "compute", [LIMIT_MEMORY_BANDWIDTH] = "memory_bandwidth",
    [LIMIT_NETWORK] = "network", [LIMIT_PIPELINE] = "pipeline",
    [LIMIT_HOST] = "host",
};

enum limit limit_of_term(enum term term)
{
    static const enum limit limits[TERMS] = {
        [TERM_GEMM] = LIMIT_COMPUTE,
        [TERM_ATTENTION] = LIMIT_COMPUTE,
        [TERM_RECOMPUTE] = LIMIT_COMPUTE,
        [TERM_MEMORY_BOUND] = LIMIT_MEMORY_BANDWIDTH,
        [TERM_OPTIMIZER] = LIMIT_MEMORY_BANDWIDTH,
        [TERM_TP] = LIMIT_NETWORK,
        [TERM_CP] = LIMIT_NETWORK,
        [TERM_EP] = LIMIT_NETWORK,
        [TERM_PP] = LIMIT_NETWORK,
        [TERM_DP] = LIMIT_NETWORK,
        [TERM_OFFLOAD] = LIMIT_NETWORK,
        [TERM_BUBBLE] = LIMIT_PIPELINE,
        [TERM_STRAGGLER] = LIMIT_PIPELINE,
        [TERM_HOST] = LIMIT_HOST,
    };
    return limits[term];
}

/* More than any strategy needs, and finite. */
static const double all_memory_bytes = 1e18;

const double memory_margin_frac = 0.07;

/* The fastest in so much memory of every GPU, of those faster than limit_s; none: out as it is. */
static enum status find_within(const struct scenario *scenario,
                               const struct search_options *options, double memory_bytes,
                               double limit_s, struct ranked *out, struct error *e)
{
    struct scenario *here = malloc(sizeof *here);
    struct search_options quiet = *options;
    struct search_request request = {.goal = GOAL_TIME, .limit = limit_s, .top = 1};
    struct search_pass pass = {.best = {.count = 0}};
    struct search_space space;
    if (!here)
        return error_set(e, STATUS_IO, "out of memory for a scenario");
    *here = *scenario;
    here->system.gpu.memory_bytes = memory_bytes;
    quiet.progress = NULL;
    quiet.no_prune = false;
    if (search_space_init(here, &quiet, &space, e) == STATUS_OK &&
        search_pass_run(&space, &request, &pass, e) == STATUS_OK && pass.best.count > 0) {
        out->strategy = search_candidate_strategy(&pass.best.candidate[0], &quiet.base);
        step_estimate(here, &out->strategy, &out->cost);
    }
    search_pass_free(&pass);
    search_space_free(&space);
    free(here);
    return e->status;
}

/* The fastest if every GPU had all the memory it wants; none is faster: the best itself. */
static enum status find_roomy(const struct scenario *scenario, const struct search_options *options,
                              const struct ranked *best, struct limits *out, struct error *e)
{
    out->roomy = *best;
    find_within(scenario, options, all_memory_bytes, best->cost.step_s, &out->roomy, e);
    out->memory_binds = out->roomy.cost.step_s < best->cost.step_s;
    return e->status;
}

/* A search takes the fastest of what fits, so its pick lies at the edge of the memory, where a
 * forecast a little too low is enough to run out: what the margin costs. */
static enum status find_safe(const struct scenario *scenario, const struct search_options *options,
                             const struct ranked *best, struct limits *out, struct error *e)
{
    const struct step_cost *cost = &best->cost;
    double reserve = scenario->stack.reserve_bytes;
    out->memory_free_frac = cost->memory_capacity_bytes / cost->memory_total_bytes - 1;
    out->memory_tight = out->memory_free_frac < memory_margin_frac;
    if (!out->memory_tight)
        return STATUS_OK;
    double usable = cost->memory_capacity_bytes / (1 + memory_margin_frac);
    return find_within(scenario, options, usable + reserve, HUGE_VAL, &out->safe, e);
}

enum status limits_find(const struct scenario *scenario, const struct search_options *options,
                        const struct ranked *best, struct limits *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    for (int t = 0; t < TERMS; t++)
        out->share[limit_of_term((enum term)t)] += best->cost.term_s[t] / best->cost.step_s;
    for (int i = 1; i < LIMITS; i++)
        if (out->share[i] > out->share[out->largest])
            out->largest = (enum limit)i;
    if (find_roomy(scenario, options, best, out, e) == STATUS_OK)
        find_safe(scenario, options, best, out, e);
    return e->status;
}
