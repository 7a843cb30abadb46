#include "parallelism/search_pass.h"
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

static int by_bound(const void *a, const void *b)
{
    const struct search_unit *x = a, *y = b;
    if (x->bound_s < y->bound_s || x->bound_s > y->bound_s)
        return x->bound_s < y->bound_s ? -1 : 1;
    return x->index < y->index ? -1 : 1;
}

/* The most promising units come first: what they find spares the rest. */
static void bound_units(struct pass *p)
{
    size_t groups = 0;
    if (p->space->bounded || p->space->options->no_prune)
        return;
    for (size_t i = 0; i < p->space->units; i++)
        if (i == 0 || p->space->unit[i].group != p->space->unit[i - 1].group)
            p->group[groups++] = i;
    pool_run(p->space->pool, groups, bound_group, p);
    if (p->space->units > 0) /* an empty space has no array */
        qsort(p->space->unit, p->space->units, sizeof *p->space->unit, by_bound);
    p->space->bounded = true;
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
    size_t size = ROUND_FIRST, units = p->space->units;
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
    bool ran = init_pass(&p);
    if (ran) {
        bound_units(&p);
        ran = run_rounds(&p);
    }
    free_pass(&p);
    return ran ? STATUS_OK : error_set(e, STATUS_IO, "out of memory for the search");
}

void search_pass_free(struct search_pass *pass)
{
    search_ranking_free(&pass->best);
}
