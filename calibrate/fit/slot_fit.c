#include "calibrate/fit/slot_fit.h"
#include "calibrate/fit/nonlinear.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { STARTS = 6, SAMPLES_PER_CONSTANT = 3 };
static const double SPREAD = 1; /* of the starts, in priors' widths */
static const double PRIOR_WIDTH =
    2; /* logarithmic: a factor of 7 either way costs as much as one bad row */
static const double EXPECTED_ERROR = 0.05;

/* A fit in work: what is searched are logarithms, or logits of shares. */
struct slot_problem {
    struct gpu *gpu;
    const struct calibration_slot *slot;
    const struct slot_samples *samples;
    int held_out; /* fold; -1: none */
    size_t parameters;
    size_t row[CALIBRATION_CONSTANTS_MAX]; /* of each parameter */
    double prior[CALIBRATION_CONSTANTS_MAX], sigma[CALIBRATION_CONSTANTS_MAX];
};

static bool is_share(const struct field *row)
{
    return row->min == 0 && row->max == 1;
}

/* Shares by their logit, others by the logarithm of what lies above a least value of 1 or more. */
static double to_search(const struct field *row, double value)
{
    const double edge = 1e-3;
    double least = row->min >= 1 ? row->min : 0;
    if (is_share(row))
        return log(fmax(value, edge) / fmax(1 - value, edge));
    return log(fmax(value - least, edge * (least > 0 ? least : fabs(value))));
}

static double from_search(const struct field *row, double x)
{
    double least = row->min >= 1 ? row->min : 0;
    if (is_share(row))
        return 1 / (1 + exp(-x));
    return fmin(fmax(least + exp(x), row->min), row->max);
}

static void set_constants(const struct slot_problem *p, const double *x)
{
    for (size_t j = 0; j < p->parameters; j++)
        *calibration_constant(&p->gpu->calibration, p->slot, p->row[j]) =
            from_search(&p->slot->constants[p->row[j]], x[j]);
}

static void get_constants(const struct slot_problem *p, double *x)
{
    for (size_t j = 0; j < p->parameters; j++)
        x[j] = to_search(&p->slot->constants[p->row[j]],
                         *calibration_constant(&p->gpu->calibration, p->slot, p->row[j]));
}

static double residual(const struct slot_problem *p, size_t i)
{
    const struct slot_samples *s = p->samples;
    return log(s->predict_s(p->gpu, s->context, i) / s->measured_s[i]);
}

static void evaluate(const double *x, double *r, void *context)
{
    const struct slot_problem *p = context;
    set_constants(p, x);
    for (size_t i = 0, k = 0; i < p->samples->n; i++)
        if (p->samples->fold[i] != p->held_out)
            r[k++] = residual(p, i);
}

static size_t kept(const struct slot_problem *p)
{
    size_t n = 0;
    for (size_t i = 0; i < p->samples->n; i++)
        n += p->samples->fold[i] != p->held_out;
    return n;
}

/* Fits to all folds but `held_out`, from x; leaves x and the gpu's constants at the best. */
static void fit_without(struct slot_problem *p, int held_out, int starts, double *x)
{
    p->held_out = held_out;
    const struct nonlinear problem = {.parameters = p->parameters,
                                      .residuals = kept(p),
                                      .evaluate = evaluate,
                                      .context = p,
                                      .prior = p->prior,
                                      .sigma = p->sigma,
                                      .scale = EXPECTED_ERROR};
    if (starts > 0)
        nonlinear_multistart(&problem, x, starts, SPREAD);
    else
        nonlinear_fit(&problem, x);
    set_constants(p, x);
}

/* Held-out error, and the jackknife's standard errors from the same fits:
 *     se^2 = (F - 1) / F sum_f (c_f - mean c)^2 */
static double leave_out(struct slot_problem *p, const double *best,
                        double standard_error[CALIBRATION_CONSTANTS_MAX])
{
    int folds = p->samples->folds;
    double error = 0, sum[CALIBRATION_CONSTANTS_MAX] = {0}, square[CALIBRATION_CONSTANTS_MAX] = {0};
    for (int f = 0; f < folds; f++) {
        double x[CALIBRATION_CONSTANTS_MAX];
        memcpy(x, best, sizeof x);
        fit_without(p, f, 0, x);
        for (size_t i = 0; i < p->samples->n; i++)
            if (p->samples->fold[i] == f)
                error += fabs(exp(residual(p, i)) - 1);
        for (size_t j = 0; j < p->parameters; j++) {
            double c = from_search(&p->slot->constants[p->row[j]], x[j]);
            sum[j] += c;
            square[j] += c * c;
        }
    }
    for (size_t j = 0; j < p->parameters; j++) {
        double variance = square[j] / folds - (sum[j] / folds) * (sum[j] / folds);
        standard_error[p->row[j]] = sqrt(fmax(variance, 0) * (folds - 1));
    }
    return error / (double)p->samples->n;
}

static bool stays(const char *key, const char *const *fixed)
{
    for (size_t i = 0; fixed && fixed[i]; i++)
        if (strcmp(fixed[i], key) == 0)
            return true;
    return false;
}

enum status slot_fit(struct gpu *gpu, const struct calibration_slot *slot,
                     const struct slot_samples *samples, const char *const *fixed, struct error *e)
{
    struct slot_problem p = {.gpu = gpu, .slot = slot, .samples = samples};
    for (size_t row = 0; row < slot->count; row++)
        if (*calibration_constant(&gpu->calibration, slot, row) != 0 &&
            !stays(slot->constants[row].key, fixed)) {
            p.sigma[p.parameters] = PRIOR_WIDTH;
            p.row[p.parameters++] = row;
        }
    if (samples->n < SAMPLES_PER_CONSTANT * p.parameters)
        return error_set(e, STATUS_INPUT, "%s %s: %zu samples, %zu are needed", slot->op,
                         slot->name, samples->n, SAMPLES_PER_CONSTANT * p.parameters);
    struct calibration_group *group = calibration_group_of(&gpu->calibration, slot);
    struct correction *correction = calibration_correction(&gpu->calibration, slot);
    if (correction) /* of other measured points */
        *correction = (struct correction){0};
    double x[CALIBRATION_CONSTANTS_MAX] = {0};
    get_constants(&p, x);
    memcpy(p.prior, x, sizeof x);
    fit_without(&p, -1, STARTS, x);
    memset(group->standard_error, 0, sizeof group->standard_error);
    group->error_frac = leave_out(&p, x, group->standard_error);
    set_constants(&p, x);
    group->samples = (double)samples->n;
    group->kind = CALIBRATION_MEASURED;
    return STATUS_OK;
}
