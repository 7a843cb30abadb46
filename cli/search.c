#include "cli/output.h"
#include "cli/progress.h"
#include "cli/scenario_options.h"
#include "cli/search_question.h"
#include "cli/strict.h"
#include "parallelism/step_simulation.h"
#include "reports/search_report.h"
#include <stdlib.h>

/* Points of the front are apart by at least so much memory, of the capacity. */
static const double front_step_frac = 0.01;

struct search_work {
    struct scenario_input input;
    struct search_options options;
    bool fixed[OPTIONS_MAX]; /* keys that are not searched and that flags set */
    struct search_question question;
    struct search_result result; /* of a plain search */
    struct ties ties;
    struct clusters clusters;
    struct largest largest;
    struct limits limits;
    struct neighbours neighbours;
    struct pareto_clusters front;
    struct remedies remedies;
    double *simulated_s;
    struct search_result shown;    /* what the report ranks: borrows one of the above */
    struct provenance *provenance; /* of each result shown */
    struct maximum maximum;
    struct cluster_answer cluster_answer;
    struct search_answers answers;
};

static enum status read_options(const struct arguments *a, struct search_work *work,
                                struct error *e)
{
    search_options_default(&work->options);
    if (choices_input_read(a, &work->input, &work->options, work->fixed, e) ||
        search_openings_read(a, &work->options, e) ||
        argument_int(a, "top", ARGUMENT_TOP_MAX, &work->options.top, e) ||
        argument_int(a, "threads", ARGUMENT_THREADS_MAX, &work->options.threads, e))
        return e->status;
    work->options.no_prune = argument_given(a, "no-prune");
    return STATUS_OK;
}

/* ---- the ranking ---- */

/* --maximize: the scenario becomes that of the largest value. */
static enum status run_maximum(struct search_work *work, struct error *e)
{
    struct search_question *q = &work->question;
    if (largest_find(&work->input.scenario, &work->options, q->quantity, 0, &work->largest, e))
        return e->status;
    if (work->largest.value > 0)
        largest_apply(q->quantity, work->largest.value, &work->input.scenario, &work->options);
    work->maximum = (struct maximum){q->quantity, &work->largest};
    work->answers.maximum = &work->maximum;
    return STATUS_OK;
}

/* Several clusters: the scenario becomes that of the chosen one. */
static enum status run_clusters(struct search_work *work, struct error *e)
{
    const struct search_question *q = &work->question;
    struct clusters *clusters = &work->clusters;
    if (clusters_search(&work->input.scenario, &work->options, &q->counts, &q->how, clusters, e))
        return e->status;
    int chosen = q->how.smallest ? clusters->smallest : clusters->best;
    work->cluster_answer = (struct cluster_answer){clusters, &q->how, chosen};
    work->answers.clusters = &work->cluster_answer;
    if (chosen < 0)
        return STATUS_OK;
    work->input.scenario.system.gpus = clusters->cluster[chosen].gpus;
    work->shown = clusters->cluster[chosen].result;
    return STATUS_OK;
}

static enum status run_ties(struct search_work *work, struct error *e)
{
    int top = work->options.top;
    if (ties_find(&work->input.scenario, &work->options, &work->ties, e) != STATUS_OK)
        return e->status;
    work->answers.ties = &work->ties;
    work->shown = work->ties.search;
    work->shown.count = work->shown.count < top ? work->shown.count : top;
    return STATUS_OK;
}

static enum status run_ranking(struct search_work *work, struct error *e)
{
    const struct search_question *q = &work->question;
    if (q->maximizes && run_maximum(work, e) != STATUS_OK)
        return e->status;
    if (q->several && (run_clusters(work, e) != STATUS_OK || work->shown.count == 0))
        return e->status;
    if (q->near_ties)
        return run_ties(work, e);
    if (!q->several &&
        search_run(&work->input.scenario, &work->options, &work->result, e) == STATUS_OK)
        work->shown = work->result;
    return e->status;
}

/* ---- what is drawn from it ---- */

static enum status find_provenance(struct search_work *work, struct error *e)
{
    size_t n = (size_t)work->shown.count;
    work->provenance = calloc(n > 0 ? n : 1, sizeof *work->provenance);
    if (!work->provenance)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t i = 0; i < n; i++)
        provenance_find(&work->input.scenario, &work->shown.results[i].strategy,
                        &work->provenance[i]);
    return STATUS_OK;
}

static enum status simulate(struct search_work *work, struct error *e)
{
    size_t n = (size_t)work->shown.count;
    work->simulated_s = calloc(n, sizeof *work->simulated_s);
    if (!work->simulated_s)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t i = 0; i < n && e->status == STATUS_OK; i++)
        step_simulate(&work->input.scenario, &work->shown.results[i].strategy,
                      &work->simulated_s[i], e);
    work->answers.simulated_s = work->simulated_s;
    return e->status;
}

/* Of the best: what limits it, and why its neighbours lose. */
static enum status find_reasons(struct search_work *work, struct error *e)
{
    const struct ranked *best = work->shown.results;
    if (limits_find(&work->input.scenario, &work->options, best, &work->limits, e) != STATUS_OK)
        return e->status;
    neighbours_find(&work->input.scenario, &work->options, best, &work->neighbours);
    work->answers.limits = &work->limits;
    work->answers.neighbours = &work->neighbours;
    return STATUS_OK;
}

static enum status find_front(struct search_work *work, struct error *e)
{
    if (pareto_clusters_find(&work->input.scenario, &work->options, &work->question.counts,
                             front_step_frac, &work->front, e) == STATUS_OK)
        work->answers.front = &work->front;
    return e->status;
}

static enum status find_answers(struct search_work *work, struct error *e)
{
    const struct search_question *q = &work->question;
    bool found = work->shown.count > 0;
    if (found && find_reasons(work, e) != STATUS_OK)
        return e->status;
    if (found && q->simulate && simulate(work, e) != STATUS_OK)
        return e->status;
    if (found && q->pareto && find_front(work, e) != STATUS_OK)
        return e->status;
    if (found || q->several)
        return STATUS_OK;
    if (remedies_find(&work->input.scenario, &work->options, &work->shown.closest, &work->remedies,
                      e) == STATUS_OK)
        work->answers.remedies = &work->remedies;
    return e->status;
}

/* ---- the answer ---- */

static enum status write_report(const struct arguments *a, enum output_format format,
                                const struct search_work *work, struct error *e)
{
    static void (*const writers[])(const struct search_report *report, struct text *out) = {
        [OUTPUT_TEXT] = search_text, [OUTPUT_JSON] = search_json, [OUTPUT_CSV] = search_csv};
    struct search_report report = {&work->input.scenario, &work->options,   &work->shown,
                                   work->fixed,           work->provenance, &work->answers};
    struct text out = {0};
    writers[format](&report, &out);
    output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

static enum status judge(const struct arguments *a, const struct search_work *work, struct error *e)
{
    if (work->shown.count == 0 && work->question.how.tokens_per_s > 0)
        return error_set(e, STATUS_NO, "no cluster is fast enough");
    if (work->shown.count == 0)
        return error_set(e, STATUS_NO, "nothing fits");
    return strict_check(a, work->provenance, e);
}

static enum status run_search(const struct arguments *a, struct search_work *work, struct error *e)
{
    enum output_format format;
    struct progress progress;
    if (a->operand_count > 0)
        return error_set(e, STATUS_USAGE, "search takes no operand, got %s", a->operands[0]);
    if (output_format(a, &format, e) || scenario_input_read(a, &work->input, e) ||
        read_options(a, work, e) ||
        search_question_read(a, &work->input.scenario, &work->question, e))
        return e->status;
    work->answers.price = work->question.priced ? &work->question.price : NULL;
    output_model_notes(a, &work->input.scenario.model);
    progress_start(&progress, a);
    if (progress.wanted) {
        work->options.progress = progress_search;
        work->options.progress_context = &progress;
    }
    if (run_ranking(work, e) == STATUS_OK)
        find_answers(work, e);
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
    ties_free(&work->ties);
    clusters_free(&work->clusters);
    pareto_clusters_free(&work->front);
    scenario_input_free(&work->input);
    free(work->simulated_s);
    free(work->provenance);
    free(work);
    return e->status;
}
