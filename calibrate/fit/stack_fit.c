#include "calibrate/fit/stack_fit.h"
#include "base/values.h"
#include "calibrate/validate.h"
#include <gsl/gsl_matrix.h>
#include <gsl/gsl_multifit_nlinear.h>
#include <gsl/gsl_vector.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Spread of one stack's runs around its constants, and how far a constant of one stack lies from
 * its parent's: from the published runs themselves (MODELLING 16).
 */
static const double run_spread = 0.05;
static const double family_spread[STACK_CONSTANTS] = {
    [STACK_COMPUTE] = 0.15, [STACK_MEMORY] = 0.5,  [STACK_HOST] = 0.7, [STACK_NETWORK] = 0.7,
    [STACK_SCALE_UP] = 0.4, [STACK_EXPERTS] = 0.4, [STACK_STEP] = 0.7,
};
/* Releases and rounds of one software differ less than softwares do: from the fourth generation on
 * a stack lies this much closer to its parent. */
static const double release_frac = 0.4;
/* Huber's constant: residuals beyond it weigh less. [Huber64] */
static const double huber_k = 1.345;
enum { ROBUST_ROUNDS = 4, ITERATIONS = 40, STARTS = 2 };

/* Constants are positive: fitted as their logarithms. */
static double to_free(double value)
{
    return log(value);
}

static double from_free(double x)
{
    return exp(x);
}

/* One least-squares problem: some runs, the free constants of one stack, its parent's values. */
struct problem {
    struct run_case **run;
    double *weight; /* of each run's residual */
    size_t runs;
    int free_count;
    int free[STACK_CONSTANTS]; /* constants that are fitted */
    struct stack_constant constant[STACK_CONSTANTS];
    double prior[STACK_CONSTANTS];        /* free scale */
    double prior_spread[STACK_CONSTANTS]; /* of the stack's own constants; infinite: none */
};

static void set_constants(struct problem *p, const gsl_vector *x)
{
    for (int i = 0; i < p->free_count; i++)
        p->constant[p->free[i]].value = from_free(gsl_vector_get(x, (size_t)i));
}

static double run_residual(const struct problem *p, struct run_case *c)
{
    struct prediction prediction;
    memcpy(c->scenario.stack.constant, p->constant, sizeof p->constant);
    case_predict(c, &prediction);
    if (prediction.skipped[0] || !(prediction.step_s > 0))
        return 0;
    return log(prediction.step_s / c->step_s);
}

/* How many spreads the i-th free constant lies from its prior. */
static double prior_residual(const struct problem *p, const gsl_vector *x, int i)
{
    int c = p->free[i];
    return (gsl_vector_get(x, (size_t)i) - p->prior[c]) / p->prior_spread[c];
}

static int residuals(const gsl_vector *x, void *context, gsl_vector *f)
{
    struct problem *p = context;
    set_constants(p, x);
    for (size_t i = 0; i < p->runs; i++)
        gsl_vector_set(f, i, p->weight[i] * run_residual(p, p->run[i]));
    for (int i = 0; i < p->free_count; i++)
        gsl_vector_set(f, p->runs + (size_t)i, prior_residual(p, x, i));
    return GSL_SUCCESS;
}

/* Trust-region solution from x; covariance of the free constants. */
static bool solve(struct problem *p, gsl_vector *x, gsl_matrix *covariance)
{
    gsl_multifit_nlinear_parameters parameters = gsl_multifit_nlinear_default_parameters();
    parameters.h_df = 1e-4;
    size_t n = p->runs + (size_t)p->free_count;
    gsl_multifit_nlinear_fdf fdf = {
        .f = residuals, .n = n, .p = (size_t)p->free_count, .params = p};
    gsl_multifit_nlinear_workspace *w =
        gsl_multifit_nlinear_alloc(gsl_multifit_nlinear_trust, &parameters, n, fdf.p);
    int info = 0;
    if (!w)
        return false;
    bool ok = gsl_multifit_nlinear_init(x, &fdf, w) == GSL_SUCCESS;
    if (ok) {
        gsl_multifit_nlinear_driver(ITERATIONS, 1e-7, 1e-7, 0, NULL, NULL, &info, w);
        gsl_vector_memcpy(x, gsl_multifit_nlinear_position(w));
        ok = gsl_multifit_nlinear_covar(gsl_multifit_nlinear_jac(w), 0, covariance) == GSL_SUCCESS;
    }
    gsl_multifit_nlinear_free(w);
    return ok;
}

/* Huber weights around the present constants; returns the spread of the residuals (1.4826 MAD, at
 * least that of repeated runs). */
static double reweigh(struct problem *p, const double *base, double *scratch)
{
    for (size_t i = 0; i < p->runs; i++)
        scratch[i] = fabs(run_residual(p, p->run[i]));
    for (size_t i = 0; i < p->runs; i++) {
        double z = scratch[i] / run_spread;
        p->weight[i] = base[i] * (z > huber_k ? sqrt(huber_k / z) : 1);
    }
    return 1.4826 * values_upper_median(scratch, p->runs);
}

static double root_mean_square(struct problem *p)
{
    double sum = 0;
    for (size_t i = 0; i < p->runs; i++) {
        double r = run_residual(p, p->run[i]);
        sum += r * r;
    }
    double freedom = (double)p->runs - p->free_count;
    return sqrt(sum / (freedom > 1 ? freedom : 1));
}

/* What the robust fit minimises: Huber's losses of the runs, the squares of the priors. */
static double loss(struct problem *p, const double *base, const gsl_vector *x)
{
    double sum = 0;
    set_constants(p, x);
    for (size_t i = 0; i < p->runs; i++) {
        double z = fabs(run_residual(p, p->run[i])) / run_spread, share = base[i] * run_spread;
        sum += share * share * (z > huber_k ? huber_k * (2 * z - huber_k) : z * z);
    }
    for (int i = 0; i < p->free_count; i++) {
        double z = prior_residual(p, x, i);
        sum += z * z;
    }
    return sum;
}

/* One robust descent from x. */
static bool descend(struct problem *p, const double *base, double *scratch, gsl_vector *x,
                    gsl_matrix *covariance)
{
    memcpy(p->weight, base, p->runs * sizeof *base);
    for (int round = 0; round < ROBUST_ROUNDS; round++) {
        if (!solve(p, x, covariance))
            return false;
        set_constants(p, x);
        reweigh(p, base, scratch);
    }
    return true;
}

/* Where descents start: at the priors, and with the host ten times as slow, which shows only where
 * it takes longer than the GPU, so that nothing leads there from a fast one. False: no such start.
 */
static bool start_at(const struct problem *p, int start, gsl_vector *x)
{
    bool told = start == 0;
    for (int i = 0; i < p->free_count; i++) {
        bool slow = start == 1 && p->free[i] == STACK_HOST;
        gsl_vector_set(x, (size_t)i, p->prior[p->free[i]] + (slow ? log(10) : 0));
        told = told || slow;
    }
    return told;
}

/* The best of the descents; false: none converges. */
static bool best_descent(struct problem *p, const double *base, double *scratch, gsl_vector *x,
                         gsl_matrix *covariance)
{
    size_t k = (size_t)p->free_count;
    gsl_vector *tried = gsl_vector_alloc(k);
    gsl_matrix *spread = gsl_matrix_calloc(k, k);
    double least = (double)INFINITY;
    for (int start = 0; tried && spread && start < STARTS; start++) {
        if (!start_at(p, start, tried) || !descend(p, base, scratch, tried, spread))
            continue;
        double here = loss(p, base, tried);
        if (!(here < least))
            continue;
        least = here;
        gsl_vector_memcpy(x, tried);
        gsl_matrix_memcpy(covariance, spread);
    }
    gsl_vector_free(tried);
    gsl_matrix_free(spread);
    return isfinite(least);
}

/* Fits the problem; base: weights of the runs before robustness. */
static enum status fit_problem(struct problem *p, const double *base, struct stack_fit *out,
                               struct error *e)
{
    size_t k = (size_t)p->free_count;
    gsl_vector *x = gsl_vector_alloc(k);
    gsl_matrix *covariance = gsl_matrix_calloc(k, k);
    double *scratch = malloc((p->runs + 1) * sizeof *scratch);
    if (!x || !covariance || !scratch) {
        error_set(e, STATUS_IO, "out of memory while fitting stack '%s'", out->name);
        goto out;
    }
    if (!best_descent(p, base, scratch, x, covariance)) {
        error_set(e, STATUS_NO, "the fit of stack '%s' does not converge", out->name);
        goto out;
    }
    set_constants(p, x);
    memcpy(out->constant, p->constant, sizeof p->constant);
    for (int i = 0; i < p->free_count; i++)
        out->constant[p->free[i]].standard_error =
            sqrt(gsl_matrix_get(covariance, (size_t)i, (size_t)i));
    out->residual_frac = root_mean_square(p);
out:
    gsl_vector_free(x);
    gsl_matrix_free(covariance);
    free(scratch);
    return e->status;
}

/* The runs that a fit may use. */
static bool usable(const struct cases *cases, size_t i, const struct stack_fit_options *o)
{
    const struct run_case *c = &cases->items[i];
    return !c->skipped[0] && c->step_s > 0 && !(o->left_out && o->left_out[i]) &&
           !(o->without && strcmp(c->stack, o->without) == 0);
}

/* The runs of a stack and of its descendants. */
struct selection {
    struct run_case **run;
    double *weight, *base;
    size_t count;
};

static bool belongs(const struct run_case *c, const char *name, const struct stack_fits *fits)
{
    const struct stack_fit *fit = stack_fits_find(fits, c->stack);
    while (strcmp(fit->name, name) != 0 && fit->parent[0])
        fit = stack_fits_find(fits, fit->parent);
    return strcmp(fit->name, name) == 0;
}

/* The stacks that `default` and `described` take constants from are unrelated: each has the same
 * total weight, as if it had as many runs as speak for one constant. */
static void select_runs(struct cases *cases, const struct stack_fit_options *o,
                        const struct stack_fits *fits, const struct stack_fit *fit,
                        struct selection *s)
{
    const char *name = fit->name;
    bool unrelated = fit->depth < 2;
    s->count = 0;
    for (size_t i = 0; i < cases->count; i++)
        if (usable(cases, i, o) && (o->common || belongs(&cases->items[i], name, fits)))
            s->run[s->count++] = &cases->items[i];
    for (size_t i = 0; i < s->count; i++) {
        bool own = strcmp(s->run[i]->stack, name) == 0;
        double same = 0;
        for (size_t j = 0; j < s->count; j++)
            same += strcmp(s->run[j]->stack, s->run[i]->stack) == 0;
        s->base[i] = (own || !unrelated ? 1 : sqrt(fmin(1, 6 / same))) / run_spread;
    }
}

/* What a stack's file states, else what it inherits: its parent's, the root its physical ones (not
 * what an earlier fit left in the catalog). Constants that are fitted shrink towards them. */
static void start_problem(struct problem *p, const struct stack *stack,
                          const struct stack_constant *inherited, const struct stack_fit *parent)
{
    bool release = parent && parent->depth >= 3 && !stack->generation;
    double spread_frac = !parent ? 3 : release ? release_frac : 1;
    p->free_count = 0;
    for (int c = 0; c < STACK_CONSTANTS; c++) {
        bool stated = stack->stated >> c & 1;
        p->constant[c].value = stated ? stack->constant[c].value : inherited[c].value;
        p->constant[c].standard_error = 0;
        p->prior[c] = to_free(inherited[c].value);
        p->prior_spread[c] = spread_frac * family_spread[c];
        if (stack->fit >> c & 1)
            p->free[p->free_count++] = c;
    }
}

/* Evaluates the runs under one stack's properties. */
static void use_stack(struct selection *s, const struct stack *stack)
{
    for (size_t i = 0; i < s->count; i++)
        s->run[i]->scenario.stack = *stack;
}

static enum status fit_one(struct cases *cases, const struct stack_fit_options *o,
                           struct selection *s, struct stack_fits *fits, int index, struct error *e)
{
    struct stack_fit *fit = &fits->fit[index];
    struct stack stack, physical;
    bool root = index == 0;
    const struct stack_fit *parent = root ? NULL : stack_fits_find(fits, fit->parent);
    if (stack_find(fit->name, o->catalog, &stack, e))
        return e->status;
    if (o->only && strcmp(o->only, fit->name) != 0) {
        memcpy(fit->constant, stack.constant, sizeof fit->constant);
        fit->residual_frac = stack.residual_frac;
        return STATUS_OK;
    }
    select_runs(cases, o, fits, fit, s);
    struct problem p = {.run = s->run, .weight = s->weight, .runs = s->count};
    if (root && stack_find("untuned", o->catalog, &physical, e))
        return e->status;
    start_problem(&p, &stack, root ? physical.constant : parent->constant, parent);
    fit->runs = (int)s->count;
    memcpy(fit->constant, p.constant, sizeof p.constant);
    fit->residual_frac = parent ? parent->residual_frac : 0;
    if (s->count < 2 || p.free_count == 0)
        return STATUS_OK; /* a stack of one run is its parent */
    struct stack *saved = malloc(s->count * sizeof *saved);
    if (!saved)
        return error_set(e, STATUS_IO, "out of memory while fitting stack '%s'", fit->name);
    for (size_t i = 0; i < s->count; i++)
        saved[i] = s->run[i]->scenario.stack;
    if (root)
        use_stack(s, &stack);
    fit->fitted = p.free_count;
    fit_problem(&p, s->base, fit, e);
    for (size_t i = 0; i < s->count; i++)
        s->run[i]->scenario.stack = saved[i];
    free(saved);
    return e->status;
}

const struct stack_fit *stack_fits_find(const struct stack_fits *fits, const char *name)
{
    for (int i = 0; i < fits->count; i++)
        if (strcmp(fits->fit[i].name, name) == 0)
            return &fits->fit[i];
    return &fits->fit[0];
}

void stack_fit_apply(const struct stack_fit *fit, struct stack *stack)
{
    memcpy(stack->constant, fit->constant, sizeof fit->constant);
    stack->residual_frac = fit->residual_frac;
}

/* Adds a stack after its parents. */
static enum status add_stack(struct stack_fits *fits, const char *name, const char *catalog,
                             struct error *e)
{
    for (int i = 0; i < fits->count; i++)
        if (strcmp(fits->fit[i].name, name) == 0)
            return STATUS_OK;
    struct stack stack;
    if (stack_find(name, catalog, &stack, e))
        return e->status;
    if (stack.parent[0] && add_stack(fits, stack.parent, catalog, e))
        return e->status;
    if (fits->count == STACK_FITS_MAX)
        return error_set(e, STATUS_INPUT, "more than %d stacks", STACK_FITS_MAX);
    struct stack_fit *fit = &fits->fit[fits->count++];
    memset(fit, 0, sizeof *fit);
    strncpy(fit->name, name, sizeof fit->name - 1);
    memcpy(fit->parent, stack.parent, sizeof fit->parent);
    fit->depth = stack.parent[0] ? stack_fits_find(fits, stack.parent)->depth + 1 : 0;
    return STATUS_OK;
}

static enum status list_stacks(const struct cases *cases, const struct stack_fit_options *o,
                               struct stack_fits *out, struct error *e)
{
    memset(out, 0, sizeof *out);
    if (add_stack(out, o->common ? o->common : "default", o->catalog, e))
        return e->status;
    for (size_t i = 0; i < cases->count && !o->common; i++) {
        const struct run_case *c = &cases->items[i];
        if (!c->skipped[0] && c->stack[0] && add_stack(out, c->stack, o->catalog, e))
            return e->status;
    }
    return STATUS_OK;
}

enum status stacks_fit(struct cases *cases, const struct stack_fit_options *options,
                       struct stack_fits *out, struct error *e)
{
    struct selection s = {.run = malloc((cases->count + 1) * sizeof(struct run_case *)),
                          .weight = malloc((cases->count + 1) * sizeof *s.weight),
                          .base = malloc((cases->count + 1) * sizeof *s.base)};
    if (!s.run || !s.weight || !s.base)
        error_set(e, STATUS_IO, "out of memory for %zu runs", cases->count);
    else if (list_stacks(cases, options, out, e) == STATUS_OK)
        for (int i = 0; i < out->count && e->status == STATUS_OK; i++) {
            if (options->progress)
                options->progress(options->progress_context, out->fit[i].name, i, out->count);
            fit_one(cases, options, &s, out, i, e);
        }
    free(s.run);
    free(s.weight);
    free(s.base);
    return e->status;
}
