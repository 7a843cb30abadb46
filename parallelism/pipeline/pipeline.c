#include "parallelism/pipeline/pipeline.h"
#include "base/minmax.h"
#include "parallelism/pipeline/forms.h"
#include "parallelism/pipeline/recurrence.h"
#include "parallelism/pipeline/uniform.h"

static bool has_recurrence(const struct pipeline_form *form, const struct schedule_shape *s)
{
    bool too_wide = s->schedule == SCHEDULE_INTERLEAVED && schedule_group(s) > RECURRENCE_MAX_GROUP;
    return form->general_s && !too_wide;
}

/* Without a recurrence: the stages at their mean, or the busiest rank, or the busiest rank that
 * holds no end of the model and the bubble of equal stages. Within 1 % on average, 10 % at worst.
 */
static double uneven_s(const struct pipeline_form *form, const struct pipeline *p)
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
                max2(pipeline_work_bound_s(p), form->uniform_s(&equal) + max2(uneven, 0)));
}

static double stages_total_s(const struct pipeline *p, bool *exact)
{
    const struct pipeline_form *form = pipeline_forms[p->shape.schedule];
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
    return max2(uniform ? form->uniform_s(&u) : uneven_s(form, p), form->bound_s(p));
}

static double expanded_total_s(const struct pipeline_uniform *u, bool *exact)
{
    struct stage_times times;
    struct pipeline p;
    pipeline_expand(u, &times, &p);
    return stages_total_s(&p, exact);
}

static double uniform_total_s(const struct pipeline_uniform *u, bool *exact)
{
    const struct pipeline_form *form = pipeline_forms[u->shape.schedule];
    *exact = form->exact(u);
    if (*exact || (form->close && form->close(u)))
        return form->uniform_s(u);
    return expanded_total_s(u, exact);
}

static double synchronous_total_s(const struct pipeline *p, bool *exact)
{
    struct stage_times times;
    struct pipeline folded;
    pipeline_fold_p2p(p, &times, &folded);
    return stages_total_s(&folded, exact);
}

/* The rank with most work, waits for synchronous transfers included; of equals the first. */
struct bottleneck {
    int rank;
    double work_s, wait_s;
};

static void consider(struct bottleneck *b, const struct schedule_shape *s, int rank, double work_s,
                     double wait_hop_s)
{
    double wait = wait_hop_s > 0 ? pipeline_transfers(s, rank) * wait_hop_s : 0;
    if (work_s + wait > b->work_s + b->wait_s)
        *b = (struct bottleneck){rank, work_s, wait};
}

static struct bottleneck bottleneck_of(const struct pipeline *p)
{
    struct bottleneck b = {.work_s = -1};
    for (int r = 0; r < p->shape.ranks; r++)
        consider(&b, &p->shape, r, pipeline_work_s(p, r), p->p2p_synchronous ? p->p2p_s : 0);
    return b;
}

static struct bottleneck uniform_bottleneck_of(const struct pipeline_uniform *u)
{
    struct bottleneck b = {.work_s = -1};
    int last = u->shape.ranks - 1, ranks[] = {0, last > 1, last}; /* inner ranks are alike */
    for (int i = 0; i < 3; i++)
        consider(&b, &u->shape, ranks[i], pipeline_uniform_work_s(u, ranks[i]),
                 u->p2p_synchronous ? u->p2p_s : 0);
    return b;
}

/* What asynchronous hops add to the total. A micro-batch waits for two of them at most, and so do
 * the way to the last rank and back. */
static double hops_s(const struct pipeline *p, double total_s)
{
    if (p->p2p_s <= 0)
        return 0;
    const struct pipeline_form *form = pipeline_forms[p->shape.schedule];
    struct pipeline without = *p;
    bool ignored;
    without.p2p_s = 0;
    double most = 2 * p->p2p_s * (p->shape.micro_batches + p->shape.ranks);
    if (form->tight)
        return min2(most, max2(0, total_s - form->bound_s(&without)));
    return max2(0, total_s - stages_total_s(&without, &ignored));
}

static double uniform_hops_s(const struct pipeline_uniform *u, double total_s)
{
    struct pipeline_uniform without = *u;
    bool ignored;
    without.p2p_s = 0;
    return u->p2p_s > 0 ? max2(0, total_s - uniform_total_s(&without, &ignored)) : 0;
}

/* total = work + p2p + bubble. Exposed p2p is what the bottleneck waits for, or what hops add. */
static void split(const struct bottleneck *b, double hops, struct pipeline_time *out)
{
    out->bottleneck_rank = b->rank;
    out->work_s = b->work_s;
    out->p2p_s = b->wait_s + hops;
    out->bubble_s = out->total_s - out->work_s - out->p2p_s;
}

void pipeline_time(const struct pipeline *p, struct pipeline_time *out)
{
    struct bottleneck b = bottleneck_of(p);
    double hops = 0;
    if (p->p2p_synchronous && p->p2p_s > 0) {
        out->total_s = synchronous_total_s(p, &out->exact);
    } else {
        out->total_s = stages_total_s(p, &out->exact);
        hops = hops_s(p, out->total_s);
    }
    split(&b, hops, out);
}

void pipeline_uniform_time(const struct pipeline_uniform *u, struct pipeline_time *out)
{
    struct bottleneck b = uniform_bottleneck_of(u);
    double hops = 0;
    if (u->p2p_synchronous && u->p2p_s > 0) {
        struct pipeline_uniform folded = pipeline_uniform_fold_p2p(u);
        out->total_s = uniform_total_s(&folded, &out->exact);
    } else {
        out->total_s = uniform_total_s(u, &out->exact);
        hops = uniform_hops_s(u, out->total_s);
    }
    split(&b, hops, out);
}
