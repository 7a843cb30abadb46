#include "base/file.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "cli/strict.h"
#include "parallelism/step_simulation.h"
#include "parallelism/strategy_idle.h"
#include "reports/estimate_report.h"
#include "reports/explain/explain.h"
#include "reports/trace.h"
#include <stdlib.h>

/* What one run of the command works with: too large for the stack of a small thread. */
struct estimate_work {
    struct scenario_input input;
    struct strategy strategy;
    bool given[OPTIONS_MAX]; /* keys of the strategy that were asked for */
    struct step_cost cost;
    struct provenance provenance;
    double simulated_s; /* --simulate; 0: not asked for */
    bool asks_what_if;
    struct what_if_result what_if;
    bool is_critic;
    struct critique critique;
    bool asks_memory;
    struct memory_moments memory;
};

/* --what-if: read before anything is computed, so that a wrong name costs no time. */
static enum status read_what_if(const struct arguments *a, enum output_format format,
                                struct estimate_work *work, struct error *e)
{
    const char *words = argument_value(a, "what-if");
    if (!words)
        return STATUS_OK;
    if (format == OUTPUT_CSV)
        return error_set(e, STATUS_USAGE, "--what-if is text or JSON: leave --csv out");
    work->asks_what_if = true;
    if (what_if_parse(&work->input.scenario, words, &work->what_if, e) != STATUS_OK)
        error_set_path(e, "--what-if");
    return e->status;
}

/* Optimised anew: every dimension of the search is open, the other keys are the strategy's. */
static enum status find_what_if(const struct arguments *a, struct estimate_work *work,
                                struct error *e)
{
    struct search_options options;
    if (!work->asks_what_if || !work->cost.legal)
        return STATUS_OK;
    search_options_default(&options);
    options.base = work->strategy;
    if (argument_int(a, "threads", ARGUMENT_THREADS_MAX, &options.threads, e) != STATUS_OK)
        return e->status;
    return what_if_find(&work->input.scenario, &work->strategy, &options, &work->what_if, e);
}

static void show_progress(void *context, double done_frac, long long evaluated)
{
    (void)evaluated;
    progress_show(context, "searching for what is faster: %3.0f %%", 100 * done_frac);
}

/* A run that is configured already (--from) is told what the search would change. */
static enum status find_critique(const struct arguments *a, enum output_format format,
                                 struct estimate_work *work, struct error *e)
{
    struct search_options options;
    struct progress progress;
    work->is_critic = argument_given(a, "from") && format != OUTPUT_CSV;
    search_options_default(&options);
    if (!work->is_critic ||
        argument_int(a, "threads", ARGUMENT_THREADS_MAX, &options.threads, e) != STATUS_OK)
        return e->status;
    progress_start(&progress, a);
    if (progress.wanted) {
        options.progress = show_progress;
        options.progress_context = &progress;
    }
    critique_make(&work->input.scenario, &work->strategy, &options, &work->critique, e);
    progress_end(&progress);
    return e->status;
}

/* --memory: every stage, and the moment when it holds most. */
static enum status find_memory(const struct arguments *a, enum output_format format,
                               struct estimate_work *work, struct error *e)
{
    work->asks_memory = argument_given(a, "memory") && work->cost.legal;
    if (argument_given(a, "memory") && format == OUTPUT_CSV)
        return error_set(e, STATUS_USAGE, "--memory is text or JSON: leave --csv out");
    if (!work->asks_memory)
        return STATUS_OK;
    return memory_moments_find(&work->input.scenario, &work->strategy, &work->memory, e);
}

/* --trace: beside the forecast, a file of its own. */
static enum status write_trace(const struct arguments *a, const struct estimate_work *work,
                               struct error *e)
{
    const char *path = argument_value(a, "trace");
    struct timeline timeline = {0};
    struct text out = {0};
    if (!path || !work->cost.legal)
        return STATUS_OK;
    if (timeline_find(&work->input.scenario, &work->strategy, &timeline, e) == STATUS_OK)
        trace_json(&work->input.scenario, &work->strategy, &timeline, &out);
    if (out.failed)
        error_set(e, STATUS_IO, "out of memory");
    if (e->status == STATUS_OK)
        file_write(path, text_string(&out), out.length, e);
    text_free(&out);
    timeline_free(&timeline);
    return e->status;
}

/* The text of a forecast, and under it what --explain asks for. */
static enum status write_explained(const struct arguments *a, const struct result *result,
                                   struct text *out, struct error *e)
{
    if (!argument_given(a, "explain") || !result->cost->legal)
        return STATUS_OK;
    text_add(out, "\n");
    return explain_text(result, argument_value(a, "explain"), out, e);
}

static enum status write_result(const struct arguments *a, enum output_format format,
                                const struct estimate_work *work, struct error *e)
{
    static void (*const writers[])(const struct result *result, const struct estimate_more *more,
                                   struct text *out) = {
        [OUTPUT_TEXT] = estimate_text, [OUTPUT_JSON] = estimate_json, [OUTPUT_CSV] = estimate_csv};
    struct result result = {.scenario = &work->input.scenario,
                            .strategy = &work->strategy,
                            .cost = &work->cost,
                            .provenance = &work->provenance,
                            .given = work->given,
                            .simulated_s = work->simulated_s};
    const struct estimate_more more = {
        .what_if = work->asks_what_if && work->cost.legal ? &work->what_if : NULL,
        .critique = work->is_critic ? &work->critique : NULL,
        .memory = work->asks_memory ? &work->memory : NULL,
    };
    struct text out = {0};
    writers[format](&result, &more, &out);
    if (format != OUTPUT_TEXT || write_explained(a, &result, &out, e) == STATUS_OK)
        output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

/* The answer as the exit code gives it. */
static enum status judge(const struct arguments *a, const struct estimate_work *work,
                         struct error *e)
{
    if (!work->cost.legal)
        return error_set(e, STATUS_NO, "the strategy is illegal: %s", work->cost.reason);
    if (!work->cost.fits)
        return error_set(e, STATUS_NO, "the strategy does not fit: %s", work->cost.reason);
    return strict_check(a, &work->provenance, e);
}

/* What was asked for and changes nothing is said before the answer. */
static void note_idle(const struct arguments *a, const struct estimate_work *work)
{
    struct text idle = {0};
    strategy_idle(&work->input.scenario, &work->strategy, &idle);
    output_lines(a, &idle);
    text_free(&idle);
}

static enum status run_estimate(const struct arguments *a, struct estimate_work *work,
                                struct error *e)
{
    enum output_format format;
    if (a->operand_count > 0)
        return error_set(e, STATUS_USAGE, "estimate takes no operand, got %s", a->operands[0]);
    if (output_format(a, &format, e) == STATUS_OK && format != OUTPUT_TEXT &&
        argument_given(a, "explain"))
        return error_set(e, STATUS_USAGE, "--explain is text: leave --json and --csv out");
    if (e->status || scenario_input_read(a, &work->input, e) ||
        strategy_input_read(a, &work->input, &work->strategy, work->given, e) ||
        read_what_if(a, format, work, e))
        return e->status;
    output_model_notes(a, &work->input.scenario.model);
    note_idle(a, work);
    step_estimate(&work->input.scenario, &work->strategy, &work->cost);
    if (work->cost.legal)
        provenance_find(&work->input.scenario, &work->strategy, &work->provenance);
    if (work->cost.legal && argument_given(a, "simulate") &&
        step_simulate(&work->input.scenario, &work->strategy, &work->simulated_s, e) != STATUS_OK)
        return e->status;
    if (find_what_if(a, work, e) || find_critique(a, format, work, e) ||
        find_memory(a, format, work, e) || write_trace(a, work, e) ||
        write_result(a, format, work, e))
        return e->status;
    return judge(a, work, e);
}

enum status estimate_command(const struct arguments *arguments, struct error *e)
{
    struct estimate_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    run_estimate(arguments, work, e);
    scenario_input_free(&work->input);
    free(work);
    return e->status;
}
