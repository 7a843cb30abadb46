#include "parallelism/memory.h"
#include "base/minmax.h"
#include "parallelism/optimizer.h"
#include "parallelism/weight_bytes.h"

/* Gradients that micro-batches add to before the last is reduced stay whole, in what they are
 * reduced in; the shards come when the whole ones go. [PyTorch FSDP2, _fsdp_param.py:
 * to_accumulated_grad_if_needed; KempnerForge's Llama 3 8B of 32 shards: 51.3 GiB, of which these
 * are 29.9] */
static double gradient_memory(const struct scenario *scenario, const struct zero_cost *zero,
                              const struct shard_parameters *p, double shard_bytes)
{
    double shards =
        shard_bytes * (p->dense / zero->dense.gradient + p->expert / zero->expert.gradient);
    if (zero->held_frac <= 0)
        return shards;
    return max2(shards, scenario->stack.gradient_reduce_bytes * (p->dense + p->expert));
}

/* Weights, gradients, optimizer state: bytes a parameter over the shards of each. MODELLING 6.1 */
static void state_memory(const struct scenario *scenario, const struct zero_cost *zero,
                         const struct strategy *s, const struct shard_parameters *p,
                         double by_kind[MEMORY_KINDS])
{
    const struct stack *k = &scenario->stack;
    const struct sharding *d = &zero->dense, *e = &zero->expert;
    bool shards_away = s->offload_optimizer && k->offloads_shards && zero->zero == 3;
    double weight = shards_away ? 0 : weight_memory_bytes(scenario);
    by_kind[MEMORY_WEIGHTS] = weight * (p->dense / d->parameter + p->expert / e->parameter);
    double gradient = k->gradient_bytes;
    if (scenario->job.precision == DTYPE_BF16 && k->gradient_bytes_bf16 > 0)
        gradient = k->gradient_bytes_bf16;
    if (shards_away)
        gradient = 0;
    by_kind[MEMORY_GRADIENTS] = gradient_memory(scenario, zero, p, gradient);
    by_kind[MEMORY_OPTIMIZER_STATE] =
        s->offload_optimizer
            ? 0
            : optimizer_state_bytes(scenario) * (p->dense / d->state + p->expert / e->state);
}

/* Activations on the GPU. Of what is offloaded two layers' are there too: those that a layer works
 * with, and those on their way. [Transformer Engine, cpu_offload.py:
 * AsyncDoubleBufferGroupOffloadHandler] */
static double held_activation_bytes(const struct rank_load *load, const struct strategy *s)
{
    static const double layers = 2;
    double away = s->offload_activations * load->activation_bytes;
    if (away <= 0)
        return load->activation_bytes;
    return load->activation_bytes - away +
           min2(away, layers * s->offload_activations * load->layer_bytes);
}

/* Parameters that ZeRO-3 gathered and keeps until the backward pass: all of the rank's.
 * [FSDP2, fully_shard: reshard_after_forward false; torchtitan's Lambda runs of gpt-oss-20b hold
 * 37.9 GiB more so, 20.9 10^9 parameters of 2 bytes are 38.9] */
static double kept_bytes(const struct scenario *scenario, const struct rank_load *load,
                         const struct zero_cost *zero, const struct strategy *s)
{
    if (zero->zero < 3 || s->reshard_after_forward)
        return 0;
    return weight_gather_bytes(scenario) * (load->parameters.dense + load->parameters.expert);
}

/* Logits are gone when the layers' backward passes come. A caching allocator gives what they took
 * to the gradients of activations, but hardly to a layer that is computed again and to gathered
 * gradients, whose pieces of the next step's forward pass are in their way: those it adds. */
static void add_backward(const struct rank_load *load, const struct zero_cost *zero,
                         double by_kind[MEMORY_KINDS])
{
    by_kind[MEMORY_ACTIVATIONS] +=
        load->working_bytes + max2(0, load->backward_bytes - load->logits_bytes);
    by_kind[MEMORY_COMMUNICATION] += zero->reduction_bytes;
}

/* The same where a compiler plans the step: of the two moments the fuller one counts, and a step of
 * one micro-batch has no gradients before its backward pass. What the second has over the first is
 * called by what comes last. [XLA, buffer assignment] */
static void add_planned_backward(const struct rank_load *load, const struct zero_cost *zero,
                                 bool accumulates, double by_kind[MEMORY_KINDS])
{
    double layer = load->working_bytes + load->backward_bytes;
    double gradients = accumulates ? 0 : by_kind[MEMORY_GRADIENTS];
    double reduced = gradients + zero->reduction_bytes;
    double over = max2(0, layer + reduced - load->logits_bytes);
    double shown = reduced > 0 ? min2(1, over / reduced) : 0;
    by_kind[MEMORY_ACTIVATIONS] += over - shown * reduced;
    by_kind[MEMORY_GRADIENTS] -= (1 - shown) * gradients;
    by_kind[MEMORY_COMMUNICATION] += shown * zero->reduction_bytes;
}

double rank_memory(const struct scenario *scenario, const struct rank_load *load,
                   const struct zero_cost *zero, const struct strategy *s,
                   double by_kind[MEMORY_KINDS])
{
    state_memory(scenario, zero, s, &load->parameters, by_kind);
    by_kind[MEMORY_ACTIVATIONS] = held_activation_bytes(load, s);
    by_kind[MEMORY_LOGITS] = load->logits_bytes;
    by_kind[MEMORY_COMMUNICATION] = zero->communication_bytes + kept_bytes(scenario, load, zero, s);
    if (scenario->stack.plans_memory)
        add_planned_backward(load, zero, strategy_micro_batches(&scenario->job, s) > 1, by_kind);
    else
        add_backward(load, zero, by_kind);
    double tensors = 0;
    for (int i = 0; i < MEMORY_OVERHEAD; i++)
        tensors += by_kind[i];
    /* states are allocated once and lie flat; what comes and goes leaves gaps */
    double moving = by_kind[MEMORY_ACTIVATIONS] + by_kind[MEMORY_LOGITS];
    by_kind[MEMORY_OVERHEAD] =
        scenario->stack.context_bytes + scenario->stack.allocator_frac * moving;
    return tensors + by_kind[MEMORY_OVERHEAD];
}

const char *const memory_measure_names[MEMORY_MEASURES + 1] = {"device", "reserved", "allocated",
                                                               NULL};

double memory_measured(const struct scenario *scenario, const struct strategy *s,
                       const double by_kind[MEMORY_KINDS], enum memory_measure measure)
{
    double bytes = 0;
    for (int i = 0; i < MEMORY_KINDS; i++)
        bytes += by_kind[i];
    if (measure == MEMORY_OF_DEVICE)
        return bytes;
    bytes -= communicators_bytes(&scenario->stack, s);
    return bytes -
           (measure == MEMORY_ALLOCATED ? by_kind[MEMORY_OVERHEAD] : scenario->stack.context_bytes);
}

double memory_capacity(const struct scenario *scenario)
{
    return scenario->system.gpu.memory_bytes - scenario->stack.reserve_bytes;
}
