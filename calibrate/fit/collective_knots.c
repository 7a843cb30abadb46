#include "calibrate/fit/collective_knots.h"
#include "base/values.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Measured times of one group at the knots [first, end); 0: not measured there. */
struct curve {
    double time_s[COLLECTIVE_KNOTS];
    int first, end;
};

/* The sizes measured, each once; where there are too many, one in every so many. */
static void choose_knots(struct collective_constants *c, const struct collective_samples *s)
{
    double *bytes = malloc(s->n * sizeof *bytes);
    size_t n = 0, step;
    c->knots = 0;
    if (!bytes)
        return;
    for (size_t i = 0; i < s->n; i++)
        bytes[i] = s->row[i].bytes;
    values_sort(bytes, s->n);
    for (size_t i = 0; i < s->n; i++)
        if (n == 0 || bytes[i] > bytes[n - 1])
            bytes[n++] = bytes[i];
    step = (n + COLLECTIVE_KNOTS - 1) / COLLECTIVE_KNOTS;
    for (size_t i = 0; i < n; i += step)
        c->knot_bytes[c->knots++] = bytes[i];
    free(bytes);
}

/* Median time of each knot for groups of `ranks`. */
static struct curve measured_curve(const struct collective_constants *c,
                                   const struct collective_samples *s, double ranks)
{
    enum { REPEATS = 64 };
    struct curve curve = {.end = c->knots};
    for (int j = 0; j < c->knots; j++) {
        double times[REPEATS];
        size_t n = 0;
        for (size_t i = 0; i < s->n && n < REPEATS; i++)
            if (s->row[i].ranks == ranks && s->row[i].bytes == c->knot_bytes[j])
                times[n++] = s->row[i].time_s;
        curve.time_s[j] = n > 0 ? values_median(times, n) : 0;
    }
    return curve;
}

/* The measured knot after (step 1) or before (-1) knot j; -1: none. */
static int neighbour(const struct curve *c, int j, int step)
{
    for (j += step; j >= c->first && j < c->end; j += step)
        if (c->time_s[j] > 0)
            return j;
    return -1;
}

/* Where a curve was measured, for the names of what is cut. */
struct site {
    const double *bytes;
    double ranks;
    const char *op;
    struct text *outliers; /* NULL: not wanted */
};

/* A time well below those of the two sizes before it, to which the next one returns, is a row of
 * something else. It is put on the line between its neighbours. */
static void cut_dips(struct curve *c, const double *bytes, double ranks, const char *op,
                     struct text *outliers)
{
    const double dip = 1.5, back = 1.1;
    for (int j = c->first; j < c->end; j++) {
        int before = neighbour(c, j, -1), next = neighbour(c, j, 1);
        int first = before >= 0 ? neighbour(c, before, -1) : -1;
        if (c->time_s[j] <= 0 || before < 0 || next < 0)
            continue;
        double low = first >= 0 ? fmin(c->time_s[first], c->time_s[before]) : c->time_s[before];
        if (dip * c->time_s[j] > low || back * c->time_s[next] < c->time_s[before])
            continue;
        if (outliers)
            text_addf(outliers,
                      "%s of %.0f ranks, %.0f bytes: %.4g us, below the time of %.0f bytes\n", op,
                      ranks, bytes[j], c->time_s[j] * 1e6, bytes[before]);
        double w = (bytes[j] - bytes[before]) / (bytes[next] - bytes[before]);
        c->time_s[j] = c->time_s[before] + w * (c->time_s[next] - c->time_s[before]);
    }
}

/* Logarithm of the time of knot j over the power law through its two neighbours; 0: it lacks one.
 */
static double bend(const struct curve *c, const double *bytes, int j)
{
    int before = neighbour(c, j, -1), next = neighbour(c, j, 1);
    if (before < 0 || next < 0)
        return 0;
    double w = log(bytes[j] / bytes[before]) / log(bytes[next] / bytes[before]);
    return log(c->time_s[j]) - (1 - w) * log(c->time_s[before]) - w * log(c->time_s[next]);
}

/* Whether knot j stands above its neighbours by a quarter or more of what the low one between them
 * lacks; at the end of a curve nothing says otherwise. */
static bool echoes(const struct curve *c, const double *bytes, int j, double low)
{
    const double echo = 0.25;
    double own = bend(c, bytes, j);
    return own > -echo * low || own == 0;
}

/* Whether the times around knot j grow nearly as the bytes do. */
static bool bandwidth_bound(const struct curve *c, const double *bytes, int before, int next)
{
    const double least_slope = 0.8;
    return log(c->time_s[next] / c->time_s[before]) >
           least_slope * log(bytes[next] / bytes[before]);
}

/* A large message's time far below the curve through its neighbours, which both stand above their
 * own curves because of it, is of another state of the machine; where a protocol changes, only one
 * of them does. It is put on the curve. */
static void cut_hollows(struct curve *c, const struct site *site)
{
    const double far = log(1.35);
    for (int j = c->first; j < c->end; j++) {
        int before = neighbour(c, j, -1), next = neighbour(c, j, 1);
        double low = c->time_s[j] > 0 ? bend(c, site->bytes, j) : 0;
        if (low > -far || !bandwidth_bound(c, site->bytes, before, next) ||
            !echoes(c, site->bytes, before, low) || !echoes(c, site->bytes, next, low))
            continue;
        if (site->outliers)
            text_addf(site->outliers,
                      "%s of %.0f ranks, %.0f bytes: %.4g us, %.2g times the curve\n", site->op,
                      site->ranks, site->bytes[j], c->time_s[j] * 1e6, exp(low));
        c->time_s[j] *= exp(-low);
    }
}

/* A time well above that of one of the next two larger sizes is a spike: an interrupted
 * measurement. It is put on the line between its neighbours. */
static void cut_spikes(struct curve *c, const double *bytes, double ranks, const char *op,
                       struct text *outliers)
{
    const double spike = 1.1;
    for (int j = c->first; j < c->end; j++) {
        int next = neighbour(c, j, 1), second = next >= 0 ? neighbour(c, next, 1) : -1;
        if (c->time_s[j] <= 0 || next < 0)
            continue;
        int low = second >= 0 && c->time_s[second] < c->time_s[next] ? second : next;
        if (c->time_s[j] <= spike * c->time_s[low])
            continue;
        int before = neighbour(c, j, -1);
        double w = before >= 0 ? (bytes[j] - bytes[before]) / (bytes[low] - bytes[before]) : 1;
        double start = before >= 0 ? c->time_s[before] : c->time_s[low];
        if (outliers)
            text_addf(outliers,
                      "%s of %.0f ranks, %.0f bytes: %.4g us, above the time of %.0f bytes\n", op,
                      ranks, bytes[j], c->time_s[j] * 1e6, bytes[low]);
        c->time_s[j] = start + w * (c->time_s[low] - start);
    }
}

/* Pools neighbours that fall with size to their geometric mean. [pool adjacent violators] */
static void make_rising(struct curve *c)
{
    double level[COLLECTIVE_KNOTS];
    int member[COLLECTIVE_KNOTS], count[COLLECTIVE_KNOTS], pools = 0;
    for (int j = c->first; j < c->end; j++) {
        if (c->time_s[j] <= 0)
            continue;
        level[pools] = log(c->time_s[j]);
        member[pools] = j;
        count[pools++] = 1;
        for (; pools > 1 && level[pools - 2] > level[pools - 1]; pools--) {
            int a = pools - 2, b = pools - 1;
            level[a] = (level[a] * count[a] + level[b] * count[b]) / (count[a] + count[b]);
            count[a] += count[b];
        }
    }
    for (int p = 0; p < pools; p++)
        for (int j = member[p], left = count[p]; left > 0; j++)
            if (c->time_s[j] > 0) {
                c->time_s[j] = exp(level[p]);
                left--;
            }
}

/* Ratio to the regimes of the knot's side of the switch; where a group was not measured, that of
 * its nearest measured knot on the same side, else 1. */
static void set_ratios(struct collective_constants *c, int g, const struct curve *curve,
                       const struct collective_leg *leg)
{
    bool split = leg->switch_bytes < HUGE_VAL;
    c->split[g] = 0;
    for (int j = 0; j < c->knots; j++)
        c->split[g] += split && c->knot_bytes[j] < leg->switch_bytes;
    for (int j = 0; j < c->knots; j++) {
        bool low = split && j < c->split[g];
        int from = split && !low ? c->switch_regime : 0, to = low ? c->switch_regime : c->regimes;
        int nearest = curve->time_s[j] > 0 ? j : -1;
        for (int d = 1; d < c->knots && nearest < 0; d++)
            for (int k = j - d; k <= j + d; k += 2 * d)
                if (k >= 0 && k < c->knots && curve->time_s[k] > 0 &&
                    (split && k < c->split[g]) == low)
                    nearest = k;
        c->ratio[g][j] = nearest < 0
                             ? 1
                             : curve->time_s[nearest] /
                                   collective_leg_regimes_s(leg, from, to, c->knot_bytes[nearest]);
    }
}

/* Cuts and pools the knots [first, end) of a group, which are on one side of its switch: a time
 * that falls where the planner changes protocol is no spike. */
static void clean_side(struct curve *curve, int first, int end, const struct site *site)
{
    curve->first = first;
    curve->end = end;
    cut_dips(curve, site->bytes, site->ranks, site->op, site->outliers);
    cut_hollows(curve, site);
    cut_spikes(curve, site->bytes, site->ranks, site->op, site->outliers);
    make_rising(curve);
}

void collective_knots_fit(struct system *system, enum collective op,
                          const struct collective_samples *samples, struct text *outliers)
{
    struct collective_constants *c = &system->tier[0].collective.op[op];
    choose_knots(c, samples);
    for (int g = 0; g < c->groups; g++) {
        const struct site site = {c->knot_bytes, c->group_ranks[g], collective_names[op], outliers};
        struct curve curve = measured_curve(c, samples, c->group_ranks[g]);
        struct group group = {c->group_ranks[g], c->group_ranks[g], c->group_ranks[g], 1};
        struct collective_leg leg = collective_leg_of(system, op, &group);
        int split = 0;
        while (split < c->knots && c->knot_bytes[split] < leg.switch_bytes)
            split++;
        clean_side(&curve, 0, split, &site);
        clean_side(&curve, split, c->knots, &site);
        set_ratios(c, g, &curve, &leg);
    }
}
