#include "parallelism/search/limits.h"
#include "parallelism/search/pass.h"
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
        [TERM_OFFLOAD] = LIMIT_HOST,
        [TERM_BUBBLE] = LIMIT_PIPELINE,
        [TERM_STRAGGLER] = LIMIT_PIPELINE,
        [TERM_HOST] = LIMIT_HOST,
    };
    return limits[term];
}

/* More than any strategy needs, and finite. */
static const double all_memory_bytes = 1e18;

const double memory_margin_frac = 0.07;

/* A space whose GPUs have another memory than the scenario's. */
struct elsewhere {
    struct scenario scenario;
    struct search_options options;
    struct search_space space;
};

static enum status elsewhere_init(const struct scenario *scenario,
                                  const struct search_options *options, struct elsewhere *out,
                                  struct error *e)
{
    out->scenario = *scenario;
    out->options = *options;
    out->options.progress = NULL;
    out->options.no_prune = false;
    return search_space_init(&out->scenario, &out->options, &out->space, e);
}

/* The fastest in so much memory of every GPU, of those faster than limit_s; none: out as it is. */
static enum status find_within(struct elsewhere *there, double memory_bytes, double limit_s,
                               struct ranked *out, struct error *e)
{
    struct search_request request = {.goal = GOAL_TIME, .limit = limit_s, .top = 1};
    struct search_pass pass = {.best = {.count = 0}};
    there->scenario.system.gpu.memory_bytes = memory_bytes;
    if (search_pass_run(&there->space, &request, &pass, e) == STATUS_OK && pass.best.count > 0) {
        out->strategy = search_candidate_strategy(&pass.best.candidate[0], &there->options.base);
        step_estimate(&there->scenario, &out->strategy, &out->cost);
    }
    search_pass_free(&pass);
    return e->status;
}

/* The fastest if every GPU had all the memory it wants; none is faster: the best itself. */
static enum status find_roomy(struct elsewhere *there, const struct ranked *best,
                              struct limits *out, struct error *e)
{
    out->roomy = *best;
    find_within(there, all_memory_bytes, best->cost.step_s, &out->roomy, e);
    out->memory_binds = out->roomy.cost.step_s < best->cost.step_s;
    return e->status;
}

/* A search takes the fastest of what fits, so its pick lies at the edge of the memory, where a
 * forecast a little too low is enough to run out: what the margin costs. Most often little, so the
 * slower ones are looked at only if need be. */
static enum status find_safe(struct elsewhere *there, const struct ranked *best, struct limits *out,
                             struct error *e)
{
    static const double little = 1.1;
    const struct step_cost *cost = &best->cost;
    out->memory_free_frac = cost->memory_capacity_bytes / cost->memory_total_bytes - 1;
    out->memory_tight = out->memory_free_frac < memory_margin_frac;
    if (!out->memory_tight)
        return STATUS_OK;
    double usable = cost->memory_capacity_bytes / (1 + memory_margin_frac);
    double memory = usable + there->scenario.stack.reserve_bytes;
    if (find_within(there, memory, little * cost->step_s, &out->safe, e) == STATUS_OK &&
        !out->safe.cost.legal)
        find_within(there, memory, HUGE_VAL, &out->safe, e);
    return e->status;
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
    struct elsewhere *there = calloc(1, sizeof *there);
    if (!there)
        return error_set(e, STATUS_IO, "out of memory for a scenario");
    if (elsewhere_init(scenario, options, there, e) == STATUS_OK &&
        find_roomy(there, best, out, e) == STATUS_OK)
        find_safe(there, best, out, e);
    search_space_free(&there->space);
    free(there);
    return e->status;
}
