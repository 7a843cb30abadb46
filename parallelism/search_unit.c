#include "parallelism/search_unit.h"
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

/* True if strategies that take at least that long, and at least that much memory, are of no use. */
static bool hopeless(const struct search_worker *w, double step_s, double memory_bytes)
{
    double limit = fmin(w->limit, w->ranking->limit);
    if (w->goal == GOAL_MEMORY)
        return memory_bytes > limit;
    return step_s > limit || memory_bytes > w->constants->memory_capacity_bytes;
}

static void offer(struct search_worker *w, double objective)
{
    if (objective > w->limit || objective > w->ranking->limit)
        return;
    struct search_candidate c = search_candidate_of(&w->s, objective);
    search_ranking_offer(w->ranking, &c);
}

static int inner_overlaps(const struct search_worker *w)
{
    return search_tunings(w->space) / (w->space->offloads[0] + w->space->offloads[1]);
}

static void apply_zero(struct search_worker *w, int i)
{
    w->s.zero = w->zero[i].zero;
    w->s.zero_group = w->zero[i].zero_group;
    w->s.fsdp_shard = w->zero[i].fsdp_shard;
}

static void apply_recompute(struct search_worker *w, const struct search_recompute *way)
{
    w->s.recompute = way->recompute;
    w->s.recompute_layers = way->layers;
    stages_recompute(w->space->scenario, &w->shard, &w->s, &w->stages);
}

/* Evaluates the strategy as it stands; returns what of its time longer windows could still hide. */
static double evaluate(struct search_worker *w, int zero)
{
    const struct scenario *scenario = w->space->scenario;
    const struct zero_cost *z = &w->cost[zero];
    struct step_inputs in = {scenario, w->constants, &w->shard, &w->layout, z};
    struct step_cost cost;
    step_evaluate(&in, &w->s, &cost);
    w->counts.evaluated++;
    if (!cost.fits) {
        w->counts.unfit++;
        return 0;
    }
    w->counts.fitting++;
    offer(w, cost.step_s);
    double exposed = data_parallel_exposed_s(scenario, z, &w->s, w->layout.forward_window_s,
                                             w->layout.backward_window_s);
    return exposed - data_parallel_exposed_s(scenario, z, &w->s, HUGE_VAL, HUGE_VAL);
}

/* All overlaps of one way of ZeRO with or without offload; the most that longer windows could hide.
 */
static double evaluate_overlaps(struct search_worker *w, int zero, unsigned overlaps)
{
    double hideable = 0;
    for (int k = 0; k < inner_overlaps(w); k++) {
        w->s.overlaps = search_overlaps(overlaps, w->space->inner_overlaps, k);
        hideable = fmax(hideable, evaluate(w, zero));
    }
    w->s.overlaps = overlaps;
    return hideable;
}

static void price(struct search_worker *w, int zero)
{
    if (!w->priced[zero])
        zero_cost_price(w->space->scenario, &w->shard, &w->stages.tail_parameters, &w->s, &w->memo,
                        &w->cost[zero]);
    w->priced[zero] = true;
}

/* Recompute only adds to the pipeline, so that less of it is no slower, but for gradient reduction
 * that a longer backward pass hides: where nothing is left to hide, the ways to recompute that
 * cover this one need not be tried. */
static bool outdoes_more_recompute(const struct search_worker *w, double hideable_s)
{
    return w->prune && !w->space->options->every_tuning && w->s.recompute != RECOMPUTE_SELECTIVE &&
           hideable_s <= 0;
}

static void evaluate_open(struct search_worker *w)
{
    unsigned overlaps = w->s.overlaps;
    for (int i = 0; i < w->zeros; i++) {
        apply_zero(w, i);
        for (int o = 0; o < 2; o++) {
            if (!w->space->offloads[o] || w->state[i][o] != WAY_OPEN)
                continue;
            w->s.offload_optimizer = o;
            price(w, i);
            if (outdoes_more_recompute(w, evaluate_overlaps(w, i, overlaps)))
                w->state[i][o] = WAY_DONE;
        }
    }
}

static double memory_of(const struct search_worker *w, int zero)
{
    double by_kind[MEMORY_KINDS], most = 0;
    for (int i = 0; i < w->layout.loads; i++)
        most = fmax(most, rank_memory(w->space->scenario, &w->layout.load[i], &w->cost[zero], &w->s,
                                      by_kind));
    return most;
}

/* Memory of one way of ZeRO under the recompute that is set: open if it is worth a closer look. */
static void weigh(struct search_worker *w, int zero, int offload)
{
    int n = inner_overlaps(w);
    if (w->state[zero][offload] == WAY_DONE) {
        w->counts.pruned_by[BOUND_RECOMPUTE] += n;
        return;
    }
    double bytes = memory_of(w, zero);
    w->state[zero][offload] = WAY_UNFIT;
    if (w->goal == GOAL_MEMORY)
        offer(w, bytes);
    else if (bytes <= w->constants->memory_capacity_bytes)
        w->state[zero][offload] = WAY_OPEN;
    if (w->state[zero][offload] == WAY_UNFIT)
        w->counts.pruned_by[BOUND_LAYOUT_MEMORY] += n;
}

/* Strategies of the layout that are open. */
static long long weigh_all(struct search_worker *w)
{
    long long open = 0;
    for (int i = 0; i < w->zeros; i++) {
        apply_zero(w, i);
        for (int o = 0; o < 2; o++) {
            if (!w->space->offloads[o])
                continue;
            w->s.offload_optimizer = o;
            weigh(w, i, o);
            open += w->state[i][o] == WAY_OPEN ? inner_overlaps(w) : 0;
        }
    }
    return open;
}

static double terms_s(const struct layout_cost *layout)
{
    double sum = 0;
    for (int i = 0; i < TERMS; i++)
        sum += layout->term_s[i];
    return sum;
}

/* The splits' strategies with one way to recompute. */
static void run_layout(struct search_worker *w, const struct search_recompute *way)
{
    const struct scenario *scenario = w->space->scenario;
    apply_recompute(w, way);
    layout_loads(scenario, &w->shard, &w->stages, &w->peaks, &w->layout);
    if (!w->prune) {
        layout_times(scenario, &w->shard, &w->stages, &w->s, &w->layout);
        evaluate_open(w);
        return;
    }
    long long open = weigh_all(w);
    if (open == 0)
        return;
    double work = bound_stages_s(scenario, &w->stages, &w->s);
    bool lost = hopeless(w, bound_step_s(scenario, w->constants, work), 0);
    if (!lost) {
        layout_times(scenario, &w->shard, &w->stages, &w->s, &w->layout);
        lost = hopeless(w, bound_step_s(scenario, w->constants, terms_s(&w->layout)), 0);
    }
    if (lost)
        w->counts.pruned_by[BOUND_LAYOUT_TIME] += open;
    else
        evaluate_open(w);
}

/* True if no way to recompute, ZeRO or tuning helps the split; counts its strategies then. */
static bool split_hopeless(struct search_worker *w, long long strategies)
{
    const struct scenario *scenario = w->space->scenario;
    const struct search_recompute none = {RECOMPUTE_NONE, 0};
    enum search_bound bound = BOUND_SPLIT_TIME;
    apply_recompute(w, &none);
    double work = bound_stages_s(scenario, &w->stages, &w->s);
    bool lost = hopeless(w, bound_step_s(scenario, w->constants, work), 0);
    if (!lost) {
        apply_recompute(w, &w->way[w->ways - 1]);
        layout_loads(scenario, &w->shard, &w->stages, &w->peaks, &w->layout);
        w->s.offload_optimizer = w->space->offloads[1];
        bound = BOUND_SPLIT_MEMORY;
        lost = hopeless(w, 0, bound_memory_bytes(scenario, &w->layout, &w->least, &w->s));
    }
    if (lost)
        w->counts.pruned_by[bound] += strategies;
    return lost;
}

static void run_split(struct search_worker *w, const struct search_split *split)
{
    const struct scenario *scenario = w->space->scenario;
    long long strategies = (long long)split->recomputes * w->zeros * search_tunings(w->space);
    search_split_apply(split, &w->s);
    struct schedule_shape shape = layout_shape(scenario, &w->s);
    w->ways = search_recomputes(w->space, split->split.most_layers, w->way);
    if (strategies == 0)
        return;
    stages_init(scenario, &w->shard, &w->s, &split->split, &w->memo, &w->stages);
    split_peaks(&split->split, &shape, &w->peaks);
    if (w->prune && split_hopeless(w, strategies))
        return;
    memset(w->priced, 0, (size_t)w->zeros * sizeof *w->priced);
    memset(w->state, 0, (size_t)w->zeros * sizeof *w->state);
    for (int i = 0; i < w->ways; i++)
        run_layout(w, &w->way[i]);
}

/* ZeRO for the pp and dp that are set. */
static void init_zeros(struct search_worker *w)
{
    w->zeros = search_zeros(w->space, &w->s, w->zero);
    for (int i = 0; i < w->zeros; i++) {
        apply_zero(w, i);
        zero_cost_init(w->space->scenario, &w->shard, &w->s, &w->cost[i]);
    }
    if (w->zeros > 0)
        w->least = bound_zero(w->cost, w->zeros);
}

static void run_cuts(struct search_worker *w, const struct search_cuts *cuts)
{
    const struct search_space *space = w->space;
    const struct search_layouts *layouts = search_space_layouts(space, cuts, &w->s);
    unsigned overlaps = w->s.overlaps;
    int variants = search_pp_overlaps(space, cuts->pp);
    if (!layouts)
        return;
    init_zeros(w);
    for (int i = 0; i < layouts->count * variants && w->zeros > 0; i++) {
        if (variants > 1)
            w->s.overlaps = search_overlaps(overlaps, space->pp_overlap, i % variants);
        run_split(w, &space->split[layouts->split[i / variants]]);
    }
    w->s.overlaps = overlaps;
}

static void price_shard(struct search_worker *w, const struct search_unit *unit)
{
    w->s = search_unit_strategy(w->space, unit);
    shard_cost_compute(w->space->scenario, &w->s, &w->memo, &w->shard);
}

double search_unit_bound_s(struct search_worker *w, const struct search_unit *unit)
{
    price_shard(w, unit);
    return bound_step_s(w->space->scenario, w->constants,
                        bound_shard_s(w->space->scenario, &w->shard));
}

void search_unit_run(struct search_worker *w, const struct search_unit *unit, double limit,
                     struct search_ranking *ranking)
{
    w->limit = limit;
    w->ranking = ranking;
    if (w->prune && hopeless(w, unit->bound_s, 0)) {
        w->counts.pruned_by[BOUND_SHARD_TIME] += unit->legal;
        return;
    }
    price_shard(w, unit);
    for (int i = 0; i < w->space->cuts; i++)
        run_cuts(w, &w->space->cut[i]);
}
