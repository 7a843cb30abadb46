#include "parallelism/search/bounds.h"
#include "base/minmax.h"
#include <math.h>

/* Sums in another order may differ in their last bits. */
static const double rounding_frac = 1e-9;

double bound_step_s(const struct scenario *scenario, const struct step_constants *constants,
                    double work_s)
{
    return (work_s + scenario->stack.constant[STACK_STEP].value) * (1 + constants->straggler_frac) *
           (1 - rounding_frac);
}

static double block_s(const struct block_cost *b)
{
    return b->forward + b->backward_input + b->backward_weight;
}

/* A pipeline of p ranks and m micro-batches takes at least the mean work of its ranks,
 *     T >= m / p sum over the stages of (F + B),     m / p = B t c / (b N)
 * whatever p: dp = N / (t c p) replicas share B sequences in micro-batches of b. */
double bound_passes_over_ranks(const struct scenario *scenario, int tp, int cp, int micro_batch)
{
    return scenario->job.global_batch * tp * cp / (micro_batch * scenario->system.gpus);
}

double bound_shard_s(const struct scenario *scenario, const struct shard_cost *shard)
{
    const struct model *m = &scenario->model;
    const struct shard *s = &shard->shard;
    double count[MODEL_LAYER_KINDS_MAX] = {0}, work = 0;
    model_count_kinds(m, 0, m->layers, count);
    for (int k = 0; k < shard->kinds; k++)
        work += count[k] * block_s(&shard->layer[k]);
    work += block_s(&shard->embedding) + block_s(&shard->head);
    work += m->mtp_layers * block_s(&shard->mtp);
    return bound_passes_over_ranks(scenario, s->tp, s->cp, s->micro_batch) * work;
}

static double stage_s(const struct stage *stage)
{
    return stage->forward_s + stage->backward_input_s + stage->backward_weight_s +
           stage->recompute_s + stage->alone_forward_s + stage->alone_backward_s;
}

static double rank_s(const struct stages *stages, int rank)
{
    double sum = 0;
    for (int c = 0; c < stages->split->chunks; c++)
        sum += stage_s(stages_at(stages, c, rank));
    return sum;
}

/* True if a rank begins after the first micro-batch has come up to it, and ends before the last has
 * gone down from it, through chunk 0 of the ranks before it. */
static bool goes_up_and_down(const struct strategy *s)
{
    return !schedule_splits_backward(s->schedule);
}

/* T >= sum over ranks j < r of (F_j + B_j + 2 c) of chunk 0 + m (work of r), for every r, in closed
 * forms too (tests/unit/test_pipeline_bounds.c); no schedule is shorter than the work of its
 * fullest rank.
 */
double bound_stages_s(const struct scenario *scenario, const struct stages *stages,
                      const struct strategy *s)
{
    struct schedule_shape shape = layout_shape(scenario, s);
    double passes = schedule_passes(&shape), head = 0, longest = 0;
    for (int r = 0; r < stages->split->ranks; r++) {
        double work = passes * rank_s(stages, r);
        longest = max2(longest, head + work);
        if (goes_up_and_down(s))
            head += stage_s(stages_at(stages, 0, r)) + 2 * stages->p2p_s;
    }
    return longest;
}

void bound_ranks_find(const struct scenario *scenario, const struct stages *stages,
                      struct bound_ranks *out)
{
    out->count = stages->split->distinct_ranks;
    for (int i = 0; i < out->count; i++)
        out->blocks[i] = stages_rank_blocks(scenario, stages, stages->split->distinct_rank[i]);
}

/* ZeRO-3's communication of the rank with the least of it, one micro-batch. */
static double least_fsdp_s(const struct scenario *scenario, const struct shard_cost *shard,
                           const struct bound_ranks *ranks, const struct zero_cost *zero,
                           const struct strategy *s)
{
    struct fsdp_exposed x;
    double least = HUGE_VAL;
    fsdp_exposed_find(scenario, shard, zero, s, &x);
    for (int i = 0; i < ranks->count; i++)
        least = fmin(least, fsdp_blocks_exposed_s(&x, &ranks->blocks[i]));
    return least;
}

double bound_tail_s(const struct scenario *scenario, const struct shard_cost *shard,
                    const struct bound_ranks *ranks, const struct zero_cost *zero,
                    const struct strategy *s)
{
    struct schedule_shape shape = layout_shape(scenario, s);
    double tail = data_parallel_exposed_s(scenario, zero, s, HUGE_VAL, HUGE_VAL);
    tail += zero->optimizer_s;
    if (zero->zero == 3)
        tail += schedule_passes(&shape) * least_fsdp_s(scenario, shard, ranks, zero, s);
    return tail;
}

static void widen(struct sharding *to, const struct sharding *from)
{
    to->state = max2(to->state, from->state);
    to->gradient = max2(to->gradient, from->gradient);
    to->parameter = max2(to->parameter, from->parameter);
}

struct zero_cost bound_zero(const struct zero_cost *zeros, int count)
{
    struct zero_cost most = zeros[0];
    for (int i = 1; i < count; i++) {
        widen(&most.dense, &zeros[i].dense);
        widen(&most.expert, &zeros[i].expert);
        if (zeros[i].communication_bytes < most.communication_bytes)
            most.communication_bytes = zeros[i].communication_bytes;
        if (zeros[i].reduction_bytes < most.reduction_bytes)
            most.reduction_bytes = zeros[i].reduction_bytes;
        if (zeros[i].zero > most.zero) /* stage 3 alone takes its shards to the host */
            most.zero = zeros[i].zero;
        if (zeros[i].held_frac < most.held_frac) /* gradients that are not held whole */
            most.held_frac = zeros[i].held_frac;
    }
    return most;
}

/* A layer's input, kept under any recompute, for each micro-batch in flight: every schedule has as
 * many of them on rank 0 as ranks, or as there are micro-batches. */
double bound_first_rank_bytes(const struct scenario *scenario, const struct strategy *s,
                              double layers)
{
    const struct stack *stack = &scenario->stack;
    struct shard shard = strategy_shard(s, &scenario->job);
    int in_flight = layout_shape(scenario, s).micro_batches;
    double least = HUGE_VAL;
    for (int k = 0; k < scenario->model.kinds; k++) {
        struct activations a;
        layer_activations(&scenario->model, &scenario->model.kind[k], &shard, &stack->kernels, &a);
        least = fmin(least, a.bytes[MODULE_RESIDUAL]);
    }
    in_flight = in_flight < s->pp ? in_flight : s->pp;
    double kept = in_flight * layers * least * (1 - s->offload_activations);
    return (stack->context_bytes + (1 + stack->allocator_frac) * kept) * (1 - rounding_frac);
}

double bound_memory_bytes(const struct scenario *scenario, const struct layout_cost *loads,
                          const struct zero_cost *zero, const struct strategy *s)
{
    double by_kind[MEMORY_KINDS], most = 0;
    struct strategy least = *s;
    least.reshard_after_forward = true; /* keeps nothing that was gathered */
    for (int i = 0; i < loads->loads; i++) {
        struct rank_load load = loads->load[i];
        load.working_bytes = load.backward_bytes = 0;
        most = max2(most, rank_memory(scenario, &load, zero, &least, by_kind));
    }
    return most * (1 - rounding_frac);
}
