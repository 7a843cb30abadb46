#include "parallelism/layout.h"
#include "parallelism/step.h"
#include <math.h>

struct schedule_shape layout_shape(const struct scenario *scenario, const struct strategy *s)
{
    double m = strategy_micro_batches(&scenario->job, s);
    return (struct schedule_shape){s->schedule, s->pp, schedule_chunks(s->schedule, s->vpp), (int)m,
                                   s->microbatch_group};
}

static struct chunk_time chunk_time_of(const struct stage *stage)
{
    return (struct chunk_time){stage->forward_s + stage->alone_forward_s,
                               stage->backward_input_s + stage->recompute_s +
                                   stage->alone_backward_s,
                               stage->backward_weight_s};
}

static bool synchronous(const struct scenario *scenario, const struct strategy *s)
{
    return scenario->stack.p2p_synchronous && !(s->overlaps >> OVERLAP_PP & 1);
}

/* Post-validation of the optimizer comes with the zero-bubble schedules alone. */
static bool overlapping(const struct scenario *scenario, const struct strategy *s)
{
    return scenario->stack.steps_overlap && schedule_splits_backward(s->schedule);
}

static void uniform_pipeline(const struct scenario *scenario, const struct stages *stages,
                             const struct strategy *s, struct pipeline_time *out)
{
    const struct split *split = stages->split;
    struct pipeline_uniform u = {.shape = layout_shape(scenario, s),
                                 .chunk = chunk_time_of(&stages->stage[split->inner]),
                                 .p2p_s = stages->p2p_s,
                                 .p2p_synchronous = synchronous(scenario, s),
                                 .steps_overlap = overlapping(scenario, s)};
    u.first = chunk_time_minus(chunk_time_of(&stages->stage[split->first]), u.chunk);
    u.last = chunk_time_minus(chunk_time_of(&stages->stage[split->last]), u.chunk);
    pipeline_uniform_time(&u, out);
}

void layout_describe(const struct scenario *scenario, const struct stages *stages,
                     const struct strategy *s, struct stage_times *times, struct pipeline *out)
{
    const struct split *split = stages->split;
    for (int i = 0; i < split->count; i++) {
        struct chunk_time t = chunk_time_of(&stages->stage[split->class_of[i]]);
        times->forward_s[i] = t.forward_s;
        times->backward_input_s[i] = t.backward_input_s;
        times->backward_weight_s[i] = t.backward_weight_s;
    }
    *out = (struct pipeline){.shape = layout_shape(scenario, s),
                             .forward_s = times->forward_s,
                             .backward_input_s = times->backward_input_s,
                             .backward_weight_s = times->backward_weight_s,
                             .p2p_s = stages->p2p_s,
                             .p2p_synchronous = synchronous(scenario, s),
                             .steps_overlap = overlapping(scenario, s)};
}

static void pipeline_of(const struct scenario *scenario, const struct stages *stages,
                        const struct strategy *s, struct pipeline_time *out)
{
    struct stage_times times;
    struct pipeline p;
    if (stages->split->uniform) {
        uniform_pipeline(scenario, stages, s, out);
        return;
    }
    layout_describe(scenario, stages, s, &times, &p);
    pipeline_time(&p, out);
}

/* What the blocks of a rank do not tell: recompute, exchange with nothing beside it. */
static void add_stage_terms(const struct stages *stages, int rank, double terms[TERMS])
{
    for (int c = 0; c < stages->split->chunks; c++) {
        const struct stage *stage = stages_at(stages, c, rank);
        terms[TERM_RECOMPUTE] += stage->recompute_s;
        terms[TERM_EP] += stage->alone_forward_s + stage->alone_backward_s;
    }
}

/* Saved activations of all micro-batches over the host link, there and back, of the rank that has
 * most of them. */
static double activation_link_s(const struct scenario *scenario, const struct stages *stages,
                                const struct strategy *s, const struct layout_cost *out)
{
    double most = 0, bytes_per_s = scenario->system.gpu.host_bandwidth_bytes_per_s;
    if (s->offload_activations <= 0 || bytes_per_s <= 0)
        return 0;
    for (int rank = 0; rank < s->pp; rank++) {
        double bytes = 0;
        for (int c = 0; c < stages->split->chunks; c++)
            bytes += stages_at(stages, c, rank)->activation_bytes;
        most = fmax(most, bytes);
    }
    return out->passes * 2 * s->offload_activations * most / bytes_per_s;
}

/* What a pipelined step of the stack loses besides its schedule's bubble. */
static double ramp_s(const struct scenario *scenario, const struct stages *stages,
                     const struct layout_cost *out)
{
    double micro_batch_s = out->pipeline.work_s / out->passes;
    return stages->split->ranks > 1 ? scenario->stack.ramp_micro_batches * micro_batch_s : 0;
}

static double rank_work_s(const struct stages *stages, int rank)
{
    double sum = 0;
    for (int c = 0; c < stages->split->chunks; c++) {
        struct chunk_time t = chunk_time_of(stages_at(stages, c, rank));
        sum += chunk_time_sum_s(&t);
    }
    return sum;
}

/* The bottleneck first. */
static void find_ranks(const struct scenario *scenario, const struct stages *stages,
                       struct layout_cost *out)
{
    double busiest_s = rank_work_s(stages, out->pipeline.bottleneck_rank);
    out->rank[0].blocks = stages_rank_blocks(scenario, stages, out->pipeline.bottleneck_rank);
    out->rank[0].behind_s = 0;
    out->ranks = 1;
    for (int i = 0; i < stages->split->distinct_ranks; i++) {
        int rank = stages->split->distinct_rank[i];
        if (rank == out->pipeline.bottleneck_rank)
            continue;
        struct rank_work *work = &out->rank[out->ranks++];
        work->blocks = stages_rank_blocks(scenario, stages, rank);
        work->behind_s = fmax(0, busiest_s - rank_work_s(stages, rank));
    }
}

static void work_terms(const struct scenario *scenario, const struct shard_cost *shard,
                       const struct stages *stages, struct layout_cost *out)
{
    blocks_terms(shard, &out->rank[0].blocks, out->term_s);
    add_stage_terms(stages, out->pipeline.bottleneck_rank, out->term_s);
    for (int i = 0; i < TERMS; i++)
        out->term_s[i] *= out->passes;
    out->term_s[TERM_PP] += out->pipeline.p2p_s;
    /* a difference: rounding may leave it below 0 */
    out->ramp_s = ramp_s(scenario, stages, out);
    out->term_s[TERM_BUBBLE] = fmax(0, out->pipeline.bubble_s) + out->ramp_s;
}

/* Windows in which data-parallel communication may hide: the backward pass of the last micro-batch
 * of a rank, and under virtual stages the passes of the chunks still to come; the first forward
 * pass alike. MODELLING 5.3 */
static void find_windows(const struct stages *stages, struct layout_cost *out)
{
    int chunks = stages->split->chunks;
    double repeats = chunks > 1 ? stages->split->ranks : 1;
    out->forward_window_s = out->backward_window_s = 0;
    for (int c = 0; c < chunks; c++) {
        struct chunk_time t = chunk_time_of(stages_at(stages, c, stages->tail_rank));
        double passes = c == chunks - 1 ? 1 : repeats;
        out->forward_window_s += passes * t.forward_s;
        out->backward_window_s += passes * (t.backward_input_s + t.backward_weight_s);
    }
}

/* In tiles, of so many rows that a tile's logits are as many as the elements of what the head
 * reads: these, turned into their gradients in place, and the gradient of what it read, 2 bytes
 * each. [Liger Kernel, fused_linear_cross_entropy.py: inc_factor] In a number of tiles that the
 * stack sets, a tile's logits, copies of what the head reads and its gradient in fp32. [torchtitan,
 * components/loss.py: ChunkedLossWrapper, GradAccumulator] */
static double logits_bytes(const struct scenario *scenario, const struct shard_cost *shard, int mtp)
{
    const struct stack *stack = &scenario->stack;
    double vocabulary = loss_vocabulary(&scenario->model, &shard->shard, &stack->kernels);
    bool eager = !shard->shard.compiled && stack->eager_logits_bytes > 0;
    double bytes = (eager ? stack->eager_logits_bytes : stack->logits_bytes) * vocabulary;
    if (shard->shard.tiled_loss) {
        double read = scenario->model.hidden_size;
        bytes =
            fmin(bytes, stack->loss_tiles > 0 ? bytes / stack->loss_tiles + 6 * read : 4 * read);
    }
    return (1 + mtp) * bytes * shard_tokens(&shard->shard);
}

struct rank_load layout_load(const struct scenario *scenario, const struct shard_cost *shard,
                             const struct stages *stages, const struct peak *peak)
{
    struct rank_load load = {.rank = peak->rank,
                             .parameters = stages_rank_parameters(stages, peak->rank)};
    for (int c = 0; c < stages->split->chunks; c++) {
        const struct stage_content *content = stages_content(stages, c, peak->rank);
        const struct stage *stage = stages_at(stages, c, peak->rank);
        load.activation_bytes += peak->live.chunk[c] * stage->activation_bytes;
        if (stage->layer_bytes > load.layer_bytes)
            load.layer_bytes = stage->layer_bytes;
        if (stage->working_bytes > load.working_bytes)
            load.working_bytes = stage->working_bytes;
        if (stage->backward_bytes > load.backward_bytes)
            load.backward_bytes = stage->backward_bytes;
        if (content->head)
            load.logits_bytes = logits_bytes(scenario, shard, content->mtp);
    }
    return load;
}

static double recompute_flop(const struct stages *stages)
{
    double sum = 0;
    for (int i = 0; i < stages->split->classes; i++)
        sum += stages->split->stages_of[i] * stages->stage[i].recompute_flop;
    return sum;
}

void layout_loads(const struct scenario *scenario, const struct shard_cost *shard,
                  const struct stages *stages, const struct peaks *peaks, struct layout_cost *out)
{
    out->loads = peaks->count;
    for (int i = 0; i < peaks->count; i++)
        out->load[i] = layout_load(scenario, shard, stages, &peaks->peak[i]);
}

void layout_times(const struct scenario *scenario, const struct shard_cost *shard,
                  const struct stages *stages, const struct strategy *s, struct layout_cost *out)
{
    struct schedule_shape shape = layout_shape(scenario, s);
    out->micro_batches = strategy_micro_batches(&scenario->job, s);
    out->passes = schedule_passes(&shape);
    pipeline_of(scenario, stages, s, &out->pipeline);
    find_ranks(scenario, stages, out);
    work_terms(scenario, shard, stages, out);
    out->activation_link_s = activation_link_s(scenario, stages, s, out);
    find_windows(stages, out);
    out->recompute_flop = out->passes * recompute_flop(stages);
}
