#include "cli/plot.h"
#include "base/file.h"
#include "cli/output.h"
#include "cli/plot_facts.h"
#include "reports/plot/gnuplot.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct plot_kind *kind_find(const char *name, struct error *e)
{
    const char *names[32];
    size_t n = 0;
    for (const struct plot_kind *k = plot_kinds; k->name; k++) {
        if (names_equal(k->name, name))
            return k;
        names[n++] = k->name;
    }
    const char *nearest = nearest_name(name, names, n);
    error_set(e, STATUS_USAGE, "no plot is called %.60s", name);
    if (nearest)
        error_set_hint(e, "did you mean stepcast plot %s?", nearest);
    else
        error_set_hint(e, "stepcast plot --help lists the kinds");
    return NULL;
}

enum status plot_scenario_read(struct plot_work *work, struct error *e)
{
    const struct arguments *a = work->arguments;
    search_options_default(&work->options);
    if (scenario_input_read(a, &work->input, e) ||
        choices_input_read(a, &work->input, &work->options, work->fixed, e) ||
        argument_int(a, "threads", ARGUMENT_THREADS_MAX, &work->options.threads, e))
        return e->status;
    output_model_notes(a, &work->input.scenario.model);
    return STATUS_OK;
}

/* What --data and --script name, if they do. */
static enum status write_extra(const struct arguments *a, const char *option,
                               const struct text *text, struct error *e)
{
    const char *path = argument_value(a, option);
    if (!path)
        return STATUS_OK;
    return file_write(path, text_string(text), text->length, e);
}

/* Without gnuplot the numbers and the script still come, beside the picture that does not. */
static void write_instead(const struct plot_work *work, const char *path, const struct text *script,
                          struct error *e)
{
    struct text name = {0};
    struct error cause = *e;
    size_t stem = path ? (size_t)(strrchr(path, '.') - path) : 0;
    error_init(e);
    const struct {
        const char *option, *ending;
        const struct text *text;
    } files[] = {
        {"data",   "csv", &work->figure.data},
        {"script", "gp",  script            }
    };
    for (size_t i = 0; i < 2 && path && e->status == STATUS_OK; i++) {
        if (argument_value(work->arguments, files[i].option))
            continue;
        text_clear(&name);
        text_add_n(&name, path, stem);
        text_addf(&name, ".%s", files[i].ending);
        if (name.data &&
            file_write(name.data, files[i].text->data, files[i].text->length, e) == STATUS_OK)
            output_note(work->arguments, "no gnuplot: wrote %s", name.data);
    }
    if (e->status == STATUS_OK)
        *e = cause;
    text_free(&name);
}

static enum status write_figure(const struct plot_work *work, const struct figure_format *format,
                                struct error *e)
{
    struct text script = {0}, picture = {0};
    const char *path = argument_value(work->arguments, "output");
    figure_script(&work->figure, format, &script);
    if (figure_failed(&work->figure) || script.failed)
        error_set(e, STATUS_IO, "out of memory");
    else if (write_extra(work->arguments, "data", &work->figure.data, e) == STATUS_OK &&
             write_extra(work->arguments, "script", &script, e) == STATUS_OK &&
             gnuplot_draw(&script, &picture, e) == STATUS_OK)
        output_write(work->arguments, &picture, e);
    if (gnuplot_missing(e))
        write_instead(work, path, &script, e);
    text_free(&script);
    text_free(&picture);
    return e->status;
}

/* Without -o the picture is an SVG on standard output. */
static const struct figure_format *read_format(const struct arguments *a, struct error *e)
{
    const char *path = argument_value(a, "output");
    const struct figure_format *format = path ? figure_format_of(path) : figure_formats;
    if (!format) {
        error_set(e, STATUS_USAGE, "%.200s: expected a name that ends in .svg, .png or .pdf", path);
        error_set_path(e, "-o");
    }
    return format;
}

static enum status run_plot(const struct arguments *a, struct plot_work *work, struct error *e)
{
    if (a->operand_count == 0) {
        error_set(e, STATUS_USAGE, "which plot?");
        error_set_hint(e, "stepcast plot --help lists the kinds");
        return e->status;
    }
    const struct figure_format *format = read_format(a, e);
    const struct plot_kind *kind = format ? kind_find(a->operands[0], e) : NULL;
    if (!kind)
        return e->status;
    if (kind->input != PLOT_FILES && a->operand_count > 1)
        return error_set(e, STATUS_USAGE, "plot %s takes no file, got %.100s", kind->name,
                         a->operands[1]);
    if (kind->input != PLOT_AXES && argument_given(a, "vary"))
        return error_set(e, STATUS_USAGE, "--vary is for plot sweep, not for plot %s", kind->name);
    work->arguments = a;
    progress_start(&work->progress, a);
    figure_init(&work->figure);
    if (kind->input != PLOT_FILES && plot_scenario_read(work, e) != STATUS_OK)
        return e->status;
    kind->draw(work, e);
    progress_end(&work->progress);
    return e->status == STATUS_OK ? write_figure(work, format, e) : e->status;
}

enum status plot_command(const struct arguments *arguments, struct error *e)
{
    struct plot_work *work = calloc(1, sizeof *work);
    if (!work)
        return error_set(e, STATUS_IO, "out of memory");
    run_plot(arguments, work, e);
    plot_work_free(work);
    free(work);
    return e->status;
}
