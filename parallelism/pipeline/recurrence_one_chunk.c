#include "base/minmax.h"
#include "parallelism/pipeline/recurrence.h"
#include "parallelism/pipeline/recurrence_period.h"
#include <float.h>

/* One chunk a rank. In slot k rank r runs forward k, backward k - depth (ranks - 1 - r), and the
 * weight gradient depth * r micro-batches before that. 1F1B is depth 1 without a weight gradient of
 * its own.
 *
 * Step t runs slot (t - r) / stride of rank r: what it needs of its neighbours then is of earlier
 * steps. With depth 1 the stride is 2, and even and odd ranks take turns; with depth 2 it is 1, and
 * a rank's backward waits for the one before the last of the next rank. */
struct one_chunk {
    int ranks, micro_batches, depth, stride;
    double forward_s[PIPELINE_MAX_RANKS], backward_s[PIPELINE_MAX_RANKS],
        weight_s[PIPELINE_MAX_RANKS];
    double p2p_s;
    bool steps_overlap;
    struct ends ends;
    double begin_s[PIPELINE_MAX_RANKS]; /* of a rank's first forward, if steps overlap */
};

static void init_one_chunk(struct one_chunk *o, const struct pipeline *p)
{
    bool split = schedule_splits_backward(p->shape.schedule);
    o->ranks = p->shape.ranks;
    o->micro_batches = p->shape.micro_batches;
    o->depth = p->shape.schedule == SCHEDULE_ZB_H2 ? 2 : 1;
    o->stride = 3 - o->depth;
    o->p2p_s = p->p2p_s;
    o->steps_overlap = p->steps_overlap;
    for (int r = 0; r < o->ranks; r++) {
        o->forward_s[r] = p->forward_s[r];
        o->backward_s[r] = p->backward_input_s[r] + (split ? 0 : p->backward_weight_s[r]);
        o->weight_s[r] = split ? p->backward_weight_s[r] : 0;
    }
}

/* Weight gradients that follow backward j of a rank: the one then due, and all at the end. */
static int weights_due(const struct one_chunk *o, int rank, int j)
{
    int delay = o->depth * rank, m = o->micro_batches;
    return (j >= delay) + (j == m - 1 ? (delay < m ? delay : m) : 0);
}

/* Any slot. next_s: when the backward of the next rank that this one's waits for has ended. */
static void run_slot(struct one_chunk *o, int rank, int k, double next_s)
{
    struct ends *e = &o->ends;
    double time = e->free_s[rank];
    int j = k - o->depth * (o->ranks - 1 - rank);
    if (k < o->micro_batches) {
        if (rank > 0)
            time = max2(time, e->forward_s[rank - 1] + o->p2p_s);
        if (k == 0 && o->steps_overlap)
            o->begin_s[rank] = time;
        time += o->forward_s[rank];
        e->forward_s[rank] = time;
    }
    if (j >= 0 && j < o->micro_batches) {
        if (rank + 1 < o->ranks)
            time = max2(time, next_s + o->p2p_s);
        e->backward_s[rank] = time + o->backward_s[rank];
        time = e->backward_s[rank] + weights_due(o, rank, j) * o->weight_s[rank];
    }
    e->free_s[rank] = time;
}

/* A slot with a forward, a backward and a weight gradient on all ranks. */
static void run_full_slot(struct one_chunk *o, int rank, double before_s, double next_s)
{
    struct ends *e = &o->ends;
    double forward = max2(e->free_s[rank], before_s) + o->forward_s[rank];
    double backward = max2(forward, next_s) + o->backward_s[rank];
    e->forward_s[rank] = forward;
    e->backward_s[rank] = backward;
    e->free_s[rank] = backward + o->weight_s[rank];
}

/* Up the ranks: what a rank needs of the rank before is as the last step left it, and so is the end
 * of the next rank's backward, kept in `next` where this step has changed it. */
static void run_step(struct one_chunk *o, int t, bool full)
{
    int top = o->ranks - 1;
    double next = -DBL_MAX, *forward_s = o->ends.forward_s, *backward_s = o->ends.backward_s;
    if (o->stride == 2 && (t - top) % 2)
        top--;
    for (int r = top; r >= 0; r -= o->stride) {
        double old = backward_s[r];
        if (o->stride == 2 && r + 1 < o->ranks)
            next = backward_s[r + 1];
        if (full)
            run_full_slot(o, r, r > 0 ? forward_s[r - 1] + o->p2p_s : 0, next + o->p2p_s);
        else if (t >= r)
            run_slot(o, r, (t - r) / o->stride, next);
        next = old;
    }
}

/* Whole periods of as many micro-batches as ranks that may be left out; the last micro-batch stays.
 */
static int periods_left(const struct one_chunk *o, int t)
{
    return (o->micro_batches - 2 - t / o->stride) / o->ranks;
}

double recurrence_one_chunk_s(const struct pipeline *p)
{
    struct one_chunk o = {0};
    struct ends before = {0};
    double skipped_s = 0;
    init_one_chunk(&o, p);
    int top = o.ranks - 1, period_steps = o.stride * o.ranks, full_from = 3 * top;
    bool may_skip = true;
    for (int t = 0; t <= o.stride * (o.micro_batches - 1 + o.depth * top); t++) {
        bool full = t >= full_from && t < o.stride * (o.micro_batches - 1);
        run_step(&o, t, full);
        if (!full || !may_skip || (t - full_from) % period_steps)
            continue;
        double period = t > full_from ? ends_period_s(&o.ends, &before, o.ranks) : 0;
        if (period > 0 && periods_left(&o, t) > 0) {
            int periods = periods_left(&o, t);
            skipped_s += periods * period;
            o.micro_batches -= periods * o.ranks;
            may_skip = false;
        }
        before = o.ends;
    }
    return ends_last_s(&o.ends, o.begin_s, o.ranks) + skipped_s;
}
