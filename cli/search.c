#include "cli/output.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "reports/search_report.h"
#include <stdlib.h>

struct search_work {
    struct scenario_input input;
    struct search_options options;
    bool fixed[OPTIONS_MAX]; /* keys that are not searched and that flags set */
    struct search_result result;
    struct provenance *provenance; /* of each result */
};

static void show_progress(void *context, double done_frac, long long evaluated)
{
    progress_show(context, "searching: %3.0f %%, %lld strategies evaluated", 100 * done_frac,
                  evaluated);
}

static enum status read_options(const struct arguments *a, struct search_work *work,
                                struct error *e)
{
    double top = 10, threads = 0;
    search_options_default(&work->options);
    if (choices_input_read(a, &work->input, &work->options, work->fixed, e) ||
        argument_count(a, "top", 1, &top, e) || argument_count(a, "threads", 1, &threads, e))
        return e->status;
    if (top > 1e6 || threads > 1024)
        return error_set(e, STATUS_USAGE, "--top goes to 1000000, --threads to 1024");
    work->options.top = (int)top;
    work->options.threads = (int)threads;
    work->options.no_prune = argument_given(a, "no-prune");
    return STATUS_OK;
}

static enum status find_provenance(struct search_work *work, struct error *e)
{
    size_t n = (size_t)work->result.count;
    work->provenance = calloc(n > 0 ? n : 1, sizeof *work->provenance);
    if (!work->provenance)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t i = 0; i < n; i++)
        provenance_find(&work->input.scenario, &work->result.results[i].strategy,
                        &work->provenance[i]);
    return STATUS_OK;
}

static enum status write_report(const struct arguments *a, enum output_format format,
                                const struct search_work *work, struct error *e)
{
    static void (*const writers[])(const struct search_report *report, struct text *out) = {
        [OUTPUT_TEXT] = search_text, [OUTPUT_JSON] = search_json, [OUTPUT_CSV] = search_csv};
    struct search_report report = {&work->input.scenario, &work->options, &work->result,
                                   work->fixed, work->provenance};
    struct text out = {0};
    writers[format](&report, &out);
    output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

static enum status judge(const struct arguments *a, const struct search_work *work, struct error *e)
{
    if (work->result.count == 0)
        return error_set(e, STATUS_NO, "nothing fits");
    if (argument_given(a, "strict") && work->provenance[0].extrapolated_count > 0)
        return error_set(e, STATUS_NO, "outside the calibrated range: %s",
                         work->provenance[0].extrapolated[0]);
    return STATUS_OK;
}

static enum status run_search(const struct arguments *a, struct search_work *work, struct error *e)
{
    enum output_format format;
    struct progress progress;
    if (a->operand_count > 0)
        return error_set(e, STATUS_USAGE, "search takes no operand, got %s", a->operands[0]);
    if (output_format(a, &format, e) || scenario_input_read(a, &work->input, e) ||
        read_options(a, work, e))
        return e->status;
    output_model_notes(a, &work->input.scenario.model);
    progress_start(&progress, a);
    if (progress.wanted) {
        work->options.progress = show_progress;
        work->options.progress_context = &progress;
    }
    search_run(&work->input.scenario, &work->options, &work->result, e);
    progress_end(&progress);
    if (e->status || find_provenance(work, e) || write_report(a, format, work, e))
        return e->status;
    return judge(a, work, e);
}

enum status search_command(const struct arguments *arguments, struct error *e)
{
    struct search_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    run_search(arguments, work, e);
    search_result_free(&work->result);
    scenario_input_free(&work->input);
    free(work->provenance);
    free(work);
    return e->status;
}
