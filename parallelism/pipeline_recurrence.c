#include "parallelism/pipeline_recurrence.h"
#include <math.h>
#include <string.h>

/* When each rank has ended its last forward, its last (input) backward, and all it has done so far.
 */
struct ends {
    double forward_s[PIPELINE_MAX_RANKS];
    double backward_s[PIPELINE_MAX_RANKS];
    double free_s[PIPELINE_MAX_RANKS];
};

/* Two states of a periodic run differ by one number, up to rounding. */
static const double PERIODIC_FRAC = 1e-13;

static bool differ_by(const double *now, const double *before, int n, double step, double tolerance)
{
    for (int i = 0; i < n; i++)
        if (fabs(now[i] - before[i] - step) > tolerance)
            return false;
    return true;
}

/* How far all ends have moved since `before`, or 0 if they have not moved alike. */
static double period_s(const struct ends *now, const struct ends *before, int ranks)
{
    double step = now->free_s[0] - before->free_s[0], tolerance = PERIODIC_FRAC * now->free_s[0];
    bool alike = differ_by(now->forward_s, before->forward_s, ranks, step, tolerance) &&
                 differ_by(now->backward_s, before->backward_s, ranks, step, tolerance) &&
                 differ_by(now->free_s, before->free_s, ranks, step, tolerance);
    return alike ? step : 0;
}

static double later(double a, double b)
{
    return a > b ? a : b;
}

static double last_end_s(const struct ends *ends, const double *begin_s, int ranks)
{
    double last = 0;
    for (int r = 0; r < ranks; r++)
        last = later(last, ends->free_s[r] - begin_s[r]);
    return last;
}

/* One chunk a rank. In slot k rank r runs forward k, backward k - depth * (ranks - 1 - r), and the
 * weight gradient depth * r micro-batches before that. Step t runs slot t - skew * r of rank r, so
 * that all it needs of its neighbours is of earlier steps. 1F1B is depth 1 without a weight
 * gradient of its own. */
struct one_chunk {
    int ranks, micro_batches, depth, skew;
    const double *forward_s;
    double backward_s[PIPELINE_MAX_RANKS], weight_s[PIPELINE_MAX_RANKS];
    double p2p_s;
    struct ends ends;
    double begin_s[PIPELINE_MAX_RANKS]; /* of a rank's first forward, if steps overlap */
    bool steps_overlap;
};

static void init_one_chunk(struct one_chunk *o, const struct pipeline *p)
{
    *o = (struct one_chunk){.ranks = p->shape.ranks,
                            .micro_batches = p->shape.micro_batches,
                            .depth = 1,
                            .forward_s = p->forward_s,
                            .p2p_s = p->p2p_s,
                            .steps_overlap = p->steps_overlap};
    bool split = schedule_splits_backward(p->shape.schedule);
    if (p->shape.schedule == SCHEDULE_ZB_H2)
        o->depth = 2;
    o->skew = o->depth - 1;
    for (int r = 0; r < o->ranks; r++) {
        o->weight_s[r] = split ? p->backward_weight_s[r] : 0;
        o->backward_s[r] = p->backward_input_s[r] + (split ? 0 : p->backward_weight_s[r]);
    }
}

/* Backward j of a rank, and the weight gradients then due. */
static double backward_end_s(const struct one_chunk *o, int rank, int j, double start_s,
                             double *input_end_s)
{
    int delay = o->depth * rank, m = o->micro_batches;
    *input_end_s = start_s + o->backward_s[rank];
    int weights = (j >= delay) + (j == m - 1 ? (delay < m ? delay : m) : 0);
    return *input_end_s + weights * o->weight_s[rank];
}

/* next_backward_s: end of the next rank's backward that this one's waits for. */
static void run_slot(struct one_chunk *o, int rank, int k, double next_backward_s)
{
    struct ends *e = &o->ends;
    double time = e->free_s[rank];
    int j = k - o->depth * (o->ranks - 1 - rank);
    if (k >= 0 && k < o->micro_batches) {
        if (rank > 0)
            time = later(time, e->forward_s[rank - 1] + o->p2p_s);
        if (k == 0 && o->steps_overlap)
            o->begin_s[rank] = time;
        time += o->forward_s[rank];
        e->forward_s[rank] = time;
    }
    if (j >= 0 && j < o->micro_batches) {
        if (rank + 1 < o->ranks)
            time = later(time, next_backward_s + o->p2p_s);
        time = backward_end_s(o, rank, j, time, &e->backward_s[rank]);
    }
    e->free_s[rank] = time;
}

/* Without skew a step goes down the ranks: the forward before is of this step, the backward after
 * of the last. With skew both are of the last step: up the ranks, keeping the backward that is
 * overwritten. */
static void run_step(struct one_chunk *o, int t)
{
    if (o->skew == 0) {
        for (int r = 0; r < o->ranks; r++)
            run_slot(o, r, t, r + 1 < o->ranks ? o->ends.backward_s[r + 1] : 0);
        return;
    }
    double next = 0;
    for (int r = o->ranks - 1; r >= 0; r--) {
        double old = o->ends.backward_s[r];
        run_slot(o, r, t - o->skew * r, next);
        next = old;
    }
}

double recurrence_one_chunk_s(const struct pipeline *p)
{
    struct one_chunk o;
    init_one_chunk(&o, p);
    int n = o.ranks, lag = (o.depth + o.skew) * (n - 1); /* all ranks are in full swing from here */
    int steps = o.micro_batches + o.depth * (n - 1), full_until = o.micro_batches;
    struct ends before = {0};
    double skipped_s = 0;
    for (int t = 0; t < steps; t++) {
        run_step(&o, t);
        if (t < lag || t >= full_until || (t - lag) % n)
            continue;
        double period = t > lag ? period_s(&o.ends, &before, n) : 0;
        if (period > 0) {
            int periods = (full_until - 2 - t) / n; /* the last micro-batch is still to run */
            skipped_s += periods * period;
            o.micro_batches -= periods * n;
            steps -= periods * n;
            full_until = 0;
        }
        before = o.ends;
    }
    return last_end_s(&o.ends, o.begin_s, n) + skipped_s;
}

/* Where a rank stands in the table of slots: groups of micro-batches run chunk after chunk. */
struct cursor {
    int chunk, left; /* slots left in this chunk of this group */
    int groups;      /* left, this one included */
};

/* Interleaved. Slot k of rank r is forward k and backward k - warmup(r), in step k + r: what it
 * needs of its neighbours on the ring of ranks is of earlier steps. From the last rank to the first
 * (and back) the same micro-batch goes on in the next chunk, a group later. */
struct interleaved {
    const struct pipeline *p;
    int ranks, chunks, slots, group, last_group, groups;
    struct ends ends;
    struct cursor forward[PIPELINE_MAX_RANKS], backward[PIPELINE_MAX_RANKS];
    double wrap_forward_s[RECURRENCE_MAX_GROUP + 1];  /* ends on the last rank, by slot */
    double wrap_backward_s[RECURRENCE_MAX_GROUP + 1]; /* ends on the first rank, by slot */
};

static int group_size(const struct interleaved *o, const struct cursor *c)
{
    return c->groups > 1 ? o->group : o->last_group;
}

static void advance(const struct interleaved *o, struct cursor *c)
{
    if (--c->left)
        return;
    if (++c->chunk == o->chunks) {
        c->chunk = 0;
        c->groups--;
    }
    c->left = group_size(o, c);
}

static double run_forward(struct interleaved *o, int rank, int k, double time)
{
    struct cursor *c = &o->forward[rank];
    if (rank > 0)
        time = later(time, o->ends.forward_s[rank - 1] + o->p->p2p_s);
    else if (c->chunk > 0)
        time = later(time, o->wrap_forward_s[(k - group_size(o, c)) & RECURRENCE_MAX_GROUP] +
                               o->p->p2p_s);
    time += o->p->forward_s[c->chunk * o->ranks + rank];
    o->ends.forward_s[rank] = time;
    if (rank == o->ranks - 1)
        o->wrap_forward_s[k & RECURRENCE_MAX_GROUP] = time;
    advance(o, c);
    return time;
}

static double run_backward(struct interleaved *o, int rank, int j, double time,
                           double next_backward_s)
{
    struct cursor *c = &o->backward[rank];
    if (rank + 1 < o->ranks)
        time = later(time, next_backward_s + o->p->p2p_s);
    else if (c->chunk > 0)
        time = later(time, o->wrap_backward_s[(j - group_size(o, c)) & RECURRENCE_MAX_GROUP] +
                               o->p->p2p_s);
    int stage = (o->chunks - 1 - c->chunk) * o->ranks + rank;
    time += o->p->backward_input_s[stage] + o->p->backward_weight_s[stage];
    o->ends.backward_s[rank] = time;
    if (rank == 0)
        o->wrap_backward_s[j & RECURRENCE_MAX_GROUP] = time;
    advance(o, c);
    return time;
}

/* Up the ranks: forwards then see the rank before as of the last step, and backwards get the end
 * that the rank after had then. */
static void run_interleaved_step(struct interleaved *o, int t)
{
    double next = 0;
    int warmup = (o->chunks - 1) * o->group;
    for (int r = o->ranks - 1; r >= 0; r--, warmup += 2) {
        int k = t - r, j = k - warmup;
        double old = o->ends.backward_s[r], time = o->ends.free_s[r];
        if (k >= 0 && k < o->slots)
            time = run_forward(o, r, k, time);
        if (j >= 0 && j < o->slots)
            time = run_backward(o, r, j, time, next);
        o->ends.free_s[r] = time;
        next = old;
    }
}

static void init_interleaved(struct interleaved *o, const struct pipeline *p)
{
    const struct schedule_shape *s = &p->shape;
    int m = s->micro_batches;
    o->p = p;
    o->ranks = s->ranks;
    o->chunks = s->chunks;
    o->slots = m * s->chunks;
    o->group = schedule_group(s);
    o->groups = (m - 1) / o->group + 1;
    o->last_group = m - (o->groups - 1) * o->group;
    memset(&o->ends, 0, sizeof o->ends);
    struct cursor first = {0, o->groups > 1 ? o->group : o->last_group, o->groups};
    for (int r = 0; r < o->ranks; r++)
        o->forward[r] = o->backward[r] = first;
}

static void skip_groups(struct interleaved *o, int groups)
{
    o->slots -= groups * o->group * o->chunks;
    for (int r = 0; r < o->ranks; r++) {
        o->forward[r].groups -= groups;
        o->backward[r].groups -= groups;
    }
}

double recurrence_interleaved_s(const struct pipeline *p)
{
    struct interleaved o;
    init_interleaved(&o, p);
    static const double none[PIPELINE_MAX_RANKS] = {0};
    int warmup = (o.chunks - 1) * o.group + 2 * (o.ranks - 1), period_slots = o.group * o.chunks;
    bool even = o.group == o.ranks && o.last_group == o.group; /* the ends are all of the state */
    struct ends before = {0};
    double skipped_s = 0;
    for (int t = 0; t < o.slots + warmup; t++) {
        run_interleaved_step(&o, t);
        if (!even || t < warmup || t >= o.slots || (t - warmup) % period_slots)
            continue;
        double period = t > warmup ? period_s(&o.ends, &before, o.ranks) : 0;
        if (period > 0) {
            int periods = (o.slots - 1 - t) / period_slots;
            skipped_s += periods * period;
            skip_groups(&o, periods);
            even = false;
        }
        before = o.ends;
    }
    return last_end_s(&o.ends, none, o.ranks) + skipped_s;
}
