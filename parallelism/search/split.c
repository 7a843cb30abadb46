#include "base/array.h"
#include "parallelism/search/space.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The levels of a space below its units: how the model is cut, what is recomputed. */

void search_split_apply(const struct search_split *split, struct strategy *s)
{
    s->pp = split->pp;
    s->vpp = split->vpp;
    s->schedule = split->schedule;
    s->first_stage_layers = split->first_stage_layers;
    s->last_stage_layers = split->last_stage_layers;
}

/* Layers that a stage may be given by hand: none, or up to twice its share. */
static void end_layers(const struct search_space *space, enum search_dimension d, int stages,
                       struct search_values *out)
{
    int share = space->scenario->model.layers / stages;
    out->count = 0;
    if (search_values_given(out, space->options, d))
        return;
    search_values_add(out, search_dimension_get(&space->options->base, d));
    for (int n = 1; n <= 2 * share && space->options->open[d]; n++)
        search_values_add(out, n);
}

/* The middle stages must share what is left evenly: checked where ends are given by hand. */
static bool ends_fit(const struct search_space *space, const struct strategy *s, int stages)
{
    int first = s->first_stage_layers, last = s->last_stage_layers;
    int open = stages - (first > 0) - (last > 0),
        left = space->scenario->model.layers - first - last;
    if (first == 0 && last == 0)
        return true;
    return left >= 0 && (open > 0 ? left % open == 0 : left == 0);
}

void search_broken_add(struct search_broken *broken, const char *rule)
{
    int i = 0;
    while (i < broken->rules && strcmp(broken->rule[i].name, rule) != 0)
        i++;
    if (i == SEARCH_LEVEL_RULES)
        return;
    if (i == broken->rules)
        broken->rule[broken->rules++] = (struct search_rejected){rule, 0};
    broken->rule[i].count++;
}

static struct search_split *new_split(struct search_space *space)
{
    struct search_split *grown =
        array_grow(space->split, (size_t)space->splits, &space->split_room, sizeof *grown);
    if (!grown)
        return NULL;
    space->split = grown;
    return &space->split[space->splits++];
}

/* Layers on rank 0 that as many micro-batches as ranks go through before the first comes back:
 * those of its first chunk, of all chunks where they lie in the order of the ranks. */
static double first_rank_layers(const struct strategy *s, const struct split *split)
{
    double layers = 0;
    int chunks = s->schedule == SCHEDULE_INTERLEAVED ? split->chunks : 1;
    for (int c = 0; c < chunks; c++)
        for (int k = 0; k < MODEL_LAYER_KINDS_MAX; k++)
            layers += split->content[split->class_of[c * split->ranks]].layers[k];
    return layers;
}

/* Adds the split of a strategy if it is legal; false: out of memory. */
static bool add_split(struct search_space *space, struct search_cuts *cuts,
                      const struct strategy *s)
{
    const char *rule = strategy_illegal_at(space->scenario, s, RULE_SPLIT, NULL, 0);
    if (rule) {
        search_broken_add(&cuts->broken, rule);
        return true;
    }
    struct search_split *split = new_split(space);
    if (!split)
        return false;
    split->pp = s->pp;
    split->vpp = s->vpp;
    split->schedule = s->schedule;
    split->first_stage_layers = s->first_stage_layers;
    split->last_stage_layers = s->last_stage_layers;
    split_compute(space->scenario, s, &split->split);
    struct search_recompute ways[SEARCH_RECOMPUTES_MAX];
    split->recomputes = search_recomputes(space, split->split.most_layers, ways);
    cuts->first_rank_layers = fmin(cuts->first_rank_layers, first_rank_layers(s, &split->split));
    cuts->count++;
    return true;
}

static bool add_ends(struct search_space *space, struct search_cuts *cuts, struct strategy *s)
{
    struct search_values first, last;
    int stages = schedule_stages(s->schedule, s->pp, schedule_chunks(s->schedule, s->vpp));
    end_layers(space, SEARCH_FIRST_STAGE_LAYERS, stages, &first);
    end_layers(space, SEARCH_LAST_STAGE_LAYERS, stages, &last);
    for (int i = 0; i < first.count; i++) {
        for (int j = 0; j < last.count; j++) {
            s->first_stage_layers = first.value[i];
            s->last_stage_layers = last.value[j];
            if (ends_fit(space, s, stages) && !add_split(space, cuts, s))
                return false;
        }
    }
    return true;
}

/* Virtual stages belong to the interleaved schedule; no more of them than layers (and ends). */
static void vpps(const struct search_space *space, const struct strategy *s,
                 struct search_values *out)
{
    int most = (space->scenario->model.layers + 2) / s->pp;
    out->count = 0;
    if (s->schedule != SCHEDULE_INTERLEAVED) {
        if (search_allows(space->options, SEARCH_VPP, 1))
            search_values_add(out, 1);
        return;
    }
    if (search_values_given(out, space->options, SEARCH_VPP)) {
        if (out->value[0] == 1) /* plain 1F1B */
            memmove(out->value, out->value + 1, (size_t)--out->count * sizeof *out->value);
        return;
    }
    for (int v = 2; v <= PIPELINE_MAX_CHUNKS && v <= most; v++)
        search_values_add(out, v);
}

/* Schedules worth trying: the two plain ones, unless others are asked for. */
static bool schedule_tried(const struct search_space *space, enum schedule schedule)
{
    const struct search_options *options = space->options;
    unsigned stack = space->scenario->stack.schedules;
    if (options->choices[SEARCH_SCHEDULE].count > 0)
        return search_allows(options, SEARCH_SCHEDULE, (int)schedule);
    if (!(stack >> schedule & 1))
        return false;
    if (schedule == SCHEDULE_GPIPE && !(stack >> SCHEDULE_1F1B & 1))
        return true;
    return options->open[SEARCH_SCHEDULE] || schedule == SCHEDULE_NONE ||
           schedule == SCHEDULE_1F1B || schedule == SCHEDULE_INTERLEAVED;
}

static bool shares_evenly(const struct scenario *scenario, int stages)
{
    int layers = scenario->model.layers;
    return layers % stages == 0 ||
           (scenario->stack.head_counts_as_layer && (layers + 2) % stages == 0);
}

/* First the virtual stages that share the layers evenly: often the fastest, they bound the others.
 */
static bool add_vpps(struct search_space *space, struct search_cuts *cuts, struct strategy *s)
{
    struct search_values vpp;
    vpps(space, s, &vpp);
    for (int i = 0; i < 2 * vpp.count; i++) {
        s->vpp = vpp.value[i % vpp.count];
        if (shares_evenly(space->scenario, s->pp * s->vpp) == (i < vpp.count) &&
            !add_ends(space, cuts, s))
            return false;
    }
    return true;
}

static bool add_cuts(struct search_space *space, struct search_cuts *cuts)
{
    struct strategy s = space->options->base;
    s.pp = cuts->pp;
    for (int schedule = 0; schedule < SCHEDULES; schedule++) {
        if ((schedule == SCHEDULE_NONE) != (s.pp == 1) ||
            !schedule_tried(space, (enum schedule)schedule))
            continue;
        s.schedule = (enum schedule)schedule;
        if (!add_vpps(space, cuts, &s))
            return false;
    }
    return true;
}

bool search_splits_init(struct search_space *space)
{
    struct search_values pps = {.count = 0};
    if (!search_values_given(&pps, space->options, SEARCH_PP))
        search_values_divisors(&pps, space->gpus, 1, PIPELINE_MAX_RANKS);
    for (int i = 0; i < pps.count; i++) {
        struct search_cuts *cuts = &space->cut[space->cuts++];
        *cuts = (struct search_cuts){
            .pp = pps.value[i], .first = space->splits, .first_rank_layers = HUGE_VAL};
        if (!add_cuts(space, cuts))
            return false;
    }
    return true;
}

static struct search_layouts *new_layouts(struct search_cuts *cuts)
{
    struct search_layouts *grown =
        array_grow(cuts->layout, (size_t)cuts->layouts, &cuts->layout_room, sizeof *grown);
    if (!grown)
        return NULL;
    cuts->layout = grown;
    return &cuts->layout[cuts->layouts++];
}

struct search_layouts *search_layouts_find(const struct search_space *space,
                                           const struct search_cuts *cuts, const struct strategy *s)
{
    int micro_batches = layout_shape(space->scenario, s).micro_batches;
    for (int i = 0; i < cuts->layouts; i++)
        if (cuts->layout[i].micro_batches == micro_batches)
            return &cuts->layout[i];
    return NULL;
}

struct search_layouts *search_layouts_add(struct search_space *space, struct search_cuts *cuts,
                                          const struct strategy *s)
{
    struct search_layouts *out = new_layouts(cuts);
    struct strategy of = *s;
    if (!out)
        return NULL;
    *out = (struct search_layouts){.micro_batches = layout_shape(space->scenario, s).micro_batches,
                                   .split = malloc(((size_t)cuts->count + 1) * sizeof *out->split)};
    for (int i = cuts->first; i < cuts->first + cuts->count && out->split; i++) {
        search_split_apply(&space->split[i], &of);
        if (strategy_illegal_at(space->scenario, &of, RULE_SCHEDULE, NULL, 0)) {
            out->illegal++;
            continue;
        }
        out->split[out->count++] = i;
        out->recomputes += space->split[i].recomputes;
    }
    return out->split ? out : NULL;
}

static void add_recompute(struct search_recompute *out, int *n, enum recompute how, int layers)
{
    if (*n < SEARCH_RECOMPUTES_MAX)
        out[(*n)++] = (struct search_recompute){how, layers};
}

/* Full recompute of 1, 2 ... layers, then of all. */
static void add_full(const struct search_space *space, int most_layers,
                     struct search_recompute *out, int *n)
{
    for (int layers = 1; layers < most_layers; layers++)
        if (search_allows(space->options, SEARCH_RECOMPUTE_LAYERS, layers))
            add_recompute(out, n, RECOMPUTE_FULL, layers);
    if (search_allows(space->options, SEARCH_RECOMPUTE_LAYERS, 0))
        add_recompute(out, n, RECOMPUTE_FULL, 0);
}

int search_recomputes(const struct search_space *space, int most_layers,
                      struct search_recompute out[SEARCH_RECOMPUTES_MAX])
{
    struct strategy s = space->options->base;
    int n = 0;
    for (int r = 0; r < RECOMPUTES; r++) {
        s.recompute = (enum recompute)r;
        if (!search_allows(space->options, SEARCH_RECOMPUTE, r) ||
            strategy_illegal_at(space->scenario, &s, RULE_RECOMPUTE, NULL, 0))
            continue;
        if (r == RECOMPUTE_FULL)
            add_full(space, most_layers, out, &n);
        else
            add_recompute(out, &n, s.recompute, 0);
    }
    return n;
}
