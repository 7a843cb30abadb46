#include "calibrate/bench/sweep.h"
#include "base/wall_clock.h"
#include "calibrate/bench/random.h"
#include "calibrate/bench/sample_file.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { KEY_MAX = 256 };

/* What rank 0 decides about the next point. */
enum decision { DECISION_MEASURE, DECISION_SKIP, DECISION_STOP };

struct sweep_state {
    struct bench *bench;
    const struct sweep *sweep;
    bool all_ranks, writes; /* writes: this rank holds the file */
    struct sample_file file;
    size_t done, skipped, noisy, impossible;
    double start_s;
};

static size_t cells(const char *columns)
{
    size_t n = 1;
    for (; *columns; columns++)
        n += *columns == ',';
    return n;
}

static enum status open_file(struct sweep_state *s, struct error *e)
{
    const struct sweep *sweep = s->sweep;
    char columns[512];
    snprintf(columns, sizeof columns, "%s,time_us,mad_us,repetitions%s%s", sweep->columns,
             sweep->extra ? "," : "", sweep->extra ? sweep->extra : "");
    return bench_open_samples(s->bench, sweep->file, columns, cells(sweep->columns), &s->file, e);
}

static enum decision decide(const struct sweep_state *s, const char *key)
{
    if (sample_file_has(&s->file, key))
        return DECISION_SKIP;
    return wall_clock_s() > s->bench->suite_end_s ? DECISION_STOP : DECISION_MEASURE;
}

static bool shows_progress(const struct sweep_state *s)
{
    return s->writes && !s->bench->options->quiet && isatty(STDERR_FILENO);
}

/* Remaining time: of the points at their pace so far, or of the suite, whichever is less. */
static void show_progress(const struct sweep_state *s)
{
    double now_s = wall_clock_s(), left_s = fmax(s->bench->suite_end_s - now_s, 0);
    size_t left = s->sweep->count - s->done - s->skipped - s->impossible;
    if (!shows_progress(s))
        return;
    double pace_s = s->done ? (now_s - s->start_s) / (double)s->done * (double)left : left_s;
    fprintf(stderr, "\r%s: %zu of %zu, %.0f s left\033[K", s->sweep->file, s->done + s->skipped,
            s->sweep->count, fmin(pace_s, left_s));
}

/* The line makes room for the summary. */
static void end_progress(const struct sweep_state *s)
{
    if (shows_progress(s))
        fputs("\r\033[K", stderr);
}

static enum status write_row(struct sweep_state *s, const char *key, const struct sample *sample,
                             struct error *e)
{
    char values[320];
    s->done++;
    s->noisy += timing_noisy(&sample->timing);
    if (!s->writes)
        return STATUS_OK;
    snprintf(values, sizeof values, "%.4f,%.4f,%d%s%s", 1e6 * sample->timing.median_s,
             1e6 * sample->timing.mad_s, sample->timing.repetitions, s->sweep->extra ? "," : "",
             s->sweep->extra ? sample->extra : "");
    return sample_file_add(&s->file, key, values, e);
}

/* The error names the point. */
static enum status fail(const struct sweep_state *s, const char *key, struct error *own,
                        struct error *e)
{
    char point[KEY_MAX];
    snprintf(point, sizeof point, "%.40s of %.140s", s->sweep->file, key);
    error_set_path(own, point);
    if (e->status == STATUS_OK)
        *e = *own;
    return e->status;
}

/* A point that cannot be measured here (no kernel for it, too large) is told and left out. */
static enum status measure_point(struct sweep_state *s, size_t i, const char *key, struct error *e)
{
    struct sample sample = {.extra = ""};
    struct error own;
    error_init(&own);
    if (s->sweep->measure(s->sweep->context, i, &sample, &own) == STATUS_OK)
        return write_row(s, key, &sample, e);
    if (own.status != STATUS_NO)
        return fail(s, key, &own, e);
    s->impossible++;
    if (s->writes)
        bench_say(s->bench, "%s: %s: left out: %s", s->sweep->file, key, own.message);
    return STATUS_OK;
}

static enum status run_point(struct sweep_state *s, size_t i, bool *stop, struct error *e)
{
    char key[KEY_MAX];
    s->sweep->key(s->sweep->context, i, key, sizeof key);
    int decision = s->writes ? (int)decide(s, key) : 0;
    if (s->all_ranks &&
        peers_broadcast(&s->bench->peers, &decision, sizeof decision, e) != STATUS_OK)
        return e->status;
    *stop = decision == DECISION_STOP;
    s->skipped += decision == DECISION_SKIP;
    enum status status = decision == DECISION_MEASURE ? measure_point(s, i, key, e) : STATUS_OK;
    show_progress(s);
    return status;
}

static void summarise(const struct sweep_state *s)
{
    const char *name = s->sweep->file;
    size_t left = s->sweep->count - s->done - s->skipped - s->impossible;
    if (!s->writes)
        return;
    bench_say(s->bench, "%s: %zu rows measured, %zu were there, %zu left out, in %.0f s", name,
              s->done, s->skipped, s->impossible, wall_clock_s() - s->start_s);
    if (left > 0)
        bench_say(s->bench, "  %zu points had no time left: the same command measures them", left);
    if (s->noisy > 0)
        bench_say(
            s->bench,
            "  %zu rows are noisy (spread over 5 %%): stop other work on the machine, delete the"
            " rows whose\n  mad_us is over 0.034 time_us from %s\n  and give the same command "
            "again",
            s->noisy, s->file.path);
}

static void draw_order(const struct bench *bench, const struct sweep *sweep, size_t *order)
{
    struct random random = random_from(bench->options->seed, sweep->file);
    size_t first = sweep->first < sweep->count ? sweep->first : sweep->count;
    random_order(&random, order, first);
    random_order(&random, order + first, sweep->count - first);
    for (size_t i = first; i < sweep->count; i++)
        order[i] += first;
}

enum status sweep_run(struct bench *bench, const struct sweep *sweep, bool all_ranks,
                      struct error *e)
{
    struct sweep_state s = {.bench = bench,
                            .sweep = sweep,
                            .all_ranks = all_ranks,
                            .writes = bench->peers.rank == 0,
                            .start_s = wall_clock_s()};
    bool stop = false;
    s.file.fd = -1;
    size_t *order = malloc((sweep->count ? sweep->count : 1) * sizeof *order);
    if (!order)
        return error_set(e, STATUS_IO, "out of memory for %zu points", sweep->count);
    draw_order(bench, sweep, order);
    enum status status = s.writes ? open_file(&s, e) : STATUS_OK;
    for (size_t i = 0; i < sweep->count && status == STATUS_OK && !stop; i++)
        status = run_point(&s, order[i], &stop, e);
    end_progress(&s);
    if (status == STATUS_OK)
        summarise(&s);
    if (s.writes)
        sample_file_close(&s.file);
    free(order);
    return status;
}
