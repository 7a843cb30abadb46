#include "base/wall_clock.h"
#include "calibrate/bench/device.h"
#include "calibrate/bench/processes.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* stepcast-bench: measures kernels, memory and collectives, prints samples. It knows no model and
 * no forecast; `stepcast calibrate run` starts it and fits what it prints. */

static const char *environment(const char *name)
{
    return getenv(name);
}

static enum status print_text(struct text *text, struct error *e)
{
    if (text->failed)
        return error_set(e, STATUS_IO, "out of memory");
    if (fputs(text->data, stdout) == EOF || fflush(stdout) != 0)
        return error_set(e, STATUS_IO, "cannot write to stdout");
    return STATUS_OK;
}

static enum status print_information(const struct options *options, const struct device *device,
                                     struct error *e)
{
    struct text text = {0};
    if (options->help) {
        options_help(&text);
    } else if (options->version) {
        text_add(&text, "stepcast-bench " STEPCAST_VERSION "\n");
    } else {
        for (size_t i = 0; i < device->suite_count; i++)
            text_addf(&text, "%-11s %s%s\n", device->suites[i].name, device->suites[i].help,
                      device->suites[i].on_request ? " (on request)" : "");
    }
    enum status status = print_text(&text, e);
    text_free(&text);
    return status;
}

/* Why a suite cannot run with this number of ranks, or NULL. */
static const char *obstacle(const struct suite *suite, int ranks)
{
    if (suite->ranks == SUITE_ALONE && ranks > 1)
        return "start it as one process";
    if (suite->ranks == SUITE_ALL && ranks < 2)
        return "needs two ranks: mpirun -np 2 stepcast-bench ..., or two GPUs";
    return NULL;
}

static bool wanted(const struct options *options, const struct suite *suite)
{
    return *options->suites ? options_select(options, suite->name) : !suite->on_request;
}

/* Every name of --suites must be a suite of the device. */
static enum status check_suites(const struct options *options, const struct device *device,
                                struct error *e)
{
    const char *names[32];
    char list[sizeof options->suites], *rest = list, *name;
    for (size_t i = 0; i < device->suite_count; i++)
        names[i] = device->suites[i].name;
    snprintf(list, sizeof list, "%s", options->suites);
    while ((name = strtok_r(rest, ",", &rest)) != NULL) {
        bool known = false;
        for (size_t i = 0; i < device->suite_count && !known; i++)
            known = strcmp(name, names[i]) == 0;
        if (known)
            continue;
        error_set(e, STATUS_USAGE, "--suites: device %s has no suite \"%s\"", device->name, name);
        const char *near = nearest_name(name, names, device->suite_count);
        error_set_hint(e, near ? "did you mean %s?" : "--list names them%s", near ? near : "");
        return e->status;
    }
    return STATUS_OK;
}

/* Seconds this suite may take: its share of what is left, over the suites still to come. */
static double suite_seconds(const struct bench *bench, const struct device *device, size_t next,
                            double left_s)
{
    double shares = 0;
    for (size_t i = next; i < device->suite_count; i++)
        if (wanted(bench->options, &device->suites[i]) &&
            !obstacle(&device->suites[i], bench->peers.size))
            shares += device->suites[i].share;
    return shares > 0 ? left_s * device->suites[next].share / shares : 0;
}

static enum status run_suite(struct bench *bench, const struct suite *suite, struct error *e)
{
    const char *why = obstacle(suite, bench->peers.size);
    if (why) {
        bench_say(bench, "%s: left out: %s", suite->name, why);
        return STATUS_OK;
    }
    bool all = suite->ranks == SUITE_ALL || suite->ranks == SUITE_ANY;
    if ((all || bench->peers.rank == 0) && suite->run(bench, e) != STATUS_OK) {
        error_set_path(e, suite->name);
        return e->status;
    }
    return peers_barrier(&bench->peers, true, e);
}

/* Ranks that have nothing to do in a suite wait at its end, for as long as rank 0 takes. */
static enum status run_suites(struct bench *bench, const struct device *device, struct error *e)
{
    const struct options *options = bench->options;
    double total_s = options->seconds > 0 ? options->seconds : device->seconds;
    double end_s = wall_clock_s() + total_s;
    for (size_t i = 0; i < device->suite_count; i++) {
        double now_s = wall_clock_s();
        if (!wanted(options, &device->suites[i]))
            continue;
        bench->suite_end_s = now_s + suite_seconds(bench, device, i, end_s - now_s);
        if (run_suite(bench, &device->suites[i], e) != STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}

static enum status start(struct bench *bench, const struct launch *launch, struct error *e)
{
    char who[128], date[32];
    if (peers_open(&bench->peers, launch, bench->options->timeout_s, e) != STATUS_OK)
        return e->status;
    snprintf(who, sizeof who, "rank %d of %d on %s", bench->peers.rank, bench->peers.size,
             bench->peers.host[bench->peers.rank]);
    date_utc(date, sizeof date);
    bench_note(bench, "program", "stepcast-bench %s", STEPCAST_VERSION);
    bench_note(bench, "date", "%s", date);
    bench_note(bench, "launch", "%s, ranks %d, hosts %d", launch_names[launch->kind],
               bench->peers.size, bench->peers.nodes);
    bench_note(bench, "method", "median of repetitions after warm-up, random order, random data");
    if (watchdog_start(&bench->watchdog, who, e) != STATUS_OK)
        return e->status;
    return peers_agree(&bench->peers, "version of stepcast-bench", STEPCAST_VERSION, e);
}

/* A clean-up that hangs after a failure still says what had failed. */
static void give_up(struct bench *bench, const struct error *e)
{
    static const double PATIENCE_S = 10;
    if (e->status == STATUS_OK)
        return;
    bench->failed = true;
    watchdog_arm(&bench->watchdog, PATIENCE_S, "clean-up after: %s%s%s", e->path,
                 *e->path ? ": " : "", e->message);
}

static enum status measure_device(const struct options *options, const struct device *device,
                                  struct launch *launch, struct error *e)
{
    struct bench bench = {.options = options};
    enum status status = start(&bench, launch, e);
    if (status == STATUS_OK)
        status = device->open(&bench, e);
    if (status == STATUS_OK) {
        status = run_suites(&bench, device, e);
        give_up(&bench, e);
        device->close(&bench);
    }
    watchdog_stop(&bench.watchdog);
    /* After a failure the others may never come: they are told by the closed connection. */
    if (status == STATUS_OK)
        peers_close(&bench.peers);
    text_free(&bench.provenance);
    return status;
}

static enum status run(int argc, char **argv, struct launch *launch, struct error *e)
{
    struct options options;
    struct processes processes = {0};
    const struct device *device;
    int count = 1;
    if (options_read(argc, argv, &options, e) != STATUS_OK ||
        device_find(options.device, &device, e) != STATUS_OK)
        return e->status;
    if (options.help || options.version || options.list)
        return print_information(&options, device, e);
    if (check_suites(&options, device, e) != STATUS_OK ||
        launch_from_environment(environment, peers_have_mpi, launch, e) != STATUS_OK)
        return e->status;
    if (launch->size == 1 && device->processes(&options, &count, e) != STATUS_OK)
        return e->status;
    if (processes_start(&processes, count, launch, e) != STATUS_OK)
        return e->status;
    enum status status = measure_device(&options, device, launch, e);
    return processes_end(&processes, status, e);
}

int main(int argc, char **argv)
{
    struct error e;
    struct launch launch = {.size = 1};
    char text[1024];
    error_init(&e);
    enum status status = run(argc, argv, &launch, &e);
    if (status == STATUS_OK)
        return STATUS_OK;
    error_format(&e, text, sizeof text);
    if (launch.size > 1)
        fprintf(stderr, "stepcast-bench: rank %d: %s", launch.rank, text);
    else
        fprintf(stderr, "stepcast-bench: %s", text);
    return (int)status;
}
