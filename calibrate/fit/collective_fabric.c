#include "calibrate/fit/collective_fabric.h"
#include "base/values.h"
#include "calibrate/fit/collective_base.h"
#include "calibrate/fit/collective_spread.h"
#include <gsl/gsl_rng.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { RESAMPLES = 12, STARTS = 2 };
static const double large_bytes = 1e6;     /* the sizes that a forecast of training meets */
static const double expected_error = 0.10; /* of the form at one row */

struct work {
    struct system *system; /* scratch */
    struct collective_sample *buffer;
    double *weight, *trust; /* trust: of rows of logs that are out of line, less */
    double *error;          /* scratch */
};

/* Wide where only measuring tells, narrow where the planner's constants are known to hold. */
static const double latency_sigma = 0.6, step_sigma = 0.4, bandwidth_sigma = 0.25;

static void start_from_technology(struct system *system)
{
    struct collective_calibration *c = &system->tier[1].collective;
    memset(c, 0, sizeof *c);
    for (int op = 0; op < COLLECTIVES; op++)
        c->op[op] = *collective_tier_constants(system, 1, (enum collective)op);
}

/* What the ops share: latency of trees, of rings, between peers; bandwidth of each. */
enum shared {
    TREE_LATENCY,
    RING_LATENCY,
    PEER_LATENCY,
    TREE_BANDWIDTH,
    RING_BANDWIDTH,
    PEER_BANDWIDTH,
    SHARED
};

static void share_op(struct collective_base *base, const size_t *factor,
                     struct collective_constants *k, bool peers)
{
    for (int i = 0; i < k->regimes; i++) {
        bool tree = k->regime[i].algorithm == COLLECTIVE_TREE;
        size_t latency = factor[peers ? PEER_LATENCY : tree ? TREE_LATENCY : RING_LATENCY];
        size_t bandwidth = factor[peers ? PEER_BANDWIDTH : tree ? TREE_BANDWIDTH : RING_BANDWIDTH];
        collective_base_share(base, latency, &k->regime[i].alpha_s);
        collective_base_share(base, latency, &k->regime[i].hop_s);
        collective_base_share(base, bandwidth, &k->regime[i].bandwidth_frac);
        collective_base_limit(base, 1);
    }
}

/* Fits factors that all ops share: with `kinds` one for each kind of `enum shared`, else one for
 * all latencies, one for the bandwidths of trees and rings, and one for those of peers. */
static void fit_shared(struct work *w, const struct collective_samples *s, const double *weight,
                       bool kinds)
{
    const double latency_sigma_shared = kinds ? 0.2 : 0.8,
                 bandwidth_sigma_shared = kinds ? 0.08 : 0.3;
    struct collective_calibration *c = &w->system->tier[1].collective;
    struct collective_base base = {
        .system = w->system, .samples = *s, .weight = weight, .scale = expected_error};
    size_t factor[SHARED];
    for (int i = 0; i < SHARED; i++) {
        bool bandwidth = i >= TREE_BANDWIDTH;
        bool first = i == TREE_LATENCY || i == TREE_BANDWIDTH || i == PEER_BANDWIDTH;
        factor[i] = kinds || first
                        ? collective_base_factor(&base, bandwidth ? bandwidth_sigma_shared
                                                                  : latency_sigma_shared)
                        : factor[i - 1];
    }
    for (int op = 0; op < COLLECTIVES; op++)
        share_op(&base, factor, &c->op[op],
                 op == COLLECTIVE_ALL_TO_ALL || op == COLLECTIVE_SEND_RECV);
    collective_base_fit(&base, STARTS);
}

/* Ops that run as one ring. Those that gather or scatter tell the constants of all. */
static const bool one_ring[COLLECTIVES] = {[COLLECTIVE_ALL_GATHER] = true,
                                           [COLLECTIVE_REDUCE_SCATTER] = true,
                                           [COLLECTIVE_BROADCAST] = true,
                                           [COLLECTIVE_REDUCE] = true};

static bool tells_ring(enum collective op)
{
    return op == COLLECTIVE_ALL_GATHER || op == COLLECTIVE_REDUCE_SCATTER;
}

/* What the constants of one regime are multiplied by: latency, step, bandwidth. */
static void add_regime(struct collective_base *base, struct collective_regime *g,
                       const size_t factor[3])
{
    collective_base_share(base, factor[0], &g->alpha_s);
    collective_base_share(base, factor[0], &g->hop_s);
    collective_base_share(base, factor[1], &g->step_s);
    collective_base_share(base, factor[2], &g->bandwidth_frac);
    collective_base_limit(base, 1);
}

static void add_op(struct collective_base *base, struct collective_constants *k, enum collective op)
{
    for (int i = 0; i < k[op].regimes; i++) {
        const size_t factor[] = {collective_base_factor(base, latency_sigma),
                                 collective_base_factor(base, step_sigma),
                                 collective_base_factor(base, bandwidth_sigma)};
        for (int o = 0; o < COLLECTIVES; o++)
            if (o == (int)op || (tells_ring(op) && one_ring[o] && i < k[o].regimes))
                add_regime(base, &k[o].regime[i], factor);
    }
}

/* Small messages count less: they are many, and noisy. */
static void set_weights(const struct collective_samples *s, double *weight)
{
    const double small_weight = 0.2;
    for (size_t i = 0; i < s->n; i++)
        weight[i] = s->row[i].bytes < large_bytes ? small_weight : 1;
}

static bool told_together(enum collective a, enum collective b)
{
    return a == b || (tells_ring(a) && tells_ring(b));
}

static void fit_op(struct work *w, const struct collective_samples *rows, const double *weight)
{
    struct collective_base one = {
        .system = w->system, .samples = *rows, .weight = weight, .scale = expected_error};
    add_op(&one, w->system->tier[1].collective.op, rows->row[0].op);
    collective_base_fit(&one, STARTS);
}

static void fit_once(struct work *w, const struct collective_samples *all, const double *weight)
{
    start_from_technology(w->system);
    fit_shared(w, all, weight, false);
    fit_shared(w, all, weight, true);
    for (size_t i = 0, end; i < all->n; i = end) {
        for (end = i; end < all->n && told_together(all->row[i].op, all->row[end].op); end++)
            ;
        const struct collective_samples rows = {all->row + i, end - i};
        fit_op(w, &rows, weight + i);
    }
}

/* ---- logs out of line ---- */

/* Median of measured over predicted (logarithm) of a log's large messages; 0: it has none. */
static double log_offset(struct work *w, const struct collective_samples *s, int log)
{
    struct collective_base base = {.system = w->system, .samples = *s};
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].log == log && s->row[i].bytes >= large_bytes)
            w->error[n++] = -collective_base_error(&base, i);
    if (n == 0)
        return 0;
    return values_upper_median(w->error, n);
}

/* Logs of an op among rows that are grouped by log within it. */
static int logs_of_op(const struct collective_samples *s, enum collective op)
{
    int logs = 0, last = -1;
    for (size_t i = 0; i < s->n; i++)
        if (s->row[i].op == op && s->row[i].log != last) {
            last = s->row[i].log;
            logs++;
        }
    return logs;
}

static void name_log(const struct collective_sample *s, double offset, struct text *report)
{
    if (report)
        text_addf(report,
                  "%s of %.0f ranks: its large messages take %.2g times what the other logs "
                  "say; it counts a tenth\n",
                  collective_names[s->op], s->ranks, exp(offset));
}

/* A log whose large messages are far from what four logs or more of its op agree on was disturbed,
 * or ran otherwise: it keeps a tenth of its weight. False: none. */
static bool distrust(struct work *w, const struct collective_samples *s, const double *weight,
                     struct text *report)
{
    enum { LOGS_MIN = 4 };
    const double far = 0.35, little = 0.1;
    bool any = false;
    memcpy(w->trust, weight, s->n * sizeof *weight);
    for (size_t i = 0, end; i < s->n; i = end) {
        for (end = i; end < s->n && s->row[end].log == s->row[i].log; end++)
            ;
        double offset = log_offset(w, s, s->row[i].log);
        if (fabs(offset) < far || logs_of_op(s, s->row[i].op) < LOGS_MIN)
            continue;
        any = true;
        name_log(&s->row[i], offset, report);
        for (size_t j = i; j < end; j++)
            w->trust[j] *= little;
    }
    return any;
}

static bool same_log(const struct collective_sample *a, const struct collective_sample *b)
{
    return a->log == b->log && a->op == b->op;
}

/* Names rows that are more than twice as far from the fit as both neighbours of their log: their
 * pull is bounded, they stay. */
static void name_rows(struct work *w, const struct collective_samples *s, struct text *report)
{
    const double twice = log(2), far = log(1.5);
    struct collective_base base = {.system = w->system, .samples = *s};
    for (size_t i = 1; i + 1 < s->n; i++) {
        const struct collective_sample *r = &s->row[i];
        if (!same_log(r - 1, r) || !same_log(r, r + 1))
            continue;
        double own = -collective_base_error(&base, i);
        double low = -collective_base_error(&base, i - 1),
               high = -collective_base_error(&base, i + 1);
        bool apart = own > fmax(low, high) + twice || own < fmin(low, high) - twice;
        if (apart && fabs(own) > far)
            text_addf(report, "%s of %.0f ranks, %.0f bytes: %.4g us, %.2g times the fit\n",
                      collective_names[r->op], r->ranks, r->bytes, r->time_s * 1e6, exp(own));
    }
}

/* `report`: NULL, or gets a line for each log that is out of line. */
static void fit(struct work *w, const struct collective_samples *all, const double *weight,
                struct text *report)
{
    fit_once(w, all, weight);
    if (distrust(w, all, weight, report))
        fit_once(w, all, w->trust);
}

/* Rows across nodes, grouped by op; those of log `left_out` not among them (-1: all). */
static struct collective_samples select_rows(struct work *w, const struct collective_sample *rows,
                                             size_t n, int left_out)
{
    struct collective_samples s = {w->buffer, 0};
    for (int op = 0; op < COLLECTIVES; op++)
        for (size_t i = 0; i < n; i++) {
            struct group g = collective_sample_group(w->system, &rows[i]);
            if ((int)rows[i].op == op && rows[i].bytes > 0 && g.ranks > g.per_domain &&
                rows[i].log != left_out)
                w->buffer[s.n++] = rows[i];
        }
    set_weights(&s, w->weight);
    return s;
}

/* ---- errors ---- */

static void judge_log(struct work *w, const struct collective_sample *rows, size_t n, int log,
                      struct collective_errors *errors, struct text *report)
{
    struct collective_errors own = {{0}, {0}};
    const struct collective_sample *any = NULL;
    for (size_t i = 0; i < n; i++) {
        struct group g = collective_sample_group(w->system, &rows[i]);
        if (rows[i].log != log || rows[i].bytes < large_bytes || g.ranks <= g.per_domain)
            continue;
        double t = collective_s(w->system, rows[i].op, rows[i].bytes, &g);
        collective_errors_add(errors, rows[i].op, t, rows[i].time_s);
        collective_errors_add(&own, rows[i].op, t, rows[i].time_s);
        any = &rows[i];
    }
    if (any)
        text_addf(report, "%s of %.0f ranks, %.0f a node: %.1f %%\n", collective_names[any->op],
                  any->ranks, any->ranks_per_node, 100 * collective_errors_mean(&own, COLLECTIVES));
}

static int logs_of(const struct collective_sample *rows, size_t n)
{
    int logs = 0;
    for (size_t i = 0; i < n; i++)
        logs = rows[i].log >= logs ? rows[i].log + 1 : logs;
    return logs;
}

static void leave_logs_out(struct work *w, const struct collective_sample *rows, size_t n,
                           struct collective_errors *errors, struct text *report)
{
    for (int log = 0; log < logs_of(rows, n); log++) {
        struct collective_samples s = select_rows(w, rows, n, log);
        if (s.n > 0)
            fit(w, &s, w->weight, NULL);
        else
            start_from_technology(w->system);
        judge_log(w, rows, n, log, errors, report);
    }
}

/* Draws logs with replacement; a row weighs as often as its log was drawn. */
static void resample(const struct collective_samples *s, int logs, gsl_rng *rng,
                     const double *weight, double *drawn)
{
    memset(drawn, 0, s->n * sizeof *drawn);
    for (int k = 0; k < logs; k++) {
        int log = (int)gsl_rng_uniform_int(rng, (unsigned long)logs);
        for (size_t i = 0; i < s->n; i++)
            drawn[i] += s->row[i].log == log ? weight[i] : 0;
    }
}

/* Standard errors: the spread of the constants over resampled logs. */
static void bootstrap(struct work *w, const struct collective_samples *s, int logs,
                      struct collective_calibration *out)
{
    struct collective_spread spread[COLLECTIVES] = {{0}};
    double *drawn = malloc((s->n + 1) * sizeof *drawn);
    gsl_rng *rng = gsl_rng_alloc(gsl_rng_taus);
    for (int b = 0; rng && drawn && b < RESAMPLES; b++) {
        resample(s, logs, rng, w->weight, drawn);
        fit(w, s, drawn, NULL);
        for (int op = 0; op < COLLECTIVES; op++)
            collective_spread_add(&spread[op], &w->system->tier[1].collective.op[op]);
    }
    for (int op = 0; op < COLLECTIVES; op++)
        collective_spread_set(&spread[op], &out->op[op]);
    gsl_rng_free(rng);
    free(drawn);
}

static void set_range(const struct collective_samples *s, struct collective_calibration *out)
{
    out->kind = SOURCE_MEASURED;
    out->samples = (double)s->n;
    out->low_bytes = out->low_ranks = HUGE_VAL;
    for (size_t i = 0; i < s->n; i++) {
        out->low_bytes = fmin(out->low_bytes, s->row[i].bytes);
        out->high_bytes = fmax(out->high_bytes, s->row[i].bytes);
        out->low_ranks = fmin(out->low_ranks, s->row[i].ranks);
        out->high_ranks = fmax(out->high_ranks, s->row[i].ranks);
    }
}

/* Constants that rows do not tell stay the technology's; a handful of rows of one size tell none.
 */
static enum status check_rows(const struct system *system, const struct collective_samples *s,
                              struct error *e)
{
    enum { ROWS_MIN = 4 };
    const double span = 8;
    double small = HUGE_VAL, large = 0;
    for (size_t i = 0; i < s->n; i++) {
        small = fmin(small, s->row[i].bytes);
        large = fmax(large, s->row[i].bytes);
    }
    if (system->tiers < 2 || s->n == 0) {
        error_set(e, STATUS_INPUT, "no collective across the nodes of %s among the samples",
                  system->name);
        error_set_hint(e, "samples need ranks_per_node below ranks");
    } else if (s->n < ROWS_MIN || large < span * small) {
        error_set(e, STATUS_INPUT,
                  "%zu rows across nodes, from %.0f to %.0f bytes, do not tell latency from "
                  "bandwidth",
                  s->n, small, large);
        error_set_hint(e, "measure 64 KiB to 1 GiB");
    }
    return e->status;
}

enum status collective_fit_fabric(const struct system *system, const struct collective_samples *all,
                                  struct collective_calibration *out,
                                  struct collective_errors *errors, struct text *report,
                                  struct error *e)
{
    const struct collective_sample *rows = all->row;
    size_t n = all->n, size = (n + 1) * sizeof(double);
    struct work w = {malloc(sizeof *w.system), malloc((n + 1) * sizeof *w.buffer), malloc(size),
                     malloc(size), malloc(size)};
    enum status status = STATUS_OK;
    memset(errors, 0, sizeof *errors);
    if (!w.system || !w.buffer || !w.weight || !w.trust || !w.error) {
        status = error_set(e, STATUS_IO, "out of memory");
    } else {
        *w.system = *system;
        struct collective_samples s = select_rows(&w, rows, n, -1);
        status = check_rows(system, &s, e);
        if (status == STATUS_OK) {
            fit(&w, &s, w.weight, report);
            name_rows(&w, &s, report);
            *out = w.system->tier[1].collective;
            set_range(&s, out);
            bootstrap(&w, &s, logs_of(rows, n), out);
            leave_logs_out(&w, rows, n, errors, report);
            out->error_frac = collective_errors_mean(errors, COLLECTIVES);
        }
    }
    free(w.system);
    free(w.buffer);
    free(w.weight);
    free(w.trust);
    free(w.error);
    return status;
}
