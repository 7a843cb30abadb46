#include "calibrate/machine_review.h"
#include "base/values.h"
#include "calibrate/machine_power.h"
#include "calibrate/sample_predict.h"
#include "calibrate/validate_samples.h"
#include "hardware/power.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* GPUs of one kind differ by 1 to 3 % (MODELLING 11.2). */
static const double OUTLIER_FRAC = 0.05;

static const char *cell(const struct sample_table *t, size_t row, const char *column)
{
    return sample_table_cell(t, row, sample_table_column(t, column));
}

static void add_figure(struct machine_review *r, enum unit unit, double measured, double datasheet,
                       const char *format, ...) STEPCAST_PRINTF(5, 6);

static void add_figure(struct machine_review *r, enum unit unit, double measured, double datasheet,
                       const char *format, ...)
{
    va_list args;
    if (measured <= 0 || r->figures == REVIEW_FIGURES)
        return;
    struct machine_figure *f = &r->figure[r->figures++];
    *f = (struct machine_figure){.unit = unit, .measured = measured, .datasheet = datasheet};
    va_start(args, format);
    vsnprintf(f->name, sizeof f->name, format, args);
    va_end(args);
}

/* The best rate of host copies in one direction, one GPU at a time or all. */
static void add_host_figures(const struct machine *machine, struct machine_review *r)
{
    static const char *const ops[][2] = {
        {"h2d", "host to device"},
        {"d2h", "device to host"}
    };
    const struct sample_table *t = &machine->table[MACHINE_HOST];
    for (size_t k = 0; k < 2; k++)
        for (int all = 0; all < 2; all++) {
            double best = 0;
            for (size_t i = 0; i < t->rows; i++) {
                double time_us = sample_table_value(t, i, "time_us");
                if (strcmp(cell(t, i, "op"), ops[k][0]) == 0 &&
                    (sample_table_value(t, i, "gpus") > 1) == (all == 1) && time_us > 0)
                    best = fmax(best, 1e6 * sample_table_value(t, i, "bytes") / time_us);
            }
            add_figure(r, UNIT_BYTES_PER_S, best, machine->gpu.host_bandwidth_bytes_per_s, "%s%s",
                       ops[k][1], all ? ", all GPUs at once" : "");
        }
}

/* What a long product runs at, and what it draws. */
static void add_sustained_figures(const struct machine *machine, struct machine_review *r)
{
    const struct sample_table *t = &machine->table[MACHINE_SUSTAINED];
    for (size_t i = 0; i < t->rows; i++) {
        const char *load = cell(t, i, "load"), *dtype = cell(t, i, "dtype");
        double time_us = sample_table_value(t, i, "time_us"),
               flop = sample_table_value(t, i, "flop");
        if (strcmp(load, "idle") == 0)
            add_figure(r, UNIT_WATTS, sample_table_value(t, i, "power_w"),
                       machine->gpu.idle_power_w, "idle power");
        if (strcmp(load, "gemm") != 0 || sample_table_value(t, i, "duty") < 1 || time_us <= 0)
            continue;
        int d = names_find(dtype_names, dtype);
        double peak = d >= 0 ? machine->gpu.peak_flop_per_s[d] : 0;
        add_figure(r, UNIT_FLOP_PER_S, 1e6 * flop / time_us, peak, "product for 30 s, %s", dtype);
        add_figure(r, UNIT_WATTS, sample_table_value(t, i, "power_w"), machine->gpu.power_cap_w,
                   "power during it, %s", dtype);
        add_figure(r, UNIT_HERTZ, 1e6 * sample_table_value(t, i, "clock_mhz"),
                   machine->gpu.clock_hz, "clock during it, %s", dtype);
    }
}

/* The power model's constants; beside them the ones that forecasts use for this part, by
 * assumption. */
static void add_power_figures(const struct machine *machine, struct machine_review *r)
{
    struct machine_power power;
    machine_power_fit(&machine->table[MACHINE_SUSTAINED], &power);
    for (int d = 0; d < DTYPES; d++)
        add_figure(r, UNIT_JOULES, power.flop_j[d],
                   machine->catalog ? power_flop_j(&machine->gpu, (enum dtype)d) : 0,
                   "energy of a FLOP, %s", dtype_names[d]);
    add_figure(r, UNIT_JOULES, power.byte_j, machine->catalog ? power_byte_j() : 0,
               "energy of a byte of memory");
    add_figure(r, UNIT_FRACTION, power.error_frac, 0, "error of the fitted power, %zu products",
               power.products);
}

/* A processor has no datasheet here: its own figures are the measured ones. */
static void add_figures(const struct machine *machine, struct machine_review *r)
{
    const struct gpu *gpu = &machine->gpu;
    bool sheet = machine->catalog;
    for (int d = 0; d < DTYPES; d++)
        add_figure(r, UNIT_FLOP_PER_S, machine_flop_per_s(machine, (enum dtype)d),
                   sheet ? gpu->peak_flop_per_s[d] : 0, "best product, %s", dtype_names[d]);
    add_figure(r, UNIT_BYTES_PER_S, machine_memory_bytes_per_s(machine),
               sheet ? gpu->memory_bandwidth_bytes_per_s : 0, "large copies, read and written");
    for (int op = 0; op < COLLECTIVES; op++) {
        double ranks, bus = machine_bus_bytes_per_s(machine, (enum collective)op, &ranks);
        add_figure(r, UNIT_BYTES_PER_S, bus, sheet ? gpu->scale_up_bandwidth_bytes_per_s : 0,
                   "%s, bus bandwidth of %g ranks", collective_names[op], ranks);
    }
    add_host_figures(machine, r);
    add_sustained_figures(machine, r);
    add_power_figures(machine, r);
}

/* "gemm bf16", "gemm bf16 backward_weight", "attention bf16 backward", "collective all_reduce"
 */
static void group_name(const struct sample *s, char *out, size_t size)
{
    static const char *const passes[] = {"forward", "backward", "decode"};
    const char *dtype = dtype_names[sample_compute_dtype(s)];
    if (s->kind == SAMPLE_COLLECTIVE)
        snprintf(out, size, "collective %s", collective_names[s->collective.op]);
    else if (s->kind == SAMPLE_MEMORY)
        snprintf(out, size, "memory %s", memory_class_names[s->memory.class_]);
    else if (s->kind == SAMPLE_ATTENTION)
        snprintf(out, size, "attention %s %s", dtype, passes[s->pass]);
    else
        snprintf(out, size, "%s %s%s%s", sample_kind_names[s->kind], dtype,
                 s->phase == PHASE_FORWARD ? "" : " ",
                 s->phase == PHASE_FORWARD ? "" : phase_names[s->phase]);
}

/* As the fit left it with the group of constants that the row belongs to. */
static double held_out_error(const struct gpu *fitted, const struct sample *s)
{
    const struct calibration *c = &fitted->calibration;
    if (s->kind == SAMPLE_COLLECTIVE)
        return c->collective.error_frac;
    if (s->kind == SAMPLE_MEMORY)
        return c->memory_group[s->memory.class_].error_frac;
    if (s->kind == SAMPLE_GEMM)
        return c->gemm_group[s->dtype].error_frac;
    if (s->kind == SAMPLE_GROUPED)
        return c->grouped_group[s->dtype].error_frac;
    bool fp8 = dtype_bytes(sample_compute_dtype(s)) < 2;
    return s->kind == SAMPLE_ATTENTION && s->pass != ATTENTION_DECODE
               ? c->attention_group[s->pass][fp8].error_frac
               : 0;
}

static struct machine_forecast *forecast_of(struct machine_review *r, const char *name)
{
    for (size_t i = 0; i < r->forecasts; i++)
        if (strcmp(r->forecast[i].name, name) == 0)
            return &r->forecast[i];
    if (r->forecasts == REVIEW_FORECASTS)
        return NULL;
    struct machine_forecast *f = &r->forecast[r->forecasts++];
    *f = (struct machine_forecast){.rows = 0};
    snprintf(f->name, sizeof f->name, "%s", name);
    return f;
}

/* Sums of errors; divided by the rows at the end. */
static void add_row(struct machine_review *r, const struct gpu *fitted, const struct sample *s,
                    double before, double after)
{
    char name[48];
    group_name(s, name, sizeof name);
    struct machine_forecast *f = forecast_of(r, name);
    if (!f)
        return;
    f->rows++;
    f->held_out_error = held_out_error(fitted, s);
    f->before_error += fabs(before);
    f->before_bias += before;
    f->fitted_error += fabs(after);
    f->fitted_bias += after;
}

static int compare_names(const void *a, const void *b)
{
    const struct machine_forecast *x = a, *y = b;
    return strcmp(x->name, y->name);
}

static enum status add_forecasts(const struct machine *machine, const struct gpu *fitted,
                                 struct machine_review *r, struct error *e)
{
    const struct samples *samples = &machine->samples;
    struct system *system = calloc(2, sizeof *system);
    struct sample_prediction *p = calloc(2 * samples->count + 1, sizeof *p);
    if (system && p) {
        struct sample_prediction *after = p + samples->count;
        samples_system(&machine->gpu, &system[0]);
        samples_system(fitted, &system[1]);
        samples_predict(&system[0], samples, p);
        samples_predict(&system[1], samples, after);
        for (size_t i = 0; i < samples->count; i++)
            if (!p[i].skipped && !after[i].skipped)
                add_row(r, fitted, &samples->items[i], p[i].time_s / samples->items[i].time_s - 1,
                        after[i].time_s / samples->items[i].time_s - 1);
    } else {
        error_set(e, STATUS_IO, "out of memory for %zu samples", samples->count);
    }
    for (size_t i = 0; i < r->forecasts; i++) {
        struct machine_forecast *f = &r->forecast[i];
        f->before_error /= (double)f->rows;
        f->before_bias /= (double)f->rows;
        f->fitted_error /= (double)f->rows;
        f->fitted_bias /= (double)f->rows;
    }
    qsort(r->forecast, r->forecasts, sizeof r->forecast[0], compare_names);
    free(system);
    free(p);
    return e->status;
}

/* Links inside a node and between nodes are two kinds. */
static bool same_kind(const struct sample_table *t, size_t a, size_t b)
{
    bool inside_a = strcmp(cell(t, a, "host"), cell(t, a, "to_host")) == 0;
    bool inside_b = strcmp(cell(t, b, "host"), cell(t, b, "to_host")) == 0;
    return strcmp(cell(t, a, "check"), cell(t, b, "check")) == 0 && inside_a == inside_b;
}

static double median_of_kind(const struct sample_table *t, size_t row, double *scratch)
{
    size_t n = 0;
    for (size_t i = 0; i < t->rows; i++)
        if (same_kind(t, row, i))
            scratch[n++] = sample_table_value(t, i, "time_us");
    return values_upper_median(scratch, n);
}

static void add_outlier(struct machine_review *r, const struct sample_table *t, size_t i,
                        double slower_frac)
{
    if (r->outliers == REVIEW_OUTLIERS) {
        r->outliers_left_out++;
        return;
    }
    struct machine_outlier *o = &r->outlier[r->outliers++];
    o->slower_frac = slower_frac;
    int n = snprintf(o->name, sizeof o->name, "%s: rank %s on %s", cell(t, i, "check"),
                     cell(t, i, "rank"), cell(t, i, "host"));
    if (strcmp(cell(t, i, "rank"), cell(t, i, "to_rank")) != 0 && n > 0 &&
        (size_t)n < sizeof o->name)
        snprintf(o->name + n, sizeof o->name - (size_t)n, " to rank %s on %s",
                 cell(t, i, "to_rank"), cell(t, i, "to_host"));
}

static enum status add_outliers(const struct machine *machine, struct machine_review *r,
                                struct error *e)
{
    const struct sample_table *t = &machine->table[MACHINE_FLEET];
    double *scratch = calloc(t->rows ? t->rows : 1, sizeof *scratch);
    if (!scratch)
        return error_set(e, STATUS_IO, "out of memory for %zu rows", t->rows);
    for (size_t i = 0; i < t->rows; i++) {
        double median = median_of_kind(t, i, scratch);
        double slower = median > 0 ? sample_table_value(t, i, "time_us") / median - 1 : 0;
        if (slower > OUTLIER_FRAC)
            add_outlier(r, t, i, slower);
    }
    free(scratch);
    return STATUS_OK;
}

enum status machine_review(const struct machine *machine, const struct gpu *fitted,
                           struct machine_review *review, struct error *e)
{
    *review = (struct machine_review){0};
    add_figures(machine, review);
    if (add_forecasts(machine, fitted, review, e) != STATUS_OK)
        return e->status;
    return add_outliers(machine, review, e);
}
