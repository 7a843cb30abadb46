#include "calibrate/fit/machine_fit.h"
#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/slot_fit.h"
#include "calibrate/machine_rows.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5 };

/* Held out together: shapes of one weight matrix; octaves of size. */
static int fold_of(const struct machine_row *r)
{
    if (r->kind == OP_GEMM)
        return (int)fmod(31 * floor(r->gemm.n / 64) + 17 * floor(r->gemm.k / 64), FOLDS);
    return (int)fmod(floor(log2(r->bytes)), FOLDS);
}

static double predict(const struct gpu *gpu, const void *context, size_t i)
{
    const struct machine_rows *rows = context;
    return machine_row_s(gpu, &rows->row[i]);
}

static void note_range(struct calibration_group *group, const struct machine_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct machine_row *r = &rows->row[i];
        double size[CALIBRATION_DIMS] = {r->bytes};
        if (r->kind == OP_GEMM)
            size[0] = r->gemm.m, size[1] = r->gemm.n, size[2] = r->gemm.k;
        for (size_t d = 0; d < CALIBRATION_DIMS; d++) {
            group->low[d] = i == 0 ? size[d] : fmin(group->low[d], size[d]);
            group->high[d] = i == 0 ? size[d] : fmax(group->high[d], size[d]);
        }
    }
}

static bool slot_of(enum op_kind kind, int class_, struct calibration_slot *slot)
{
    for (size_t i = 0; calibration_slot(i, slot); i++)
        if (strcmp(slot->op, op_kind_names[kind]) == 0 &&
            strcmp(slot->name, machine_class_name(kind, class_)) == 0)
            return true;
    return false;
}

static enum status fit_rows(const struct machine_rows *rows, const struct calibration_slot *slot,
                            struct gpu *gpu, struct error *e)
{
    static const char *const fixed[] = {"quantise_frac", NULL};
    double *measured_s = calloc(rows->n + 1, sizeof *measured_s);
    int *fold = calloc(rows->n + 1, sizeof *fold);
    if (!measured_s || !fold) {
        free(measured_s);
        free(fold);
        return error_set(e, STATUS_IO, "out of memory for %zu samples", rows->n);
    }
    for (size_t i = 0; i < rows->n; i++) {
        measured_s[i] = rows->row[i].measured_s;
        fold[i] = fold_of(&rows->row[i]);
    }
    const struct slot_samples samples = {.n = rows->n,
                                         .measured_s = measured_s,
                                         .fold = fold,
                                         .folds = FOLDS,
                                         .predict_s = predict,
                                         .context = rows};
    enum status status = slot_fit(gpu, slot, &samples, fixed, e);
    free(measured_s);
    free(fold);
    return status;
}

/* One group of constants. One that its samples cannot tell is reported and left. */
static void fit_group(const struct machine *machine, const struct machine_rows *rows,
                      const struct calibration_slot *slot, struct gpu *gpu, struct text *report)
{
    struct error own;
    error_init(&own);
    if (fit_rows(rows, slot, gpu, &own) != STATUS_OK) {
        text_addf(report, "%s\n", own.message);
        return;
    }
    struct calibration_group *group = calibration_group_of(&gpu->calibration, slot);
    snprintf(group->source, sizeof group->source, "%s", machine->source);
    snprintf(group->date, sizeof group->date, "%s", machine->date);
    note_range(group, rows);
    text_addf(report, "%s %s: %zu samples, held-out error %.1f %%\n", slot->op, slot->name, rows->n,
              100 * group->error_frac);
}

static enum status fit_kind(const struct machine *machine, enum op_kind kind, struct gpu *gpu,
                            struct text *report, struct error *e)
{
    for (int class_ = 0; class_ < machine_classes(kind); class_++) {
        struct calibration_slot slot;
        struct machine_rows rows;
        if (machine_rows_read(machine, kind, class_, &rows, e) != STATUS_OK)
            return e->status;
        bool has_peak = kind != OP_GEMM || gpu->peak_flop_per_s[class_] > 0;
        if (rows.n > 0 && has_peak && slot_of(kind, class_, &slot))
            fit_group(machine, &rows, &slot, gpu, report);
        machine_rows_free(&rows);
    }
    return STATUS_OK;
}

static void report_collectives(const struct collective_errors *errors, size_t n,
                               struct text *report)
{
    text_addf(report, "collectives in a node: %zu samples, held-out error %.1f %%:", n,
              100 * collective_errors_mean(errors, COLLECTIVES));
    for (int op = 0; op < COLLECTIVES; op++)
        if (errors->rows[op] > 0)
            text_addf(report, " %s %.1f %%", collective_names[op],
                      100 * collective_errors_mean(errors, op));
    text_add(report, "\n");
}

static void fit_node(const struct machine *machine, struct gpu *gpu,
                     const struct collective_sample *samples, size_t n, struct text *report)
{
    struct collective_calibration *fitted = calloc(1, sizeof *fitted);
    struct collective_errors errors = {0};
    struct text outliers = {0};
    struct error own;
    error_init(&own);
    if (fitted &&
        collective_fit_node(gpu, samples, n, fitted, &errors, &outliers, &own) == STATUS_OK) {
        fitted->kind = SOURCE_MEASURED;
        snprintf(fitted->source, sizeof fitted->source, "%s", machine->source);
        snprintf(fitted->date, sizeof fitted->date, "%s", machine->date);
        gpu->calibration.collective = *fitted;
        report_collectives(&errors, n, report);
        text_add(report, outliers.data ? outliers.data : "");
    } else {
        text_addf(report, "collectives: %s\n", own.message);
    }
    text_free(&outliers);
    free(fitted);
}

static enum status fit_collectives(const struct machine *machine, struct gpu *gpu,
                                   struct text *report, struct error *e)
{
    struct machine_rows rows;
    if (machine_rows_read(machine, OP_COLLECTIVE, -1, &rows, e) != STATUS_OK)
        return e->status;
    struct collective_sample *samples = calloc(rows.n + 1, sizeof *samples);
    if (!samples)
        error_set(e, STATUS_IO, "out of memory for %zu samples", rows.n);
    for (size_t i = 0; samples && i < rows.n; i++) {
        const struct machine_row *r = &rows.row[i];
        samples[i] = (struct collective_sample){.op = (enum collective)r->class_,
                                                .ranks = r->ranks,
                                                .ranks_per_node = r->ranks,
                                                .bytes = r->bytes,
                                                .time_s = r->measured_s,
                                                .row = r->line};
    }
    if (samples && rows.n > 0)
        fit_node(machine, gpu, samples, rows.n, report);
    free(samples);
    machine_rows_free(&rows);
    return e->status;
}

enum status machine_fit(const struct machine *machine, struct gpu *gpu, struct text *report,
                        struct error *e)
{
    *gpu = machine->gpu;
    if (fit_kind(machine, OP_GEMM, gpu, report, e) == STATUS_OK &&
        fit_kind(machine, OP_MEMORY, gpu, report, e) == STATUS_OK &&
        fit_collectives(machine, gpu, report, e) == STATUS_OK)
        snprintf(gpu->calibration_source, sizeof gpu->calibration_source, "measured: %s",
                 machine->source);
    return e->status;
}
