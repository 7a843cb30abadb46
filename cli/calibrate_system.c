#include "cli/calibrate_system.h"
#include "calibrate/fit/system_fit.h"
#include "cli/date.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "cli/validate_samples.h"
#include <math.h>
#include <stdlib.h>

static void note_fit(const struct arguments *a, const struct system_fit *fit)
{
    if (fit->domain_rows > 0)
        output_note(
            a, "collectives inside a scale-up domain: %zu rows, error of sizes left out %.1f %%",
            fit->domain_rows, 100 * collective_errors_mean(&fit->domain, COLLECTIVES));
    if (fit->fabric_rows > 0)
        output_note(
            a,
            "collectives across domains: %zu rows, error of whole logs left out, messages of "
            "1 MB and more: %.1f %%",
            fit->fabric_rows, 100 * collective_errors_mean(&fit->fabric, COLLECTIVES));
    output_lines(a, &fit->notes);
}

static enum status write_system(const struct arguments *a, const struct system *system,
                                struct error *e)
{
    struct text out = {0};
    struct json_writer w;
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    system_write_whole(&w, system);
    json_close_object(&w);
    output_write(a, &out, e);
    text_free(&out);
    return e->status;
}

static enum status fit_and_write(const struct arguments *a, struct system *system,
                                 const struct samples *samples, struct error *e)
{
    char date[DATE_SIZE];
    struct system_fit fit;
    struct progress progress;
    double gpus = system->gpus;
    date_today(date);
    progress_start(&progress, a);
    progress_show(&progress, "fitting: collectives of %s", system->name);
    system->gpus = HUGE_VAL; /* as many nodes as a row says */
    system_fit(system, samples, date, &fit, e);
    system->gpus = gpus;
    progress_end(&progress);
    if (e->status == STATUS_OK) {
        note_fit(a, &fit);
        write_system(a, system, e);
    }
    system_fit_free(&fit);
    return e->status;
}

enum status calibrate_system(const struct arguments *a, struct error *e)
{
    struct samples samples = {0};
    struct system *system = malloc(sizeof *system);
    if (!system)
        return error_set(e, STATUS_IO, "out of memory");
    if (argument_given(a, "into"))
        error_set(e, STATUS_USAGE, "--into is for --gpu");
    if (e->status == STATUS_OK &&
        system_find(argument_value(a, "system"), argument_value(a, "catalog"), system, e) ==
            STATUS_OK &&
        load_samples(a, 1, &samples, e) == STATUS_OK)
        fit_and_write(a, system, &samples, e);
    samples_free(&samples);
    free(system);
    return e->status;
}
