#include "calibrate/fit/kernel_fit.h"
#include "calibrate/fit/kernel_group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void kernel_fit_report_free(struct kernel_fit_report *report)
{
    text_free(&report->notes);
    memset(report, 0, sizeof *report);
}

bool kernel_fit_slot(const struct gpu *gpu, const struct sample *s, struct calibration_slot *slot)
{
    static const char *const names[][2] = {
        [ATTENTION_FORWARD] = {"forward-16bit",  "forward-fp8" },
        [ATTENTION_BACKWARD] = {"backward-16bit", "backward-fp8"},
        [ATTENTION_DECODE] = {"decode-16bit",   "decode-fp8"  },
    };
    static const char *const prefill[2] = {"prefill-16bit", "prefill-fp8"};
    bool fp8 = s->pass == ATTENTION_DECODE ? dtype_bytes(s->kv_dtype) < 2
                                           : attention_runs_fp8(gpu, s->dtype, s->kv_dtype);
    switch (s->kind) {
    case SAMPLE_GEMM:
        return calibration_find("gemm", dtype_names[s->dtype], slot);
    case SAMPLE_GROUPED:
    case SAMPLE_MOE:
        return calibration_find("grouped_gemm", dtype_names[s->dtype], slot);
    case SAMPLE_ATTENTION:
        return calibration_find("attention", s->prefill ? prefill[fp8] : names[s->pass][fp8], slot);
    case SAMPLE_MEMORY:
        return calibration_find("memory", memory_class_names[s->memory.class_], slot);
    case SAMPLE_COLLECTIVE:
    case SAMPLE_KINDS:
        break;
    }
    return false;
}

/* ---- rows of a group ---- */

struct gathered {
    const struct sample **row;
    struct kernel_rows rows;
    const struct sample_file *file; /* of the first */
};

static bool gather(const struct gpu *gpu, const struct samples *samples,
                   const struct calibration_slot *slot, struct gathered *g)
{
    g->row = malloc((samples->count + 1) * sizeof *g->row);
    g->rows = (struct kernel_rows){g->row, 0, samples->items};
    for (size_t i = 0; g->row && i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        struct calibration_slot own;
        if (!kernel_fit_slot(gpu, s, &own) || own.offset != slot->offset)
            continue;
        g->row[g->rows.n++] = s;
    }
    if (g->row && g->rows.n > 0)
        g->file = &samples->files[g->row[0]->file];
    return g->row;
}

static void gathered_free(struct gathered *g)
{
    free(g->row);
}

/* ---- what follows from what was fitted ---- */

/* What the rows do not tell: narrow products launch like bf16's (their quantisation launches too),
 * and single CTAs draw what they can. */
static void hold_gemm(struct calibration *c, enum dtype d)
{
    c->gemm[d].beta = 0.3;
    if (d != DTYPE_BF16 && c->gemm_group[DTYPE_BF16].kind == CALIBRATION_MEASURED)
        c->gemm[d].t0_s = c->gemm[DTYPE_BF16].t0_s;
}

struct relative {
    enum dtype dtype, of;
};
static const struct relative relatives[] = {
    {DTYPE_FP8,       DTYPE_BF16},
    {DTYPE_FP16,      DTYPE_BF16},
    {DTYPE_TF32,      DTYPE_BF16},
    {DTYPE_FP32,      DTYPE_BF16},
    {DTYPE_INT8,      DTYPE_FP8 },
    {DTYPE_MXFP8,     DTYPE_FP8 },
    {DTYPE_FP8_BLOCK, DTYPE_FP8 },
    {DTYPE_NVFP4,     DTYPE_FP8 },
};
enum { RELATIVES = sizeof relatives / sizeof *relatives };

static void say_relative(const char *name, const struct calibration_group *from,
                         struct calibration_group *to)
{
    struct calibration_group said = {.kind = CALIBRATION_TRANSFERRED};
    snprintf(said.source, sizeof said.source, "%.16s: %.160s", name, from->source);
    memcpy(said.date, from->date, sizeof said.date);
    *to = said;
}

/* Whether nothing better is known of a datatype than its relative of that name: it was assumed, or
 * an earlier fit filled it so. */
static bool follows(const struct calibration_group *group, const char *relative)
{
    size_t n = strlen(relative);
    return group->kind == CALIBRATION_ASSUMED ||
           (group->kind == CALIBRATION_TRANSFERRED && strncmp(group->source, relative, n) == 0 &&
            group->source[n] == ':');
}

/* Datatypes that were not measured take the shape constants of their nearest measured relative,
 * with their own peak; tables of corrections stay behind. */
static void fill_dtypes(struct calibration *c)
{
    for (int i = 0; i < RELATIVES; i++) {
        enum dtype d = relatives[i].dtype, of = relatives[i].of;
        bool narrow = dtype_bytes(d) < 2, narrow_of = dtype_bytes(of) < 2;
        if (c->gemm_group[of].kind != CALIBRATION_ASSUMED &&
            follows(&c->gemm_group[d], dtype_names[of])) {
            double frac = c->gemm[d].quantise_frac, t0_s = c->gemm[d].quantise_t0_s;
            c->gemm[d] = c->gemm[of];
            if (narrow != narrow_of) {
                c->gemm[d].quantise_frac = frac;
                c->gemm[d].quantise_t0_s = t0_s;
            }
            say_relative(dtype_names[of], &c->gemm_group[of], &c->gemm_group[d]);
        }
        if (c->grouped_group[of].kind != CALIBRATION_ASSUMED &&
            follows(&c->grouped_group[d], dtype_names[of])) {
            c->grouped[d] = c->grouped[of];
            say_relative(dtype_names[of], &c->grouped_group[of], &c->grouped_group[d]);
        }
    }
}

/* Backward attention where only the forward pass was measured. */
static void fill_backward(struct gpu *gpu, const bool fitted[2])
{
    struct calibration *c = &gpu->calibration;
    for (int fp8 = 0; fp8 < 2; fp8++) {
        const struct calibration_group *forward = &c->attention_group[ATTENTION_FORWARD][fp8];
        struct calibration_group *group = &c->attention_group[ATTENTION_BACKWARD][fp8];
        if (!fitted[fp8] || group->kind == CALIBRATION_MEASURED)
            continue;
        calibration_backward(c, gpu->architecture, fp8);
        struct calibration_group said = {.kind = CALIBRATION_ASSUMED};
        snprintf(
            said.source, sizeof said.source,
            "2.5 times the work, by forward's constants as published kernels have it; forward: "
            "%.100s",
            forward->source);
        memcpy(said.date, forward->date, sizeof said.date);
        *group = said;
    }
}

/* ---- the fit ---- */

static enum status fit_group(struct gpu *gpu, const struct calibration_slot *slot,
                             const struct gathered *g, const struct kernel_fit_options *options,
                             struct kernel_fit_report *report, struct error *e)
{
    struct calibration_group *group = calibration_group_of(&gpu->calibration, slot);
    const struct sample *first = g->rows.row[0];
    bool product = first->kind != SAMPLE_ATTENTION && first->kind != SAMPLE_MEMORY;
    if (product && !(gpu->peak_flop_per_s[first->dtype] > 0)) {
        error_set(e, STATUS_INPUT, "%s has no peak in %s, so that its rows cannot be fitted",
                  gpu->name, dtype_names[first->dtype]);
        error_set_file(e, g->file->path, (int)first->line, 0);
        return e->status;
    }
    if (report->count == KERNEL_FIT_GROUPS)
        return error_set(e, STATUS_INPUT, "too many kinds of kernels");
    if (first->kind == SAMPLE_GEMM)
        hold_gemm(&gpu->calibration, first->dtype);
    if (kernel_group_fit(gpu, slot, &g->rows, options, report, e) != STATUS_OK) {
        error_set_file(e, g->file->path, 0, 0);
        return e->status;
    }
    report->count++;
    snprintf(group->source, sizeof group->source, "%.191s",
             g->file->source[0] ? g->file->source : g->file->path);
    snprintf(group->date, sizeof group->date, "%s", options->date ? options->date : "");
    return STATUS_OK;
}

static int count_groups(const struct gpu *gpu, const struct samples *samples)
{
    bool seen[128] = {false};
    struct calibration_slot slot, own;
    int count = 0;
    for (size_t i = 0; i < samples->count; i++) {
        if (!kernel_fit_slot(gpu, &samples->items[i], &own))
            continue;
        size_t at = 0;
        while (calibration_slot(at, &slot) && slot.offset != own.offset)
            at++;
        count += at < sizeof seen && !seen[at];
        seen[at] = true;
    }
    return count;
}

static enum status fit_groups(struct gpu *gpu, const struct samples *samples,
                              const struct kernel_fit_options *options,
                              struct kernel_fit_report *report, struct error *e)
{
    struct calibration_slot slot;
    int all = count_groups(gpu, samples), done = 0;
    for (size_t i = 0; calibration_slot(i, &slot) && e->status == STATUS_OK; i++) {
        struct gathered g = {0};
        if (!gather(gpu, samples, &slot, &g))
            error_set(e, STATUS_IO, "out of memory");
        if (e->status == STATUS_OK && g.rows.n > 0) {
            if (options->progress)
                options->progress(options->context, slot.op, slot.name, done++, all);
            fit_group(gpu, &slot, &g, options, report, e);
        }
        gathered_free(&g);
    }
    if (e->status == STATUS_OK && all == 0)
        error_set(e, STATUS_INPUT, "expected samples of kernels, got none");
    return e->status;
}

enum status kernel_fit(const struct gpu *gpu, const struct samples *samples,
                       const struct kernel_fit_options *options, struct calibration *out,
                       struct kernel_fit_report *report, struct error *e)
{
    struct gpu *own = malloc(sizeof *own);
    memset(report, 0, sizeof *report);
    if (!own)
        return error_set(e, STATUS_IO, "out of memory");
    *own = *gpu;
    if (fit_groups(own, samples, options, report, e) == STATUS_OK) {
        const struct calibration_group *forward =
            own->calibration.attention_group[ATTENTION_FORWARD];
        bool fitted[2] = {forward[0].kind == CALIBRATION_MEASURED,
                          forward[1].kind == CALIBRATION_MEASURED};
        fill_dtypes(&own->calibration);
        fill_backward(own, fitted);
        *out = own->calibration;
    }
    free(own);
    return e->status;
}
