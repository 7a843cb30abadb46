#include "cli/plot_facts.h"
#include <stdlib.h>

/* Inputs that are optimised anew: those with most effect. */
enum { SEARCHED_INPUTS = 24 };
const double plot_range_frac = 0.2;

enum status plot_search(struct plot_work *work, int top, struct error *e)
{
    if (work->found.count > 0)
        return STATUS_OK;
    work->options.top = top;
    if (work->progress.wanted) {
        work->options.progress = progress_search;
        work->options.progress_context = &work->progress;
    }
    search_run(&work->input.scenario, &work->options, &work->found, e);
    progress_end(&work->progress);
    if (e->status == STATUS_OK && work->found.count == 0)
        error_set(e, STATUS_NO, "nothing fits: there is no step to draw");
    return e->status;
}

enum status plot_sensitivities(struct plot_work *work, struct error *e)
{
    if (work->sensitivities.rows || plot_search(work, 1, e) != STATUS_OK)
        return e->status;
    struct sensitivity_request request = {
        .scenario = &work->input.scenario,
        .fixed = &work->found.results[0].strategy,
        .options = &work->options,
        .range_frac = plot_range_frac,
        .searches = SEARCHED_INPUTS,
        .progress = work->progress.wanted ? progress_points : NULL,
        .progress_context = &work->progress,
    };
    return sensitivities_find(&request, &work->sensitivities, e);
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

struct sweep_request plot_sweep_request(struct plot_work *work, const struct axis *axes, int count)
{
    return (struct sweep_request){
        .scenario = &work->input.scenario,
        .options = &work->options,
        .fixed = work->fixed,
        .catalog = argument_value(work->arguments, "catalog"),
        .axes = axes,
        .axis_count = count,
        .progress = work->progress.wanted ? progress_points : NULL,
        .progress_context = &work->progress,
    };
}

static enum status sweep_gpus(struct plot_work *work, const char *inputs, struct sweep *out,
                              struct error *e)
{
    struct axis *axis = calloc(1, sizeof *axis);
    struct sweep_request request = plot_sweep_request(work, axis, 1);
    if (!axis)
        error_set(e, STATUS_IO, "out of memory");
    else if (gpus_axis(work, inputs, axis, e) == STATUS_OK)
        sweep_search(&request, out, e);
    free(axis);
    return e->status;
}

enum status plot_scaling_strong(struct plot_work *work, struct error *e)
{
    return work->strong.points ? STATUS_OK : sweep_gpus(work, "system.gpus", &work->strong, e);
}

enum status plot_scaling_weak(struct plot_work *work, struct error *e)
{
    return work->weak.points ? STATUS_OK
                             : sweep_gpus(work, "system.gpus+job.global_batch", &work->weak, e);
}

void plot_work_free(struct plot_work *work)
{
    figure_free(&work->figure);
    search_result_free(&work->found);
    sensitivities_free(&work->sensitivities);
    sweep_free(&work->strong);
    sweep_free(&work->weak);
    scenario_input_free(&work->input);
}
