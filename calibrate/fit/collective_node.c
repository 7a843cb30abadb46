#include "calibrate/fit/collective_node.h"
#include "calibrate/fit/collective_base.h"
#include "calibrate/fit/collective_knots.h"
#include "calibrate/fit/collective_spread.h"
#include "hardware/collective_defaults.h"
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { FOLDS = 5, STARTS = 8, RESAMPLES = 24, OCTAVES = 64 };

static const double expected_error = 0.05; /* of the regimes at one row */

void collective_node_system(const struct gpu *gpu, double ranks, struct system *system)
{
    system_of_domain(gpu, fmax(ranks, gpu->scale_up_domain_gpus), system);
    memset(&system->gpu.calibration.collective, 0, sizeof system->gpu.calibration.collective);
}

static int octave(double bytes)
{
    int o = (int)floor(log2(bytes) + 1e-9);
    return o < 0 ? 0 : o < OCTAVES ? o : OCTAVES - 1;
}

/* ---- where the search starts ---- */

/* Least time of a group's small messages; HUGE_VAL where none was measured. */
static double fastest(const struct collective_samples *s, double ranks)
{
    const double small_bytes = 65536;
    double least = HUGE_VAL;
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].ranks == ranks && s->row[i].bytes <= small_bytes)
            least = fmin(least, s->row[i].time_s);
    return least;
}

/* Bus bandwidth of the largest message of a group. */
static double large_bandwidth(const struct collective_samples *s, double ranks)
{
    const struct collective_sample *largest = &s->row[0];
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].ranks == ranks &&
            (largest->ranks != ranks || s->row[i].bytes > largest->bytes))
            largest = &s->row[i];
    return collective_volume_bytes(largest->op, largest->bytes, ranks) / largest->time_s;
}

/* The group sizes measured, increasing; where there are too many, the smallest and those that
 * follow. */
static void find_groups(const struct collective_samples *s, struct collective_constants *c)
{
    c->groups = 0;
    for (double last = 1; c->groups < COLLECTIVE_GROUPS; c->groups++) {
        double next = HUGE_VAL;
        for (size_t i = 0; i < s->n; i++)
            if (s->row[i].ranks > last)
                next = fmin(next, s->row[i].ranks);
        if (next >= HUGE_VAL)
            return;
        c->group_ranks[c->groups] = last = next;
    }
}

/* Reduction in the switch (NVLS), a change that saves steps, is for groups from the planner's
 * second threshold on. */
static bool reduces_in_switch(const struct collective_constants *c, int g)
{
    return c->switches > 1 && c->change[1].step_s < 0 && c->group_ranks[g] >= c->change[1].ranks;
}

/* Bus bandwidth of the largest messages of the largest group that runs as a ring. */
static double ring_bandwidth(const struct collective_samples *s,
                             const struct collective_constants *c)
{
    int g = c->groups - 1;
    while (g > 0 && reduces_in_switch(c, g))
        g--;
    return large_bandwidth(s, c->group_ranks[g]);
}

/* NVLS is a regime of its own where such a group was measured. Its latency starts from B200's, 8
 * ranks. */
static void add_nvls(const struct collective_samples *s, struct collective_constants *c,
                     double bandwidth)
{
    const double nvls_s = 35e-6, step_s = 0.3e-6;
    int last = c->groups - 1;
    if (reduces_in_switch(c, last))
        c->regime[c->regimes++] = (struct collective_regime){
            .algorithm = COLLECTIVE_RING,
            .alpha_s = nvls_s,
            .step_s = step_s,
            .bandwidth_frac = large_bandwidth(s, c->group_ranks[last]) / bandwidth,
            .join = 1,
            .ranks = c->change[1].ranks};
}

/* Latency and step from the small messages of the smallest and the largest group that has them. */
static void start_latency(const struct collective_samples *s, const struct collective_constants *c,
                          double *alpha, double *step)
{
    int few = 0, many = c->groups - 1;
    while (few < many && fastest(s, c->group_ranks[few]) >= HUGE_VAL)
        few++;
    while (many > few && fastest(s, c->group_ranks[many]) >= HUGE_VAL)
        many--;
    double low = fastest(s, c->group_ranks[few]), high = fastest(s, c->group_ranks[many]);
    double steps = c->group_ranks[many] - c->group_ranks[few];
    *step = many > few ? fmax(0.02 * low, (high - low) / steps) : 0;
    *alpha = fmax(0.2 * low, low - *step * (c->group_ranks[few] - 1));
}

/* Three lines from the smallest message of the smallest and the largest group and the bandwidth of
 * the largest message: a low-latency protocol, one in between, one for bandwidth. */
static void start_constants(const struct system *system, const struct collective_samples *s,
                            struct collective_constants *c)
{
    static const double latency[] = {1, 1.2, 2.5}, share[] = {0.15, 0.5, 1.02};
    const struct tier *tier = &system->tier[0];
    find_groups(s, c);
    collective_default_switches(tier->technology, s->row[0].op, c);
    c->switch_regime = c->switches > 0 ? 2 : 0;
    double alpha, step, full = ring_bandwidth(s, c);
    start_latency(s, c, &alpha, &step);
    c->regimes = 3;
    for (int i = 0; i < c->regimes; i++)
        c->regime[i] = (struct collective_regime){.algorithm = COLLECTIVE_RING,
                                                  .alpha_s = latency[i] * alpha,
                                                  .step_s = latency[i] * step,
                                                  .bandwidth_frac =
                                                      share[i] * full / tier->bandwidth_bytes_per_s,
                                                  .join = 1};
    for (int g = 0; g < c->groups; g++)
        c->group_frac[g] =
            reduces_in_switch(c, g) ? 1 : large_bandwidth(s, c->group_ranks[g]) / full;
    add_nvls(s, c, tier->bandwidth_bytes_per_s);
}

/* ---- one op ---- */

static void add_constants(struct collective_base *base, struct collective_constants *c)
{
    const double wide = 0.8, narrow = 0.1;
    for (int i = 0; i < c->regimes; i++) {
        collective_base_add(base, &c->regime[i].alpha_s, wide);
        collective_base_add(base, &c->regime[i].step_s, wide);
        collective_base_add(base, &c->regime[i].bandwidth_frac, wide);
    }
    for (int g = 0; g + 1 < c->groups; g++)
        if (!reduces_in_switch(c, g))
            collective_base_add(base, &c->group_frac[g], narrow);
}

static void fit_op(struct system *system, const struct collective_samples *s, int starts,
                   struct text *outliers)
{
    enum collective op = s->row[0].op;
    struct collective_constants *c = &system->tier[0].collective.op[op];
    memset(c, 0, sizeof *c);
    start_constants(system, s, c);
    struct collective_base base = {.system = system, .samples = *s, .scale = expected_error};
    add_constants(&base, c);
    collective_base_fit(&base, starts);
    collective_knots_fit(system, op, s, outliers);
}

/* Rows of one op, those of octaves o with o % FOLDS == fold left out (fold < 0: none). */
static size_t select_rows(const struct collective_sample *rows, size_t n, enum collective op,
                          int fold, struct collective_sample *out)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++)
        if (rows[i].op == op && rows[i].bytes > 0 &&
            (fold < 0 || octave(rows[i].bytes) % FOLDS != fold))
            out[kept++] = rows[i];
    return kept;
}

/* ---- what the rows can tell ---- */

static enum status check_rows(const struct collective_samples *s, enum collective op,
                              struct error *e)
{
    double small = HUGE_VAL, large = 0, fast = HUGE_VAL, slow = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct collective_sample *r = &s->row[i];
        if (!(r->time_s > 0) || !isfinite(r->time_s) || !(r->ranks >= 2) || !isfinite(r->bytes))
            return error_set(e, STATUS_INPUT,
                             "row %d: expected ranks of 2 or more and a time above 0", r->row);
        small = fmin(small, r->bytes);
        large = fmax(large, r->bytes);
        fast = fmin(fast, r->time_s);
        slow = fmax(slow, r->time_s);
    }
    if (large < 256 * small || s->n < 8)
        return error_set(e, STATUS_INPUT,
                         "%s: %zu rows from %.0f to %.0f bytes do not tell latency from bandwidth; "
                         "measure 1 KiB to 512 MiB",
                         collective_names[op], s->n, small, large);
    if (small > 65536)
        return error_set(
            e, STATUS_INPUT,
            "%s: the smallest message has %.0f bytes; measure from 1 KiB for its latency",
            collective_names[op], small);
    if (slow < 4 * fast)
        return error_set(
            e, STATUS_INPUT,
            "%s: the largest message (%.0f bytes) takes little longer than the smallest; "
            "measure to 512 MiB for its bandwidth",
            collective_names[op], large);
    return STATUS_OK;
}

/* ---- errors ---- */

static void cross_validate(struct system *system, const struct collective_sample *rows, size_t n,
                           enum collective op, struct collective_sample *buffer,
                           struct collective_errors *errors)
{
    for (int fold = 0; fold < FOLDS; fold++) {
        struct collective_samples s = {buffer, select_rows(rows, n, op, fold, buffer)};
        fit_op(system, &s, STARTS, NULL);
        for (size_t i = 0; i < n; i++) {
            if (rows[i].op != op || rows[i].bytes <= 0 || octave(rows[i].bytes) % FOLDS != fold)
                continue;
            struct group group = collective_sample_group(system, &rows[i]);
            double t = collective_s(system, op, rows[i].bytes, &group);
            collective_errors_add(errors, op, t, rows[i].time_s);
        }
    }
}

/* Draws octaves with replacement: the weight of a row is how often its octave was drawn. */
static void resample(const struct collective_samples *s, gsl_rng *rng, double *weight)
{
    int present[OCTAVES] = {0}, list[OCTAVES], drawn[OCTAVES] = {0}, octaves = 0;
    for (size_t i = 0; i < s->n; i++)
        present[octave(s->row[i].bytes)] = 1;
    for (int o = 0; o < OCTAVES; o++)
        if (present[o])
            list[octaves++] = o;
    for (int k = 0; k < octaves; k++)
        drawn[list[gsl_rng_uniform_int(rng, (unsigned long)octaves)]]++;
    for (size_t i = 0; i < s->n; i++)
        weight[i] = drawn[octave(s->row[i].bytes)];
}

/* Standard error of every constant of an op: the spread of refits from its best, over resampled
 * octaves. */
static void bootstrap(struct system *system, const struct collective_samples *s, double *weight,
                      struct collective_constants *out)
{
    struct collective_constants *c = &system->tier[0].collective.op[s->row[0].op], best = *c;
    struct collective_spread spread = {0};
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
    for (int b = 0; rng && b < RESAMPLES; b++) {
        *c = best;
        c->knots = 0;
        struct collective_base base = {
            .system = system, .samples = *s, .weight = weight, .scale = expected_error};
        add_constants(&base, c);
        resample(s, rng, weight);
        collective_base_fit(&base, 0);
        collective_spread_add(&spread, c);
    }
    gsl_rng_free(rng);
    *c = best;
    collective_spread_set(&spread, out);
}

/* ---- all ops ---- */

struct work {
    struct system *system;
    struct collective_sample *buffer;
    double *weight;
    struct text *report;
};

static enum status fit_all(const struct work *w, const struct collective_sample *rows, size_t n,
                           struct collective_calibration *out, struct collective_errors *errors,
                           struct error *e)
{
    struct collective_calibration fitted = {
        .kind = SOURCE_MEASURED, .low_bytes = HUGE_VAL, .low_ranks = HUGE_VAL};
    for (int op = 0; op < COLLECTIVES; op++) {
        struct collective_samples s = {w->buffer,
                                       select_rows(rows, n, (enum collective)op, -1, w->buffer)};
        if (s.n == 0)
            continue;
        enum status status = check_rows(&s, (enum collective)op, e);
        if (status != STATUS_OK)
            return status;
        fit_op(w->system, &s, 2 * STARTS, w->report);
        fitted.op[op] = w->system->tier[0].collective.op[op];
        bootstrap(w->system, &s, w->weight, &fitted.op[op]);
        for (size_t i = 0; i < s.n; i++) {
            fitted.low_bytes = fmin(fitted.low_bytes, s.row[i].bytes);
            fitted.high_bytes = fmax(fitted.high_bytes, s.row[i].bytes);
            fitted.low_ranks = fmin(fitted.low_ranks, s.row[i].ranks);
            fitted.high_ranks = fmax(fitted.high_ranks, s.row[i].ranks);
        }
        fitted.samples += (double)s.n;
        cross_validate(w->system, rows, n, (enum collective)op, w->buffer, errors);
    }
    if (fitted.samples == 0)
        return error_set(e, STATUS_INPUT, "no collective of one node among the samples");
    fitted.error_frac = collective_errors_mean(errors, COLLECTIVES);
    *out = fitted;
    return STATUS_OK;
}

enum status collective_fit_node(const struct gpu *gpu, const struct collective_samples *all,
                                struct collective_calibration *out,
                                struct collective_errors *errors, struct text *report,
                                struct error *e)
{
    double ranks = 0;
    for (size_t i = 0; i < all->n; i++)
        ranks = fmax(ranks, all->row[i].ranks);
    struct work w = {malloc(sizeof *w.system), malloc((all->n + 1) * sizeof *w.buffer),
                     malloc((all->n + 1) * sizeof *w.weight), report};
    memset(errors, 0, sizeof *errors);
    enum status status;
    if (w.system && w.buffer && w.weight) {
        collective_node_system(gpu, ranks, w.system);
        status = fit_all(&w, all->row, all->n, out, errors, e);
    } else {
        status = error_set(e, STATUS_IO, "out of memory");
    }
    free(w.system);
    free(w.buffer);
    free(w.weight);
    return status;
}
