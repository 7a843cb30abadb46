#include "parallelism/search_limits.h"
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

static enum status find_roomy(const struct scenario *scenario, const struct search_options *options,
                              struct limits *out, struct error *e)
{
    struct scenario *here = malloc(sizeof *here);
    struct search_options one = *options;
    struct search_result result = {.count = 0};
    if (!here)
        return error_set(e, STATUS_IO, "out of memory for a scenario");
    *here = *scenario;
    here->system.gpu.memory_bytes = all_memory_bytes;
    one.top = 1;
    one.within_frac = 0;
    if (search_run(here, &one, &result, e) == STATUS_OK && result.count > 0)
        out->roomy = result.results[0];
    search_result_free(&result);
    free(here);
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
    if (find_roomy(scenario, options, out, e) == STATUS_OK)
        out->memory_binds = out->roomy.cost.legal && out->roomy.cost.step_s < best->cost.step_s;
    return e->status;
}
