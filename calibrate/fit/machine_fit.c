#include "calibrate/fit/machine_fit.h"
#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/slot_fit.h"
#include "calibrate/sample_predict.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5 };

/* The samples of one group of constants. */
struct rows {
    const struct sample **row;
    double *measured_s;
    int *fold;
    size_t n;
};

/* Held out together: shapes of one weight matrix; octaves of size. */
static int fold_of(const struct sample *s)
{
    if (s->kind == SAMPLE_GEMM)
        return (int)fmod(31 * floor(s->gemm.n / 64) + 17 * floor(s->gemm.k / 64), FOLDS);
    return (int)fmod(floor(log2(s->memory.bytes)), FOLDS);
}

static bool belongs(const struct sample *s, enum sample_kind kind, int class_)
{
    return s->kind == kind &&
           (kind == SAMPLE_GEMM ? (int)s->dtype : (int)s->memory.class_) == class_;
}

static void rows_free(struct rows *rows)
{
    free(rows->row);
    free(rows->measured_s);
    free(rows->fold);
    *rows = (struct rows){0};
}

static enum status rows_of(const struct samples *samples, enum sample_kind kind, int class_,
                           struct rows *rows, struct error *e)
{
    size_t size = samples->count + 1;
    *rows = (struct rows){.row = calloc(size, sizeof(void *)),
                          .measured_s = calloc(size, sizeof *rows->measured_s),
                          .fold = calloc(size, sizeof *rows->fold)};
    if (!rows->row || !rows->measured_s || !rows->fold) {
        rows_free(rows);
        return error_set(e, STATUS_IO, "out of memory for %zu samples", samples->count);
    }
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        if (!belongs(s, kind, class_))
            continue;
        rows->row[rows->n] = s;
        rows->measured_s[rows->n] = s->time_s;
        rows->fold[rows->n++] = fold_of(s);
    }
    return STATUS_OK;
}

/* Products of the benchmark are without quantisation. */
static double predict(const struct gpu *gpu, const void *context, size_t i)
{
    const struct rows *rows = context;
    return kernel_sample_s(gpu, rows->row[i], true);
}

static void note_range(struct calibration_group *group, const struct rows *rows)
{
    for (size_t i = 0; i < rows->n; i++) {
        const struct sample *s = rows->row[i];
        double size[CALIBRATION_DIMS] = {s->memory.bytes};
        if (s->kind == SAMPLE_GEMM)
            size[0] = s->gemm.m, size[1] = s->gemm.n, size[2] = s->gemm.k;
        for (size_t d = 0; d < CALIBRATION_DIMS; d++) {
            group->low[d] = i == 0 ? size[d] : fmin(group->low[d], size[d]);
            group->high[d] = i == 0 ? size[d] : fmax(group->high[d], size[d]);
        }
    }
}

/* One group of constants. One that its samples cannot tell is reported and left. */
static void fit_group(const struct machine *machine, const struct rows *rows,
                      const struct calibration_slot *slot, struct gpu *gpu, struct text *report)
{
    static const char *const fixed[] = {"quantise_frac", "quantise_t0_s", NULL};
    const struct slot_samples samples = {.n = rows->n,
                                         .measured_s = rows->measured_s,
                                         .fold = rows->fold,
                                         .folds = FOLDS,
                                         .predict_s = predict,
                                         .context = rows};
    struct error own;
    error_init(&own);
    if (slot_fit(gpu, slot, &samples, fixed, &own) != STATUS_OK) {
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

/* Kinds of kernels that are fitted, with the names of their groups. */
static const struct {
    enum sample_kind kind;
    const char *op;
    const char *const *names;
} kinds[] = {
    {SAMPLE_GEMM,   "gemm",   dtype_names       },
    {SAMPLE_MEMORY, "memory", memory_class_names}
};

static enum status fit_kernels(const struct machine *machine, struct gpu *gpu, struct text *report,
                               struct error *e)
{
    for (size_t k = 0; k < sizeof kinds / sizeof kinds[0]; k++)
        for (int class_ = 0; kinds[k].names[class_]; class_++) {
            struct calibration_slot slot;
            struct rows rows;
            if (rows_of(&machine->samples, kinds[k].kind, class_, &rows, e) != STATUS_OK)
                return e->status;
            bool known = kinds[k].kind != SAMPLE_GEMM || gpu->peak_flop_per_s[class_] > 0;
            if (rows.n > 0 && known && calibration_find(kinds[k].op, kinds[k].names[class_], &slot))
                fit_group(machine, &rows, &slot, gpu, report);
            rows_free(&rows);
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

/* Of groups inside a node. */
static enum status fit_collectives(const struct machine *machine, struct gpu *gpu,
                                   struct text *report, struct error *e)
{
    const struct samples *samples = &machine->samples;
    struct collective_sample *rows = calloc(samples->count + 1, sizeof *rows);
    size_t n = 0;
    if (!rows)
        return error_set(e, STATUS_IO, "out of memory for %zu samples", samples->count);
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        const struct collective_shape *c = &s->collective;
        if (s->kind != SAMPLE_COLLECTIVE || c->ranks != c->ranks_per_node)
            continue;
        rows[n++] = (struct collective_sample){.op = c->op,
                                               .ranks = c->ranks,
                                               .ranks_per_node = c->ranks_per_node,
                                               .bytes = c->bytes,
                                               .time_s = s->time_s,
                                               .row = (int)s->line};
    }
    if (n > 0)
        fit_node(machine, gpu, rows, n, report);
    free(rows);
    return STATUS_OK;
}

enum status machine_fit(const struct machine *machine, struct gpu *gpu, struct text *report,
                        struct error *e)
{
    *gpu = machine->gpu;
    if (fit_kernels(machine, gpu, report, e) == STATUS_OK &&
        fit_collectives(machine, gpu, report, e) == STATUS_OK)
        snprintf(gpu->calibration_source, sizeof gpu->calibration_source, "measured: %s",
                 machine->source);
    return e->status;
}
