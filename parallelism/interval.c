#include "parallelism/interval.h"
#include <math.h>

/* measured: generation with the published runs that nothing was fitted to and with products of GPUs
 * left out, which are off by 9.7 to 16.7 % on average across generations (calibrate/README.md) and
 * are three quarters of a step; experts and traffic where the cross-validated runs are likeliest
 * (without both, intervals hold 75 % of the runs with experts and 70 % of those with a sixth of
 * their time in such traffic, 89 % of the others) */
const double generation_spread_frac = 0.12, experts_spread_frac = 0.08, traffic_spread_frac = 0.15;

static double square(double x)
{
    return x * x;
}

static double experts_variance(const struct scenario *scenario)
{
    return scenario->model.experts > 0 ? square(experts_spread_frac) : 0;
}

double interval_common_variance(const struct scenario *scenario)
{
    double fitted = scenario->stack.residual_frac, typical = 0.15; /* MODELLING 16 */
    double variance =
        square(fitted > 0 ? fitted : typical) + square(scenario->stack.site_spread_frac);
    if (scenario->system.gpu.across_generations)
        variance += square(generation_spread_frac);
    return variance + experts_variance(scenario);
}

double interval_traffic_variance(const struct step_cost *cost)
{
    double traffic_s = cost->term_s[TERM_PP] + cost->term_s[TERM_EP] + cost->term_s[TERM_DP];
    return square(traffic_spread_frac * traffic_s / cost->step_s);
}

double interval_kind_variance(const struct scenario *scenario, const struct step_cost *cost)
{
    return experts_variance(scenario) + interval_traffic_variance(cost);
}

/* e^(q sigma), q: the normal distribution's quantile at 90 % */
static double end_ratio(const struct step_cost *cost)
{
    return exp(1.2815515655446004 * sqrt(cost->variance));
}

double step_low_s(const struct step_cost *cost)
{
    return cost->step_s / end_ratio(cost);
}

double step_high_s(const struct step_cost *cost)
{
    return cost->step_s * end_ratio(cost);
}
