#include "calibrate/fit/kernel_group.h"
#include "calibrate/fit/kernel_needs.h"
#include "calibrate/fit/kernel_roofline.h"
#include "calibrate/fit/kernel_spread.h"
#include "calibrate/fit/kernel_table.h"
#include "calibrate/sample_predict.h"
#include "calibrate/validate_samples.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { HELD_MAX = 24 };

/* Rows that the search for a valley looks at; all of them polish it. */
static const size_t search_rows = 400;
enum { STARTS = 3, CHOICE_STARTS = 1, FOLD_ITERATIONS = 10 };

/* Rows by a condition, as another view of the same samples. */
struct view {
    const struct sample **row;
    struct kernel_rows rows;
};

static bool view_init(struct view *v, size_t n)
{
    v->row = malloc((n + 1) * sizeof *v->row);
    v->rows = (struct kernel_rows){v->row, 0, NULL};
    return v->row;
}

static void view_free(struct view *v)
{
    free(v->row);
}

static void view_add(struct view *v, const struct kernel_rows *rows, size_t i)
{
    v->row[v->rows.n++] = rows->row[i];
}

/* Rows in (inside) or out of one fold. */
static void view_fold(struct view *v, const struct kernel_rows *rows, int fold, bool inside)
{
    v->rows.n = 0;
    v->rows.first = rows->first;
    for (size_t i = 0; i < rows->n; i++)
        if ((kernel_fold(rows->row[i]) == fold) == inside)
            view_add(v, rows, i);
}

/* Evenly spread over the rows, so that every size and datatype stays. */
static void view_thin(struct view *v, const struct kernel_rows *rows, size_t most)
{
    v->rows.n = 0;
    double step = fmax(1, (double)rows->n / (double)most);
    for (double at = 0; at < (double)rows->n; at += step)
        view_add(v, rows, (size_t)at);
}

/* ---- corrections ---- */

static void correct(const struct kernel_problem *p, const struct kernel_rows *rows)
{
    struct correction *table = calibration_correction(&p->gpu->calibration, &p->slot);
    double *r = malloc((rows->n + 1) * sizeof *r);
    if (!table || !r) {
        *p->starved = *p->starved || !r;
        free(r);
        return;
    }
    memset(table, 0, sizeof *table);
    kernel_problem_residuals(p, rows, r);
    for (size_t i = 0; i < rows->n; i++)
        r[i] = -r[i];
    if (!kernel_table_fit(&p->slot, rows, r, table))
        *p->starved = true;
    free(r);
}

static void clear_correction(const struct kernel_problem *p)
{
    struct correction *table = calibration_correction(&p->gpu->calibration, &p->slot);
    if (table)
        memset(table, 0, sizeof *table);
}

/* ---- errors of what was left out ---- */

struct errors {
    double all, large, form, form_large;
    size_t n, large_n;
};

static void add_errors(const struct kernel_problem *p, const struct kernel_rows *rows, bool form,
                       struct errors *sums)
{
    double *r = malloc((rows->n + 1) * sizeof *r);
    *p->starved = *p->starved || !r;
    if (!r)
        return;
    kernel_problem_residuals(p, rows, r);
    for (size_t i = 0; i < rows->n; i++) {
        bool large = sample_is_large(rows->row[i]);
        double size = fabs(exp(r[i]) - 1);
        *(form ? &sums->form : &sums->all) += size;
        if (large)
            *(form ? &sums->form_large : &sums->large) += size;
        if (!form) {
            sums->n++;
            sums->large_n += large;
        }
    }
    free(r);
}

static void store_left_out(const struct gpu *gpu, const struct kernel_rows *left_out, double *out)
{
    for (size_t i = 0; out && i < left_out->n; i++)
        out[left_out->row[i] - left_out->first] = kernel_sample_s(gpu, left_out->row[i]);
}

/* Rows of one class by the roofline of that class: so few constants cannot serve both. */
static void store_rooflines(const struct gpu *gpu, const struct kernel_rows *rows, bool large,
                            double *out)
{
    struct view class_rows;
    bool ready = view_init(&class_rows, rows->n);
    for (size_t i = 0; ready && i < rows->n; i++)
        if (sample_is_large(rows->row[i]) == large)
            view_add(&class_rows, rows, i);
    const struct kernel_rows *own = &class_rows.rows;
    for (int fold = 0; ready && own->n > 0 && fold < KERNEL_FOLDS; fold++) {
        struct kernel_roofline roofline = kernel_roofline_fit(gpu, own, fold);
        for (size_t i = 0; i < own->n; i++)
            if (kernel_fold(own->row[i]) == fold)
                out[own->row[i] - rows->first] = kernel_roofline_s(&roofline, gpu, own->row[i]);
    }
    view_free(&class_rows);
}

static void cross_validate(const struct kernel_problem *p, const struct kernel_rows *rows,
                           const double *x, const struct kernel_fit_options *options,
                           struct errors *sums)
{
    struct view view;
    double moved[NONLINEAR_PARAMETERS];
    bool ready = view_init(&view, rows->n);
    *p->starved = *p->starved || !ready;
    for (int fold = 0; ready && fold < KERNEL_FOLDS; fold++) {
        memcpy(moved, x, sizeof moved);
        clear_correction(p);
        view_fold(&view, rows, fold, false);
        if (view.rows.n == 0 ||
            !(kernel_problem_fit(p, &view.rows, 0, FOLD_ITERATIONS, moved) < HUGE_VAL))
            continue;
        view_fold(&view, rows, fold, true);
        add_errors(p, &view.rows, true, sums);
        if (!options->form_alone) {
            view_fold(&view, rows, fold, false);
            correct(p, &view.rows);
            view_fold(&view, rows, fold, true);
        }
        add_errors(p, &view.rows, false, sums);
        store_left_out(p->gpu, &view.rows, options->left_out_s);
    }
    for (int large = 0; options->roofline_s && large < 2; large++)
        store_rooflines(p->gpu, rows, large, options->roofline_s);
    view_free(&view);
    kernel_problem_set(p, x);
    clear_correction(p);
}

static double mean(double sum, size_t n)
{
    return n > 0 ? sum / (double)n : 0;
}

/* ---- provenance ---- */

static void set_group(const struct kernel_problem *p, const struct kernel_rows *rows,
                      struct calibration_group *group)
{
    memset(group, 0, sizeof *group);
    group->kind = CALIBRATION_MEASURED;
    group->samples = (double)rows->n;
    for (size_t i = 0; i < rows->n; i++) {
        double dims[CALIBRATION_DIMS];
        kernel_dims(rows->row[i], dims);
        for (int d = 0; d < CALIBRATION_DIMS && p->slot.dims[d]; d++) {
            if (i == 0 || dims[d] < group->low[d])
                group->low[d] = dims[d];
            group->high[d] = fmax(group->high[d], dims[d]);
        }
    }
}

/* The rows that the fit misses most, where it misses them by more than a factor. */
static void note_outliers(const struct kernel_problem *p, const struct kernel_rows *rows,
                          struct text *notes)
{
    enum { NAMED = 3 };
    const double factor = log(2);
    double *r = malloc((rows->n + 1) * sizeof *r);
    size_t beyond = 0;
    *p->starved = *p->starved || !r;
    if (!r)
        return;
    kernel_problem_residuals(p, rows, r);
    for (size_t i = 0; i < rows->n; i++)
        beyond += fabs(r[i]) > factor;
    if (beyond > 0)
        text_addf(notes,
                  "%s %s: %zu of %zu rows are outliers, more than a factor of two from the fit\n",
                  p->slot.op, p->slot.name, beyond, rows->n);
    for (int k = 0; k < NAMED; k++) {
        size_t worst = 0;
        for (size_t i = 1; i < rows->n; i++)
            if (fabs(r[i]) > fabs(r[worst]))
                worst = i;
        if (rows->n == 0 || !(fabs(r[worst]) > factor))
            break;
        text_addf(notes, "  row %zu (line %zu): measured %.4g us, fitted %.4g us\n",
                  rows->row[worst]->row, rows->row[worst]->line, 1e6 * rows->row[worst]->time_s,
                  1e6 * rows->row[worst]->time_s * exp(r[worst]));
        r[worst] = 0;
    }
    free(r);
}

/* ---- the fit ---- */

/* To so many digits that reading a file is no strain and the last one means nothing. */
static double rounded(double value, int digits)
{
    if (!(fabs(value) > 0))
        return 0;
    double unit = pow(10, floor(log10(fabs(value))) + 1 - digits);
    return unit < 1 ? round(value / unit) / round(1 / unit) : round(value / unit) * unit;
}

static void round_constants(const struct kernel_problem *p, struct calibration_group *group)
{
    enum { CONSTANT_DIGITS = 6, ERROR_DIGITS = 3 };
    for (size_t j = 0; j < p->parameters.count; j++) {
        size_t row = p->parameters.row[j];
        double *value = calibration_constant(&p->gpu->calibration, &p->slot, row);
        *value = rounded(*value, CONSTANT_DIGITS);
        group->standard_error[row] = rounded(group->standard_error[row], ERROR_DIGITS);
    }
    group->error_frac = rounded(group->error_frac, ERROR_DIGITS);
}

/* The best of the slot's alternatives. */
static bool search_choices(const struct kernel_problem *p, const struct kernel_rows *rows,
                           double *x)
{
    int count = kernel_choice_count(&p->slot), best = 0;
    double least = HUGE_VAL, trial[NONLINEAR_PARAMETERS], start[NONLINEAR_PARAMETERS];
    memcpy(start, x, sizeof start);
    for (int i = 0; i < count; i++) {
        memcpy(trial, start, sizeof trial);
        kernel_choose(&p->slot, &p->parameters, i, &p->gpu->calibration, trial);
        double cost = kernel_problem_fit(p, rows, count > 1 ? CHOICE_STARTS : STARTS, 0, trial);
        if (cost < least) {
            least = cost;
            best = i;
            memcpy(x, trial, sizeof trial);
        }
    }
    memcpy(trial, x, sizeof trial);
    kernel_choose(&p->slot, &p->parameters, best, &p->gpu->calibration, trial);
    return least < HUGE_VAL;
}

static enum status search(const struct kernel_problem *p, const struct kernel_rows *rows, double *x,
                          struct error *e)
{
    struct view thin;
    bool ready = view_init(&thin, rows->n);
    if (ready)
        view_thin(&thin, rows, search_rows);
    bool found = ready && search_choices(p, &thin.rows, x) &&
                 kernel_problem_fit(p, rows, 0, 0, x) < HUGE_VAL;
    view_free(&thin);
    if (!ready || *p->starved)
        return error_set(e, STATUS_IO, "out of memory");
    if (!found)
        return error_set(e, STATUS_INPUT, "%s %s: no constants fit these samples", p->slot.op,
                         p->slot.name);
    return STATUS_OK;
}

/* A table that does not help blocks it has not seen is left out. */
static bool helps(const struct kernel_fit_options *options, struct kernel_fit_group *result)
{
    bool table = options->quick || result->error_frac < result->form_error_frac;
    if (!table) {
        result->error_frac = result->form_error_frac;
        result->large_error_frac = result->form_large_error_frac;
    }
    return table;
}

static void report_errors(const struct errors *sums, struct kernel_fit_group *result)
{
    result->error_frac = mean(sums->all, sums->n);
    result->large_error_frac = mean(sums->large, sums->large_n);
    result->form_error_frac = mean(sums->form, sums->n);
    result->form_large_error_frac = mean(sums->form_large, sums->large_n);
    result->large_rows = sums->large_n;
}

enum status kernel_group_fit(struct gpu *gpu, const struct calibration_slot *slot,
                             const struct kernel_rows *rows,
                             const struct kernel_fit_options *options,
                             struct kernel_fit_report *report, struct error *e)
{
    struct kernel_fit_group *result = &report->group[report->count];
    const char *held[HELD_MAX] = {NULL};
    double x[NONLINEAR_PARAMETERS];
    bool starved = false;
    struct kernel_problem p = {.gpu = gpu, .slot = *slot, .starved = &starved};
    struct errors sums = {0};
    struct calibration_group *group = calibration_group_of(&gpu->calibration, slot);
    *result = (struct kernel_fit_group){.op = slot->op, .name = slot->name, .rows = rows->n};
    if (kernel_needs_check(slot, rows, e) != STATUS_OK)
        return e->status;
    kernel_needs_hold(slot, rows, held, HELD_MAX, &report->notes);
    kernel_parameters_of(slot, held, &p.parameters);
    kernel_problem_start(&p, p.prior);
    memcpy(x, p.prior, sizeof x);
    /* Forms hold what was not measured on the part itself to its datasheet. */
    group->kind = CALIBRATION_MEASURED;
    clear_correction(&p);
    if (search(&p, rows, x, e) != STATUS_OK)
        return e->status;
    if (!options->quick)
        cross_validate(&p, rows, x, options, &sums);
    report_errors(&sums, result);
    set_group(&p, rows, group);
    bool table = !options->form_alone && helps(options, result);
    group->error_frac = result->error_frac;
    kernel_spread(&p, rows, x, group->standard_error);
    round_constants(&p, group);
    note_outliers(&p, rows, &report->notes);
    if (table)
        correct(&p, rows);
    return starved ? error_set(e, STATUS_IO, "out of memory") : STATUS_OK;
}
