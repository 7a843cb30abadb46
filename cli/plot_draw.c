#include "cli/plot_draw.h"
#include "cli/plot_facts.h"
#include "cli/sweep_axes.h"
#include "reports/plot/breakdown.h"
#include "reports/plot/heatmap.h"
#include "reports/plot/memory.h"
#include "reports/plot/pareto.h"
#include "reports/plot/roofline.h"
#include "reports/plot/scaling.h"
#include "reports/plot/sweep.h"
#include "reports/plot/timeline.h"
#include "reports/plot/tornado.h"
#include <stdlib.h>

enum { TORNADO_ROWS = 14 };
/* The Pareto front in steps of memory of this share of a GPU's. */
static const double pareto_step_frac = 0.01;

static const struct strategy *best_strategy(const struct plot_work *work)
{
    return &work->found.results[0].strategy;
}

enum status draw_breakdown(struct plot_work *work, struct error *e)
{
    int top = 5;
    if (argument_int(work->arguments, "top", ARGUMENT_TOP_MAX, &top, e))
        return e->status;
    if (plot_search(work, top, e) == STATUS_OK)
        plot_breakdown(&work->figure, &work->input.scenario, work->found.results,
                       top < work->found.count ? top : work->found.count);
    return e->status;
}

enum status draw_memory(struct plot_work *work, struct error *e)
{
    struct step_parts *parts = malloc(sizeof *parts);
    struct stage_memory *memory = malloc(sizeof *memory);
    if (!parts || !memory) {
        error_set(e, STATUS_IO, "out of memory");
    } else if (plot_search(work, 1, e) == STATUS_OK) {
        const struct scenario *scenario = &work->input.scenario;
        step_take_apart(scenario, best_strategy(work), parts);
        stage_memory_find(scenario, best_strategy(work), parts, memory);
        plot_memory(&work->figure, scenario, best_strategy(work), memory);
    }
    free(parts);
    free(memory);
    return e->status;
}

enum status draw_roofline(struct plot_work *work, struct error *e)
{
    if (plot_search(work, 1, e) != STATUS_OK)
        return e->status;
    return plot_roofline(&work->figure, &work->input.scenario, best_strategy(work), e);
}

enum status draw_timeline(struct plot_work *work, struct error *e)
{
    struct timeline timeline = {0};
    if (plot_search(work, 1, e) == STATUS_OK &&
        timeline_find(&work->input.scenario, best_strategy(work), &timeline, e) == STATUS_OK)
        plot_timeline(&work->figure, &work->input.scenario, best_strategy(work), &timeline);
    timeline_free(&timeline);
    return e->status;
}

enum status draw_tornado(struct plot_work *work, struct error *e)
{
    if (plot_sensitivities(work, e) == STATUS_OK)
        plot_tornado(&work->figure, &work->input.scenario, &work->sensitivities, plot_range_frac,
                     TORNADO_ROWS);
    return e->status;
}

enum status draw_scaling(struct plot_work *work, struct error *e)
{
    if (plot_scaling_strong(work, e) == STATUS_OK && plot_scaling_weak(work, e) == STATUS_OK)
        plot_scaling(&work->figure, &work->input.scenario, &work->strong, &work->weak);
    return e->status;
}

enum status draw_pareto(struct plot_work *work, struct error *e)
{
    struct pareto *front = calloc(1, sizeof *front);
    if (!front)
        error_set(e, STATUS_IO, "out of memory");
    else if (plot_search(work, PLOT_CLOUD, e) == STATUS_OK &&
             pareto_find(&work->input.scenario, &work->options, pareto_step_frac, front, e) ==
                 STATUS_OK &&
             plot_scaling_strong(work, e) == STATUS_OK) {
        struct pareto_picture picture = {&work->input.scenario, front, work->found.results,
                                         work->found.count, &work->strong};
        plot_pareto(&work->figure, &picture);
    }
    free(front);
    return e->status;
}

enum status draw_sweep(struct plot_work *work, struct error *e)
{
    struct axis *axes = calloc(SWEEP_AXES_MAX, sizeof *axes);
    struct sweep sweep = {0};
    struct sweep_request request = plot_sweep_request(work, axes, 0);
    if (!axes)
        return error_set(e, STATUS_IO, "out of memory");
    sweep_axes_read(work->arguments, &work->input.scenario, axes, &request.axis_count, e);
    if (e->status == STATUS_OK && request.axis_count == 0)
        error_set(e, STATUS_USAGE, "--vary is missing");
    if (e->status == STATUS_OK && sweep_search(&request, &sweep, e) == STATUS_OK)
        plot_sweep(&work->figure, &request, &sweep, e);
    sweep_free(&sweep);
    free(axes);
    return e->status;
}

/* --x, --y: dimensions of the search. */
static enum status read_dimension(const struct arguments *a, const char *name,
                                  enum search_dimension *out, struct error *e)
{
    const char *word = argument_value(a, name);
    int d = word ? names_find(search_dimension_names, word) : (int)*out;
    if (d < 0) {
        error_set(e, STATUS_USAGE, "no dimension of the search is called %.40s", word);
        error_set_path(e, name[0] == 'x' ? "--x" : "--y");
        error_set_hint(e, "such as tp, cp, pp, vpp, dp, ep, micro_batch, zero, recompute");
        return e->status;
    }
    *out = (enum search_dimension)d;
    return STATUS_OK;
}

enum status draw_heatmap(struct plot_work *work, struct error *e)
{
    struct strategy_grid *grid = calloc(1, sizeof *grid);
    struct grid_request request = {
        .scenario = &work->input.scenario,
        .options = &work->options,
        .x = SEARCH_TP,
        .y = SEARCH_PP,
    };
    if (!grid)
        return error_set(e, STATUS_IO, "out of memory");
    if (work->progress.wanted) {
        request.progress = progress_points;
        request.progress_context = &work->progress;
    }
    if (read_dimension(work->arguments, "x", &request.x, e) == STATUS_OK &&
        read_dimension(work->arguments, "y", &request.y, e) == STATUS_OK &&
        strategy_grid_find(&request, grid, e) == STATUS_OK)
        plot_heatmap(&work->figure, request.scenario, grid);
    free(grid);
    return e->status;
}
