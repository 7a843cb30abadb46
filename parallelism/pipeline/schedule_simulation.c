#include "parallelism/pipeline/schedule_simulation.h"
#include <stdlib.h>
#include <string.h>

/* A run in progress. Finish times of the forward and of the (input) backward of every chunk, rank
 * and micro-batch; negative: not yet. */
struct run {
    const struct pipeline *p;
    struct schedule_simulation *s;
    double *finish_s[2]; /* forward, backward */
    double free_s[PIPELINE_MAX_RANKS];
    size_t next[PIPELINE_MAX_RANKS];
};

void schedule_simulation_init(struct schedule_simulation *s)
{
    memset(s, 0, sizeof *s);
}

void schedule_simulation_free(struct schedule_simulation *s)
{
    free(s->workspace);
    schedule_simulation_init(s);
}

static size_t stage_index(const struct pipeline *p, int chunk, int rank)
{
    return (size_t)chunk * (size_t)p->shape.ranks + (size_t)rank;
}

static double *finish_s(const struct run *run, int backward, int chunk, int rank, int micro_batch)
{
    size_t stage = stage_index(run->p, chunk, rank);
    return &run->finish_s[backward]
                         [stage * (size_t)run->p->shape.micro_batches + (size_t)micro_batch];
}

/* When what an operation needs is on its rank; negative: not yet. A forward needs the forward of
 * the stage before, a backward that of the stage after, at the last stage its own forward. */
static double ready_s(const struct run *run, const struct stage_op *op, int rank)
{
    if (op->kind == STAGE_BACKWARD_WEIGHT)
        return *finish_s(run, 1, op->chunk, rank, op->micro_batch);
    int backward = op->kind != STAGE_FORWARD;
    struct schedule_place from =
        schedule_neighbour(&run->p->shape, op->chunk, rank, backward ? 1 : -1);
    if (from.rank < 0)
        return backward ? *finish_s(run, 0, op->chunk, rank, op->micro_batch) : 0;
    double finish = *finish_s(run, backward, from.chunk, from.rank, op->micro_batch);
    bool hop = from.rank != rank && !run->p->p2p_synchronous;
    return finish < 0 || !hop ? finish : finish + run->p->p2p_s;
}

/* Time of an operation; with synchronous p2p the rank waits until its result has left. */
static double duration_s(const struct pipeline *p, const struct stage_op *op, int rank)
{
    size_t i = stage_index(p, op->chunk, rank);
    double compute[STAGE_OP_KINDS] = {
        [STAGE_FORWARD] = p->forward_s[i],
        [STAGE_BACKWARD] = p->backward_input_s[i] + p->backward_weight_s[i],
        [STAGE_BACKWARD_INPUT] = p->backward_input_s[i],
        [STAGE_BACKWARD_WEIGHT] = p->backward_weight_s[i],
    };
    if (!p->p2p_synchronous || op->kind == STAGE_BACKWARD_WEIGHT)
        return compute[op->kind];
    struct schedule_place to =
        schedule_neighbour(&p->shape, op->chunk, rank, op->kind == STAGE_FORWARD ? 1 : -1);
    return compute[op->kind] + (to.rank >= 0 && to.rank != rank ? p->p2p_s : 0);
}

static void finish_event(struct run *run, struct schedule_event *event, double start_s,
                         double end_s)
{
    event->start_s = start_s;
    event->end_s = end_s;
    if (event->op.kind != STAGE_BACKWARD_WEIGHT)
        *finish_s(run, event->op.kind != STAGE_FORWARD, event->op.chunk, event->rank,
                  event->op.micro_batch) = end_s;
}

/* Runs the next operation of a rank, or the next overlapped pair, if it can. */
static bool step_rank(struct run *run, int rank)
{
    struct schedule_simulation *s = run->s;
    if (run->next[rank] == s->first_event[rank + 1])
        return false;
    struct schedule_event *event = &s->events[run->next[rank]];
    int n = event->op.paired ? 2 : 1;
    double start = run->free_s[rank], time = 0;
    for (int i = 0; i < n; i++) {
        double ready = ready_s(run, &event[i].op, rank);
        if (ready < 0)
            return false;
        start = ready > start ? ready : start;
        time += duration_s(run->p, &event[i].op, rank);
    }
    for (int i = 0; i < n; i++)
        finish_event(run, &event[i], start, start + time);
    run->free_s[rank] = start + time;
    s->busy_s[rank] += time;
    run->next[rank] += (size_t)n;
    return true;
}

/* Sweeps over the ranks until nothing moves. */
static enum status run_all(struct run *run, struct error *e)
{
    int ranks = run->p->shape.ranks;
    for (bool moved = true; moved;) {
        moved = false;
        for (int r = 0; r < ranks; r++)
            while (step_rank(run, r))
                moved = true;
    }
    for (int r = 0; r < ranks; r++)
        if (run->next[r] != run->s->first_event[r + 1])
            return error_set(e, STATUS_NO, "schedule %s deadlocks on rank %d",
                             schedule_names[run->p->shape.schedule], r);
    return STATUS_OK;
}

/* Activations live from the forward to the backward, or to the weight gradient. */
static void count_in_flight(const struct schedule_simulation *s, int rank, struct in_flight *peak)
{
    struct in_flight live = {0};
    memset(peak, 0, sizeof *peak);
    for (size_t i = s->first_event[rank]; i < s->first_event[rank + 1]; i++) {
        const struct stage_op *op = &s->events[i].op;
        int change = op->kind == STAGE_FORWARD ? 1 : op->kind == STAGE_BACKWARD_INPUT ? 0 : -1;
        live.total += change;
        live.chunk[op->chunk] += change;
        if (live.total > peak->total)
            *peak = live;
    }
}

static void summarize(const struct pipeline *p, struct schedule_simulation *s)
{
    double first = 0, last = 0, span = 0;
    for (int r = 0; r < p->shape.ranks; r++) {
        const struct schedule_event *begin = &s->events[s->first_event[r]];
        const struct schedule_event *end = &s->events[s->first_event[r + 1] - 1];
        s->start_s[r] = begin->start_s;
        s->end_s[r] = end->end_s;
        first = r == 0 || begin->start_s < first ? begin->start_s : first;
        last = end->end_s > last ? end->end_s : last;
        span = end->end_s - begin->start_s > span ? end->end_s - begin->start_s : span;
        count_in_flight(s, r, &s->in_flight[r]);
    }
    s->total_s = p->steps_overlap ? span : last - first;
}

/* The parts of the workspace: finish times, the events of all ranks, one rank's order. */
struct parts {
    size_t finish_bytes, events_bytes, order_bytes;
};

static struct parts parts_of(const struct schedule_shape *shape)
{
    size_t order = (size_t)schedule_order_capacity(shape), ranks = (size_t)shape->ranks;
    size_t stages = ranks * (size_t)shape->chunks;
    return (struct parts){2 * stages * (size_t)shape->micro_batches * sizeof(double),
                          order * ranks * sizeof(struct schedule_event),
                          order * sizeof(struct stage_op)};
}

static enum status reserve(const struct parts *parts, struct schedule_simulation *s,
                           struct error *e)
{
    size_t bytes = parts->finish_bytes + parts->events_bytes + parts->order_bytes;
    if (bytes > s->workspace_bytes) {
        void *larger = realloc(s->workspace, bytes);
        if (!larger)
            return error_set(e, STATUS_IO, "out of memory for the simulation of a schedule");
        s->workspace = larger;
        s->workspace_bytes = bytes;
    }
    s->events = (struct schedule_event *)(void *)((char *)s->workspace + parts->finish_bytes);
    return STATUS_OK;
}

static void write_events(const struct schedule_shape *shape, struct schedule_simulation *s,
                         struct stage_op *order)
{
    size_t n = 0;
    for (int r = 0; r < shape->ranks; r++) {
        int ops = schedule_order(shape, r, order);
        s->first_event[r] = n;
        for (int i = 0; i < ops; i++)
            s->events[n++] = (struct schedule_event){.op = order[i], .rank = r};
    }
    s->first_event[shape->ranks] = n;
}

enum status schedule_simulate(const struct pipeline *p, struct schedule_simulation *s,
                              struct error *e)
{
    const struct schedule_shape *shape = &p->shape;
    /* what a framework refuses without overlapped transfers can still be worked off */
    const struct schedule_rule *rule = schedule_legal(shape, false);
    if (rule)
        return error_set(e, STATUS_NO, "%s: %s", rule->name, rule->reason);
    struct parts parts = parts_of(shape);
    if (reserve(&parts, s, e) != STATUS_OK)
        return e->status;
    size_t finishes = parts.finish_bytes / (2 * sizeof(double));
    struct run run = {
        .p = p, .s = s, .finish_s = {s->workspace, (double *)s->workspace + finishes}
    };
    for (size_t i = 0; i < 2 * finishes; i++)
        run.finish_s[0][i] = -1;
    write_events(shape, s, (struct stage_op *)(void *)((char *)s->events + parts.events_bytes));
    for (int r = 0; r < shape->ranks; r++) {
        run.next[r] = s->first_event[r];
        s->busy_s[r] = 0;
    }
    if (run_all(&run, e) != STATUS_OK)
        return e->status;
    summarize(p, s);
    return STATUS_OK;
}
