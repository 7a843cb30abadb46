#include "base/minmax.h"
#include "parallelism/pipeline/recurrence.h"
#include "parallelism/pipeline/recurrence_period.h"
#include <string.h>

enum { SLOT_MASK = RECURRENCE_MAX_GROUP };

/* The table of slots: groups of micro-batches run chunk after chunk. All ranks go through it, one
 * step apart; a change of chunk goes over the ranks one a step, and has passed all before the next
 * comes. */
struct lane {
    int chunk, left, size; /* slots left in this chunk of this group, of `size` */
    int groups;            /* left, this one included */
    int front;             /* the rank that the last change of chunk reaches next */
};

/* Slot k of rank r is forward k and backward k - warmup(r), in step k + r: what it needs of its
 * neighbours on the ring of ranks is of earlier steps. From the last rank to the first (backwards
 * from the first to the last) a micro-batch goes on in the next chunk, a group later. */
struct interleaved {
    const struct pipeline *p;
    int ranks, chunks, slots, group, last_group, warmup;
    struct ends ends;
    struct lane forward, backward;        /* as the first and as the last rank stand in the table */
    double forward_s[PIPELINE_MAX_RANKS]; /* of the chunk that a rank runs now */
    double backward_s[PIPELINE_MAX_RANKS];
    double wrap_forward_s[SLOT_MASK + 1];  /* ends on the last rank, by slot */
    double wrap_backward_s[SLOT_MASK + 1]; /* ends on the first rank, by slot */
};

static void enter_group(const struct interleaved *o, struct lane *l)
{
    l->size = l->groups > 1 ? o->group : o->last_group;
}

static void next_slot(const struct interleaved *o, struct lane *l)
{
    if (--l->left)
        return;
    if (++l->chunk == o->chunks) {
        l->chunk = 0;
        l->groups--;
        enter_group(o, l);
    }
    l->left = l->size;
}

static void change_forward_chunk(struct interleaved *o)
{
    struct lane *l = &o->forward;
    if (l->left == l->size)
        l->front = 0;
    if (l->front < o->ranks) {
        o->forward_s[l->front] = o->p->forward_s[l->chunk * o->ranks + l->front];
        l->front++;
    }
}

static void change_backward_chunk(struct interleaved *o)
{
    struct lane *l = &o->backward;
    if (l->left == l->size)
        l->front = o->ranks - 1;
    if (l->front >= 0) {
        int stage = (o->chunks - 1 - l->chunk) * o->ranks + l->front;
        o->backward_s[l->front] = o->p->backward_input_s[stage] + o->p->backward_weight_s[stage];
        l->front--;
    }
}

/* Up the ranks: the rank before is as the last step left it. */
static void run_forwards(struct interleaved *o, int t)
{
    double *forward_s = o->ends.forward_s, *free_s = o->ends.free_s, c = o->p->p2p_s;
    int top = min_int(o->ranks - 1, t), bottom = max_int(0, t - o->slots + 1);
    if (t < o->slots + o->ranks)
        change_forward_chunk(o);
    for (int r = top; r >= bottom && r > 0; r--)
        forward_s[r] = free_s[r] = max2(free_s[r], forward_s[r - 1] + c) + o->forward_s[r];
    if (top == o->ranks - 1)
        o->wrap_forward_s[(t - top) & SLOT_MASK] = forward_s[top];
    if (bottom > 0)
        return;
    double from_last =
        o->forward.chunk ? o->wrap_forward_s[(t - o->forward.size) & SLOT_MASK] + c : 0;
    forward_s[0] = free_s[0] = max2(free_s[0], from_last) + o->forward_s[0];
    next_slot(o, &o->forward);
}

/* Down the ranks: the rank after is as the last step left it. */
static void run_backwards(struct interleaved *o, int t)
{
    double *backward_s = o->ends.backward_s, *free_s = o->ends.free_s, c = o->p->p2p_s;
    int last = o->ranks - 1, j = t - o->warmup; /* of the first rank; r more on rank r */
    int bottom = max_int(0, -j), top = min_int(last, o->slots - 1 - j);
    if (j + last < 0)
        return;
    change_backward_chunk(o);
    for (int r = bottom; r <= top && r < last; r++)
        backward_s[r] = free_s[r] = max2(free_s[r], backward_s[r + 1] + c) + o->backward_s[r];
    if (j >= 0)
        o->wrap_backward_s[j & SLOT_MASK] = backward_s[0];
    if (top < last)
        return;
    double from_first =
        o->backward.chunk ? o->wrap_backward_s[(j + last - o->backward.size) & SLOT_MASK] + c : 0;
    backward_s[last] = free_s[last] = max2(free_s[last], from_first) + o->backward_s[last];
    next_slot(o, &o->backward);
}

static void init_interleaved(struct interleaved *o, const struct pipeline *p)
{
    const struct schedule_shape *s = &p->shape;
    int m = s->micro_batches, group = schedule_group(s), groups = (m - 1) / group + 1;
    o->p = p;
    o->ranks = s->ranks;
    o->chunks = s->chunks;
    o->slots = m * s->chunks;
    o->group = group;
    o->last_group = m - (groups - 1) * group;
    o->warmup = 2 * (s->ranks - 1) + (s->chunks - 1) * group;
    memset(&o->ends, 0, sizeof o->ends);
    memset(o->forward_s, 0, sizeof o->forward_s);
    memset(o->backward_s, 0, sizeof o->backward_s);
    o->forward = (struct lane){.groups = groups};
    enter_group(o, &o->forward);
    o->forward.left = o->forward.size;
    o->backward = o->forward;
}

static void skip_groups(struct interleaved *o, int groups)
{
    o->slots -= groups * o->group * o->chunks;
    o->forward.groups -= groups;
    o->backward.groups -= groups;
}

double recurrence_interleaved_s(const struct pipeline *p)
{
    static const double none[PIPELINE_MAX_RANKS] = {0};
    struct interleaved o;
    struct ends before = {0};
    double skipped_s = 0;
    init_interleaved(&o, p);
    int period_slots = o.group * o.chunks, full_from = o.warmup;
    bool may_skip =
        o.group == o.ranks && o.last_group == o.group; /* the ends are all of the state */
    for (int t = 0; t < o.slots + o.warmup; t++) {
        run_forwards(&o, t);
        run_backwards(&o, t);
        if (!may_skip || t < full_from || t >= o.slots || (t - full_from) % period_slots)
            continue;
        double period = t > full_from ? ends_period_s(&o.ends, &before, o.ranks) : 0;
        int periods = (o.slots - 1 - t) / period_slots;
        if (period > 0 && periods > 0) {
            skipped_s += periods * period;
            skip_groups(&o, periods);
            may_skip = false;
        }
        before = o.ends;
    }
    return ends_last_s(&o.ends, none, o.ranks) + skipped_s;
}
