#include "calibrate/fit/profile_fit.h"
#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/collective_units.h"
#include "calibrate/sample_bound.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void profile_fit_free(struct profile_fit *fit)
{
    kernel_fit_report_free(&fit->kernels);
}

static bool of_one_node(const struct sample *s)
{
    const struct collective_shape *c = &s->collective;
    return s->kind == SAMPLE_COLLECTIVE &&
           (c->ranks_per_node == 0 || c->ranks_per_node >= c->ranks);
}

/* Rows of one node, as the fit of collectives takes them; `file`: of the last. */
static size_t collect(const struct samples *samples, struct collective_sample *out,
                      const struct sample_file **file)
{
    size_t n = 0;
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        if (!of_one_node(s) || s->collective.bytes <= 0)
            continue;
        *file = &samples->files[s->file];
        out[n++] = (struct collective_sample){.op = s->collective.op,
                                              .ranks = s->collective.ranks,
                                              .bytes = s->collective.bytes,
                                              .time_s = s->time_s,
                                              .log = (int)s->file,
                                              .row = (int)s->line};
    }
    return n;
}

/* More ranks than a node or a scale-up domain of this GPU usually has may be several nodes' that do
 * not say so. */
static void note_ranks(const struct gpu *gpu, const struct collective_sample *rows, size_t n,
                       struct text *notes)
{
    double usual = fmax(gpu->scale_up_domain_gpus, gpu->gpus_per_node), most = 0;
    for (size_t i = 0; i < n; i++)
        most = fmax(most, rows[i].ranks);
    if (usual > 0 && most > usual)
        text_addf(notes,
                  "collectives of %.0f ranks are taken as of one node, where %s has %.0f: "
                  "ranks_per_node would tell of several\n",
                  most, gpu->name, usual);
}

/* The rows' times against the links of the GPU. */
static enum status check_units(const struct gpu *gpu, const struct collective_samples *all,
                               const struct sample_file *file, struct error *e)
{
    struct system *system = malloc(sizeof *system);
    if (!system)
        return error_set(e, STATUS_IO, "out of memory");
    collective_node_system(gpu, 2, system);
    collective_check_units(system, all, file ? file->path : NULL, e);
    free(system);
    return e->status;
}

static enum status fit_collectives(struct gpu *gpu, const struct samples *samples,
                                   const struct kernel_fit_options *options,
                                   struct profile_fit *out, struct error *e)
{
    const struct sample_file *file = NULL;
    struct collective_calibration *c = &gpu->calibration.collective;
    struct collective_sample *rows = malloc((samples->count + 1) * sizeof *rows);
    if (!rows)
        return error_set(e, STATUS_IO, "out of memory");
    size_t n = collect(samples, rows, &file);
    const struct collective_samples all = {rows, n};
    if (n > 0 && options->progress)
        options->progress(options->context, "collectives", "", 0, 1);
    note_ranks(gpu, rows, n, &out->kernels.notes);
    if (n > 0 && check_units(gpu, &all, file, e) == STATUS_OK &&
        collective_fit_node(gpu, &all, c, &out->collectives, &out->kernels.notes, e) == STATUS_OK) {
        snprintf(c->source, sizeof c->source, "%.190s",
                 file->source[0] ? file->source : file->path);
        snprintf(c->date, sizeof c->date, "%s", options->date ? options->date : "");
    }
    out->collective_rows = (double)n;
    free(rows);
    return e->status;
}

static size_t count_kernels(const struct samples *samples)
{
    size_t n = 0;
    for (size_t i = 0; i < samples->count; i++)
        n += samples->items[i].kind != SAMPLE_COLLECTIVE;
    return n;
}

/* Collectives that no constant of a GPU is fitted to. */
static void note_unused(const struct samples *samples, struct text *notes)
{
    size_t empty = 0, across = 0;
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        if (s->kind != SAMPLE_COLLECTIVE)
            continue;
        empty += s->collective.bytes <= 0;
        across += s->collective.bytes > 0 && !of_one_node(s);
    }
    if (empty > 0)
        text_addf(notes, "%zu collectives of 0 bytes are not used\n", empty);
    if (across > 0)
        text_addf(notes, "%zu collectives across nodes are not used: fit --system takes them\n",
                  across);
}

enum status profile_fit(struct gpu *gpu, const struct samples *samples,
                        const struct kernel_fit_options *options, struct profile_fit *out,
                        struct error *e)
{
    memset(out, 0, sizeof *out);
    struct gpu *fitted = malloc(sizeof *fitted);
    if (!fitted)
        return error_set(e, STATUS_IO, "out of memory");
    *fitted = *gpu;
    size_t kernels = count_kernels(samples);
    if (samples_check_units(gpu, samples, e) == STATUS_OK && kernels > 0)
        kernel_fit(gpu, samples, options, &fitted->calibration, &out->kernels, e);
    if (e->status == STATUS_OK)
        fit_collectives(fitted, samples, options, out, e);
    if (e->status == STATUS_OK && kernels == 0 && out->collective_rows == 0)
        error_set(e, STATUS_INPUT,
                  "no sample tells a constant of a GPU: collectives across nodes "
                  "belong to a system (fit --system)");
    if (e->status == STATUS_OK) {
        note_unused(samples, &out->kernels.notes);
        gpu->calibration = fitted->calibration;
    }
    free(fitted);
    return e->status;
}
