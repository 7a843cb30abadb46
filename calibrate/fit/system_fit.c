#include "calibrate/fit/system_fit.h"
#include "calibrate/fit/collective_fabric.h"
#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/collective_units.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void system_fit_free(struct system_fit *fit)
{
    text_free(&fit->notes);
}

/* Rows on both sides of the domain's boundary. */
struct sides {
    struct collective_sample *domain, *fabric;
    size_t domain_rows, fabric_rows, other_rows; /* other_rows: no collectives, or of 0 bytes */
};

static bool same_log(const struct sample *a, const struct sample *b)
{
    const struct collective_shape *x = &a->collective, *y = &b->collective;
    return a->file == b->file && x->op == y->op && x->ranks == y->ranks &&
           x->ranks_per_node == y->ranks_per_node;
}

/* Number of the log of sample i: that of an earlier row of it, else the next one. */
static int log_of(const struct samples *samples, size_t i, const int *log, int *logs)
{
    for (size_t j = i; j-- > 0;)
        if (log[j] >= 0 && same_log(&samples->items[i], &samples->items[j]))
            return log[j];
    return (*logs)++;
}

/* More ranks a node than it has GPUs, as where ranks_per_node is not told. */
static enum status check_place(const struct system *system, const struct samples *samples,
                               const struct sample *s, struct error *e)
{
    const struct collective_shape *c = &s->collective;
    double per_node = c->ranks_per_node > 0 ? c->ranks_per_node : c->ranks;
    double domain = system_domain_gpus(system);
    if (per_node <= system->gpus_per_node || c->ranks <= domain)
        return STATUS_OK;
    error_set(e, STATUS_INPUT, "%.0f ranks on one node of %.0f GPUs", per_node,
              system->gpus_per_node);
    error_set_hint(e, "ranks_per_node tells how many of the ranks share a node");
    error_set_file(e, samples->files[s->file].path, (int)s->line, 0);
    return e->status;
}

static enum status sort_rows(const struct system *system, const struct samples *samples, int *log,
                             struct sides *out, struct error *e)
{
    int logs = 0;
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        log[i] = -1;
        if (s->kind != SAMPLE_COLLECTIVE || s->collective.bytes <= 0) {
            out->other_rows++;
            continue;
        }
        if (check_place(system, samples, s, e) != STATUS_OK)
            return e->status;
        struct collective_sample row = {.op = s->collective.op,
                                        .ranks = s->collective.ranks,
                                        .ranks_per_node = s->collective.ranks_per_node,
                                        .bytes = s->collective.bytes,
                                        .time_s = s->time_s,
                                        .row = (int)s->line};
        struct group g = collective_sample_group(system, &row);
        row.log = log[i] = log_of(samples, i, log, &logs);
        if (g.ranks > g.per_domain)
            out->fabric[out->fabric_rows++] = row;
        else
            out->domain[out->domain_rows++] = row;
    }
    return STATUS_OK;
}

/* The logs' source: the first file's, and how many more there are. */
static void set_source(const struct samples *samples, const char *date,
                       struct collective_calibration *c)
{
    const struct sample_file *file = &samples->files[0];
    const char *words = file->source[0] ? file->source : file->path;
    if (samples->file_count > 1)
        snprintf(c->source, sizeof c->source, "%.150s and %zu more files", words,
                 samples->file_count - 1);
    else
        snprintf(c->source, sizeof c->source, "%.190s", words);
    snprintf(c->date, sizeof c->date, "%s", date ? date : "");
}

/* Rows inside a domain may be too few to tell anything: no reason to refuse those across. */
static enum status fit_domain(struct system *system, const struct sides *sides,
                              struct system_fit *out, struct collective_calibration *c,
                              struct error *e)
{
    struct error own;
    error_init(&own);
    const struct collective_samples rows = {sides->domain, sides->domain_rows};
    if (collective_fit_node(&system->gpu, &rows, c, &out->domain, &out->notes, &own) == STATUS_OK) {
        out->domain_rows = sides->domain_rows;
    } else if (sides->fabric_rows > 0 && own.status == STATUS_INPUT) {
        memset(&out->domain, 0, sizeof out->domain);
        text_addf(&out->notes,
                  "%zu rows inside a domain are not used, its constants stay as they are: %s\n",
                  sides->domain_rows, own.message);
    } else {
        *e = own;
    }
    return e->status;
}

static enum status fit_sides(struct system *system, const struct samples *samples, const char *date,
                             const struct sides *sides, struct system_fit *out, struct error *e)
{
    struct collective_calibration domain, fabric;
    const char *file = samples->file_count == 1 ? samples->files[0].path : NULL;
    if (sides->domain_rows + sides->fabric_rows == 0)
        return error_set(e, STATUS_INPUT,
                         "no collective among the samples: kernels belong to a GPU (--gpu)");
    const struct collective_samples inside = {sides->domain, sides->domain_rows},
                                    across = {sides->fabric, sides->fabric_rows};
    if (collective_check_units(system, &inside, file, e) != STATUS_OK ||
        collective_check_units(system, &across, file, e) != STATUS_OK)
        return e->status;
    if (sides->domain_rows > 0 && fit_domain(system, sides, out, &domain, e) != STATUS_OK)
        return e->status;
    if (sides->fabric_rows > 0) {
        if (collective_fit_fabric(system, &across, &fabric, &out->fabric, &out->notes, e) !=
            STATUS_OK)
            return e->status;
        set_source(samples, date, &fabric);
        system->tier[1].collective = fabric;
        out->fabric_rows = sides->fabric_rows;
    }
    if (out->domain_rows > 0) {
        set_source(samples, date, &domain);
        system->tier[0].collective = domain;
    }
    if (sides->other_rows > 0)
        text_addf(&out->notes, "%zu rows that are no collectives of data are not used\n",
                  sides->other_rows);
    return e->status;
}

enum status system_fit(struct system *system, const struct samples *samples, const char *date,
                       struct system_fit *out, struct error *e)
{
    size_t n = samples->count + 1;
    struct sides sides = {malloc(n * sizeof *sides.domain), malloc(n * sizeof *sides.fabric), 0, 0,
                          0};
    int *log = malloc(n * sizeof *log);
    memset(out, 0, sizeof *out);
    if (!sides.domain || !sides.fabric || !log) {
        error_set(e, STATUS_IO, "out of memory");
    } else if (sort_rows(system, samples, log, &sides, e) == STATUS_OK) {
        fit_sides(system, samples, date, &sides, out, e);
    }
    free(sides.domain);
    free(sides.fabric);
    free(log);
    return e->status;
}
