#include "parallelism/search/pass.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ROUND_FIRST = 8, ROUND_MOST = 256 }; /* units */

struct pass {
    struct search_space *space;
    const struct search_request *request;
    struct search_pass *out;
    struct step_constants constants;
    struct search_worker **worker; /* one a thread */
    size_t *group;                 /* first unit of each group */
    struct search_ranking *found;  /* by the units of a round */
    size_t begin;                  /* of the round */
    double limit;                  /* when it began */
};

static bool init_pass(struct pass *p)
{
    size_t threads = (size_t)pool_threads(p->space->pool);
    p->worker = calloc(threads, sizeof *p->worker);
    p->group = malloc((p->space->units + 1) * sizeof *p->group);
    p->found = calloc(ROUND_MOST, sizeof *p->found);
    bool made = p->worker && p->group && p->found;
    step_constants_compute(p->space->scenario, &p->constants);
    for (size_t i = 0; i < threads && made; i++) {
        made = (p->worker[i] = malloc(sizeof *p->worker[i])) != NULL;
        if (made)
            search_worker_init(p->worker[i], p->space, &p->constants, p->request->goal);
    }
    return made;
}

static void free_pass(struct pass *p)
{
    for (int i = 0; p->worker && i < pool_threads(p->space->pool); i++)
        free(p->worker[i]);
    free(p->worker);
    free(p->group);
    free(p->found);
}

/* Units of a group have one bound. */
static void bound_group(void *context, int worker, size_t i)
{
    struct pass *p = context;
    struct search_unit *unit = &p->space->unit[p->group[i]];
    struct search_unit *end = p->space->unit + p->space->units;
    const struct search_unit *first = unit;
    search_unit_bound(p->worker[worker], unit);
    for (unit++; unit < end && unit->group == first->group; unit++) {
        unit->bound_s = first->bound_s;
        unit->rest_s = first->rest_s;
    }
}

/* Groups keep together: they lie one after the other, and their units have one bound. */
struct place {
    double bound_s;
    size_t first;
};

static int by_bound(const void *a, const void *b)
{
    const struct place *x = a, *y = b;
    if (x->bound_s < y->bound_s || x->bound_s > y->bound_s)
        return x->bound_s < y->bound_s ? -1 : 1;
    return x->first < y->first ? -1 : 1;
}

/* Copies the groups in the order of the places. */
static void arrange(const struct search_space *space, const struct place *place, size_t groups,
                    struct search_unit *out)
{
    for (size_t g = 0; g < groups; g++) {
        const struct search_unit *unit = &space->unit[place[g].first];
        const struct search_unit *end = space->unit + space->units;
        size_t group = unit->group;
        for (; unit < end && unit->group == group; unit++)
            *out++ = *unit;
    }
}

static bool sort_units(struct pass *p, size_t groups)
{
    struct search_space *space = p->space;
    struct place *place = malloc((groups + 1) * sizeof *place);
    struct search_unit *sorted = malloc((space->units + 1) * sizeof *sorted);
    bool made = place && sorted;
    if (made) {
        for (size_t i = 0; i < groups; i++)
            place[i] = (struct place){space->unit[p->group[i]].bound_s, p->group[i]};
        qsort(place, groups, sizeof *place, by_bound);
        arrange(space, place, groups, sorted);
        free(space->unit);
        space->unit = sorted;
        space->unit_room = space->units + 1;
    } else {
        free(sorted);
    }
    free(place);
    return made;
}

/* The most promising units come first: what they find spares the rest. False: out of memory. */
static bool bound_units(struct pass *p)
{
    size_t groups = 0;
    if (p->space->bounded || p->space->options->no_prune)
        return true;
    for (size_t i = 0; i < p->space->units; i++)
        if (i == 0 || p->space->unit[i].group != p->space->unit[i - 1].group)
            p->group[groups++] = i;
    pool_run(p->space->pool, groups, bound_group, p);
    p->space->bounded = true;
    return sort_units(p, groups);
}

static void run_unit(void *context, int worker, size_t i)
{
    struct pass *p = context;
    struct search_ranking *found = &p->found[i];
    const struct search_ranking *best = &p->out->best;
    search_ranking_init(found, best->top, best->within_frac, best->every_tuning);
    search_unit_run(p->worker[worker], &p->space->unit[p->begin + i], p->limit, found);
}

/* What the units of a round found, in their order. */
static bool merge_round(struct pass *p, size_t units)
{
    bool failed = false;
    for (size_t i = 0; i < units; i++) {
        for (size_t j = 0; j < p->found[i].count; j++)
            search_ranking_offer(&p->out->best, &p->found[i].candidate[j]);
        failed = failed || p->found[i].failed;
        search_ranking_free(&p->found[i]);
    }
    search_ranking_settle(&p->out->best);
    return !failed && !p->out->best.failed;
}

static void count_all(struct pass *p)
{
    memset(&p->out->counts, 0, sizeof p->out->counts);
    for (int i = 0; i < pool_threads(p->space->pool); i++)
        search_counts_add(&p->out->counts, &p->worker[i]->counts);
}

static void report_progress(struct pass *p, long long done)
{
    const struct search_options *options = p->space->options;
    if (options->progress)
        options->progress(options->progress_context, (double)done / (double)p->space->legal,
                          p->out->counts.evaluated);
}

static bool run_rounds(struct pass *p)
{
    /* small at first: what a round finds prunes the next */
    size_t size = p->space->options->no_prune ? ROUND_MOST : ROUND_FIRST;
    size_t units = p->space->units;
    long long done = 0;
    for (p->begin = 0; p->begin < units; p->begin += size) {
        if (p->begin > 2 * size && size < ROUND_MOST)
            size *= 2;
        size_t n = units - p->begin < size ? units - p->begin : size;
        p->limit = fmin(p->request->limit, p->out->best.limit);
        pool_run(p->space->pool, n, run_unit, p);
        if (!merge_round(p, n))
            return false;
        for (size_t i = 0; i < n; i++)
            done += p->space->unit[p->begin + i].legal;
        count_all(p);
        report_progress(p, done);
        if (p->request->any && p->out->best.count > 0)
            break;
    }
    return true;
}

enum status search_pass_run(struct search_space *space, const struct search_request *request,
                            struct search_pass *out, struct error *e)
{
    struct pass p = {.space = space, .request = request, .out = out};
    memset(out, 0, sizeof *out);
    search_ranking_init(&out->best, request->top, request->within_frac,
                        space->options->every_tuning);
    bool ran = init_pass(&p) && bound_units(&p) && run_rounds(&p);
    free_pass(&p);
    return ran ? STATUS_OK : error_set(e, STATUS_IO, "out of memory for the search");
}

void search_pass_free(struct search_pass *pass)
{
    search_ranking_free(&pass->best);
}
