#include "base/file.h"
#include "cli/plot_facts.h"
#include "cli/report.h"
#include "reports/estimate_report.h"
#include "reports/launch/shell_text.h"
#include "reports/search_report.h"
#include "reports/sensitivity_report.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

static enum status make_folder(const char *path, struct error *e)
{
    if (mkdir(path, 0777) != 0 && !(errno == EEXIST && path_is_folder(path))) {
        error_set(e, STATUS_IO, "cannot make the folder: %s",
                  errno == EEXIST ? "a file has its name" : strerror(errno));
        error_set_file(e, path, 0, 0);
    }
    return e->status;
}

/* FOLDER/NAME.ENDING; text is freed. */
static enum status write_text(const char *folder, const char *name, struct text *text,
                              struct error *e)
{
    struct text path = {0};
    text_addf(&path, "%s/%s", folder, name);
    if (path.failed || text->failed)
        error_set(e, STATUS_IO, "out of memory");
    else if (e->status == STATUS_OK)
        file_write(path.data, text_string(text), text->length, e);
    text_free(&path);
    text_free(text);
    return e->status;
}

/* The command line that makes the page again; where it goes and how fast is the reader's. */
static void add_command(const struct arguments *a, struct text *out)
{
    static const char *const left_out[] = {"output", "quiet", "threads"};
    text_add(out, "stepcast report");
    for (size_t i = 0; i < a->given_count; i++) {
        const struct given *given = &a->given[i];
        bool off = given->option->kind == OPTION_BOOL && given->value &&
                   strcmp(given->value, "false") == 0;
        bool shown = true;
        for (size_t k = 0; k < sizeof left_out / sizeof *left_out; k++)
            shown = shown && strcmp(given->option->name, left_out[k]) != 0;
        if (!shown)
            continue;
        text_addf(out, " --%s%s", off ? "no-" : "", given->option->name);
        if (given->value && given->option->kind != OPTION_BOOL) {
            text_add(out, " ");
            shell_word(out, given->value);
        }
    }
    text_add(out, " -o DIR");
}

enum status report_write_page(const char *folder, struct text *page, struct error *e)
{
    make_folder(folder, e);
    return write_text(folder, "index.html", page, e);
}

static enum status write_page(const struct report_work *work, const char *folder, struct error *e)
{
    struct text command = {0}, page = {0};
    add_command(work->plot.arguments, &command);
    struct review review = {
        .scenario = &work->plot.input.scenario,
        .options = &work->plot.options,
        .found = &work->plot.found,
        .provenance = &work->provenance,
        .limits = &work->limits,
        .neighbours = &work->neighbours,
        .sensitivities = &work->plot.sensitivities,
        .range_frac = plot_range_frac,
        .top = work->top,
        .figures = work->figures,
        .figure_count = work->figure_count,
        .command = text_string(&command),
    };
    review_page(&review, &page);
    text_free(&command);
    return report_write_page(folder, &page, e);
}

enum status report_write_nothing(const struct report_work *work, const struct remedies *remedies,
                                 const char *folder, struct error *e)
{
    struct text command = {0}, page = {0};
    add_command(work->plot.arguments, &command);
    struct review review = {.scenario = &work->plot.input.scenario,
                            .found = &work->plot.found,
                            .command = text_string(&command)};
    review_nothing_page(&review, remedies, &page);
    text_free(&command);
    return report_write_page(folder, &page, e);
}

/* All but dp, which is what the other degrees leave: flags over the answer may change them. */
static void mark_given(bool given[OPTIONS_MAX])
{
    for (size_t i = 0; i < strategy_field_count; i++)
        given[i] = strcmp(strategy_fields[i].key, "dp") != 0;
}

static enum status write_answers(const struct report_work *work, const char *folder,
                                 struct error *e)
{
    const struct scenario *scenario = &work->plot.input.scenario;
    struct search_result shown = work->plot.found;
    const struct ranked *best = &shown.results[0];
    bool given[OPTIONS_MAX] = {false};
    struct result result = {.scenario = scenario,
                            .strategy = &best->strategy,
                            .given = given,
                            .cost = &best->cost,
                            .provenance = &work->provenance};
    struct text answer = {0}, strategies = {0}, sensitivity = {0};
    mark_given(given);
    shown.count = shown.count < work->top ? shown.count : work->top;
    struct search_report search = {.scenario = scenario, .result = &shown};
    struct sensitivity_report rows = {scenario, &best->strategy, &work->plot.sensitivities,
                                      plot_range_frac, 0};
    estimate_json(&result, NULL, &answer);
    search_csv(&search, &strategies);
    sensitivity_csv(&rows, &sensitivity);
    write_text(folder, "answer.json", &answer, e);
    write_text(folder, "strategies.csv", &strategies, e);
    return write_text(folder, "sensitivity.csv", &sensitivity, e);
}

static enum status write_figure(const struct review_figure *figure, const char *folder,
                                struct error *e)
{
    struct text script = {0}, data = {0}, svg = {0};
    char name[64];
    figure_script(&figure->figure, figure_formats, &script);
    text_add_n(&data, text_string(&figure->figure.data), figure->figure.data.length);
    text_add_n(&svg, text_string(&figure->svg), figure->svg.length);
    snprintf(name, sizeof name, "%s.gp", figure->name);
    write_text(folder, name, &script, e);
    snprintf(name, sizeof name, "%s.csv", figure->name);
    write_text(folder, name, &data, e);
    snprintf(name, sizeof name, "%s.svg", figure->name);
    if (svg.length > 0)
        return write_text(folder, name, &svg, e);
    text_free(&svg);
    return e->status;
}

enum status report_write(const struct report_work *work, const char *folder, struct error *e)
{
    struct text figures = {0};
    text_addf(&figures, "%s/figures", folder);
    if (figures.failed)
        return error_set(e, STATUS_IO, "out of memory");
    if (write_page(work, folder, e) == STATUS_OK && make_folder(figures.data, e) == STATUS_OK)
        write_answers(work, folder, e);
    for (int i = 0; i < work->figure_count && e->status == STATUS_OK; i++)
        if (work->figures[i].figure.script.length > 0)
            write_figure(&work->figures[i], figures.data, e);
    text_free(&figures);
    return e->status;
}
