#include "parallelism/data_parallel.h"
#include "base/minmax.h"
#include "hardware/host.h"
#include "hardware/roofline.h"
#include "parallelism/optimizer.h"
#include "parallelism/placement.h"
#include "parallelism/weight_bytes.h"

int effective_zero(const struct stack *stack, const struct strategy *s)
{
    return stack->shards_over_context && s->cp > 1 ? 3 : s->zero;
}

static struct sharding shard_over(const struct stack *stack, const struct strategy *s, double ranks)
{
    int zero = effective_zero(stack, s);
    double context = stack->shards_over_context ? s->cp : 1;
    double state = s->zero_group > 0 ? min2(s->zero_group, ranks) : ranks;
    double parameter = s->fsdp_shard > 0 ? min2(s->fsdp_shard * context, ranks) : ranks;
    if (zero == 3)
        state = parameter;
    return (struct sharding){.ranks = ranks,
                             .state = zero >= 1 ? state : 1,
                             .gradient = zero >= 2 ? state : 1,
                             .parameter = zero >= 3 ? parameter : 1};
}

static struct sharding dense_sharding(const struct stack *stack, const struct strategy *s)
{
    return shard_over(stack, s, (double)s->dp * s->cp);
}

static struct sharding expert_sharding(const struct stack *stack, const struct strategy *s)
{
    return shard_over(stack, s, (double)s->tp * s->cp * s->dp / ((double)s->etp * s->ep));
}

/* Seconds of a collective of the data-parallel grid under the stack's network factor. */
static double network_s(const struct scenario *scenario, struct memo *memo, enum collective op,
                        double bytes, double ranks, double stride)
{
    if (ranks <= 1 || bytes <= 0)
        return 0;
    struct group g = placement_group(&scenario->system, ranks, stride);
    return memo_collective_s(memo, scenario, op, bytes, &g);
}

/* Gradient reduction and parameter gather of one set of parameters (dense or expert). Without ZeRO
 * an all-reduce; with it a reduce-scatter in the shard group, an all-reduce of the shards over the
 * groups' replicas, and a gather of the updated parameters or, in some stacks, a broadcast by each
 * owner in turn, n of 1/n of the bytes: the latency of n ranks n times. ZeRO-3 gathers within the
 * layers instead. */
struct reduction {
    double reduce_s, gather_s;
};

static struct reduction reduction_of(const struct scenario *scenario, const struct strategy *s,
                                     const struct sharding *z, double stride, double parameters,
                                     struct memo *memo)
{
    double g = scenario->stack.gradient_reduce_bytes * parameters;
    double w = weight_gather_bytes(scenario) * parameters;
    struct reduction r = {0, 0};
    double replicas = z->ranks / z->state;
    int zero = effective_zero(&scenario->stack, s);
    bool whole = zero == 0 || (zero == 1 && scenario->stack.gradient_all_reduce);
    if (whole)
        r.reduce_s = network_s(scenario, memo, COLLECTIVE_ALL_REDUCE, g, z->ranks, stride);
    else if (zero < 3)
        r.reduce_s = network_s(scenario, memo, COLLECTIVE_REDUCE_SCATTER, g, z->state, stride);
    if (!whole)
        r.reduce_s += network_s(scenario, memo, COLLECTIVE_ALL_REDUCE, g / z->state, replicas,
                                stride * z->state);
    if (zero == 1 || zero == 2)
        r.gather_s = scenario->stack.broadcasts_parameters
                         ? z->state * network_s(scenario, memo, COLLECTIVE_BROADCAST, w / z->state,
                                                z->state, stride)
                         : network_s(scenario, memo, COLLECTIVE_ALL_GATHER, w, z->state, stride);
    return r;
}

/* Communication of `comm_s` beside a window of compute: the last bucket has nothing left to hide
 * behind, the rest is exposed as far as the window is too short, and what is hidden slows the
 * compute. */
static double exposed_s(const struct scenario *scenario, bool overlapped, double comm_s,
                        double window_s, double bucket_frac)
{
    if (!overlapped)
        return comm_s;
    double exposed = max2(comm_s * min2(1, bucket_frac), comm_s - window_s);
    return exposed + (comm_s - exposed) * scenario->stack.contention_frac;
}

/* Update: reads gradient, master weight and moments, writes them and the 16-bit weight
 * (optimizer_traffic_bytes of each owned parameter), zeroes the gradients of all. MODELLING 5.7 */
static double optimizer_s(const struct scenario *scenario, const struct shard_parameters *p,
                          const struct sharding *dense, const struct sharding *expert)
{
    const struct stack *stack = &scenario->stack;
    double owned = p->dense / dense->state + p->expert / expert->state;
    double held = p->dense / dense->gradient + p->expert / expert->gradient;
    struct memory_op op = {MEMORY_OPTIMIZER, owned * optimizer_traffic_bytes(scenario) +
                                                 held * stack->gradient_bytes};
    return memory_op_s(&scenario->system.gpu, &op) +
           optimizer_orthogonalise_s(scenario, p->dense / dense->state, p->expert / expert->state);
}

/* Parameters that ZeRO 3 gathers and reduces together: of the layer that has most, or of its
 * largest matrix. */
static double gathered_parameters(const struct stack *stack, const struct shard_cost *shard)
{
    double most = 0;
    for (int i = 0; i < shard->kinds; i++) {
        const struct block_cost *layer = &shard->layer[i];
        most = max2(most, stack->gathers_each_matrix
                              ? layer->largest_matrix
                              : layer->parameters.dense + layer->parameters.expert);
    }
    return most;
}

/* A layer's gradients while ZeRO 3 reduces them; where they are copied for it, in their own 16 bit
 * and in what is reduced. [PyTorch FSDP2, _fsdp_collectives.py: foreach_reduce] */
static double reduction_bytes(const struct stack *stack, const struct shard_cost *shard, int zero)
{
    double own = stack->copies_parameters ? dtype_bytes(DTYPE_BF16) : 0;
    return zero < 3 ? 0 : gathered_parameters(stack, shard) * (own + stack->gradient_reduce_bytes);
}

double communicators_bytes(const struct stack *stack, const struct strategy *s)
{
    int active = (s->tp > 1) + (s->cp > 1) + (s->pp > 1) + (s->ep > 1) + (s->dp * s->cp > 1);
    return active * stack->communicator_bytes;
}

/* Besides the communicators' buffers ZeRO-3 holds two gathered layers or matrices, or the whole
 * vocabulary matrix where that is larger, unless what is gathered stays (memory.c, kept_bytes).
 * MODELLING 6.5 */
static double communication_bytes(const struct scenario *scenario, const struct shard_cost *shard,
                                  const struct strategy *s, int zero)
{
    const struct stack *k = &scenario->stack;
    double bytes = communicators_bytes(k, s);
    if (zero < 3)
        return bytes;
    double vocabulary = shard->head.parameters.dense;
    double gathered =
        !s->reshard_after_forward ? 0 : max2(2 * gathered_parameters(k, shard), vocabulary);
    return bytes + gathered * weight_gather_bytes(scenario);
}

/* What torch.distributed's collectives over lists add to `calls` of them: the host slices the part
 * of every rank and launches its copy between the list and the collective's own buffer, and those
 * copies and the cleared result pass through memory, `bytes`. Nothing hides them: each
 * call starts with a synchronisation of the device.
 * DeepSpeed 0.3, partition_parameters.py: _allgather_param, _reduce_scatter_gradient. */
static double list_s(const struct scenario *scenario, double calls, double ranks, double bytes)
{
    static const double host_operations = 2;
    struct memory_op copies = {MEMORY_ELEMENTWISE, bytes};
    return calls * ranks * host_operations * scenario->stack.constant[STACK_HOST].value +
           memory_op_s(&scenario->system.gpu, &copies);
}

/* A collective in `calls` parts: the stack's factor is of the traffic, the latency of further calls
 * the network's own, with what each waits. */
static double divided_s(const struct scenario *scenario, struct memo *memo, enum collective op,
                        double bytes, const struct group *g, double calls)
{
    const struct system *system = &scenario->system;
    double latency_s =
        calls * collective_s(system, op, bytes / calls, g) - collective_s(system, op, bytes, g);
    double wait_s = (calls - 1) * scenario->stack.collective_wait_s;
    return memo_collective_s(memo, scenario, op, bytes, g) + max2(0, latency_s) + wait_s;
}

/* Matrix by matrix through lists: cleared (1 pass) and copied (2); gradients copied. */
static struct zero_block listed_block(const struct scenario *scenario, const struct strategy *s,
                                      const struct zero_cost *zero, const struct block_cost *block,
                                      struct memo *memo)
{
    double ranks = zero->dense.parameter, calls = max2(1, block->matrices);
    struct group g = placement_group(&scenario->system, ranks, s->tp);
    double p = block->parameters.dense + block->parameters.expert;
    double w = weight_gather_bytes(scenario) * p;
    double reduced = scenario->stack.gradient_reduce_bytes * p;
    if (ranks <= 1 || p <= 0)
        return (struct zero_block){0};
    return (struct zero_block){
        .gather_s = divided_s(scenario, memo, COLLECTIVE_ALL_GATHER, w, &g, calls) +
                    list_s(scenario, calls, ranks, 3 * w),
        .reduce_s = divided_s(scenario, memo, COLLECTIVE_REDUCE_SCATTER, reduced, &g, calls) +
                    list_s(scenario, calls, ranks, 2 * reduced),
    };
}

/* Parameters sharded one by one leave the gather's buffer by a copy, and their gradients enter the
 * reduction's by another, which turns 16 bit into what is reduced; both run among the layers'
 * kernels. [PyTorch FSDP2, _fsdp_collectives.py: all_gather_copy_out, chunk_cat] */
static void add_copies(const struct scenario *scenario, double parameters, struct zero_block *out)
{
    const struct gpu *gpu = &scenario->system.gpu;
    double gradient_bytes = dtype_bytes(DTYPE_BF16) + scenario->stack.gradient_reduce_bytes;
    struct memory_op copy_out = {MEMORY_ELEMENTWISE,
                                 2 * weight_gather_bytes(scenario) * parameters};
    struct memory_op copy_in = {MEMORY_ELEMENTWISE, gradient_bytes * parameters};
    out->copy_out_s = memory_op_s(gpu, &copy_out);
    out->copy_in_s = memory_op_s(gpu, &copy_in);
}

/* Views of one flat parameter need no copy after its gather; their 16-bit gradients are joined,
 * cast to what is reduced and divided by a part of the ranks before the reduction. [PyTorch FSDP,
 * _runtime_utils.py: _post_backward_hook, _reduce_grad; SplitWithSizes's backward] */
static void add_flat_gradient(const struct scenario *scenario, double parameters,
                              struct zero_block *out)
{
    double bf16_bytes = dtype_bytes(DTYPE_BF16), bytes = scenario->stack.gradient_reduce_bytes;
    double cast_bytes = bytes == bf16_bytes ? 0 : bf16_bytes + bytes;
    struct memory_op copies = {MEMORY_ELEMENTWISE,
                               (2 * bf16_bytes + cast_bytes + 2 * bytes) * parameters};
    out->copy_in_s = memory_op_s(&scenario->system.gpu, &copies);
}

static struct zero_block zero_block(const struct scenario *scenario, const struct strategy *s,
                                    const struct zero_cost *zero, const struct block_cost *block,
                                    struct memo *memo)
{
    const struct stack *stack = &scenario->stack;
    if (stack->lists_partitions)
        return listed_block(scenario, s, zero, block, memo);
    double ranks[2] = {zero->dense.parameter, zero->expert.parameter};
    double p[2] = {block->parameters.dense, block->parameters.expert};
    double stride[2] = {s->tp, (double)s->etp * s->ep};
    struct zero_block b = {.held_frac = zero->held_frac, .reduces_alone = zero->reduces_alone};
    for (int i = 0; i < 2; i++) {
        b.gather_s += network_s(scenario, memo, COLLECTIVE_ALL_GATHER,
                                weight_gather_bytes(scenario) * p[i], ranks[i], stride[i]);
        b.reduce_s += network_s(scenario, memo, COLLECTIVE_REDUCE_SCATTER,
                                stack->gradient_reduce_bytes * p[i], ranks[i], stride[i]);
    }
    double sharded = p[0] * (ranks[0] > 1) + p[1] * (ranks[1] > 1);
    if (stack->flattens_parameters)
        add_flat_gradient(scenario, sharded, &b);
    else if (stack->copies_parameters)
        add_copies(scenario, sharded, &b);
    return b;
}

/* DeepSpeed keeps what it gathered for a module's recompute until its backward pass where fewer
 * parameters than stage3_max_reuse_distance lie between the two. */
static bool released_after_recompute(const struct stack *stack, const struct block_cost *layer)
{
    double parameters = layer->parameters.dense + layer->parameters.expert;
    return stack->reuse_parameters > 0 && parameters > stack->reuse_parameters;
}

static void add_blocks(const struct scenario *scenario, const struct shard_cost *shard,
                       const struct strategy *s, struct memo *memo, struct zero_cost *out)
{
    for (int k = 0; k < shard->kinds; k++) {
        const struct block_cost *layer = &shard->layer[k];
        out->layer[k] = zero_block(scenario, s, out, layer, memo);
        if (released_after_recompute(&scenario->stack, layer))
            out->layer[k].regather_s = out->layer[k].gather_s;
    }
    out->embedding = zero_block(scenario, s, out, &shard->embedding, memo);
    out->head = zero_block(scenario, s, out, &shard->head, memo);
}

/* An offloaded optimizer updates where its state is [DeepSpeed, cpu_adam; Megatron-Core,
 * HybridDeviceOptimizer; PyTorch FSDP2, CPUOffloadPolicy]: the update passes the host's memory.
 * Gradients cross the host link beside the backward pass, weights cross back while the next are
 * updated [ZeRO-Offload, arXiv:2101.06840, sections 4 and 5]. For each owned parameter
 *
 *     max(update / host memory, weight / host link)                                 [s] */
static double offload_s(const struct scenario *scenario, const struct shard_parameters *p,
                        const struct zero_cost *zero)
{
    double link_bytes_per_s = scenario->system.gpu.host_bandwidth_bytes_per_s;
    double owned = p->dense / zero->dense.state + p->expert / zero->expert.state;
    double update_s = optimizer_traffic_bytes(scenario) /
                      host_memory_bytes_per_s(&scenario->system, scenario->stack.host_cores);
    if (link_bytes_per_s <= 0)
        return 0;
    return owned * max2(update_s, weight_gather_bytes(scenario) / link_bytes_per_s);
}

/* Of m micro-batches m - 1 leave their gradients whole where the stack reduces the last one's
 * alone. [PyTorch FSDP2, set_requires_gradient_sync(False); torch.distributed.pipelining, stage.py:
 * backward_maybe_with_nosync, which calls FSDP2's post_backward after the last backward pass] */
static void hold_gradients(const struct scenario *scenario, const struct strategy *s,
                           struct zero_cost *out)
{
    const struct stack *stack = &scenario->stack;
    bool pipelined = s->pp > 1 && stack->pipelines_accumulate_whole;
    bool holds = out->zero == 3 && (pipelined || stack->accumulates_whole);
    out->held_frac = holds ? 1 - 1 / strategy_micro_batches(&scenario->job, s) : 0;
    out->reduces_alone = holds && pipelined;
}

void zero_cost_init(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct strategy *s, struct zero_cost *out)
{
    out->zero = effective_zero(&scenario->stack, s);
    out->dense = dense_sharding(&scenario->stack, s);
    out->expert = expert_sharding(&scenario->stack, s);
    out->communication_bytes = communication_bytes(scenario, shard, s, out->zero);
    out->reduction_bytes = reduction_bytes(&scenario->stack, shard, out->zero);
    hold_gradients(scenario, s, out);
    out->reductions = out->zero == 2 ? strategy_micro_batches(&scenario->job, s) : 1;
}

void zero_cost_price(const struct scenario *scenario, const struct shard_cost *shard,
                     const struct shard_parameters *parameters, const struct strategy *s,
                     struct memo *memo, struct zero_cost *out)
{
    const struct stack *stack = &scenario->stack;
    struct reduction d = reduction_of(scenario, s, &out->dense, s->tp, parameters->dense, memo);
    struct reduction e =
        reduction_of(scenario, s, &out->expert, (double)s->etp * s->ep, parameters->expert, memo);
    double all = parameters->dense + parameters->expert;
    out->reduce_s = d.reduce_s + e.reduce_s;
    out->gather_s = d.gather_s + e.gather_s;
    out->bucket_frac = all > 0 ? stack->dp_bucket_parameters / all : 1;
    out->optimizer_s = optimizer_s(scenario, parameters, &out->dense, &out->expert);
    out->offload_s = offload_s(scenario, parameters, out);
    if (out->zero == 3)
        add_blocks(scenario, shard, s, memo, out);
}

/* The gradients' reduction runs beside the backward pass; ZeRO 3's, the all-reduce of shards over
 * their replicas, on a stream of its own where the stack prefetches and there are shards. [PyTorch
 * FSDP2, _fsdp_collectives.py: foreach_reduce, all_reduce_stream] */
static bool hides_reduction(const struct zero_cost *zero, const struct strategy *s)
{
    bool prefetch = s->overlaps >> OVERLAP_FSDP_PREFETCH & 1;
    bool sharded = zero->zero == 3 && zero->dense.parameter > 1;
    return (s->overlaps >> OVERLAP_DP_GRAD_REDUCE & 1) || (sharded && prefetch);
}

/* deepspeedai/DeepSpeed issue 2252: "for zero stage 2 (and 3), gradient reduction is required after
 * every backward because of gradient partitioning". */
double data_parallel_exposed_s(const struct scenario *scenario, const struct zero_cost *zero,
                               const struct strategy *s, double forward_window_s,
                               double backward_window_s)
{
    return zero->reductions * exposed_s(scenario, hides_reduction(zero, s), zero->reduce_s,
                                        backward_window_s, zero->bucket_frac) +
           exposed_s(scenario, s->overlaps >> OVERLAP_DP_PARAM_GATHER & 1, zero->gather_s,
                     forward_window_s, zero->bucket_frac);
}

/* Compute beside communication; the longer decides, the shorter slows it. MODELLING 5.6 */
static double fsdp_exposed_s(const struct scenario *scenario, double comm_s, double compute_s)
{
    return max2(0, comm_s - compute_s) + min2(comm_s, compute_s) * scenario->stack.contention_frac;
}

/* The gather of the next layer runs beside this one where the stack prefetches, the reduction of
 * the last layer beside this one's backward pass; else each is exposed. */
static double fsdp_pass_s(const struct scenario *scenario, const struct strategy *s,
                          double gather_s, double reduce_s, double compute_s)
{
    bool prefetch = s->overlaps >> OVERLAP_FSDP_PREFETCH & 1;
    bool gathers = prefetch || (s->overlaps >> OVERLAP_DP_PARAM_GATHER & 1);
    bool reduces = prefetch || (s->overlaps >> OVERLAP_DP_GRAD_REDUCE & 1);
    double beside = (gathers ? gather_s : 0) + (reduces ? reduce_s : 0);
    return gather_s + reduce_s - beside + fsdp_exposed_s(scenario, beside, compute_s);
}

double fsdp_backward_exposed_s(const struct scenario *scenario, const struct zero_block *zero,
                               const struct strategy *s, const struct block_cost *block)
{
    double again = s->reshard_after_forward ? zero->gather_s : 0;
    if (s->recompute == RECOMPUTE_FULL)
        again += zero->regather_s;
    double compute_s = block->backward_input + block->backward_weight;
    double beside_s = zero->reduces_alone ? 0 : zero->reduce_s;
    double waited_s = fsdp_pass_s(scenario, s, again, beside_s, compute_s);
    if (zero->held_frac > 0)
        waited_s = (1 - zero->held_frac) * waited_s +
                   zero->held_frac * fsdp_pass_s(scenario, s, again, 0, compute_s);
    return waited_s + (1 - zero->held_frac) * (zero->reduce_s - beside_s);
}

double fsdp_block_exposed_s(const struct scenario *scenario, const struct zero_block *zero,
                            const struct strategy *s, const struct block_cost *block)
{
    double copies_s =
        (1 + s->reshard_after_forward) * zero->copy_out_s + (1 - zero->held_frac) * zero->copy_in_s;
    return fsdp_pass_s(scenario, s, zero->gather_s, 0, block->forward) +
           fsdp_backward_exposed_s(scenario, zero, s, block) + copies_s;
}
