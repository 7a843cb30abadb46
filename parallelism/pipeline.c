#include "parallelism/pipeline.h"
#include "parallelism/pipeline_closed.h"
#include "parallelism/pipeline_recurrence.h"
#include "parallelism/pipeline_uniform.h"
#include <stddef.h>
#include <string.h>

/* How a schedule's makespan is found: in closed form where that is exact (or close), else by
 * recurrence, else, where a schedule has no recurrence, in closed form as an estimate. */
struct form {
    bool (*exact)(const struct pipeline_uniform *u); /* uniform_s equals the makespan */
    bool (*close)(const struct pipeline_uniform
                      *u); /* uniform_s is near enough not to iterate; NULL: never */
    double (*uniform_s)(const struct pipeline_uniform *u);
    double (*general_s)(const struct pipeline *p); /* exact for any stages; NULL: none */
    double (*bound_s)(const struct pipeline *p);   /* never above the makespan */
};

static double min2(double a, double b)
{
    return a < b ? a : b;
}

static double max2(double a, double b)
{
    return a > b ? a : b;
}

static double backward_s(const struct chunk_time *t)
{
    return t->backward_input_s + t->backward_weight_s;
}

static double sum_s(const struct chunk_time *t)
{
    return t->forward_s + backward_s(t);
}

static bool at_least(const struct chunk_time *t, double forward_s, double backward_s_)
{
    return t->forward_s >= forward_s && backward_s(t) >= backward_s_;
}

static bool ends_add(const struct pipeline_uniform *u)
{
    return at_least(&u->first, 0, 0) && at_least(&u->last, 0, 0);
}

/* Held to the simulation by tests/unit/test_pipeline.c. */
static bool exact_1f1b(const struct pipeline_uniform *u)
{
    return u->shape.micro_batches >= u->shape.ranks && (u->p2p_s <= 0 || ends_add(u));
}

static bool even_groups(const struct schedule_shape *s)
{
    return s->chunks > 1 && s->micro_batches % s->ranks == 0 && schedule_group(s) == s->ranks;
}

/* A hop longer than a chunk would slow the steady state. */
static bool hops_hide(const struct pipeline_uniform *u)
{
    return u->p2p_s <= min2(u->chunk.forward_s, backward_s(&u->chunk));
}

static bool exact_interleaved(const struct pipeline_uniform *u)
{
    return even_groups(&u->shape) && hops_hide(u) && ends_add(u);
}

/* Ends that take a tenth of a chunk less: within 0.1 %. */
static bool close_interleaved(const struct pipeline_uniform *u)
{
    double f = -0.1 * u->chunk.forward_s, b = -0.1 * backward_s(&u->chunk);
    return u->shape.ranks > 2 && even_groups(&u->shape) && hops_hide(u) &&
           at_least(&u->first, f, b) && at_least(&u->last, f, b);
}

static bool alike(const struct pipeline_uniform *u)
{
    return sum_s(&u->first) <= 0 && sum_s(&u->last) <= 0 && ends_add(u);
}

static bool never(const struct pipeline_uniform *u)
{
    (void)u;
    return false;
}

static bool ends_add_each(const struct pipeline_uniform *u)
{
    return ends_add(u) && u->first.backward_input_s >= 0 && u->first.backward_weight_s >= 0 &&
           u->last.backward_input_s >= 0 && u->last.backward_weight_s >= 0;
}

static bool exact_zero_bubble_h(const struct pipeline_uniform *u)
{
    return u->shape.micro_batches >= 2 * u->shape.ranks && u->p2p_s <= 0 && ends_add_each(u);
}

/* Hops hide behind weight gradients: within 0.2 %. */
static bool close_zero_bubble_h(const struct pipeline_uniform *u)
{
    return u->shape.micro_batches >= 2 * u->shape.ranks && ends_add_each(u) &&
           2 * u->p2p_s <= u->chunk.backward_weight_s;
}

static bool exact_v(const struct pipeline_uniform *u)
{
    bool other_paths = u->pair_frac > 1 || (u->pair_frac > 0 && u->pair_frac < 0.8);
    return alike(u) && u->p2p_s <= 0 && !other_paths &&
           u->shape.micro_batches >= 2 * u->shape.ranks;
}

static double uniform_zb_h1_s(const struct pipeline_uniform *u)
{
    struct stage_times times;
    struct pipeline p;
    pipeline_expand(u, &times, &p);
    return zero_bubble_h_s(&p, 1);
}

static double uniform_zb_h2_s(const struct pipeline_uniform *u)
{
    struct stage_times times;
    struct pipeline p;
    pipeline_expand(u, &times, &p);
    return zero_bubble_h_s(&p, 2);
}

/* MODELLING 5.4: the bound is the makespan where every rank has the same ratio of backward to
 * forward. */
static bool same_ratio(const struct pipeline *p)
{
    double b0 = p->backward_input_s[0] + p->backward_weight_s[0];
    for (int r = 1; r < p->shape.ranks; r++) {
        double b = p->backward_input_s[r] + p->backward_weight_s[r];
        double difference = b * p->forward_s[0] - b0 * p->forward_s[r],
               scale = b0 * p->forward_s[r];
        if (difference > 1e-12 * scale || difference < -1e-12 * scale) /* rounding */
            return false;
    }
    return true;
}

static double general_1f1b_s(const struct pipeline *p)
{
    if (p->p2p_s <= 0 && p->shape.micro_batches >= p->shape.ranks && same_ratio(p))
        return one_forward_one_backward_s(p);
    return recurrence_one_chunk_s(p);
}

/* A rank works its micro-batches off after the first has come down to it and before the last has
 * gone back: T >= sum over j < r of (F_j + B_j) of chunk 0 + m (work of r) */
static double bound_interleaved_s(const struct pipeline *p)
{
    double longest = 0, head = 0;
    for (int r = 0; r < p->shape.ranks; r++) {
        longest = max2(longest, head + pipeline_work_s(p, r));
        head += p->forward_s[r] + p->backward_input_s[r] + p->backward_weight_s[r] + 2 * p->p2p_s;
    }
    return longest;
}

/* The busiest rank; overlapped pairs as if all were overlapped. */
static double bound_work_s(const struct pipeline *p)
{
    double longest = 0, frac = p->pair_frac > 0 ? p->pair_frac : 1;
    for (int r = 0; r < p->shape.ranks; r++)
        longest = max2(longest, pipeline_work_s(p, r));
    return longest * min2(frac, 1);
}

static double bound_zb_h1_s(const struct pipeline *p)
{
    return max2(zero_bubble_h_s(p, 1), bound_work_s(p));
}

static double bound_zb_h2_s(const struct pipeline *p)
{
    return max2(zero_bubble_h_s(p, 2), bound_work_s(p));
}

static const struct form form_gpipe = {.exact = never, .general_s = gpipe_s, .bound_s = gpipe_s};
static const struct form form_1f1b = {.exact = exact_1f1b,
                                      .uniform_s = uniform_1f1b_s,
                                      .general_s = general_1f1b_s,
                                      .bound_s = one_forward_one_backward_s};
static const struct form form_interleaved = {.exact = exact_interleaved,
                                             .close = close_interleaved,
                                             .uniform_s = uniform_interleaved_s,
                                             .general_s = recurrence_interleaved_s,
                                             .bound_s = bound_interleaved_s};
static const struct form form_zb_h1 = {.exact = exact_zero_bubble_h,
                                       .close = close_zero_bubble_h,
                                       .uniform_s = uniform_zb_h1_s,
                                       .general_s = recurrence_one_chunk_s,
                                       .bound_s = bound_zb_h1_s};
static const struct form form_zb_h2 = {.exact = exact_zero_bubble_h,
                                       .close = close_zero_bubble_h,
                                       .uniform_s = uniform_zb_h2_s,
                                       .general_s = recurrence_one_chunk_s,
                                       .bound_s = bound_zb_h2_s};
static const struct form form_zb_v = {
    .exact = exact_v, .uniform_s = uniform_zb_v_s, .bound_s = bound_work_s};
static const struct form form_dualpipe = {
    .exact = exact_v, .uniform_s = uniform_dualpipe_s, .bound_s = bound_work_s};

static const struct form *const forms[SCHEDULES] = {
    [SCHEDULE_NONE] = &form_1f1b,          [SCHEDULE_GPIPE] = &form_gpipe,
    [SCHEDULE_1F1B] = &form_1f1b,          [SCHEDULE_INTERLEAVED] = &form_interleaved,
    [SCHEDULE_ZB_H1] = &form_zb_h1,        [SCHEDULE_ZB_H2] = &form_zb_h2,
    [SCHEDULE_ZB_V] = &form_zb_v,          [SCHEDULE_DUALPIPE] = &form_dualpipe,
    [SCHEDULE_DUALPIPEV] = &form_dualpipe,
};

static bool has_recurrence(const struct form *form, const struct schedule_shape *s)
{
    return form->general_s && schedule_group(s) <= RECURRENCE_MAX_GROUP;
}

/* Without a recurrence: the stages at their mean, or the busiest rank, or the busiest rank that
 * holds no end of the model and the bubble of equal stages. Within 1 % on average, 10 % at worst.
 */
static double uneven_s(const struct form *form, const struct pipeline *p)
{
    struct pipeline_uniform mean, equal;
    pipeline_average(p, &mean);
    equal = mean;
    equal.first = equal.last = (struct chunk_time){0, 0, 0};
    int last = p->shape.ranks - 1, twice = p->shape.schedule == SCHEDULE_DUALPIPE;
    double busiest_inner = 0;
    for (int r = 1; r <= last - twice; r++)
        busiest_inner = max2(busiest_inner, pipeline_work_s(p, r));
    double uneven = busiest_inner - pipeline_uniform_work_s(&equal, 0);
    return max2(form->uniform_s(&mean),
                max2(bound_work_s(p), form->uniform_s(&equal) + max2(uneven, 0)));
}

static double stages_total_s(const struct pipeline *p, bool *exact)
{
    const struct form *form = forms[p->shape.schedule];
    struct pipeline_uniform u;
    bool uniform = pipeline_is_uniform(p, &u);
    *exact = true;
    if (uniform && form->exact(&u))
        return form->uniform_s(&u);
    *exact = false;
    if (uniform && form->close && form->close(&u))
        return form->uniform_s(&u);
    *exact = has_recurrence(form, &p->shape);
    if (*exact)
        return form->general_s(p);
    return uniform ? form->uniform_s(&u) : uneven_s(form, p);
}

static double expanded_total_s(const struct pipeline_uniform *u)
{
    struct stage_times times;
    struct pipeline p;
    pipeline_expand(u, &times, &p);
    return forms[u->shape.schedule]->general_s(&p);
}

static double uniform_total_s(const struct pipeline_uniform *u, bool *exact)
{
    const struct form *form = forms[u->shape.schedule];
    *exact = form->exact(u);
    if (*exact || (form->close && form->close(u)))
        return form->uniform_s(u);
    *exact = has_recurrence(form, &u->shape);
    return *exact ? expanded_total_s(u) : form->uniform_s(u);
}

static double synchronous_total_s(const struct pipeline *p, bool *exact)
{
    struct stage_times times;
    struct pipeline folded;
    pipeline_fold_p2p(p, &times, &folded);
    return stages_total_s(&folded, exact);
}

/* What overlapped pairs save of a rank's work. */
static double pair_gain_s(const struct schedule_shape *s, double pair_frac, int rank, double work_s)
{
    bool pairs = s->schedule == SCHEDULE_DUALPIPE || s->schedule == SCHEDULE_DUALPIPEV;
    if (!pairs || pair_frac <= 0)
        return 0;
    double forwards = s->schedule == SCHEDULE_DUALPIPE ? s->micro_batches : 2 * s->micro_batches;
    return (1 - pair_frac) * work_s * dualpipe_pairs(s, rank) / forwards;
}

/* The rank with most work, waits for synchronous transfers included; of equals the first. */
struct bottleneck {
    int rank;
    double work_s, wait_s;
};

static void consider(struct bottleneck *b, const struct schedule_shape *s, int rank, double work_s,
                     double wait_hop_s)
{
    double wait = wait_hop_s > 0 ? s->micro_batches * pipeline_sends(s, rank) * wait_hop_s : 0;
    if (work_s + wait > b->work_s + b->wait_s)
        *b = (struct bottleneck){rank, work_s, wait};
}

/* total = work + p2p + bubble. Exposed p2p is what the ranks wait for, or what hops add to the
 * total. */
static void split(const struct schedule_shape *s, double pair_frac, const struct bottleneck *b,
                  double hops_s, struct pipeline_time *out)
{
    out->bottleneck_rank = b->rank;
    out->work_s = b->work_s - pair_gain_s(s, pair_frac, b->rank, b->work_s);
    out->p2p_s = b->wait_s + hops_s;
    out->bubble_s = out->total_s - out->work_s - out->p2p_s;
}

void pipeline_time(const struct pipeline *p, struct pipeline_time *out)
{
    struct bottleneck b = {.work_s = -1};
    double wait_hop = p->p2p_synchronous ? p->p2p_s : 0, hops = 0;
    for (int r = 0; r < p->shape.ranks; r++)
        consider(&b, &p->shape, r, pipeline_work_s(p, r), wait_hop);
    if (wait_hop > 0) {
        out->total_s = synchronous_total_s(p, &out->exact);
    } else {
        struct pipeline no_hops = *p;
        bool ignored;
        no_hops.p2p_s = 0;
        out->total_s = stages_total_s(p, &out->exact);
        hops = p->p2p_s > 0 ? max2(0, out->total_s - stages_total_s(&no_hops, &ignored)) : 0;
    }
    split(&p->shape, p->pair_frac, &b, hops, out);
}

void pipeline_uniform_time(const struct pipeline_uniform *u, struct pipeline_time *out)
{
    struct bottleneck b = {.work_s = -1};
    struct pipeline_uniform no_hops = pipeline_uniform_fold_p2p(u);
    double wait_hop = u->p2p_synchronous ? u->p2p_s : 0, hops = 0;
    int last = u->shape.ranks - 1, ranks[] = {0, last > 1, last}; /* inner ranks are alike */
    for (int i = 0; i < 3; i++)
        consider(&b, &u->shape, ranks[i], pipeline_uniform_work_s(u, ranks[i]), wait_hop);
    if (wait_hop > 0) {
        out->total_s = uniform_total_s(&no_hops, &out->exact);
    } else {
        bool ignored;
        no_hops = *u;
        no_hops.p2p_s = 0;
        out->total_s = uniform_total_s(u, &out->exact);
        hops = u->p2p_s > 0 ? max2(0, out->total_s - uniform_total_s(&no_hops, &ignored)) : 0;
    }
    split(&u->shape, u->pair_frac, &b, hops, out);
}

double pipeline_lower_bound(const struct pipeline *p)
{
    struct pipeline hidden = *p;
    if (p->p2p_synchronous)
        hidden.p2p_s = 0;
    return forms[p->shape.schedule]->bound_s(&hidden);
}

double pipeline_uniform_lower_bound(const struct pipeline_uniform *u)
{
    struct pipeline_uniform hidden = *u;
    if (u->p2p_synchronous)
        hidden.p2p_s = 0;
    const struct form *form = forms[u->shape.schedule];
    if (form->exact(&hidden))
        return form->uniform_s(&hidden);
    double frac = u->pair_frac > 0 ? min2(u->pair_frac, 1) : 1;
    int last = u->shape.ranks - 1;
    return frac * max2(pipeline_uniform_work_s(u, 0), pipeline_uniform_work_s(u, last));
}
