#include "base/minmax.h"
#include "parallelism/pipeline/closed.h"

/* Interleaved 1F1B where all chunks are alike but for the first stage (rank 0, chunk 0) and the
 * last (rank p-1, chunk v-1), whose extra is at least the first's; m a multiple of p, groups of p.
 * Without extras [MODELLING 5.4]
 *     T = (m v + p - 1) s + 2 c (p v - 1),   s = f + b of a chunk:
 * in steady state a path that stays on its rank takes a slot s, one that moves to a neighbour on
 * the ring of ranks loses part of a slot, so that hops, and what other ranks do, show in the
 * warm-up and the drain alone. With extras the longest path stays on the last rank, or between.
 *
 * The way in and the way out are mirror images: forwards with the first stage's forward extra,
 * backwards with its backward extra. `own` is the chunk time of that direction, `other` that of
 * the opposite one. */
struct end {
    double own_s, other_s; /* chunk: f and b on the way in, b and f on the way out */
    double first_s;        /* extra of the first stage in this direction */
    double last_s;         /* extra of the last stage, both directions */
    double p, v, c;
};

/* Beyond one chunk time a rank on the way to the last rank: p v - 1 hops round and round the ring
 * with one micro-batch, or waiting on the first rank for all p, with p hops fewer. */
static double reach_last_s(const struct end *e)
{
    double ring = (e->p * e->v - 1) * e->c;
    return max2(e->first_s + ring, e->p * e->first_s + ring - e->p * e->c);
}

/* To the rank before: two more forwards fit before its first backward, so that up to three
 * micro-batches may wait on the first rank at no loss. */
static double reach_inner_s(const struct end *e)
{
    double ring = (e->p * e->v - 2) * e->c, waits = e->p < 3 ? e->p : 3;
    return max3(e->first_s + ring, waits * e->first_s + ring,
                e->p * e->first_s + ring - e->p * e->c);
}

/* To an inner rank, directly or by way of the last. */
static double enter_inner_s(const struct end *e)
{
    return max2(reach_inner_s(e), e->other_s - e->own_s + e->last_s + e->c + reach_last_s(e));
}

double uniform_interleaved_s(const struct pipeline_uniform *u)
{
    const struct schedule_shape *s = &u->shape;
    double p = s->ranks, v = s->chunks, m = s->micro_batches, c = u->p2p_s;
    double f = u->chunk.forward_s, b = u->chunk.backward_input_s + u->chunk.backward_weight_s;
    double first_b = u->first.backward_input_s + u->first.backward_weight_s;
    double last = u->last.forward_s + u->last.backward_input_s + u->last.backward_weight_s;
    struct end in = {f, b, u->first.forward_s, last, p, v, c};
    struct end out = {b, f, first_b, last, p, v, c};
    double on_last = (p - 1) * (f + b) + m * last + reach_last_s(&in) + reach_last_s(&out);
    double inside = p > 2 ? (p - 2) * (f + b) + enter_inner_s(&in) + enter_inner_s(&out) : 0;
    return m * v * (f + b) + max2(on_last, inside);
}
