#include "calibrate/fit/machine_fit.h"
#include "calibrate/fit/kernel_needs.h"
#include "calibrate/fit/profile_fit.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool belongs(const struct gpu *gpu, const struct sample *s,
                    const struct calibration_slot *slot)
{
    struct calibration_slot own;
    return s->kind != SAMPLE_COLLECTIVE && kernel_fit_slot(gpu, s, &own) &&
           own.offset == slot->offset;
}

/* Marks the samples of a group that they cannot tell, with a line of why. */
static void mark_untold(const struct machine *machine, const struct calibration_slot *slot,
                        const struct sample **scratch, bool *untold, struct text *report)
{
    const struct samples *samples = &machine->samples;
    struct error why;
    size_t n = 0;
    error_init(&why);
    for (size_t i = 0; i < samples->count; i++)
        if (belongs(&machine->gpu, &samples->items[i], slot))
            scratch[n++] = &samples->items[i];
    const struct kernel_rows rows = {scratch, n, samples->items};
    if (n == 0 || kernel_needs_check(slot, &rows, &why) == STATUS_OK)
        return;
    text_addf(report, "%s\n", why.message);
    for (size_t i = 0; i < n; i++)
        untold[scratch[i] - samples->items] = true;
}

static enum status find_untold(const struct machine *machine, bool *untold, struct text *report,
                               struct error *e)
{
    size_t size = machine->samples.count + 1;
    struct calibration_slot slot;
    const struct sample **scratch = calloc(size, sizeof *scratch); /* of one group of constants */
    if (scratch)
        for (size_t i = 0; calibration_slot(i, &slot); i++)
            mark_untold(machine, &slot, scratch, untold, report);
    else
        error_set(e, STATUS_IO, "out of memory for %zu samples", size);
    free(scratch);
    return e->status;
}

/* A part of the samples: the same files, rows of its own. */
static void take(const struct samples *all, const bool *untold, bool collectives,
                 struct samples *part)
{
    size_t n = 0;
    for (size_t i = 0; i < all->count; i++)
        if ((all->items[i].kind == SAMPLE_COLLECTIVE) == collectives && !untold[i])
            part->items[n++] = all->items[i];
    part->count = n;
    part->files = all->files;
    part->file_count = all->file_count;
}

static void report_kernels(const struct kernel_fit_report *kernels, struct text *report)
{
    for (size_t i = 0; i < kernels->count; i++) {
        const struct kernel_fit_group *g = &kernels->group[i];
        text_addf(report, "%s %s: %zu samples, held-out error %.1f %%\n", g->op, g->name, g->rows,
                  100 * g->error_frac);
    }
}

static void report_collectives(const struct profile_fit *fit, struct text *report)
{
    const struct collective_errors *errors = &fit->collectives;
    text_addf(report,
              "collectives in a node: %.0f samples, held-out error %.1f %%:", fit->collective_rows,
              100 * collective_errors_mean(errors, COLLECTIVES));
    for (int op = 0; op < COLLECTIVES; op++)
        if (errors->rows[op] > 0)
            text_addf(report, " %s %.1f %%", collective_names[op],
                      100 * collective_errors_mean(errors, op));
    text_add(report, "\n");
}

/* A part that cannot be fitted is told, and leaves the gpu as it was. */
static void fit_part(const struct samples *part, const struct kernel_fit_options *options,
                     struct gpu *gpu, struct machine_fit_report *report, struct error *e)
{
    struct error why;
    struct profile_fit *fit = calloc(1, sizeof *fit);
    error_init(&why);
    if (!fit) {
        error_set(e, STATUS_IO, "out of memory");
        return;
    }
    if (part->count > 0 && profile_fit(gpu, part, options, fit, &why) == STATUS_OK) {
        report_kernels(&fit->kernels, &report->groups);
        if (fit->collective_rows > 0)
            report_collectives(fit, &report->groups);
        text_add(&report->notes, text_string(&fit->kernels.notes));
    }
    if (why.status == STATUS_INPUT)
        text_addf(&report->groups, "%s\n", why.message);
    else if (why.status != STATUS_OK)
        *e = why;
    profile_fit_free(fit);
    free(fit);
}

void machine_fit_report_free(struct machine_fit_report *report)
{
    text_free(&report->groups);
    text_free(&report->notes);
}

enum status machine_fit(const struct machine *machine, const struct kernel_fit_options *options,
                        struct gpu *gpu, struct machine_fit_report *report, struct error *e)
{
    const struct samples *all = &machine->samples;
    bool *untold = calloc(all->count + 1, sizeof *untold);
    struct samples part = {.items = calloc(all->count + 1, sizeof *part.items)};
    *gpu = machine->gpu;
    if (!untold || !part.items)
        error_set(e, STATUS_IO, "out of memory for %zu samples", all->count);
    else if (find_untold(machine, untold, &report->groups, e) == STATUS_OK)
        for (int collectives = 0; collectives < 2 && e->status == STATUS_OK; collectives++) {
            take(all, untold, collectives, &part);
            fit_part(&part, options, gpu, report, e);
        }
    free(untold);
    free(part.items); /* its files are the machine's */
    snprintf(gpu->calibration_source, sizeof gpu->calibration_source, "measured: %s",
             machine->source);
    return e->status;
}
