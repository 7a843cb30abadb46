#include "parallelism/search.h"
#include "base/pool.h"
#include "parallelism/search_unit.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

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

/* One pass over the units. Threads exchange what they found between rounds alone, and rounds are
 * the same for any number of threads: so are the results and every count. */
struct pass {
    const struct search_space *space;
    const struct search_options *options;
    struct pool *pool;
    struct search_worker **worker; /* one a thread */
    size_t *order;                 /* of the units */
    size_t begin;                  /* of the round, in that order */
    struct search_ranking *found;  /* by the units of the round */
    struct search_ranking best;
    double limit; /* best.limit when the round began */
};
enum { ROUND_FIRST = 8, ROUND_MOST = 256 };

static enum status init_pass(struct pass *p, const struct search_space *space, struct pool *pool,
                             const struct step_constants *constants, enum search_goal goal,
                             struct error *e)
{
    size_t threads = (size_t)pool_threads(pool);
    *p = (struct pass){.space = space, .options = space->options, .pool = pool};
    p->worker = calloc(threads, sizeof *p->worker);
    p->order = malloc((space->units + 1) * sizeof *p->order);
    p->found = calloc(ROUND_MOST, sizeof *p->found);
    bool made = p->worker && p->order && p->found;
    for (size_t i = 0; i < threads && made; i++) {
        made = (p->worker[i] = malloc(sizeof *p->worker[i])) != NULL;
        if (made)
            search_worker_init(p->worker[i], space, constants, goal);
    }
    for (size_t i = 0; i < space->units && made; i++)
        p->order[i] = i;
    return made ? STATUS_OK : error_set(e, STATUS_IO, "out of memory for the search");
}

static void free_pass(struct pass *p)
{
    for (int i = 0; p->worker && i < pool_threads(p->pool); i++)
        free(p->worker[i]);
    free(p->worker);
    free(p->order);
    free(p->found);
    search_ranking_free(&p->best);
}

/* Units of a group have one bound. */
static void bound_group(void *context, int worker, size_t i)
{
    struct pass *p = context;
    struct search_unit *unit = &p->space->unit[p->order[i]];
    struct search_unit *end = p->space->unit + p->space->units;
    double bound_s = search_unit_bound_s(p->worker[worker], unit);
    for (size_t group = unit->group; unit < end && unit->group == group; unit++)
        unit->bound_s = bound_s;
}

static void run_unit(void *context, int worker, size_t i)
{
    struct pass *p = context;
    struct search_ranking *found = &p->found[i];
    search_ranking_init(found, p->best.top, p->best.within_frac, p->best.every_tuning);
    search_unit_run(p->worker[worker], &p->space->unit[p->order[p->begin + i]], p->limit, found);
}

/* What the units of a round found, in their order. */
static void merge_round(struct pass *p, size_t units)
{
    for (size_t i = 0; i < units; i++) {
        for (size_t j = 0; j < p->found[i].count; j++)
            search_ranking_offer(&p->best, &p->found[i].candidate[j]);
        p->best.failed = p->best.failed || p->found[i].failed;
        search_ranking_free(&p->found[i]);
    }
    search_ranking_settle(&p->best);
}

static struct search_counts counts_of(const struct pass *p)
{
    struct search_counts sum = {.evaluated = 0};
    for (int i = 0; i < pool_threads(p->pool); i++)
        search_counts_add(&sum, &p->worker[i]->counts);
    return sum;
}

static void report_progress(const struct pass *p, long long done)
{
    if (p->options->progress)
        p->options->progress(p->options->progress_context, (double)done / (double)p->space->legal,
                             counts_of(p).evaluated);
}

static enum status run_rounds(struct pass *p, struct error *e)
{
    size_t size = ROUND_FIRST, units = p->space->units;
    long long done = 0;
    for (p->begin = 0; p->begin < units; p->begin += size) {
        if (p->begin > 2 * size && size < ROUND_MOST)
            size *= 2;
        size_t n = units - p->begin < size ? units - p->begin : size;
        p->limit = p->best.limit;
        pool_run(p->pool, n, run_unit, p);
        merge_round(p, n);
        for (size_t i = 0; i < n; i++)
            done += p->space->unit[p->order[p->begin + i]].legal;
        report_progress(p, done);
    }
    return p->best.failed ? error_set(e, STATUS_IO, "out of memory for the results") : STATUS_OK;
}

static int by_bound(const void *a, const void *b)
{
    const struct search_unit *x = a, *y = b;
    if (x->bound_s < y->bound_s || x->bound_s > y->bound_s)
        return x->bound_s < y->bound_s ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

static void copy_counts(const struct pass *p, struct search_result *out)
{
    struct search_counts counts = counts_of(p);
    out->evaluated = counts.evaluated;
    out->fitting = counts.fitting;
    for (int i = 0; i < SEARCH_BOUNDS; i++) {
        out->pruned_by[i] = counts.pruned_by[i];
        out->pruned += counts.pruned_by[i];
    }
    out->rules = p->space->rules;
    memcpy(out->rejected, p->space->rejected, sizeof out->rejected);
    if (counts.unfit > 0 && out->rules < SEARCH_RULES_MAX)
        out->rejected[out->rules++] = (struct search_rejected){"memory", counts.unfit};
}

static enum status copy_results(const struct pass *p, struct search_result *out, struct error *e)
{
    size_t n = p->best.count;
    out->results = malloc((n + 1) * sizeof *out->results);
    if (!out->results)
        return error_set(e, STATUS_IO, "out of memory for the results");
    out->count = (int)n;
    for (size_t i = 0; i < n; i++) {
        struct ranked *r = &out->results[i];
        r->strategy = search_candidate_strategy(&p->best.candidate[i], &p->options->base);
        step_estimate(p->space->scenario, &r->strategy, &r->cost);
    }
    return STATUS_OK;
}

static void bound_units(struct pass *p)
{
    size_t groups = 0;
    for (size_t i = 0; i < p->space->units; i++)
        if (i == 0 || p->space->unit[i].group != p->space->unit[i - 1].group)
            p->order[groups++] = i;
    pool_run(p->pool, groups, bound_group, p);
    qsort(p->space->unit, p->space->units, sizeof *p->space->unit, by_bound);
    for (size_t i = 0; i < groups; i++)
        p->order[i] = i;
}

/* The fastest, all units bounded first and searched from the most promising on. */
static enum status find_fastest(struct pass *p, struct search_result *out, struct error *e)
{
    search_ranking_init(&p->best, (size_t)p->options->top, p->options->within_frac,
                        p->options->every_tuning);
    if (!p->options->no_prune)
        bound_units(p);
    if (run_rounds(p, e) == STATUS_OK && copy_results(p, out, e) == STATUS_OK)
        copy_counts(p, out);
    return e->status;
}

/* Nothing fits: which strategy misses by least? */
static enum status find_closest(struct pass *p, struct search_result *out, struct error *e)
{
    search_ranking_init(&p->best, 1, 0, false);
    if (run_rounds(p, e) != STATUS_OK || p->best.count == 0)
        return e->status;
    out->closest.strategy = search_candidate_strategy(&p->best.candidate[0], &p->options->base);
    step_estimate(p->space->scenario, &out->closest.strategy, &out->closest.cost);
    return STATUS_OK;
}

static enum status run_pass(const struct search_space *space, struct pool *pool,
                            enum search_goal goal, struct search_result *out, struct error *e)
{
    struct step_constants constants;
    struct pass pass;
    step_constants_compute(space->scenario, &constants);
    if (init_pass(&pass, space, pool, &constants, goal, e) == STATUS_OK) {
        if (goal == GOAL_TIME)
            find_fastest(&pass, out, e);
        else
            find_closest(&pass, out, e);
    }
    free_pass(&pass);
    return e->status;
}

static double now_s(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static enum status search_space_run(const struct search_space *space, struct search_result *out,
                                    struct error *e)
{
    struct pool *pool = pool_create(space->options->threads, e);
    if (!pool)
        return e->status;
    out->threads = pool_threads(pool);
    out->configs = space->configs;
    out->legal = space->legal;
    run_pass(space, pool, GOAL_TIME, out, e);
    if (e->status == STATUS_OK && out->count == 0)
        run_pass(space, pool, GOAL_MEMORY, out, e);
    pool_free(pool);
    return e->status;
}

enum status search_run(const struct scenario *scenario, const struct search_options *options,
                       struct search_result *out, struct error *e)
{
    double start_s = now_s();
    struct search_space space;
    memset(out, 0, sizeof *out);
    if (search_space_init(scenario, options, &space, e) == STATUS_OK)
        search_space_run(&space, out, e);
    search_space_free(&space);
    out->elapsed_s = now_s() - start_s;
    return e->status;
}

void search_result_free(struct search_result *r)
{
    free(r->results);
    memset(r, 0, sizeof *r);
}
