/* Which runs tell which stack's constants, and what they shrink towards. */
#include "calibrate/fit/stack_problem.h"
#include "parallelism/stack_constants.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* How far a constant of one stack lies from its parent's (1 sigma of ln): from the published runs
 * themselves (MODELLING 16). */
static const double family_spread[STACK_CONSTANTS] = {
    [STACK_COMPUTE] = 0.15, [STACK_MEMORY] = 0.5,  [STACK_HOST] = 0.7, [STACK_NETWORK] = 0.7,
    [STACK_SCALE_UP] = 0.4, [STACK_EXPERTS] = 0.4, [STACK_STEP] = 0.7,
};
/* Releases and rounds of one software differ less than softwares do: from the fourth generation on
 * a stack lies this much closer to its parent. */
static const double release_frac = 0.4;

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
    double *weight, *share;
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
        s->share[i] = own || !unrelated ? 1 : sqrt(fmin(1, 6 / same));
    }
}

/* What a stack's file states, else what it inherits: its parent's, the root its physical ones (not
 * what an earlier fit left in the catalog). Constants that are fitted shrink towards them. */
static void start_problem(struct stack_problem *p, const struct stack *stack,
                          const struct stack_constant *inherited, const struct stack_fit *parent)
{
    bool release = parent && parent->depth >= 3 && !stack->generation;
    double spread_frac = !parent ? 3 : release ? release_frac : 1;
    p->free_count = 0;
    for (int c = 0; c < STACK_CONSTANTS; c++) {
        bool stated = stack->stated >> c & 1;
        p->constant[c].value = stated ? stack->constant[c].value : inherited[c].value;
        p->constant[c].standard_error = 0;
        p->prior[c] = log(inherited[c].value);
        p->prior_spread[c] = spread_frac * family_spread[c];
        if (stack->fit >> c & 1)
            p->free[p->free_count++] = c;
    }
}

/* A software as its user runs it: `compute` shrinks towards what the software has. */
static void start_own(struct stack_problem *p, const struct stack *stack)
{
    memcpy(p->constant, stack->constant, sizeof p->constant);
    p->prior[STACK_COMPUTE] = log(stack->constant[STACK_COMPUTE].value);
    p->prior_spread[STACK_COMPUTE] = family_spread[STACK_COMPUTE];
    p->free_count = 1;
    p->free[0] = STACK_COMPUTE;
}

/* Draws that tell a stack's spread: its own runs, or of a family the stacks that have any. */
static int draws(const struct selection *s, const char *name)
{
    int own = 0, stacks = 0;
    for (size_t i = 0; i < s->count; i++) {
        bool seen = false;
        for (size_t j = 0; j < i && !seen; j++)
            seen = strcmp(s->run[j]->stack, s->run[i]->stack) == 0;
        own += strcmp(s->run[i]->stack, name) == 0;
        stacks += !seen;
    }
    return own ? own : stacks;
}

/* Two runs that agree do not show that others would: the parent's spread counts as one draw more.
 */
static double pooled_spread(double spread_frac, int n, double parent_frac)
{
    return sqrt((n * spread_frac * spread_frac + parent_frac * parent_frac) / (n + 1));
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
    bool root = index == 0, own = o->only && o->own;
    const struct stack_fit *parent = root ? NULL : stack_fits_find(fits, fit->parent);
    if (stack_find(fit->name, o->catalog, &stack, e))
        return e->status;
    if (o->only && strcmp(o->only, fit->name) != 0) {
        memcpy(fit->constant, stack.constant, sizeof fit->constant);
        fit->residual_frac = stack.residual_frac;
        return STATUS_OK;
    }
    select_runs(cases, o, fits, fit, s);
    struct stack_problem p = {
        .run = s->run, .share = s->share, .weight = s->weight, .runs = s->count};
    if (root && stack_find("untuned", o->catalog, &physical, e))
        return e->status;
    if (own)
        start_own(&p, &stack);
    else
        start_problem(&p, &stack, root ? physical.constant : parent->constant, parent);
    fit->runs = (int)s->count;
    memcpy(fit->constant, p.constant, sizeof p.constant);
    double before_frac = parent ? parent->residual_frac : 0;
    double untold_frac =
        root ? 0
             : stack_untold_frac(before_frac, stack_fits_find(fits, "described")->residual_frac);
    if (own) /* on clusters that told nothing of the stack */
        before_frac = untold_frac = fmax(stack.residual_frac, untold_frac);
    fit->residual_frac = untold_frac;
    if (s->count < 2 || p.free_count == 0)
        return STATUS_OK; /* a stack of one run is its parent */
    struct stack *saved = malloc(s->count * sizeof *saved);
    if (!saved)
        return error_set(e, STATUS_IO, "out of memory while fitting stack '%s'", fit->name);
    for (size_t i = 0; i < s->count; i++)
        saved[i] = s->run[i]->scenario.stack;
    if (root)
        use_stack(s, &stack);
    for (int i = 0; i < p.free_count; i++)
        fit->fitted |= 1u << p.free[i];
    stack_problem_solve(&p, fit, e);
    if (before_frac > 0)
        fit->residual_frac = pooled_spread(fit->residual_frac, draws(s, fit->name), before_frac);
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
                          .share = malloc((cases->count + 1) * sizeof *s.share)};
    if (!s.run || !s.weight || !s.share)
        error_set(e, STATUS_IO, "out of memory for %zu runs", cases->count);
    else if (list_stacks(cases, options, out, e) == STATUS_OK)
        for (int i = 0; i < out->count && e->status == STATUS_OK; i++) {
            if (options->progress)
                options->progress(options->progress_context, out->fit[i].name, i, out->count);
            fit_one(cases, options, &s, out, i, e);
        }
    free(s.run);
    free(s.weight);
    free(s.share);
    return e->status;
}
