#include "parallelism/search/ranking.h"
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Full recompute of all layers is more than that of any number, and 0 stands for it. */
static const int all_layers = INT_MAX;

struct search_candidate search_candidate_of(const struct strategy *s, double objective)
{
    struct search_candidate c = {.objective = objective, .overlaps = s->overlaps};
    for (int d = 0; d < SEARCH_DIMENSIONS; d++)
        c.value[d] = search_dimension_get(s, (enum search_dimension)d);
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers == 0)
        c.value[SEARCH_RECOMPUTE_LAYERS] = all_layers;
    return c;
}

struct strategy search_candidate_strategy(const struct search_candidate *c,
                                          const struct strategy *base)
{
    struct strategy s = *base;
    for (int d = 0; d < SEARCH_DIMENSIONS; d++)
        search_dimension_set(&s, (enum search_dimension)d, c->value[d]);
    if (s.recompute_layers == all_layers)
        s.recompute_layers = 0;
    s.overlaps = c->overlaps;
    return s;
}

/* Compares the dimensions that tell, or those that do not. */
static int compare_dimensions(const struct search_candidate *a, const struct search_candidate *b,
                              bool tell)
{
    for (int d = 0; d < SEARCH_DIMENSIONS; d++)
        if (search_dimension_tells((enum search_dimension)d) == tell && a->value[d] != b->value[d])
            return a->value[d] < b->value[d] ? -1 : 1;
    return 0;
}

/* Better first; of equal ones the smaller, dimension by dimension: with less recompute. */
static int compare_candidates(const struct search_candidate *a, const struct search_candidate *b)
{
    if (a->objective < b->objective || a->objective > b->objective)
        return a->objective < b->objective ? -1 : 1;
    int order = compare_dimensions(a, b, true);
    if (order == 0)
        order = compare_dimensions(a, b, false);
    if (order == 0 && a->overlaps != b->overlaps) /* more overlap first */
        order = a->overlaps > b->overlaps ? -1 : 1;
    return order;
}

static int by_rank(const void *a, const void *b)
{
    return compare_candidates(a, b);
}

static int by_tuning(const void *a, const void *b)
{
    int order = compare_dimensions(a, b, true);
    return order ? order : compare_candidates(a, b);
}

void search_ranking_init(struct search_ranking *ranking, size_t top, double within_frac,
                         bool every_tuning)
{
    *ranking = (struct search_ranking){
        .top = top, .within_frac = within_frac, .every_tuning = every_tuning, .limit = HUGE_VAL};
}

void search_ranking_free(struct search_ranking *ranking)
{
    free(ranking->candidate);
    memset(ranking, 0, sizeof *ranking);
}

/* Of each group that agrees in what tells, the best. */
static void drop_tunings(struct search_ranking *r)
{
    size_t kept = 0;
    qsort(r->candidate, r->count, sizeof *r->candidate, by_tuning);
    for (size_t i = 0; i < r->count; i++)
        if (kept == 0 || compare_dimensions(&r->candidate[kept - 1], &r->candidate[i], true) != 0)
            r->candidate[kept++] = r->candidate[i];
    r->count = kept;
}

void search_ranking_settle(struct search_ranking *r)
{
    if (r->count == 0)
        return;
    if (!r->every_tuning)
        drop_tunings(r);
    qsort(r->candidate, r->count, sizeof *r->candidate, by_rank);
    double within = r->candidate[0].objective * (1 + r->within_frac);
    size_t kept = r->count < r->top ? r->count : r->top;
    while (kept < r->count && r->candidate[kept].objective <= within)
        kept++;
    if (r->count >= r->top && r->top > 0) {
        double last = r->candidate[r->top - 1].objective;
        r->limit = last > within ? last : within;
    }
    r->count = kept;
}

static bool make_room(struct search_ranking *r)
{
    size_t room = r->room > 0 ? 2 * r->room : 16 + 2 * (r->top < 1024 ? r->top : 1024);
    struct search_candidate *grown = realloc(r->candidate, room * sizeof *grown);
    if (!grown)
        return false;
    r->candidate = grown;
    r->room = room;
    return true;
}

void search_ranking_offer(struct search_ranking *r, const struct search_candidate *c)
{
    if (c->objective > r->limit)
        return;
    if (r->count == r->room) {
        search_ranking_settle(r);
        if (r->count >= r->room / 2 + r->room / 4 && !make_room(r)) {
            r->failed = true;
            return;
        }
    }
    r->candidate[r->count++] = *c;
}
