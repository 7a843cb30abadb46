#include "cli/calibrate_run.h"
#include "base/file.h"
#include "base/json_write.h"
#include "calibrate/bench_program.h"
#include "calibrate/fit/machine_fit.h"
#include "calibrate/machine_review.h"
#include "calibrate/model_shapes.h"
#include "cli/output.h"
#include "cli/progress.h"
#include "reports/machine_report.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

const char *const calibrate_devices[] = {"cpu", "cuda", NULL};

/* Shapes of the catalog's models that are measured besides the random ones. */
enum { MODEL_SHAPES = 150, PATH_SIZE = 512 };

/* A GPU where the driver has made its device, else this processor. */
static const char *device_of(const struct arguments *a)
{
    const char *given = argument_value(a, "device");
    if (given)
        return given;
    return file_exists("/dev/nvidiactl") ? "cuda" : "cpu";
}

static enum status make_folder(const char *folder, struct error *e)
{
    if (mkdir(folder, 0777) == 0 || errno == EEXIST)
        return STATUS_OK;
    error_set(e, STATUS_IO, "cannot make the folder: %s", strerror(errno));
    error_set_file(e, folder, 0, 0);
    return e->status;
}

/* The same shapes when the run is taken up again: what the file holds stays. */
static enum status write_shapes(const char *path, struct error *e)
{
    struct text csv = {0};
    if (!file_exists(path) && model_shapes_write(MODEL_SHAPES, &csv, e) == STATUS_OK) {
        if (csv.failed)
            error_set(e, STATUS_IO, "out of memory");
        else
            file_write(path, csv.data, csv.length, e);
    }
    text_free(&csv);
    return e->status;
}

/* Open MPI refuses root and more ranks than it counts cores unless told otherwise; this is our own
 * program, for seconds. */
static void allow_mpirun(void)
{
    if (geteuid() == 0) {
        setenv("OMPI_ALLOW_RUN_AS_ROOT", "1", 0);
        setenv("OMPI_ALLOW_RUN_AS_ROOT_CONFIRM", "1", 0);
    }
    setenv("OMPI_MCA_rmaps_base_oversubscribe", "true", 0);
}

/* Collectives of a processor need ranks of MPI; a machine without it has a profile without them. */
static void measure_ranks(const struct arguments *a, const char *program, const char *folder)
{
    const struct bench_options options = {.device = "cpu",
                                          .folder = folder,
                                          .seconds = argument_value(a, "seconds"),
                                          .suites = "collective",
                                          .mpi_ranks = 2,
                                          .quiet = argument_given(a, "quiet")};
    struct error own;
    error_init(&own);
    if (!program_exists("mpirun")) {
        output_note(a, "no mpirun: collectives between processes are not measured");
        return;
    }
    allow_mpirun();
    if (bench_program_run(program, &options, &own) != STATUS_OK)
        output_note(a, "collectives between processes were not measured: %s", own.message);
}

static enum status measure(const struct arguments *a, const char *folder, struct error *e)
{
    const char *device = device_of(a);
    bool cuda = strcmp(device, "cuda") == 0;
    char program[PATH_SIZE], shapes[PATH_SIZE];
    if (snprintf(shapes, sizeof shapes, "%s/shapes.csv", folder) >= PATH_SIZE)
        return error_set(e, STATUS_USAGE, "-o: the folder's name is too long");
    const struct bench_options options = {.device = device,
                                          .folder = folder,
                                          .seconds = argument_value(a, "seconds"),
                                          .suites = cuda ? NULL : "gemm,memory",
                                          .shapes = cuda ? shapes : NULL,
                                          .quiet = argument_given(a, "quiet")};
    if (bench_program_find(program, sizeof program, e) != STATUS_OK ||
        make_folder(folder, e) != STATUS_OK || (cuda && write_shapes(shapes, e) != STATUS_OK) ||
        bench_program_run(program, &options, e) != STATUS_OK)
        return e->status;
    if (!cuda)
        measure_ranks(a, program, folder);
    return STATUS_OK;
}

static enum status write_profile(const char *folder, const struct gpu *gpu, struct error *e)
{
    char path[PATH_SIZE];
    struct text out = {0};
    struct json_writer w;
    snprintf(path, sizeof path, "%s/profile.json", folder);
    json_writer_init(&w, &out);
    json_open_object(&w, NULL);
    gpu_write(&w, gpu);
    json_close_object(&w);
    text_add(&out, "\n");
    if (out.failed)
        error_set(e, STATUS_IO, "out of memory");
    else
        file_write(path, out.data, out.length, e);
    text_free(&out);
    return e->status;
}

/* What concerns single constants and rows, for who looks closer. */
static enum status write_notes(const char *folder, const struct machine_fit_report *report,
                               struct error *e)
{
    char path[PATH_SIZE];
    struct text out = {0};
    snprintf(path, sizeof path, "%s/fit.txt", folder);
    text_add(&out, text_string(&report->groups));
    text_add(&out, text_string(&report->notes));
    if (out.failed)
        error_set(e, STATUS_IO, "out of memory");
    else
        file_write(path, text_string(&out), out.length, e);
    text_free(&out);
    return e->status;
}

static enum status print_review(const struct arguments *a, const struct machine *machine,
                                const struct gpu *fitted, struct error *e)
{
    struct machine_review *review = calloc(1, sizeof *review);
    struct text out = {0};
    enum output_format format;
    if (!review)
        return error_set(e, STATUS_IO, "out of memory");
    if (output_format(a, &format, e) == STATUS_OK &&
        machine_review(machine, fitted, review, e) == STATUS_OK) {
        if (format == OUTPUT_JSON)
            machine_report_json(machine, review, &out);
        else
            machine_report_text(machine, review, &out);
        if (out.failed)
            error_set(e, STATUS_IO, "out of memory");
        else
            file_write("-", out.data, out.length, e); /* -o names the folder */
    }
    text_free(&out);
    free(review);
    return e->status;
}

/* The profile's constants are its own, whatever the catalog took them from before. */
static enum status fit(const struct arguments *a, const char *folder, struct machine *machine,
                       struct error *e)
{
    struct gpu *fitted = calloc(1, sizeof *fitted);
    struct machine_fit_report report = {0};
    struct progress progress;
    const struct kernel_fit_options options = {
        .date = machine->date, .progress = progress_fit, .context = &progress};
    if (!fitted)
        return error_set(e, STATUS_IO, "out of memory");
    progress_start(&progress, a);
    if (machine_load(folder, argument_value(a, "gpu"), argument_value(a, "catalog"), machine, e) ==
            STATUS_OK &&
        machine_fit(machine, &options, fitted, &report, e) == STATUS_OK) {
        progress_end(&progress);
        output_lines(a, &report.groups);
        fitted->like[0] = '\0';
        if (write_profile(folder, fitted, e) == STATUS_OK &&
            write_notes(folder, &report, e) == STATUS_OK)
            print_review(a, machine, fitted, e);
    }
    machine_fit_report_free(&report);
    free(fitted);
    return e->status;
}

enum status calibrate_run(const struct arguments *a, struct error *e)
{
    const char *folder = argument_value(a, "output");
    if (!folder) {
        error_set(e, STATUS_USAGE, "calibrate run needs -o DIR, the folder of its samples");
        error_set_hint(e, "stepcast calibrate run -o measured");
        return e->status;
    }
    struct machine *machine = calloc(1, sizeof *machine);
    if (!machine)
        return error_set(e, STATUS_IO, "out of memory");
    if (argument_given(a, "no-measure") || measure(a, folder, e) == STATUS_OK)
        fit(a, folder, machine, e);
    machine_free(machine);
    free(machine);
    return e->status;
}
