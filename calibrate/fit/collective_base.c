#include "calibrate/fit/collective_base.h"
#include <math.h>

size_t collective_base_factor(struct collective_base *base, double sigma)
{
    base->sigma[base->parameters] = sigma;
    return base->parameters < NONLINEAR_PARAMETERS - 1 ? base->parameters++ : base->parameters;
}

void collective_base_share(struct collective_base *base, size_t factor, double *target)
{
    if (*target <= 0 || base->targets == COLLECTIVE_TARGETS)
        return;
    base->target[base->targets] = target;
    base->start[base->targets] = *target;
    base->limit[base->targets] = HUGE_VAL;
    base->factor[base->targets++] = factor;
}

void collective_base_add(struct collective_base *base, double *target, double sigma)
{
    if (*target > 0)
        collective_base_share(base, collective_base_factor(base, sigma), target);
}

void collective_base_limit(struct collective_base *base, double limit)
{
    if (base->targets > 0)
        base->limit[base->targets - 1] = limit;
}

double collective_base_error(const struct collective_base *base, size_t i)
{
    const struct collective_sample *s = &base->samples.row[i];
    struct group group = collective_sample_group(base->system, s);
    return log(collective_s(base->system, s->op, s->bytes, &group) / s->time_s);
}

static void set(struct collective_base *base, const double *x)
{
    for (size_t t = 0; t < base->targets; t++)
        *base->target[t] = fmin(base->limit[t], base->start[t] * exp(x[base->factor[t]]));
}

static void evaluate(const double *x, double *r, void *context)
{
    struct collective_base *base = context;
    set(base, x);
    for (size_t i = 0; i < base->samples.n; i++)
        r[i] = collective_base_error(base, i) * (base->weight ? sqrt(base->weight[i]) : 1);
}

void collective_base_fit(struct collective_base *base, int starts)
{
    const double spread = 0.6;
    double x[NONLINEAR_PARAMETERS] = {0};
    static const double prior[NONLINEAR_PARAMETERS] = {0};
    struct nonlinear problem = {.parameters = base->parameters,
                                .residuals = base->samples.n,
                                .evaluate = evaluate,
                                .context = base,
                                .prior = prior,
                                .sigma = base->sigma,
                                .scale = base->scale};
    if (base->parameters == 0)
        return;
    nonlinear_multistart(&problem, x, starts, spread);
    set(base, x);
}
