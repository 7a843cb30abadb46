#include "parallelism/timeline.h"
#include <stdlib.h>
#include <string.h>

const char *const stream_names[STREAMS + 1] = {"compute", "tp", "cp", "ep", "pp", "dp", NULL};

const char *const timeline_kind_names[TIMELINE_KINDS + 1] = {"forward",
                                                             "backward",
                                                             "backward input",
                                                             "backward weight",
                                                             "forward and backward",
                                                             "send",
                                                             "gradients and parameters",
                                                             "optimizer",
                                                             "offload",
                                                             "host",
                                                             "straggler",
                                                             NULL};

enum { PASSES = 4 }; /* forward, backward input, backward weight, recompute */

/* Seconds of a stage by pass and stream. */
struct stage_shares {
    double s[PASSES][STREAMS];
};

/* What the building of a timeline carries. */
struct drawing {
    const struct scenario *scenario;
    const struct strategy *strategy;
    struct step_parts parts;
    struct step_cost cost;
    struct stage_times times;
    struct pipeline pipeline;
    struct schedule_simulation simulation;
    struct stage_shares shares[STAGE_CLASSES_MAX];
    struct timeline *out;
    size_t capacity, memory_capacity;
};

/* ---- where the time of an operation goes ---- */

static enum stream stream_of_term(int term)
{
    static const enum stream streams[TERMS] = {
        [TERM_TP] = STREAM_TP, [TERM_CP] = STREAM_CP, [TERM_EP] = STREAM_EP,
        [TERM_PP] = STREAM_PP, [TERM_DP] = STREAM_DP,
    };
    return streams[term];
}

static void add_block(struct stage_shares *to, const struct block_cost *b, double n)
{
    const double *const passes[] = {b->forward_s, b->backward_input_s, b->backward_weight_s};
    for (int p = 0; p < 3 && n > 0; p++)
        for (int t = 0; t < TERMS; t++)
            to->s[p][stream_of_term(t)] += n * passes[p][t];
}

/* Recomputed work is compute; its share of hidden transfers is in the pass it repeats. */
static void find_shares(struct drawing *d)
{
    const struct shard_cost *shard = &d->parts.shard;
    for (int c = 0; c < d->parts.split.classes; c++) {
        const struct stage_content *content = &d->parts.split.content[c];
        struct stage_shares *to = &d->shares[c];
        memset(to, 0, sizeof *to);
        for (int k = 0; k < shard->kinds; k++)
            add_block(to, &shard->layer[k], content->layers[k]);
        add_block(to, &shard->embedding, content->embedding);
        add_block(to, &shard->head, content->head);
        add_block(to, &shard->mtp, content->mtp);
        const struct stage *stage = &d->parts.stages.stage[c];
        to->s[0][STREAM_EP] += stage->alone_forward_s;
        to->s[1][STREAM_EP] += stage->alone_backward_s;
        to->s[3][STREAM_COMPUTE] = stage->recompute_s;
    }
}

/* Seconds of an operation by stream, without a synchronous hop. */
static void operation_shares(const struct drawing *d, const struct stage_op *op, int rank,
                             double out[STREAMS])
{
    static const bool passes[STAGE_OP_KINDS][PASSES] = {
        [STAGE_FORWARD] = {true,  false, false, false},
        [STAGE_BACKWARD] = {false, true,  true,  true },
        [STAGE_BACKWARD_INPUT] = {false, true,  false, true },
        [STAGE_BACKWARD_WEIGHT] = {false, false, true,  false},
    };
    const struct split *split = &d->parts.split;
    const struct stage_shares *shares =
        &d->shares[split->class_of[op->chunk * split->ranks + rank]];
    memset(out, 0, STREAMS * sizeof *out);
    for (int p = 0; p < PASSES; p++)
        for (int i = 0; i < STREAMS && passes[op->kind][p]; i++)
            out[i] += shares->s[p][i];
}

/* ---- events ---- */

static void add_event(struct drawing *d, const struct timeline_event *event)
{
    if (event->end_s > event->start_s && d->out->count < d->capacity)
        d->out->events[d->out->count++] = *event;
}

/* An operation (or an overlapped pair) as its compute and then what it exposes: the shares fill the
 * time that the simulation gives it; what they leave is the hop that the rank waits for. */
static void add_operation(struct drawing *d, const struct schedule_event *event, int n)
{
    static const enum timeline_kind kinds[STAGE_OP_KINDS] = {
        [STAGE_FORWARD] = TIMELINE_FORWARD,
        [STAGE_BACKWARD] = TIMELINE_BACKWARD,
        [STAGE_BACKWARD_INPUT] = TIMELINE_BACKWARD_INPUT,
        [STAGE_BACKWARD_WEIGHT] = TIMELINE_BACKWARD_WEIGHT,
    };
    double shares[STREAMS] = {0}, sum = 0, at = event->start_s;
    for (int i = 0; i < n; i++) {
        double one[STREAMS];
        operation_shares(d, &event[i].op, event->rank, one);
        for (int k = 0; k < STREAMS; k++)
            shares[k] += one[k];
    }
    for (int k = 0; k < STREAMS; k++)
        sum += shares[k];
    double time = event->end_s - event->start_s;
    double scale = n > 1 && sum > 0 ? time / sum : 1;
    shares[STREAM_PP] += n > 1 || !d->pipeline.p2p_synchronous ? 0 : time - sum;
    for (int k = 0; k < STREAMS; k++) {
        double end = at + scale * shares[k];
        if (shares[k] <= 0)
            continue;
        end = end < event->end_s ? end : event->end_s; /* rounding leaves no overlap */
        struct timeline_event part = {event->rank,
                                      (enum stream)k,
                                      n > 1 ? TIMELINE_PAIR : kinds[event->op.kind],
                                      event->op.chunk,
                                      event->op.micro_batch,
                                      at,
                                      end};
        add_event(d, &part);
        at = end;
    }
}

/* A transfer beside compute: from the end of the operation on; the link is taken one at a time. */
static void add_send(struct drawing *d, const struct schedule_event *event, double *free_s)
{
    const struct stage_op *op = &event->op;
    if (op->kind == STAGE_BACKWARD_WEIGHT || d->pipeline.p2p_synchronous || d->pipeline.p2p_s <= 0)
        return;
    struct schedule_place to = schedule_neighbour(&d->pipeline.shape, op->chunk, event->rank,
                                                  op->kind == STAGE_FORWARD ? 1 : -1);
    if (to.rank < 0 || to.rank == event->rank)
        return;
    double start = event->end_s > *free_s ? event->end_s : *free_s;
    struct timeline_event send = {event->rank,
                                  STREAM_PP,
                                  TIMELINE_SEND,
                                  op->chunk,
                                  op->micro_batch,
                                  start,
                                  start + d->pipeline.p2p_s};
    *free_s = send.end_s;
    add_event(d, &send);
}

/* What follows the pipeline on every stage, one after the other. */
static void add_tail(struct drawing *d, int rank)
{
    static const struct {
        enum term term;
        enum stream stream;
        enum timeline_kind kind;
    } tail[] = {
        {TERM_DP,        STREAM_DP,      TIMELINE_DATA_PARALLEL},
        {TERM_OFFLOAD,   STREAM_DP,      TIMELINE_OFFLOAD      },
        {TERM_OPTIMIZER, STREAM_COMPUTE, TIMELINE_OPTIMIZER    },
        {TERM_STRAGGLER, STREAM_COMPUTE, TIMELINE_STRAGGLER    },
    };
    double at = d->out->pipeline_s + d->parts.layout.ramp_s;
    double host_s = d->scenario->stack.constant[STACK_STEP].value;
    for (size_t i = 0; i < sizeof tail / sizeof *tail; i++) {
        double end = at + d->cost.term_s[tail[i].term];
        struct timeline_event event = {rank, tail[i].stream, tail[i].kind, -1, -1, at, end};
        add_event(d, &event);
        at = end;
    }
    struct timeline_event host = {rank, STREAM_COMPUTE, TIMELINE_HOST, -1, -1, at, at + host_s};
    add_event(d, &host);
    d->out->total_s = at + host_s;
}

/* ---- memory ---- */

static void add_memory(struct drawing *d, int rank, double time_s, double bytes)
{
    if (d->out->memory_count < d->memory_capacity)
        d->out->memory[d->out->memory_count++] = (struct timeline_memory){rank, time_s, bytes};
}

/* Activations live from the start of a forward to the end of its backward (of the weight gradient
 * where that is apart); all else is there at the peak and taken as always there. */
static void add_stage_memory(struct drawing *d, const struct stage_memory *memory, int rank)
{
    const struct schedule_simulation *s = &d->simulation;
    double kept = 1 - d->strategy->offload_activations, peak = 0;
    for (int pass = 0; pass < 2; pass++) {
        double rest = memory->total_bytes[rank] - peak, live = 0;
        if (pass == 1)
            add_memory(d, rank, 0, rest);
        for (size_t i = s->first_event[rank]; i < s->first_event[rank + 1]; i++) {
            const struct schedule_event *event = &s->events[i];
            bool starts = event->op.kind == STAGE_FORWARD;
            if (event->op.kind == STAGE_BACKWARD_INPUT)
                continue;
            double bytes =
                kept * stages_at(&d->parts.stages, event->op.chunk, rank)->activation_bytes;
            live += starts ? bytes : -bytes;
            peak = pass == 0 && live > peak ? live : peak;
            if (pass == 1)
                add_memory(d, rank, starts ? event->start_s : event->end_s, rest + live);
        }
    }
}

/* ---- the whole ---- */

static int by_place(const void *a, const void *b)
{
    const struct timeline_event *x = a, *y = b;
    if (x->stage != y->stage)
        return x->stage - y->stage;
    if (x->stream != y->stream)
        return (int)x->stream - (int)y->stream;
    return x->start_s < y->start_s ? -1 : x->start_s > y->start_s;
}

static void add_stage(struct drawing *d, int rank)
{
    const struct schedule_simulation *s = &d->simulation;
    double link_free_s = 0;
    for (size_t i = s->first_event[rank]; i < s->first_event[rank + 1]; i++) {
        int n = s->events[i].op.paired ? 2 : 1;
        add_operation(d, &s->events[i], n);
        for (int k = 0; k < n; k++)
            add_send(d, &s->events[i + (size_t)k], &link_free_s);
        i += (size_t)(n - 1);
    }
    add_tail(d, rank);
}

static enum status draw(struct drawing *d, struct error *e)
{
    struct timeline *out = d->out;
    struct stage_memory *memory = malloc(sizeof *memory);
    size_t operations = d->simulation.first_event[d->pipeline.shape.ranks];
    d->capacity = operations * STREAMS + (size_t)out->stages * TIMELINE_KINDS;
    d->memory_capacity = operations + (size_t)out->stages;
    out->events = calloc(d->capacity, sizeof *out->events);
    out->memory = calloc(d->memory_capacity, sizeof *out->memory);
    if (!memory || !out->events || !out->memory) {
        error_set(e, STATUS_IO, "out of memory for a timeline");
    } else {
        stage_memory_find(d->scenario, d->strategy, &d->parts, memory);
        for (int r = 0; r < out->stages; r++) {
            add_stage(d, r);
            add_stage_memory(d, memory, r);
        }
        qsort(out->events, out->count, sizeof *out->events, by_place);
    }
    free(memory);
    return e->status;
}

static enum status simulate(struct drawing *d, struct error *e)
{
    struct timeline *out = d->out;
    layout_describe(d->scenario, &d->parts.stages, d->strategy, &d->times, &d->pipeline);
    if (schedule_simulate(&d->pipeline, &d->simulation, e) != STATUS_OK)
        return e->status;
    out->stages = d->pipeline.shape.ranks;
    for (int r = 0; r < out->stages; r++)
        if (d->simulation.end_s[r] > out->pipeline_s)
            out->pipeline_s = d->simulation.end_s[r];
    out->step_s = d->cost.step_s;
    out->exact = d->parts.layout.pipeline.exact;
    out->steps_overlap = d->pipeline.steps_overlap;
    return STATUS_OK;
}

enum status timeline_find(const struct scenario *scenario, const struct strategy *s,
                          struct timeline *out, struct error *e)
{
    struct drawing *d = calloc(1, sizeof *d);
    memset(out, 0, sizeof *out);
    if (!d)
        return error_set(e, STATUS_IO, "out of memory");
    d->scenario = scenario;
    d->strategy = s;
    d->out = out;
    step_take_apart(scenario, s, &d->parts);
    struct step_inputs in = step_parts_inputs(scenario, &d->parts);
    step_evaluate(&in, s, &d->cost);
    find_shares(d);
    schedule_simulation_init(&d->simulation);
    if (simulate(d, e) == STATUS_OK)
        draw(d, e);
    schedule_simulation_free(&d->simulation);
    free(d);
    return e->status;
}

void timeline_free(struct timeline *t)
{
    free(t->events);
    free(t->memory);
    memset(t, 0, sizeof *t);
}
