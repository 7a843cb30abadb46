#include "cli/plot_draw.h"
#include "reports/plot_breakdown.h"
#include "reports/plot_heatmap.h"
#include "reports/plot_memory.h"
#include "reports/plot_pareto.h"
#include "reports/plot_roofline.h"
#include "reports/plot_scaling.h"
#include "reports/plot_timeline.h"
#include "reports/plot_tornado.h"
#include <stdlib.h>

/* Inputs that a tornado optimises anew, and the ends of each. */
enum { TORNADO_ROWS = 14, TORNADO_SEARCHES = 24 };
static const double tornado_range_frac = 0.2;
/* The Pareto front in steps of memory of this share of a GPU's, before so many other strategies. */
static const double pareto_step_frac = 0.01;
enum { CLOUD = 400 };

static void show_points(void *context, int done, int points)
{
    progress_show(context, "searching: %d of %d", done, points);
}

static const struct strategy *best_strategy(const struct plot_work *work)
{
    return &work->found.results[0].strategy;
}

enum status draw_breakdown(struct plot_work *work, struct error *e)
{
    double top = 5;
    if (argument_count(work->arguments, "top", 1, &top, e) ||
        plot_search(work, top < 8 ? (int)top : 8, e))
        return e->status;
    plot_breakdown(&work->figure, &work->input.scenario, work->found.results, work->found.count);
    return STATUS_OK;
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
    struct sensitivities found = {0};
    if (plot_search(work, 1, e) != STATUS_OK)
        return e->status;
    struct sensitivity_request request = {
        .scenario = &work->input.scenario,
        .fixed = best_strategy(work),
        .options = &work->options,
        .range_frac = tornado_range_frac,
        .searches = TORNADO_SEARCHES,
        .progress = work->progress.wanted ? show_points : NULL,
        .progress_context = &work->progress,
    };
    if (sensitivities_find(&request, &found, e) == STATUS_OK)
        plot_tornado(&work->figure, request.scenario, &found, tornado_range_frac, TORNADO_ROWS);
    sensitivities_free(&found);
    return e->status;
}

/* Axes of GPUs from an eighth to four times as many, alone or with the batch. */
static enum status gpus_axis(const struct plot_work *work, const char *inputs, struct axis *axis,
                             struct error *e)
{
    struct knobs *knobs = malloc(sizeof *knobs);
    struct text words = {0};
    double gpus = work->input.scenario.system.gpus, batch = work->input.scenario.job.global_batch;
    double least = 1;
    while (least > 0.125 && gpus * least / 2 >= 1 && batch * least / 2 >= 1 &&
           (double)(long long)(gpus * least / 2) >= gpus * least / 2 &&
           (double)(long long)(batch * least / 2) >= batch * least / 2)
        least /= 2;
    text_addf(&words, "%s=%gx:4x:x2", inputs, least);
    if (!knobs || !words.data) {
        error_set(e, STATUS_IO, "out of memory");
    } else {
        knobs_list(&work->input.scenario, knobs);
        axis_parse(&work->input.scenario, knobs, words.data, axis, e);
    }
    free(knobs);
    text_free(&words);
    return e->status;
}

static enum status sweep_gpus(struct plot_work *work, const char *inputs, struct axis *axis,
                              struct sweep *out, struct error *e)
{
    struct sweep_request request = {
        .scenario = &work->input.scenario,
        .options = &work->options,
        .fixed = work->fixed,
        .catalog = argument_value(work->arguments, "catalog"),
        .axes = axis,
        .axis_count = 1,
        .progress = work->progress.wanted ? show_points : NULL,
        .progress_context = &work->progress,
    };
    if (gpus_axis(work, inputs, axis, e) != STATUS_OK)
        return e->status;
    return sweep_search(&request, out, e);
}

enum status draw_scaling(struct plot_work *work, struct error *e)
{
    struct axis *axis = calloc(1, sizeof *axis);
    struct sweep strong = {0}, weak = {0};
    if (!axis)
        return error_set(e, STATUS_IO, "out of memory");
    if (sweep_gpus(work, "system.gpus", axis, &strong, e) == STATUS_OK &&
        sweep_gpus(work, "system.gpus+job.global_batch", axis, &weak, e) == STATUS_OK)
        plot_scaling(&work->figure, &work->input.scenario, &strong, &weak);
    sweep_free(&strong);
    sweep_free(&weak);
    free(axis);
    return e->status;
}

enum status draw_pareto(struct plot_work *work, struct error *e)
{
    struct axis *axis = calloc(1, sizeof *axis);
    struct pareto *front = calloc(1, sizeof *front);
    struct sweep by_gpus = {0};
    if (!axis || !front)
        error_set(e, STATUS_IO, "out of memory");
    else if (plot_search(work, CLOUD, e) == STATUS_OK &&
             pareto_find(&work->input.scenario, &work->options, pareto_step_frac, front, e) ==
                 STATUS_OK &&
             sweep_gpus(work, "system.gpus", axis, &by_gpus, e) == STATUS_OK) {
        struct pareto_picture picture = {&work->input.scenario, front, work->found.results,
                                         work->found.count, &by_gpus};
        plot_pareto(&work->figure, &picture);
    }
    sweep_free(&by_gpus);
    free(front);
    free(axis);
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
        .progress = work->progress.wanted ? show_points : NULL,
        .progress_context = &work->progress,
    };
    if (!grid)
        return error_set(e, STATUS_IO, "out of memory");
    if (read_dimension(work->arguments, "x", &request.x, e) == STATUS_OK &&
        read_dimension(work->arguments, "y", &request.y, e) == STATUS_OK &&
        strategy_grid_find(&request, grid, e) == STATUS_OK)
        plot_heatmap(&work->figure, request.scenario, grid);
    free(grid);
    return e->status;
}
