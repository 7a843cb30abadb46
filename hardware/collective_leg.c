#include "hardware/collective_leg.h"
#include <math.h>

/* Time of one regime: latency and transfer add (p = 1) or, where a pipeline hides part of the
 * smaller one, join as t = (L^p + X^p)^(1/p). */
static double regime_s(const struct collective_leg *leg, int i, double bytes)
{
    double p = leg->constants->regime[i].join;
    double latency = leg->latency_s[i], transfer = bytes * leg->s_per_byte[i];
    if (p <= 1 || latency >= HUGE_VAL)
        return latency + transfer;
    double large = fmax(latency, transfer), small = fmin(latency, transfer);
    return large > 0 ? large * pow(1 + pow(small / large, p), 1 / p) : 0;
}

double collective_leg_regimes_s(const struct collective_leg *leg, int from, int to, double bytes)
{
    double best = HUGE_VAL;
    for (int i = from; i < to; i++)
        best = fmin(best, regime_s(leg, i, bytes));
    return best;
}

double collective_group_frac(const struct collective_constants *c, double ranks)
{
    if (c->groups == 0)
        return 1;
    if (ranks <= c->group_ranks[0])
        return c->group_frac[0];
    for (int i = 1; i < c->groups; i++) {
        if (ranks > c->group_ranks[i])
            continue;
        double x0 = 1 / c->group_ranks[i - 1], x1 = 1 / c->group_ranks[i];
        double w = (x0 - 1 / ranks) / (x0 - x1);
        return 1 / ((1 - w) / c->group_frac[i - 1] + w / c->group_frac[i]);
    }
    return c->group_frac[c->groups - 1];
}

/* Measured over regimes' time at knot j: between two groups geometric in the logarithm of the
 * ranks; beyond the largest it fades, ratio^(largest / ranks). */
static double knot_ratio(const struct collective_leg *leg, int j)
{
    const struct collective_constants *c = leg->constants;
    int last = c->groups - 1;
    if (leg->ranks <= c->group_ranks[0])
        return c->ratio[0][j];
    for (int i = 1; i <= last; i++) {
        if (leg->ranks > c->group_ranks[i])
            continue;
        double w = log(leg->ranks / c->group_ranks[i - 1]) /
                   log(c->group_ranks[i] / c->group_ranks[i - 1]);
        return w >= 1 ? c->ratio[i][j] : pow(c->ratio[i - 1][j], 1 - w) * pow(c->ratio[i][j], w);
    }
    return pow(c->ratio[last][j], c->group_ranks[last] / leg->ranks);
}

/* The regimes [from, to) and the knots [first, end) at which they were measured. */
struct branch {
    int from, to, first, end;
};

static double knot_s(const struct collective_leg *leg, const struct branch *b, int j)
{
    double bytes = leg->constants->knot_bytes[j];
    return knot_ratio(leg, j) * collective_leg_regimes_s(leg, b->from, b->to, bytes);
}

/* The corrected curve: through the knots, with an alpha-beta line from each to the next; the
 * regimes' shape outside them. A running maximum keeps it from ever falling. */
static double branch_s(const struct collective_leg *leg, const struct branch *b, double bytes)
{
    const double *x = leg->constants->knot_bytes;
    double t = collective_leg_regimes_s(leg, b->from, b->to, bytes);
    if (b->first >= b->end)
        return t;
    if (bytes <= x[b->first])
        return t * knot_ratio(leg, b->first);
    double below = 0, above = knot_s(leg, b, b->first);
    int j = b->first;
    while (j + 1 < b->end && x[j] < bytes) {
        below = above;
        above = fmax(below, knot_s(leg, b, ++j));
    }
    if (bytes > x[j])
        return fmax(above, t * knot_ratio(leg, j));
    return below + (above - below) * (bytes - x[j - 1]) / (x[j] - x[j - 1]);
}

/* Sorts the knots to the branches on which they were measured: a group between two measured ones
 * takes those that lie on the same side for both. */
static void split_knots(const struct collective_leg *leg, struct branch *low, struct branch *high)
{
    const struct collective_constants *c = leg->constants;
    int i = 0;
    while (i < c->groups - 1 && leg->ranks > c->group_ranks[i])
        i++;
    int before = i > 0 && leg->ranks < c->group_ranks[i] ? i - 1 : i;
    low->end = c->split[before] < c->split[i] ? c->split[before] : c->split[i];
    high->first = c->split[before] < c->split[i] ? c->split[i] : c->split[before];
    high->end = c->knots;
}

/* Time at the switch by the regimes before it, corrected as their last knot. The switch moves with
 * the bandwidth, which leaves this time as it is. */
static double switch_s(const struct collective_leg *leg, const struct branch *low)
{
    double ratio = low->end > low->first ? knot_ratio(leg, low->end - 1) : 1;
    return ratio * collective_leg_regimes_s(leg, low->from, low->to, leg->switch_bytes);
}

/* To the switch the regimes before it, whether others are faster or not; beyond it those that the
 * planner then uses, but no less than at the switch: where it keeps the smaller protocol too long,
 * the larger one catches up. A narrow ramp keeps the time continuous in bytes and in bandwidth. */
double collective_leg_s(const struct collective_leg *leg, double bytes)
{
    const double ramp = 0.98;
    const struct collective_constants *c = leg->constants;
    struct branch all = {0, c->regimes, 0, leg->corrected ? c->knots : 0};
    if (leg->switch_bytes >= HUGE_VAL)
        return branch_s(leg, &all, bytes);
    struct branch low = {0, c->switch_regime, 0, 0}, high = {c->switch_regime, c->regimes, 0, 0};
    if (all.end > 0)
        split_knots(leg, &low, &high);
    double kept = switch_s(leg, &low), start = ramp * leg->switch_bytes;
    double large = bytes > start ? fmax(kept, branch_s(leg, &high, bytes)) : 0;
    if (bytes >= leg->switch_bytes)
        return large;
    double small = fmin(kept, branch_s(leg, &low, bytes));
    double w = fmax(0, (bytes - start) / (leg->switch_bytes - start));
    return small + w * (large - small);
}
