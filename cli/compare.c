#include "cli/from_file.h"
#include "cli/output.h"
#include "cli/scenario_options.h"
#include "reports/compare_report.h"
#include <stdlib.h>

struct compare_work {
    struct run_log log;
    struct run_summary summary;
    struct kineto kineto;
    struct framework_import own; /* of the arguments that the log prints */
    struct scenario_input input;
    struct strategy strategy;
    bool given[OPTIONS_MAX];
    struct comparison comparison;
};

static bool names_file(const struct arguments *a)
{
    return argument_given(a, "scenario") || argument_given(a, "from");
}

/* What the log says of itself; beside a file it is evidence alone, and may be unreadable. */
static enum status read_own(const struct arguments *a, struct compare_work *work,
                            struct json **document, struct error *e)
{
    struct error own;
    error_init(&own);
    if (from_log_read(a, &work->log, a->operands[0], &work->own, document, &own) == STATUS_OK)
        return STATUS_OK;
    if (names_file(a) && own.status != STATUS_IO) {
        output_note(a, "%s: its arguments are not read: %s", a->operands[0], own.message);
        work->own.framework = NULL;
        return STATUS_OK;
    }
    *e = own;
    return e->status;
}

/* The forecast's scenario: a file's, or else what the log says of itself; flags win. */
static enum status read_scenario(const struct arguments *a, struct compare_work *work,
                                 struct error *e)
{
    struct json *document;
    if (read_own(a, work, &document, e) != STATUS_OK)
        return e->status;
    if (names_file(a)) {
        json_free(document);
        scenario_input_read(a, &work->input, e);
    } else {
        scenario_input_take(a, document, &work->input, e);
    }
    if (e->status == STATUS_OK)
        strategy_input_read(a, &work->input, &work->strategy, work->given, e);
    return e->status;
}

static enum status read_measurement(const struct arguments *a, struct compare_work *work,
                                    struct error *e)
{
    const struct scenario *scenario = &work->input.scenario;
    const struct run_size size = {scenario->system.gpus, scenario->job.seq_length,
                                  scenario->job.global_batch};
    const char *trace = argument_value(a, "kineto");
    if (run_log_summary(&work->log, &size, &work->summary, e) != STATUS_OK)
        error_set_file(e, a->operands[0], 0, 0);
    else if (trace)
        kineto_load(trace, &work->strategy, &work->kineto, e);
    return e->status;
}

static enum status write_comparison(const struct arguments *a, struct compare_work *work,
                                    struct error *e)
{
    const struct compare_input input = {
        .scenario = &work->input.scenario,
        .strategy = &work->strategy,
        .log = &work->log,
        .summary = &work->summary,
        .kineto = argument_given(a, "kineto") ? &work->kineto : NULL,
        .own = work->own.framework ? &work->own.run.strategy : NULL,
    };
    const struct compare_report report = {a->operands[0], &input, &work->comparison};
    struct text out = {0};
    if (comparison_make(&input, &work->comparison, e) != STATUS_OK)
        return e->status;
    (argument_given(a, "json") ? compare_json : compare_text)(&report, &out);
    output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

static enum status run_compare(const struct arguments *a, struct compare_work *work,
                               struct error *e)
{
    if (a->operand_count != 1) {
        error_set(e, STATUS_USAGE, "compare takes one log, got %zu", (size_t)a->operand_count);
        error_set_hint(e, "stepcast compare train.log --system dgx-h100");
        return e->status;
    }
    if (run_log_load(a->operands[0], &work->log, e) || read_scenario(a, work, e))
        return e->status;
    output_model_notes(a, &work->input.scenario.model);
    if (read_measurement(a, work, e) != STATUS_OK)
        return e->status;
    return write_comparison(a, work, e);
}

enum status compare_command(const struct arguments *arguments, struct error *e)
{
    struct compare_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    run_compare(arguments, work, e);
    run_log_free(&work->log);
    framework_import_free(&work->own);
    scenario_input_free(&work->input);
    free(work);
    return e->status;
}
