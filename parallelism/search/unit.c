#include "parallelism/search/unit.h"
#include "parallelism/search/experts.h"

/* ZeRO for the pp and dp that are set. */
static void init_zeros(struct search_worker *w)
{
    w->s.offload_optimizer = false; /* of the pp before */
    w->zeros = search_zeros(w->space, &w->s, w->zero, NULL);
    w->tunings = search_tunings(w->space, w->zero, w->zeros);
    for (int i = 0; i < w->zeros; i++) {
        search_apply_zero(w, i);
        zero_cost_init(w->space->scenario, &w->shard, &w->s, &w->cost[i]);
    }
    if (w->zeros > 0)
        w->least = bound_zero(w->cost, w->zeros);
}

/* All splits of a pp. large: the first rank does not fit. */
static void run_cuts(struct search_worker *w, const struct search_cuts *cuts,
                     const struct search_layouts *layouts, bool large)
{
    const struct search_space *space = w->space;
    unsigned overlaps = w->s.overlaps;
    int variants = search_pp_overlaps(space, cuts->pp);
    init_zeros(w);
    w->fastest_of = SCHEDULES;
    if (large) {
        w->counts.pruned_by[BOUND_SHARD_MEMORY] += layouts->recomputes * variants * w->tunings;
        return;
    }
    for (int i = 0; i < layouts->count * variants && w->zeros > 0; i++) {
        if (variants > 1)
            w->s.overlaps = search_overlaps(overlaps, space->pp_overlap, i % variants);
        search_split_run(w, &space->split[layouts->split[i / variants]]);
    }
    w->s.overlaps = overlaps;
}

static void price_shard(struct search_worker *w)
{
    shard_cost_compute(w->space->scenario, &w->s, &w->memo, &w->shard);
}

void search_unit_bound(struct search_worker *w, struct search_unit *unit)
{
    const struct scenario *scenario = w->space->scenario;
    struct experts_floor floor = {0, 0};
    w->s = search_unit_strategy(w->space, unit);
    if (scenario->model.experts > 0) {
        w->s.ep = w->s.etp = 1;
        experts_floor_find(scenario, &w->s, &w->memo, &floor);
    } else {
        price_shard(w);
        floor.rest_s = bound_shard_s(scenario, &w->shard);
    }
    unit->rest_s = floor.rest_s;
    unit->bound_s = search_floor_s(w, floor.rest_s + floor.experts_s);
}

/* The unit's own experts instead of the least that any of its group take. */
static bool experts_too_slow(struct search_worker *w, const struct search_unit *unit)
{
    const struct scenario *scenario = w->space->scenario;
    if (scenario->model.experts == 0 || w->goal == GOAL_MEMORY)
        return false;
    return search_hopeless(
        w, search_floor_s(w, unit->rest_s + experts_s(scenario, &w->s, &w->memo)), 0);
}

/* Sets pp and dp; true if the first rank of every split of that pp is too full. */
static bool first_rank_too_large(struct search_worker *w, const struct search_cuts *cuts)
{
    double bytes = bound_first_rank_bytes(w->space->scenario, &w->s, cuts->first_rank_layers);
    return w->prune && search_hopeless(w, 0, bytes);
}

/* Why a unit need not be searched; SEARCH_BOUNDS: it must be, and its shard is priced. */
static enum search_bound bound_of_unit(struct search_worker *w, const struct search_unit *unit)
{
    const struct search_space *space = w->space;
    bool fits = false;
    if (search_hopeless(w, unit->bound_s, 0))
        return BOUND_SHARD_TIME;
    for (int i = 0; i < space->cuts && !fits; i++)
        fits = search_space_layouts(space, &space->cut[i], &w->s) &&
               !first_rank_too_large(w, &space->cut[i]);
    if (!fits)
        return BOUND_SHARD_MEMORY;
    if (experts_too_slow(w, unit))
        return BOUND_SHARD_TIME;
    price_shard(w);
    double floor_s = search_floor_s(w, bound_shard_s(space->scenario, &w->shard));
    return search_hopeless(w, floor_s, 0) ? BOUND_SHARD_TIME : SEARCH_BOUNDS;
}

void search_unit_run(struct search_worker *w, const struct search_unit *unit, double limit,
                     struct search_ranking *ranking)
{
    const struct search_space *space = w->space;
    w->limit = limit;
    w->ranking = ranking;
    w->s = search_unit_strategy(space, unit);
    enum search_bound bound = w->prune ? bound_of_unit(w, unit) : SEARCH_BOUNDS;
    if (bound != SEARCH_BOUNDS) {
        w->counts.pruned_by[bound] += unit->legal;
        return;
    }
    if (!w->prune)
        price_shard(w);
    for (int i = 0; i < space->cuts; i++) {
        const struct search_layouts *layouts = search_space_layouts(space, &space->cut[i], &w->s);
        if (layouts)
            run_cuts(w, &space->cut[i], layouts, first_rank_too_large(w, &space->cut[i]));
    }
}
