#include "calibrate/fit/collective_base.h"
#include <math.h>

void collective_base_add(struct collective_base *base, double *target, double sigma)
{
    if (*target <= 0 || base->parameters == NONLINEAR_PARAMETERS)
        return;
    base->target[base->parameters] = target;
    base->prior[base->parameters] = log(*target);
    base->sigma[base->parameters++] = sigma;
}

double collective_base_error(const struct collective_base *base, size_t i)
{
    const struct collective_sample *s = &base->samples.row[i];
    struct group group = collective_sample_group(base->system, s);
    return log(collective_s(base->system, base->op, s->bytes, &group) / s->time_s);
}

static void set(struct collective_base *base, const double *x)
{
    for (size_t j = 0; j < base->parameters; j++)
        *base->target[j] = exp(x[j]);
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
    const double scale = 0.05, spread = 0.6;
    double x[NONLINEAR_PARAMETERS];
    struct nonlinear problem = {.parameters = base->parameters,
                                .residuals = base->samples.n,
                                .evaluate = evaluate,
                                .context = base,
                                .prior = base->prior,
                                .sigma = base->sigma,
                                .scale = scale};
    for (size_t j = 0; j < base->parameters; j++)
        x[j] = log(*base->target[j]);
    nonlinear_multistart(&problem, x, starts, spread);
    set(base, x);
}
