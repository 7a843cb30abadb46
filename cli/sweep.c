#include "cli/sweep.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "cli/strict.h"
#include "cli/sweep_axes.h"
#include "parallelism/provenance.h"
#include "reports/sensitivity_report.h"
#include "reports/sweep_report.h"
#include <stdlib.h>

struct sweep_work {
    struct scenario_input input;
    struct search_options options;
    bool fixed[OPTIONS_MAX]; /* keys that are not searched and that flags set */
    struct axis axes[SWEEP_AXES_MAX];
    struct sweep_request request;
    struct sweep sweep;
    struct search_result now; /* --sensitivity: the fastest strategy as things are */
    struct sensitivities found;
};

enum { SHOWN_ROWS = 25 };
/* The ends of a tornado. */
static const double range_frac = 0.2;

static void show_progress(void *context, int done, int points)
{
    progress_show(context, "sweeping: %d of %d points", done, points);
}

static void show_inputs(void *context, int done, int inputs)
{
    progress_show(context, "optimising anew: %d of %d inputs", done, inputs);
}

static enum status read_axes(const struct arguments *a, struct sweep_work *work, struct error *e)
{
    sweep_axes_read(a, &work->input.scenario, work->axes, &work->request.axis_count, e);
    bool sensitivity = argument_given(a, "sensitivity");
    if (e->status == STATUS_OK && work->request.axis_count == 0 && !sensitivity) {
        error_set(e, STATUS_USAGE, "--vary is missing");
        error_set_hint(e, "what is varied, such as --vary gpus=64:1024:x2; or --sensitivity");
    }
    if (e->status == STATUS_OK && work->request.axis_count > 0 && sensitivity)
        error_set(e, STATUS_USAGE, "--sensitivity varies every constant: leave --vary out");
    return e->status;
}

static enum status read_request(const struct arguments *a, struct sweep_work *work,
                                struct progress *progress, struct error *e)
{
    search_options_default(&work->options);
    if (work->request.team) /* which has a process for each core */
        work->options.threads = 1;
    if (scenario_input_read(a, &work->input, e) ||
        choices_input_read(a, &work->input, &work->options, work->fixed, e) ||
        argument_int(a, "threads", ARGUMENT_THREADS_MAX, &work->options.threads, e) ||
        read_axes(a, work, e))
        return e->status;
    work->request.scenario = &work->input.scenario;
    work->request.options = &work->options;
    work->request.fixed = work->fixed;
    work->request.catalog = argument_value(a, "catalog");
    work->request.axes = work->axes;
    progress_start(progress, a);
    work->request.progress = progress->wanted ? show_progress : NULL;
    work->request.progress_context = progress;
    return STATUS_OK;
}

static enum status write_report(const struct arguments *a, enum output_format format,
                                const struct sweep_work *work, struct error *e)
{
    static enum status (*const writers[])(const struct sweep_report *, struct text *,
                                          struct error *) = {
        [OUTPUT_TEXT] = sweep_text, [OUTPUT_JSON] = sweep_json, [OUTPUT_CSV] = sweep_csv};
    struct sweep_report report = {&work->request, &work->sweep};
    struct text out = {0};
    if (writers[format](&report, &out, e) == STATUS_OK)
        output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

/* --strict: no where the constants were not measured. */
static enum status check_range(const struct arguments *a, const struct scenario *scenario,
                               const struct strategy *strategy, struct error *e)
{
    struct provenance *provenance = calloc(1, sizeof *provenance);
    if (!provenance)
        return error_set(e, STATUS_IO, "out of memory");
    provenance_find(scenario, strategy, provenance);
    strict_check(a, provenance, e);
    free(provenance);
    return e->status;
}

static enum status check_points(const struct arguments *a, const struct sweep_work *work,
                                struct error *e)
{
    struct scenario *scenario = malloc(sizeof *scenario);
    if (!scenario)
        return error_set(e, STATUS_IO, "out of memory");
    for (int i = 0; i < work->sweep.count && e->status == STATUS_OK; i++) {
        struct sweep_point *point = &work->sweep.points[i];
        if (point->found && sweep_scenario(&work->request, point, scenario, e) == STATUS_OK)
            check_range(a, scenario, &point->best.strategy, e);
    }
    free(scenario);
    return e->status;
}

/* No where nothing fits at any point. */
static enum status judge(const struct arguments *a, const struct sweep_work *work, struct error *e)
{
    bool found = false;
    for (int i = 0; i < work->sweep.count; i++)
        found = found || work->sweep.points[i].found;
    if (!found)
        return error_set(e, STATUS_NO, "nothing fits at any point");
    return argument_given(a, "strict") ? check_points(a, work, e) : STATUS_OK;
}

/* True for the process that writes the answer. */
static bool leads(const struct sweep_work *work)
{
    return !work->request.team || work->request.team->rank == 0;
}

static enum status run_points(const struct arguments *a, enum output_format format,
                              struct progress *progress, struct sweep_work *work, struct error *e)
{
    sweep_search(&work->request, &work->sweep, e);
    progress_end(progress);
    if (e->status || !leads(work) || write_report(a, format, work, e))
        return e->status;
    return judge(a, work, e);
}

static enum status find_sensitivities(struct sweep_work *work, struct progress *progress,
                                      struct error *e)
{
    work->options.top = 1;
    if (search_run(&work->input.scenario, &work->options, &work->now, e) != STATUS_OK)
        return e->status;
    if (work->now.count == 0)
        return error_set(e, STATUS_NO, "nothing fits: no strategy to take sensitivities of");
    struct sensitivity_request request = {
        .scenario = &work->input.scenario,
        .fixed = &work->now.results[0].strategy,
        .options = &work->options,
        .range_frac = range_frac,
        .calibration = true,
        .progress = progress->wanted ? show_inputs : NULL,
        .progress_context = progress,
    };
    return sensitivities_find(&request, &work->found, e);
}

static enum status run_sensitivity(const struct arguments *a, enum output_format format,
                                   struct progress *progress, struct sweep_work *work,
                                   struct error *e)
{
    static void (*const writers[])(const struct sensitivity_report *,
                                   struct text *) = {[OUTPUT_TEXT] = sensitivity_text,
                                                     [OUTPUT_JSON] = sensitivity_json,
                                                     [OUTPUT_CSV] = sensitivity_csv};
    if (!leads(work)) /* sensitivities are not shared out */
        return STATUS_OK;
    find_sensitivities(work, progress, e);
    progress_end(progress);
    if (e->status != STATUS_OK)
        return e->status;
    struct sensitivity_report report = {&work->input.scenario, &work->now.results[0].strategy,
                                        &work->found, range_frac, SHOWN_ROWS};
    struct text out = {0};
    writers[format](&report, &out);
    if (output_write(a, &out, e) == STATUS_OK && argument_given(a, "strict"))
        check_range(a, &work->input.scenario, &work->now.results[0].strategy, e);
    text_free(&out);
    return e->status;
}

static enum status run_sweep(const struct arguments *a, struct sweep_work *work, struct error *e)
{
    enum output_format format;
    struct progress progress;
    if (a->operand_count > 0)
        return error_set(e, STATUS_USAGE, "sweep takes no operand, got %s", a->operands[0]);
    if (output_format(a, &format, e) || read_request(a, work, &progress, e))
        return e->status;
    output_model_notes(a, &work->input.scenario.model);
    return (work->request.axis_count > 0 ? run_points : run_sensitivity)(a, format, &progress, work,
                                                                         e);
}

enum status sweep_of_team(const struct arguments *arguments, const struct sweep_team *team,
                          struct error *e)
{
    struct sweep_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    work->request.team = team;
    run_sweep(arguments, work, e);
    sweep_free(&work->sweep);
    search_result_free(&work->now);
    sensitivities_free(&work->found);
    scenario_input_free(&work->input);
    free(work);
    return e->status;
}

enum status sweep_command(const struct arguments *arguments, struct error *e)
{
    return sweep_of_team(arguments, NULL, e);
}
