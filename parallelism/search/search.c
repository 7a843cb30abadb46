#include "parallelism/search/search.h"
#include "base/wall_clock.h"
#include "parallelism/search/pass.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const search_bound_names[SEARCH_BOUNDS + 1] = {
    [BOUND_SHARD_TIME] = "shard_time",   [BOUND_SHARD_MEMORY] = "shard_memory",
    [BOUND_SPLIT_TIME] = "split_time",   [BOUND_SPLIT_MEMORY] = "split_memory",
    [BOUND_LAYOUT_TIME] = "layout_time", [BOUND_LAYOUT_MEMORY] = "layout_memory",
    [BOUND_RECOMPUTE] = "recompute",
};

void search_options_default(struct search_options *options)
{
    memset(options, 0, sizeof *options);
    strategy_default(&options->base);
    options->top = 10;
}

static bool is_fixed(const bool *fixed, const char *key)
{
    return fixed && fixed[strategy_row(key)];
}

void search_options_complete(struct search_options *options, const bool *fixed,
                             const struct scenario *scenario)
{
    const struct stack *stack = &scenario->stack;
    strategy_complete(&options->base, fixed, scenario);
    if (!is_fixed(fixed, "overlaps"))
        options->base.overlaps |= stack->overlaps_on_request;
    options->open_overlaps = is_fixed(fixed, "overlaps") ? 0 : stack->overlaps;
    options->usual_dispatcher = !is_fixed(fixed, "dispatcher");
}

static void copy_counts(const struct search_space *space, const struct search_counts *counts,
                        struct search_result *out)
{
    out->configs = space->configs;
    out->legal = space->legal;
    out->evaluated = counts->evaluated;
    out->fitting = counts->fitting;
    for (int i = 0; i < SEARCH_BOUNDS; i++) {
        out->pruned_by[i] = counts->pruned_by[i];
        out->pruned += counts->pruned_by[i];
    }
    out->rules = space->rules;
    memcpy(out->rejected, space->rejected, sizeof out->rejected);
    if (counts->unfit > 0 && out->rules < SEARCH_RULES_MAX)
        out->rejected[out->rules++] = (struct search_rejected){"memory", counts->unfit};
}

static void estimate(const struct search_space *space, const struct search_candidate *c,
                     struct ranked *out)
{
    out->strategy = search_candidate_strategy(c, &space->options->base);
    step_estimate(space->scenario, &out->strategy, &out->cost);
}

static enum status copy_results(const struct search_space *space, const struct search_ranking *best,
                                struct search_result *out, struct error *e)
{
    out->results = malloc((best->count + 1) * sizeof *out->results);
    if (!out->results)
        return error_set(e, STATUS_IO, "out of memory for the results");
    out->count = (int)best->count;
    for (size_t i = 0; i < best->count; i++)
        estimate(space, &best->candidate[i], &out->results[i]);
    return STATUS_OK;
}

static enum status find_fastest(struct search_space *space, struct search_result *out,
                                struct error *e)
{
    struct search_request request = {.goal = GOAL_TIME,
                                     .limit = HUGE_VAL,
                                     .top = (size_t)space->options->top,
                                     .within_frac = space->options->within_frac};
    struct search_pass pass;
    if (search_pass_run(space, &request, &pass, e) == STATUS_OK) {
        copy_counts(space, &pass.counts, out);
        copy_results(space, &pass.best, out, e);
    }
    search_pass_free(&pass);
    return e->status;
}

/* Nothing fits: which strategy misses by least? */
static enum status find_closest(struct search_space *space, struct search_result *out,
                                struct error *e)
{
    struct search_request request = {.goal = GOAL_MEMORY, .limit = HUGE_VAL, .top = 1};
    struct search_pass pass;
    if (search_pass_run(space, &request, &pass, e) == STATUS_OK && pass.best.count > 0)
        estimate(space, &pass.best.candidate[0], &out->closest);
    search_pass_free(&pass);
    return e->status;
}

enum status search_run(const struct scenario *scenario, const struct search_options *options,
                       struct search_result *out, struct error *e)
{
    double start_s = wall_clock_s();
    struct search_space space;
    memset(out, 0, sizeof *out);
    if (search_space_init(scenario, options, &space, e) == STATUS_OK) {
        out->threads = pool_threads(space.pool);
        if (find_fastest(&space, out, e) == STATUS_OK && out->count == 0)
            find_closest(&space, out, e);
    }
    search_space_free(&space);
    out->elapsed_s = wall_clock_s() - start_s;
    return e->status;
}

void search_result_free(struct search_result *r)
{
    free(r->results);
    memset(r, 0, sizeof *r);
}
