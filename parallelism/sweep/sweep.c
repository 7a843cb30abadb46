#include "parallelism/sweep/sweep.h"
#include "base/wall_clock.h"
#include <stdlib.h>
#include <string.h>

/* A whole model or system first, then its parts, then what lies inside them. */
enum { CATALOG_STEPS = 4, APPLY_STEPS = 5 };

static int apply_step(const struct axis *axis)
{
    const struct knob *knob = &axis->knob[0];
    return knob->section == KNOB_CATALOG ? knob->index : CATALOG_STEPS;
}

enum status sweep_scenario(const struct sweep_request *request, struct sweep_point *point,
                           struct scenario *out, struct error *e)
{
    *out = *request->scenario;
    for (int step = 0; step < APPLY_STEPS; step++) {
        for (int i = 0; i < request->axis_count; i++) {
            const struct axis *axis = &request->axes[i];
            if (apply_step(axis) == step &&
                axis_apply(axis, point->value[i], request->catalog, out, point->number[i], e))
                return e->status;
        }
    }
    return STATUS_OK;
}

/* Everything the walk over the points carries. */
struct walk {
    const struct sweep_request *request;
    struct sweep *out;
    struct scenario *scenario; /* of the present point */
    struct search_options options;
};

static enum status run_point(struct walk *w, struct sweep_point *point, struct error *e)
{
    struct search_result result = {0};
    if (sweep_scenario(w->request, point, w->scenario, e) != STATUS_OK)
        return e->status;
    w->options = *w->request->options;
    w->options.top = 1;
    w->options.progress = NULL;
    search_options_complete(&w->options, w->request->fixed, w->scenario);
    if (search_run(w->scenario, &w->options, &result, e) == STATUS_OK) {
        point->found = result.count > 0;
        point->best = point->found ? result.results[0] : result.closest;
        point->configs = result.configs;
        point->evaluated = result.evaluated;
        w->out->threads = result.threads;
    }
    search_result_free(&result);
    return e->status;
}

static enum status count_points(const struct sweep_request *r, int *count, struct error *e)
{
    *count = 1;
    for (int i = 0; i < r->axis_count; i++) {
        *count *= r->axes[i].count;
        if (*count > SWEEP_POINTS_MAX)
            return error_set(e, STATUS_USAGE, "more than %d points", SWEEP_POINTS_MAX);
    }
    return STATUS_OK;
}

/* The digits of i in the mixed base of the axes. */
static void place_point(const struct sweep_request *r, int i, struct sweep_point *point)
{
    for (int a = r->axis_count; a-- > 0;) {
        point->value[a] = i % r->axes[a].count;
        i /= r->axes[a].count;
    }
}

static enum status run_points(struct walk *w, struct error *e)
{
    const struct sweep_request *r = w->request;
    int first = r->team ? r->team->rank : 0, step = r->team ? r->team->ranks : 1;
    for (int i = first; i < w->out->count && e->status == STATUS_OK; i += step) {
        place_point(r, i, &w->out->points[i]);
        run_point(w, &w->out->points[i], e);
        if (r->progress)
            r->progress(r->progress_context, i + 1, w->out->count);
    }
    return e->status;
}

static enum status run_walk(struct walk *w, struct error *e)
{
    struct sweep *out = w->out;
    if (count_points(w->request, &out->count, e) != STATUS_OK)
        return e->status;
    out->points = calloc((size_t)out->count, sizeof *out->points);
    w->scenario = malloc(sizeof *w->scenario);
    if (!out->points || !w->scenario)
        error_set(e, STATUS_IO, "out of memory for a sweep of %d points", out->count);
    else
        run_points(w, e);
    free(w->scenario);
    return e->status;
}

enum status sweep_search(const struct sweep_request *request, struct sweep *out, struct error *e)
{
    double start_s = wall_clock_s();
    struct walk w = {.request = request, .out = out};
    memset(out, 0, sizeof *out);
    run_walk(&w, e);
    if (request->team)
        request->team->gather(request->team->context, out, e);
    out->elapsed_s = wall_clock_s() - start_s;
    return e->status;
}

void sweep_free(struct sweep *sweep)
{
    free(sweep->points);
    memset(sweep, 0, sizeof *sweep);
}
