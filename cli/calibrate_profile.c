#include "cli/calibrate_profile.h"
#include "base/file.h"
#include "base/json_splice.h"
#include "calibrate/fit/profile_fit.h"
#include "cli/date.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/validate_samples.h"
#include "reports/collective_report.h"
#include "reports/profile_report.h"
#include "reports/sample_drawing.h"
#include "reports/sample_report.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* ---- fit ---- */

/* What the fit found, a line a group. */
static void note_fit(const struct arguments *a, const struct profile_fit *fit)
{
    for (size_t i = 0; i < fit->kernels.count; i++) {
        const struct kernel_fit_group *g = &fit->kernels.group[i];
        output_note(a, "%s %s: %zu rows, error of shapes left out %.1f %%", g->op, g->name, g->rows,
                    100 * g->error_frac);
        if (g->large_rows > 0)
            output_note(a, "  m, n and k of 512 and more: %.1f %%", 100 * g->large_error_frac);
    }
    if (fit->collective_rows > 0)
        output_note(a, "collectives of one node: %.0f rows, error of sizes left out %.1f %%",
                    fit->collective_rows,
                    100 * collective_errors_mean(&fit->collectives, COLLECTIVES));
    output_lines(a, &fit->kernels.notes);
}

/* The value of member `key` of a gpu's text, indented as it stands there. */
static void member_text(const struct gpu *gpu, const char *key, struct text *out)
{
    struct text whole = {0};
    struct json_writer w;
    json_writer_init(&w, &whole);
    json_open_object(&w, NULL);
    if (strcmp(key, "calibration") == 0)
        calibration_write(&w, key, &gpu->calibration);
    else
        collective_calibration_write(&w, key, &gpu->calibration.collective);
    json_close_object(&w);
    /* {\n  "key": VALUE\n}\n */
    const char *start = whole.data ? strchr(whole.data, ':') : NULL;
    const char *end = whole.data ? strrchr(whole.data, '}') : NULL;
    if (start)
        text_add_n(out, start + 2, (size_t)(end - start) - 3);
    text_free(&whole);
}

static enum status splice_member(const struct gpu *gpu, const char *key, struct text *text,
                                 struct error *e)
{
    struct text value = {0}, spliced = {0};
    member_text(gpu, key, &value);
    if (value.length == 0 || !json_splice(text->data, key, value.data, &spliced)) {
        error_set(e, STATUS_INPUT, "no place for the member \"%s\"", key);
        text_free(&spliced);
    } else {
        text_free(text);
        *text = spliced;
    }
    text_free(&value);
    return e->status;
}

/* A gpu file with its constants replaced. */
static enum status write_into(const char *path, const struct gpu *gpu,
                              const struct profile_fit *fit, struct error *e)
{
    struct text text = {0};
    struct json *json = json_load(path, e);
    if (json && file_read(path, 0, &text, e) == STATUS_OK) {
        if (fit->kernels.count > 0)
            splice_member(gpu, "calibration", &text, e);
        if (fit->collective_rows > 0 && e->status == STATUS_OK)
            splice_member(gpu, "collective", &text, e);
    }
    if (e->status == STATUS_OK)
        file_write(path, text.data, text.length, e);
    json_free(json);
    text_free(&text);
    return e->status;
}

static enum status write_profile(const struct arguments *a, const struct gpu *gpu,
                                 const struct profile_fit *fit, struct error *e)
{
    struct text out = {0};
    struct json_writer w;
    const char *into = argument_value(a, "into");
    if (into)
        return write_into(into, gpu, fit, e);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    gpu_write(&w, gpu);
    json_close_object(&w);
    output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

static enum status fit_and_write(const struct arguments *a, const struct samples *samples,
                                 struct gpu *gpu, struct error *e)
{
    char date[DATE_SIZE];
    struct progress progress;
    struct profile_fit *fit = calloc(1, sizeof *fit);
    if (!fit)
        return error_set(e, STATUS_IO, "out of memory");
    date_today(date);
    progress_start(&progress, a);
    struct kernel_fit_options options = {
        .date = date, .progress = progress_fit, .context = &progress};
    profile_fit(gpu, samples, &options, fit, e);
    progress_end(&progress);
    if (e->status == STATUS_OK) {
        note_fit(a, fit);
        write_profile(a, gpu, fit, e);
    }
    profile_fit_free(fit);
    free(fit);
    return e->status;
}

enum status calibrate_profile(const struct arguments *a, struct error *e)
{
    struct samples samples = {0};
    struct gpu *gpu = malloc(sizeof *gpu);
    if (!gpu)
        return error_set(e, STATUS_IO, "out of memory");
    if (argument_given(a, "into") && argument_given(a, "output"))
        error_set(e, STATUS_USAGE, "--into and -o name two files to write");
    if (e->status == STATUS_OK &&
        gpu_find(argument_value(a, "gpu"), argument_value(a, "catalog"), gpu, e) == STATUS_OK &&
        load_samples(a, 1, &samples, e) == STATUS_OK)
        fit_and_write(a, &samples, gpu, e);
    samples_free(&samples);
    free(gpu);
    return e->status;
}

/* ---- show ---- */

static enum status add_residuals(const struct system *system, const struct samples *samples,
                                 struct text *out, struct error *e)
{
    struct sample_prediction *predictions = calloc(samples->count + 1, sizeof *predictions);
    struct sample_report report = {samples, predictions, NULL};
    if (!predictions)
        return error_set(e, STATUS_IO, "out of memory");
    samples_predict(system, samples, predictions);
    text_add(out, "\n");
    if (sample_report_text(&report, out, e) == STATUS_OK)
        sample_drawing_text(&report, out);
    free(predictions);
    return e->status;
}

/* A catalog's system, or a file with tiers. */
static bool names_system(const char *name, const char *catalog, struct system *scratch)
{
    struct error none;
    error_init(&none);
    if (system_find(name, catalog, scratch, &none) == STATUS_OK)
        return true;
    error_init(&none);
    struct json *json = json_load(name, &none);
    bool found = json && json_member(json_root(json), "tiers");
    json_free(json);
    return found;
}

/* A system, or else a gpu as a machine of one scale-up domain. */
static enum status show_machine(const struct arguments *a, struct gpu *gpu, struct system *system,
                                struct text *out, struct error *e)
{
    const char *name = a->operands[1], *catalog = argument_value(a, "catalog");
    if (names_system(name, catalog, system)) {
        if (system_find(name, catalog, system, e) != STATUS_OK)
            return e->status;
        system->gpus = HUGE_VAL; /* as many nodes as a row says */
        system_report_text(system, out);
    } else if (gpu_find(name, catalog, gpu, e) == STATUS_OK) {
        profile_report_text(gpu, out);
        samples_system(gpu, system);
    }
    return e->status;
}

enum status calibrate_show(const struct arguments *a, struct error *e)
{
    struct samples samples = {0};
    struct text out = {0};
    struct gpu *gpu = malloc(sizeof *gpu);
    struct system *system = malloc(sizeof *system);
    if (!gpu || !system) {
        error_set(e, STATUS_IO, "out of memory");
    } else if (show_machine(a, gpu, system, &out, e) == STATUS_OK &&
               load_samples(a, 2, &samples, e) == STATUS_OK) {
        if (samples.count > 0)
            add_residuals(system, &samples, &out, e);
        if (e->status == STATUS_OK)
            output_write(a, &out, e);
    }
    samples_free(&samples);
    text_free(&out);
    free(system);
    free(gpu);
    return e->status;
}
