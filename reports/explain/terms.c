#include "hardware/host.h"
#include "parallelism/blocks.h"
#include "parallelism/optimizer.h"
#include "parallelism/weight_bytes.h"
#include "reports/explain/parts.h"
#include "reports/format.h"
#include <math.h>
#include <string.h>

/* Lines "  words value" of the terms that are no sum over ops. */
static void line(const struct explanation *x, const char *words, double value, enum unit unit)
{
    struct text scratch = {0};
    text_addf(x->out, "  %s", words);
    text_pad(x->out, 62);
    bool count = unit == UNIT_NONE && value >= 1e4 && value == floor(value);
    text_addf(x->out, "%s\n",
              count ? format_count(&scratch, value) : format_unit(&scratch, value, unit, 5));
    text_free(&scratch);
}

void explain_recompute(const struct explanation *x)
{
    const struct stages *stages = &x->parts->stages;
    const struct strategy *s = x->result->strategy;
    double seconds = 0;
    for (int c = 0; c < stages->split->chunks; c++)
        seconds += stages_at(stages, c, x->parts->layout.pipeline.bottleneck_rank)->recompute_s;
    text_addf(x->out, "  m x forward time of what %s recomputation repeats\n",
              recompute_names[s->recompute]);
    if (s->recompute == RECOMPUTE_FULL && x->result->scenario->stack.prunes_recompute)
        text_addf(x->out, "  less the last product of dense layers, which no gradient reads\n");
    line(x, "repeated, one micro-batch", seconds, UNIT_SECONDS);
    line(x, "m", x->parts->layout.passes, UNIT_NONE);
}

void explain_pipeline(const struct explanation *x, enum term term)
{
    const struct step_parts *p = x->parts;
    const struct strategy *s = x->result->strategy;
    text_addf(x->out,
              "  makespan of schedule %s over %d ranks x %d chunks and %g micro-batches, %s\n",
              schedule_names[s->schedule], p->split.ranks, p->split.chunks, p->layout.micro_batches,
              p->layout.pipeline.exact ? "exact" : "an estimate held to the event simulation");
    line(x, "makespan", p->layout.pipeline.total_s, UNIT_SECONDS);
    line(x, "work of the bottleneck rank over its micro-batches", p->layout.pipeline.work_s,
         UNIT_SECONDS);
    line(x, "exposed transfers between ranks", p->layout.pipeline.p2p_s, UNIT_SECONDS);
    line(x, "one transfer", p->stages.p2p_s, UNIT_SECONDS);
    if (term == TERM_BUBBLE)
        line(x, "bubble = makespan - work - transfers", p->layout.pipeline.bubble_s, UNIT_SECONDS);
}

/* What one layer's collectives take under ZeRO 3, before compute hides any of it. */
static void explain_layer_collectives(const struct explanation *x, const struct zero_block *layer)
{
    const struct stack *stack = &x->result->scenario->stack;
    line(x, "  gather of a layer's parameters", layer->gather_s, UNIT_SECONDS);
    line(x, "  reduction of its gradients", layer->reduce_s, UNIT_SECONDS);
    if (layer->copy_out_s + layer->copy_in_s > 0)
        line(x, "  copies around both, in the way of compute", layer->copy_out_s + layer->copy_in_s,
             UNIT_SECONDS);
    if (stack->lists_partitions)
        text_add(x->out,
                 "    a matrix at a time: 2 host operations for every rank's part, clearing and "
                 "copies in each\n");
}

void explain_data_parallel(const struct explanation *x)
{
    const struct step_parts *p = x->parts;
    const struct strategy *s = x->result->strategy;
    const struct scenario *scenario = x->result->scenario;
    const struct stack *stack = &scenario->stack;
    struct step_inputs in = step_parts_inputs(scenario, p);
    struct sharding dense = p->zero.dense, expert = p->zero.expert;
    double all = p->stages.tail_parameters.dense + p->stages.tail_parameters.expert;
    text_addf(x->out, "  of rank %d, which holds most parameters; ZeRO %d\n", p->stages.tail_rank,
              s->zero);
    line(x, "dense parameters of a GPU", p->stages.tail_parameters.dense, UNIT_NONE);
    line(x, "  over data-parallel ranks", dense.ranks, UNIT_NONE);
    line(x, "  optimizer shards", dense.state, UNIT_NONE);
    if (p->stages.tail_parameters.expert > 0) {
        line(x, "expert parameters of a GPU", p->stages.tail_parameters.expert, UNIT_NONE);
        line(x, "  over data-parallel ranks", expert.ranks, UNIT_NONE);
    }
    line(x, "gradients reduced", all * stack->gradient_reduce_bytes, UNIT_BYTES);
    line(x, "parameters gathered (ZeRO 1 and up)", all * weight_gather_bytes(scenario), UNIT_BYTES);
    if (p->zero.zero == 2)
        line(x, "reductions, one a micro-batch (ZeRO 2 keeps a shard alone)", p->zero.reductions,
             UNIT_NONE);
    line(x, "window of backward compute to hide in", step_replicas_window_s(&in, s), UNIT_SECONDS);
    line(x, "window of forward compute to hide in", p->layout.forward_window_s, UNIT_SECONDS);
    line(x, "exposed = max(last bucket, comm - window) + slowed compute",
         data_parallel_exposed_s(scenario, &p->zero, s, p->layout.forward_window_s,
                                 step_replicas_window_s(&in, s)),
         UNIT_SECONDS);
    if (p->zero.zero != 3)
        return;
    line(x, "ZeRO 3: gathers and reductions inside the layers, m x", step_fsdp_exposed_s(&in, s),
         UNIT_SECONDS);
    explain_layer_collectives(x, &p->zero.layer[0]);
}

void explain_optimizer(const struct explanation *x)
{
    const struct step_parts *p = x->parts;
    const struct stack *stack = &x->result->scenario->stack;
    const struct gpu *gpu = &x->result->scenario->system.gpu;
    struct sharding dense = x->parts->zero.dense, expert = x->parts->zero.expert;
    double owned = p->stages.tail_parameters.dense / dense.state +
                   p->stages.tail_parameters.expert / expert.state;
    double held = p->stages.tail_parameters.dense / dense.gradient +
                  p->stages.tail_parameters.expert / expert.gradient;
    text_add(x->out,
             "  t0 + (owned x update bytes + held x gradient bytes) / (bandwidth x share)\n");
    line(x, "parameters whose state the GPU owns", owned, UNIT_NONE);
    line(x, "update, bytes each", stack->optimizer_traffic_bytes, UNIT_NONE);
    line(x, "parameters whose gradients it holds", held, UNIT_NONE);
    line(x, "gradient, bytes each", stack->gradient_bytes, UNIT_NONE);
    line(x, "memory bandwidth", gpu->memory_bandwidth_bytes_per_s, UNIT_BYTES_PER_S);
    line(x, "share of it", gpu->calibration.memory[MEMORY_OPTIMIZER].bandwidth_frac, UNIT_FRACTION);
}

void explain_offload(const struct explanation *x)
{
    const struct gpu *gpu = &x->result->scenario->system.gpu;
    const struct strategy *s = x->result->strategy;
    const struct layout_cost *layout = &x->parts->layout;
    line(x, "host link, one direction", gpu->host_bandwidth_bytes_per_s, UNIT_BYTES_PER_S);
    if (s->offload_optimizer) {
        const struct scenario *c = x->result->scenario;
        text_add(x->out, "  the update on the host, weights back beside it\n");
        line(x, "update, bytes a parameter", optimizer_traffic_bytes(c), UNIT_NONE);
        line(x, "host memory, for a GPU", host_memory_bytes_per_s(&c->system, c->stack.host_cores),
             UNIT_BYTES_PER_S);
        line(x, "exposed", x->parts->zero.offload_s, UNIT_SECONDS);
    }
    if (s->offload_activations <= 0)
        return;
    double hidden_s = x->result->cost->term_s[TERM_DP];
    text_add(x->out,
             "  saved activations over the host link and back, behind the pipeline and dp\n");
    line(x, "transfers of all micro-batches", layout->activation_link_s, UNIT_SECONDS);
    line(x, "pipeline, its bubbles too", layout->pipeline.total_s, UNIT_SECONDS);
    line(x, "exposed dp", hidden_s, UNIT_SECONDS);
    line(x, "exposed = max(0, transfers - pipeline - dp)", activation_offload_s(layout, hidden_s),
         UNIT_SECONDS);
}

/* A walk that stops once at each block. */
struct host_walk {
    const struct explanation *x;
    char last[sizeof(((struct block *)0)->name)];
};

/* Host time of each block of the bottleneck rank. */
static void add_host(void *context, const struct block *block, const struct op *op,
                     struct op_time time)
{
    struct host_walk *walk = context;
    (void)op;
    (void)time;
    const struct step_parts *p = walk->x->parts;
    double n = blocks_on_rank(block, &p->stages, p->layout.pipeline.bottleneck_rank);
    if (strcmp(walk->last, block->name) == 0 || n == 0)
        return;
    memcpy(walk->last, block->name, sizeof walk->last);
    const struct block_cost *c = block_cost_of(block, &p->shard);
    double once_s =
        c->forward_s[TERM_HOST] + c->backward_input_s[TERM_HOST] + c->backward_weight_s[TERM_HOST];
    struct text words = {0};
    text_addf(&words, "%s: exposed a micro-batch; %g x %g of them", block->name, n,
              p->layout.passes);
    line(walk->x, words.data ? words.data : block->name, once_s, UNIT_SECONDS);
    text_free(&words);
}

void explain_host(const struct explanation *x)
{
    const struct stack *stack = &x->result->scenario->stack;
    struct host_walk walk = {x, ""};
    text_add(x->out, "  gaps between kernels, and launching where it takes longer than running\n");
    blocks_visit(x->result->scenario, x->result->strategy, add_host, &walk);
    line(x, "host time of a kernel launch", stack->constant[STACK_HOST].value, UNIT_SECONDS);
    line(x, "host time of a step besides", stack->constant[STACK_STEP].value, UNIT_SECONDS);
}

void explain_straggler(const struct explanation *x)
{
    const struct step_cost *cost = x->result->cost;
    const struct stack *stack = &x->result->scenario->stack;
    text_add(x->out,
             "  (all other terms) x what a slow GPU takes more x chance that one of n is slow, "
             "1 - (1 - share)^n\n");
    line(x, "all other terms", cost->step_s - cost->term_s[TERM_STRAGGLER], UNIT_SECONDS);
    line(x, "what a slow GPU takes more", stack->straggler_spread_frac, UNIT_FRACTION);
    line(x, "share of GPUs that are slow", stack->straggler_share, UNIT_FRACTION);
    line(x, "n GPUs", x->result->scenario->system.gpus, UNIT_NONE);
    line(x, "chance that one of n is slow", x->parts->constants.straggler_chance, UNIT_FRACTION);
}

static struct in_flight live_of(const struct explanation *x, int rank)
{
    struct schedule_shape shape = layout_shape(x->result->scenario, x->result->strategy);
    struct in_flight live;
    pipeline_in_flight(&shape, rank, &live);
    return live;
}

static void explain_activations(const struct explanation *x, int rank)
{
    const struct stages *stages = &x->parts->stages;
    struct in_flight live = live_of(x, rank);
    double again_bytes = 0, backward_bytes = 0;
    for (int c = 0; c < stages->split->chunks; c++) {
        struct text words = {0};
        text_addf(&words, "activations of chunk %d, a micro-batch; %d in flight", c, live.chunk[c]);
        line(x, words.data ? words.data : "activations",
             stages_at(stages, c, rank)->activation_bytes, UNIT_BYTES);
        text_free(&words);
        again_bytes = fmax(again_bytes, stages_at(stages, c, rank)->working_bytes);
        backward_bytes = fmax(backward_bytes, stages_at(stages, c, rank)->backward_bytes);
    }
    line(x, "activations of a layer computed again", again_bytes, UNIT_BYTES);
    line(x, "gradients of activations, or logits where these are more", backward_bytes, UNIT_BYTES);
}

void explain_memory(const struct explanation *x)
{
    const struct step_cost *cost = x->result->cost;
    const struct stack *stack = &x->result->scenario->stack;
    struct shard_parameters p = stages_rank_parameters(&x->parts->stages, cost->memory_stage);
    struct sharding dense = x->parts->zero.dense, expert = x->parts->zero.expert;
    text_addf(x->out, "\nmemory of a GPU of pipeline rank %d, the fullest\n", cost->memory_stage);
    for (int k = 0; k < MEMORY_KINDS; k++)
        line(x, memory_kind_names[k], cost->memory_bytes[k], UNIT_BYTES);
    line(x, "sum", cost->memory_total_bytes, UNIT_BYTES);
    text_add(x->out,
             "  states: sum over dense and expert parameters of parameters x bytes / shards\n");
    line(x, "dense parameters", p.dense, UNIT_NONE);
    line(x, "expert parameters", p.expert, UNIT_NONE);
    double held = p.dense / dense.gradient + p.expert / expert.gradient;
    text_addf(x->out, "  bytes a parameter: weights %g, gradients %g, optimizer %g\n",
              weight_memory_bytes(x->result->scenario),
              held > 0 ? cost->memory_bytes[MEMORY_GRADIENTS] / held : 0, stack->optimizer_bytes);
    text_addf(x->out,
              "  shards (dense, expert): weights %g, %g; gradients %g, %g; optimizer %g, %g\n",
              dense.parameter, expert.parameter, dense.gradient, expert.gradient, dense.state,
              expert.state);
    explain_activations(x, cost->memory_stage);
    line(x, "logits: bytes each at the peak", stack->logits_bytes, UNIT_NONE);
    line(x, "buffers of one communicator", stack->communicator_bytes, UNIT_BYTES);
    line(x, "overhead: runtime and workspaces", stack->context_bytes, UNIT_BYTES);
    line(x, "overhead: fragmentation, of activations and logits", stack->allocator_frac,
         UNIT_FRACTION);
    line(x, "capacity = device memory - reserve", cost->memory_capacity_bytes, UNIT_BYTES);
}

void explain_mfu(const struct explanation *x)
{
    const struct result *r = x->result;
    const struct job *job = &r->scenario->job;
    text_addf(x->out, "\nmfu = model FLOP / (step x GPUs x peak); %s\n", result_flop_convention);
    line(x, "FLOP a token", model_flop_per_token(&r->scenario->model, job->seq_length), UNIT_FLOP);
    line(x, "tokens a step", job->seq_length * job->global_batch, UNIT_NONE);
    line(x, "model FLOP", r->cost->model_flop, UNIT_FLOP);
    line(x, "hardware FLOP (hfu): with what is recomputed", r->cost->hardware_flop, UNIT_FLOP);
    line(x, "GPUs", r->scenario->system.gpus, UNIT_NONE);
    line(x, "peak of one", r->cost->peak_flop_per_s, UNIT_FLOP_PER_S);
    line(x, "mfu", step_mfu(r->scenario, r->cost), UNIT_FRACTION);
    line(x, "hfu", step_hfu(r->scenario, r->cost), UNIT_FRACTION);
}
