#include "cli/report.h"
#include "cli/output.h"
#include "cli/plot_facts.h"
#include "cli/strict.h"
#include "reports/plot/gnuplot.h"
#include <stdlib.h>

/* An SVG of one figure; without gnuplot none. */
static enum status draw_picture(struct report_work *work, struct review_figure *out,
                                struct error *e)
{
    struct text script = {0};
    struct error cause;
    error_init(&cause);
    figure_script(&out->figure, figure_formats, &script);
    if (figure_failed(&out->figure) || script.failed)
        error_set(e, STATUS_IO, "out of memory");
    else if (!work->undrawn && gnuplot_draw(&script, &out->svg, &cause) != STATUS_OK)
        work->undrawn = gnuplot_missing(&cause);
    if (work->undrawn)
        text_add(&out->reason, "gnuplot is not installed");
    else if (cause.status != STATUS_OK)
        *e = cause;
    text_free(&script);
    return e->status;
}

/* The numbers of a figure; a kind that has nothing to show here says so in its place. */
static enum status draw_figure(struct report_work *work, const struct plot_kind *kind,
                               struct error *e)
{
    struct review_figure *out = &work->figures[work->figure_count++];
    struct error cause;
    error_init(&cause);
    out->name = kind->name;
    figure_init(&work->plot.figure);
    kind->draw(&work->plot, &cause);
    out->figure = work->plot.figure;
    figure_init(&work->plot.figure);
    if (cause.status == STATUS_IO)
        *e = cause;
    else if (cause.status != STATUS_OK)
        text_addf(&out->reason, "%s", cause.message);
    else
        draw_picture(work, out, e);
    return e->status;
}

/* Draws every figure of the scenario. One that cannot be drawn says why, and stops nothing; without
 * gnuplot `undrawn` is true. */
static enum status draw_figures(struct report_work *work, struct error *e)
{
    for (const struct plot_kind *k = plot_kinds; k->name && e->status == STATUS_OK; k++)
        if (k->input == PLOT_SCENARIO && work->figure_count < REVIEW_FIGURES_MAX)
            draw_figure(work, k, e);
    progress_end(&work->plot.progress);
    return e->status;
}

static enum status find_facts(struct report_work *work, struct error *e)
{
    struct plot_work *plot = &work->plot;
    if (plot_search(plot, PLOT_CLOUD, e) != STATUS_OK)
        return e->status;
    const struct ranked *best = &plot->found.results[0];
    provenance_find(&plot->input.scenario, &best->strategy, &work->provenance);
    neighbours_find(&plot->input.scenario, &plot->options, best, &work->neighbours);
    if (limits_find(&plot->input.scenario, &plot->options, best, &work->limits, e) != STATUS_OK)
        return e->status;
    return plot_sensitivities(plot, e);
}

/* A no is an answer too: what is nearest, and what would make it fit. */
static enum status write_nothing(const struct report_work *work, const char *folder,
                                 struct error *e)
{
    struct remedies *remedies = calloc(1, sizeof *remedies);
    struct error no = *e;
    error_init(e);
    if (!remedies)
        error_set(e, STATUS_IO, "out of memory");
    else if (remedies_find(&work->plot.input.scenario, &work->plot.options,
                           &work->plot.found.closest, remedies, e) == STATUS_OK)
        report_write_nothing(work, remedies, folder, e);
    free(remedies);
    if (e->status == STATUS_OK)
        *e = no;
    return e->status;
}

static enum status judge(const struct arguments *a, const struct report_work *work, struct error *e)
{
    if (work->undrawn) {
        error_set(e, STATUS_IO, "gnuplot is not installed: the page has no figures");
        error_set_hint(e, "apt-get install gnuplot-nox; data and scripts are in figures/");
        return e->status;
    }
    return strict_check(a, &work->provenance, e);
}

static enum status run_report(const struct arguments *a, struct report_work *work, struct error *e)
{
    int top = 5;
    const char *folder = argument_value(a, "output");
    if (a->operand_count > 0)
        return error_set(e, STATUS_USAGE, "report takes no operand, got %.100s", a->operands[0]);
    if (!folder) {
        error_set(e, STATUS_USAGE, "-o is missing");
        error_set_hint(e, "the folder that the page and its figures go to, such as -o review");
        return e->status;
    }
    work->plot.arguments = a;
    progress_start(&work->plot.progress, a);
    if (argument_int(a, "top", ARGUMENT_TOP_MAX, &top, e) || plot_scenario_read(&work->plot, e))
        return e->status;
    work->top = top < PLOT_CLOUD ? top : PLOT_CLOUD;
    if (find_facts(work, e) == STATUS_NO)
        return write_nothing(work, folder, e);
    if (e->status || draw_figures(work, e) || report_write(work, folder, e))
        return e->status;
    output_note(a, "wrote %s/index.html", folder);
    return judge(a, work, e);
}

static void free_work(struct report_work *work)
{
    for (int i = 0; i < work->figure_count; i++) {
        figure_free(&work->figures[i].figure);
        text_free(&work->figures[i].svg);
        text_free(&work->figures[i].reason);
    }
    plot_work_free(&work->plot);
    free(work);
}

enum status report_command(const struct arguments *arguments, struct error *e)
{
    if (argument_given(arguments, "diff"))
        return report_diff(arguments, e);
    struct report_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    run_report(arguments, work, e);
    free_work(work);
    return e->status;
}
