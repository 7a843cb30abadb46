#include "parallelism/memory.h"
#include "parallelism/data_parallel.h"
#include <string.h>

/* Weights, gradients, optimizer state: bytes a parameter over the shards of each. MODELLING 6.1 */
static void state_memory(const struct scenario *scenario, const struct strategy *s,
                         const struct shard_parameters *p, double by_kind[MEMORY_KINDS])
{
    const struct stack *k = &scenario->stack;
    struct sharding d = sharding_dense(k, s), e = sharding_expert(k, s);
    by_kind[MEMORY_WEIGHTS] = k->weight_bytes * (p->dense / d.parameter + p->expert / e.parameter);
    double gradient = k->gradient_bytes;
    if (scenario->job.precision == DTYPE_BF16 && k->gradient_bytes_bf16 > 0)
        gradient = k->gradient_bytes_bf16;
    by_kind[MEMORY_GRADIENTS] = gradient * (p->dense / d.gradient + p->expert / e.gradient);
    if (!s->offload_optimizer)
        by_kind[MEMORY_OPTIMIZER_STATE] =
            k->optimizer_bytes * (p->dense / d.state + p->expert / e.state);
}

/* Saved activations of the micro-batches in flight, and one recomputed layer's working set. */
static double activation_memory(const struct stages *stages, const struct strategy *s,
                                double micro_batches, int rank)
{
    struct schedule_shape shape = {s->schedule, stages->ranks, stages->chunks, (int)micro_batches,
                                   s->microbatch_group};
    struct in_flight live;
    pipeline_in_flight(&shape, rank, &live);
    double bytes = 0, working = 0;
    for (int c = 0; c < stages->chunks; c++) {
        const struct stage *stage = &stages->stage[c * stages->ranks + rank];
        bytes += live.chunk[c] * stage->activation_bytes * (1 - s->offload_activations);
        if (stage->working_bytes > working)
            working = stage->working_bytes;
    }
    return bytes + working;
}

static double logits_memory(const struct scenario *scenario, const struct shard_cost *shard,
                            const struct stages *stages, int rank)
{
    for (int c = 0; c < stages->chunks; c++) {
        const struct stage *stage = &stages->stage[c * stages->ranks + rank];
        if (stage->head)
            return (1 + stage->mtp) * scenario->stack.logits_bytes * shard_tokens(&shard->shard) *
                   vocabulary_padded(&scenario->model, shard->shard.tp) / shard->shard.tp;
    }
    return 0;
}

/* Buffers of every communicator of more than one rank; ZeRO-3 holds two gathered layers and one
 * layer's gradients, or the whole vocabulary matrix where that is larger. MODELLING 6.5 */
static double communication_memory(const struct scenario *scenario, const struct shard_cost *shard,
                                   const struct strategy *s)
{
    const struct stack *k = &scenario->stack;
    int active = (s->tp > 1) + (s->cp > 1) + (s->pp > 1) + (s->ep > 1) + (s->dp * s->cp > 1);
    double bytes = active * k->communicator_bytes;
    if (effective_zero(k, s) < 3)
        return bytes;
    double layer = 0;
    for (int i = 0; i < shard->kinds; i++) {
        const struct shard_parameters *p = &shard->layer[i].parameters;
        if (p->dense + p->expert > layer)
            layer = p->dense + p->expert;
    }
    double vocabulary = shard->head.parameters.dense;
    double gathered = 2 * layer > vocabulary ? 2 * layer : vocabulary;
    return bytes + gathered * k->param_gather_bytes + layer * k->gradient_reduce_bytes;
}

double rank_memory(const struct scenario *scenario, const struct shard_cost *shard,
                   const struct stages *stages, const struct strategy *s, int rank,
                   double by_kind[MEMORY_KINDS])
{
    double micro_batches = scenario->job.global_batch / ((double)s->micro_batch * s->dp);
    struct shard_parameters p = stages_rank_parameters(stages, rank);
    memset(by_kind, 0, MEMORY_KINDS * sizeof *by_kind);
    state_memory(scenario, s, &p, by_kind);
    by_kind[MEMORY_ACTIVATIONS] = activation_memory(stages, s, micro_batches, rank);
    by_kind[MEMORY_LOGITS] = logits_memory(scenario, shard, stages, rank);
    by_kind[MEMORY_COMMUNICATION] = communication_memory(scenario, shard, s);
    double tensors = 0;
    for (int i = 0; i < MEMORY_OVERHEAD; i++)
        tensors += by_kind[i];
    /* states are allocated once and lie flat; what comes and goes leaves gaps */
    double moving = by_kind[MEMORY_ACTIVATIONS] + by_kind[MEMORY_LOGITS];
    by_kind[MEMORY_OVERHEAD] =
        scenario->stack.context_bytes + scenario->stack.allocator_frac * moving;
    return tensors + by_kind[MEMORY_OVERHEAD];
}

double memory_capacity(const struct scenario *scenario)
{
    return scenario->system.gpu.memory_bytes - scenario->stack.reserve_bytes;
}
