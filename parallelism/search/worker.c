#include "parallelism/search/worker.h"
#include <math.h>
#include <string.h>

void search_counts_add(struct search_counts *to, const struct search_counts *counts)
{
    to->evaluated += counts->evaluated;
    to->fitting += counts->fitting;
    to->unfit += counts->unfit;
    for (int i = 0; i < SEARCH_BOUNDS; i++)
        to->pruned_by[i] += counts->pruned_by[i];
}

void search_worker_init(struct search_worker *w, const struct search_space *space,
                        const struct step_constants *constants, enum search_goal goal)
{
    w->space = space;
    w->constants = constants;
    w->goal = goal;
    w->prune = goal == GOAL_MEMORY || !space->options->no_prune;
    memset(&w->counts, 0, sizeof w->counts);
    memo_init(&w->memo);
}

bool search_hopeless(const struct search_worker *w, double step_s, double memory_bytes)
{
    double limit = fmin(w->limit, w->ranking->limit);
    if (w->goal == GOAL_MEMORY)
        return memory_bytes > limit;
    return step_s > limit || memory_bytes > w->constants->memory_capacity_bytes;
}

double search_floor_s(const struct search_worker *w, double work_s)
{
    return bound_step_s(w->space->scenario, w->constants, work_s);
}

/* objective: step time or memory, as the goal has it. */
static void offer(struct search_worker *w, double objective)
{
    if (objective > w->limit || objective > w->ranking->limit)
        return;
    struct search_candidate c = search_candidate_of(&w->s, objective);
    search_ranking_offer(w->ranking, &c);
}

/* Strategies that differ in the overlaps tried under a way of ZeRO alone. */
static int variants_of(const struct search_worker *w, int zero)
{
    return search_subsets(search_inner_overlaps(w->space, &w->zero[zero]));
}

void search_apply_zero(struct search_worker *w, int i)
{
    w->s.zero = w->zero[i].zero;
    w->s.zero_group = w->zero[i].zero_group;
    w->s.fsdp_shard = w->zero[i].fsdp_shard;
    w->s.reshard_after_forward = w->zero[i].reshard_after_forward;
}

static void apply_recompute(struct search_worker *w, const struct search_recompute *way)
{
    w->s.recompute = way->recompute;
    w->s.recompute_layers = way->layers;
    stages_recompute(&w->shard, &w->s, &w->stages);
}

/* Evaluates the strategy as it stands; its step time. */
static double evaluate(struct search_worker *w, int zero)
{
    struct step_inputs in = {w->space->scenario, w->constants, &w->shard, &w->layout,
                             &w->cost[zero]};
    struct step_cost cost;
    step_evaluate(&in, &w->s, &cost);
    w->counts.evaluated++;
    if (!cost.fits) {
        w->counts.unfit++;
        return HUGE_VAL;
    }
    w->counts.fitting++;
    if (w->space->options->every_tuning || cost.step_s <= w->fastest_s[w->zero[zero].zero])
        offer(w, cost.step_s); /* else the same answer in a slower tuning */
    return cost.step_s;
}

/* All overlaps of one way of ZeRO with or without offload. */
static void evaluate_overlaps(struct search_worker *w, int zero)
{
    unsigned overlaps = w->s.overlaps;
    double *fastest = &w->fastest_s[w->zero[zero].zero];
    unsigned open = search_inner_overlaps(w->space, &w->zero[zero]);
    for (int k = 0, n = search_subsets(open); k < n; k++) {
        w->s.overlaps = search_overlaps(overlaps, open, k);
        *fastest = fmin(*fastest, evaluate(w, zero));
    }
    w->s.overlaps = overlaps;
}

/* The least that a way of ZeRO adds to the pipeline, however the layout is recomputed. */
static double tail_s(struct search_worker *w, int zero)
{
    unsigned overlaps = w->s.overlaps;
    double least = HUGE_VAL;
    unsigned open = search_inner_overlaps(w->space, &w->zero[zero]);
    for (int k = 0, n = search_subsets(open); k < n; k++) {
        w->s.overlaps = search_overlaps(overlaps, open, k);
        least = fmin(least,
                     bound_tail_s(w->space->scenario, &w->shard, &w->ranks, &w->cost[zero], &w->s));
    }
    w->s.overlaps = overlaps;
    return least;
}

/* search_floor_s of the pipeline with the way of ZeRO that is set. */
static double zero_floor_s(const struct search_worker *w, int zero, double work_s)
{
    double offload_s = w->s.offload_optimizer ? w->cost[zero].offload_s : 0;
    return search_floor_s(w, work_s + w->tail_s[zero] + offload_s);
}

static void price(struct search_worker *w, int zero)
{
    if (w->priced[zero])
        return;
    zero_cost_price(w->space->scenario, &w->shard, &w->stages.tail_parameters, &w->s, &w->memo,
                    &w->cost[zero]);
    w->tail_s[zero] = w->prune ? tail_s(w, zero) : 0;
    w->priced[zero] = true;
}

static double memory_of(const struct search_worker *w, int zero)
{
    double by_kind[MEMORY_KINDS], most = 0;
    for (int i = 0; i < w->layout.loads; i++)
        most = fmax(most, rank_memory(w->space->scenario, &w->layout.load[i], &w->cost[zero], &w->s,
                                      by_kind));
    return most;
}

/* Why a way of ZeRO need not be evaluated for the layout whose pipeline takes at least work_s: it
 * does not fit, it is too slow, or with less recompute or in other groups it is no slower.
 * SEARCH_BOUNDS: it must be. */
static enum search_bound bound_of(struct search_worker *w, int zero, double work_s)
{
    double bytes = memory_of(w, zero);
    if (w->goal == GOAL_MEMORY)
        offer(w, bytes);
    if (w->goal == GOAL_MEMORY || bytes > w->constants->memory_capacity_bytes)
        return BOUND_LAYOUT_MEMORY;
    price(w, zero);
    double step_s = zero_floor_s(w, zero, work_s);
    if (search_hopeless(w, step_s, 0))
        return BOUND_LAYOUT_TIME;
    bool outdone = !w->space->options->every_tuning && step_s > w->fastest_s[w->zero[zero].zero];
    return outdone ? BOUND_RECOMPUTE : SEARCH_BOUNDS;
}

/* Calls visit for every way of ZeRO with and without offload. */
static void for_zeros(struct search_worker *w, double work_s,
                      void (*visit)(struct search_worker *w, int zero, double work_s))
{
    for (int i = 0; i < w->zeros; i++) {
        search_apply_zero(w, i);
        for (int o = 0; o < 2; o++) {
            w->s.offload_optimizer = o;
            if (w->space->offloads[o])
                visit(w, i, work_s);
        }
    }
}

static void visit_all(struct search_worker *w, int zero, double work_s)
{
    (void)work_s;
    price(w, zero);
    evaluate_overlaps(w, zero);
}

/* Counts what is lost; `open` tells whether the pipeline must be worked out for the rest. */
static void visit_bounds(struct search_worker *w, int zero, double work_s)
{
    enum search_bound bound = bound_of(w, zero, work_s);
    w->bound[zero][w->s.offload_optimizer] = bound;
    if (bound == SEARCH_BOUNDS)
        w->open = true;
    else
        w->counts.pruned_by[bound] += variants_of(w, zero);
}

static void visit_open(struct search_worker *w, int zero, double work_s)
{
    if (w->bound[zero][w->s.offload_optimizer] != SEARCH_BOUNDS)
        return;
    double step_s = zero_floor_s(w, zero, work_s);
    if (search_hopeless(w, step_s, 0))
        w->counts.pruned_by[BOUND_LAYOUT_TIME] += variants_of(w, zero);
    else
        evaluate_overlaps(w, zero);
}

static double terms_s(const struct layout_cost *layout)
{
    double sum = 0;
    for (int i = 0; i < TERMS; i++)
        sum += layout->term_s[i];
    return sum;
}

/* The slowest of what the split's ZeRO stages have reached so far. */
static double slowest_s(const struct search_worker *w)
{
    double slowest = 0;
    for (int i = 0; i < w->zeros; i++)
        slowest = fmax(slowest, w->fastest_s[w->zero[i].zero]);
    return slowest;
}

/* Why the layout as recomputed now need not be looked at, whatever the ZeRO; SEARCH_BOUNDS: it must
 * be, and its loads are set. */
static enum search_bound bound_of_layout(struct search_worker *w, double work_s)
{
    const struct scenario *scenario = w->space->scenario;
    double step_s = search_floor_s(w, work_s);
    if (search_hopeless(w, step_s, 0))
        return BOUND_LAYOUT_TIME;
    if (!w->space->options->every_tuning && step_s > slowest_s(w))
        return BOUND_RECOMPUTE;
    layout_loads(scenario, &w->shard, &w->stages, &w->peaks, &w->layout);
    w->s.offload_optimizer = w->space->offloads[1];
    bool full = search_hopeless(w, 0, bound_memory_bytes(scenario, &w->layout, &w->least, &w->s));
    return full ? BOUND_LAYOUT_MEMORY : SEARCH_BOUNDS;
}

/* One way to recompute; false if it is too slow already. */
static bool run_layout_pruned(struct search_worker *w)
{
    const struct scenario *scenario = w->space->scenario;
    double work_s = bound_stages_s(scenario, &w->stages, &w->s);
    enum search_bound bound = bound_of_layout(w, work_s);
    if (bound != SEARCH_BOUNDS) {
        w->counts.pruned_by[bound] += w->tunings;
        return bound == BOUND_LAYOUT_MEMORY;
    }
    w->open = false;
    for_zeros(w, work_s, visit_bounds);
    if (w->open) {
        layout_times(scenario, &w->shard, &w->stages, &w->s, &w->layout);
        for_zeros(w, terms_s(&w->layout), visit_open);
    }
    return true;
}

static void run_layouts_pruned(struct search_worker *w)
{
    for (int i = 0; i < w->ways; i++) {
        apply_recompute(w, &w->way[i]);
        if (run_layout_pruned(w) || w->way[i].recompute != RECOMPUTE_FULL)
            continue;
        /* full recompute of more layers takes longer still */
        w->counts.pruned_by[BOUND_LAYOUT_TIME] += (w->ways - 1 - i) * w->tunings;
        return;
    }
}

static void run_layouts(struct search_worker *w)
{
    const struct scenario *scenario = w->space->scenario;
    for (int i = 0; i < w->ways; i++) {
        apply_recompute(w, &w->way[i]);
        layout_loads(scenario, &w->shard, &w->stages, &w->peaks, &w->layout);
        layout_times(scenario, &w->shard, &w->stages, &w->s, &w->layout);
        for_zeros(w, 0, visit_all);
    }
}

/* True if not even without recompute the split is fast enough. */
static bool split_too_slow(struct search_worker *w)
{
    const struct search_recompute none = {RECOMPUTE_NONE, 0};
    apply_recompute(w, &none);
    double work_s = bound_stages_s(w->space->scenario, &w->stages, &w->s);
    return search_hopeless(w, search_floor_s(w, work_s), 0);
}

/* True if not even with all recompute and ZeRO it fits. */
static bool split_too_large(struct search_worker *w)
{
    const struct scenario *scenario = w->space->scenario;
    apply_recompute(w, &w->way[w->ways - 1]);
    layout_loads(scenario, &w->shard, &w->stages, &w->peaks, &w->layout);
    w->s.offload_optimizer = w->space->offloads[1];
    double bytes = bound_memory_bytes(scenario, &w->layout, &w->least, &w->s);
    return search_hopeless(w, 0, bytes);
}

static void init_split(struct search_worker *w)
{
    bound_ranks_find(w->space->scenario, &w->stages, &w->ranks);
    memset(w->priced, 0, (size_t)w->zeros * sizeof *w->priced);
}

/* Splits of one pp and schedule are one answer in different tuning: what one reached bounds the
 * others. */
static void start_schedule(struct search_worker *w, const struct search_split *split)
{
    if (split->schedule == w->fastest_of)
        return;
    w->fastest_of = split->schedule;
    for (int i = 0; i <= 3; i++)
        w->fastest_s[i] = HUGE_VAL;
}

void search_split_run(struct search_worker *w, const struct search_split *split)
{
    const struct scenario *scenario = w->space->scenario;
    search_split_apply(split, &w->s);
    start_schedule(w, split);
    struct schedule_shape shape = layout_shape(scenario, &w->s);
    w->ways = search_recomputes(w->space, split->split.most_layers, w->way);
    if (w->ways == 0)
        return;
    stages_init(scenario, &w->shard, &w->s, &split->split, &w->memo, &w->stages);
    if (w->prune && split_too_slow(w)) {
        w->counts.pruned_by[BOUND_SPLIT_TIME] += w->ways * w->tunings;
        return;
    }
    split_peaks(&split->split, &shape, &w->peaks);
    if (w->prune && split_too_large(w)) {
        w->counts.pruned_by[BOUND_SPLIT_MEMORY] += w->ways * w->tunings;
        return;
    }
    init_split(w);
    (w->prune ? run_layouts_pruned : run_layouts)(w);
}
