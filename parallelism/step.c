#include "parallelism/step.h"
#include "parallelism/data_parallel.h"
#include "parallelism/interval.h"
#include "parallelism/memory.h"
#include "parallelism/step_parts.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* A step waits for its slowest GPU, and few are much slower than the rest [Jiang24]: the
 * expected largest of n values that are 1 with the probability `share` and else 0. */
static double straggler_chance(double share, double n)
{
    return -expm1(n * log1p(-share));
}

void step_constants_compute(const struct scenario *scenario, struct step_constants *out)
{
    const struct job *job = &scenario->job;
    out->model_flop = job->seq_length * job->global_batch *
                      (model_flop_per_token(&scenario->model, job->seq_length) +
                       model_mtp_flop_per_token(&scenario->model, job->seq_length));
    out->peak_flop_per_s = scenario->system.gpu.peak_flop_per_s[job->precision];
    const struct stack *stack = &scenario->stack;
    out->straggler_chance = straggler_chance(stack->straggler_share, scenario->system.gpus);
    out->straggler_frac = stack->straggler_spread_frac * out->straggler_chance;
    out->variance = interval_common_variance(scenario);
    out->memory_capacity_bytes = memory_capacity(scenario);
}

void fsdp_exposed_find(const struct scenario *scenario, const struct shard_cost *shard,
                       const struct zero_cost *zero, const struct strategy *s,
                       struct fsdp_exposed *out)
{
    out->kinds = shard->kinds;
    for (int k = 0; k < shard->kinds; k++)
        out->layer_s[k] = fsdp_block_exposed_s(scenario, &zero->layer[k], s, &shard->layer[k]);
    out->embedding_s = fsdp_block_exposed_s(scenario, &zero->embedding, s, &shard->embedding);
    out->head_s = fsdp_block_exposed_s(scenario, &zero->head, s, &shard->head);
}

double fsdp_blocks_exposed_s(const struct fsdp_exposed *x, const struct block_counts *n)
{
    double sum = 0;
    for (int k = 0; k < x->kinds; k++)
        sum += n->layers[k] * x->layer_s[k];
    return sum + n->embedding * x->embedding_s + n->head_matrix * x->head_s;
}

/* What the slowest rank with its communication takes more than the busiest without: a rank r of
 * work w and communication x, both of a micro-batch, for max (w + x) - max w. */
double step_fsdp_exposed_s(const struct step_inputs *in, const struct strategy *s)
{
    const struct layout_cost *layout = in->layout;
    struct fsdp_exposed x;
    double longest = 0;
    fsdp_exposed_find(in->scenario, in->shard, in->zero, s, &x);
    for (int i = 0; i < layout->ranks; i++) {
        const struct rank_work *rank = &layout->rank[i];
        longest = fmax(longest, fsdp_blocks_exposed_s(&x, &rank->blocks) - rank->behind_s);
    }
    return longest;
}

/* Saved activations move while the pipeline runs and while it waits for data-parallel traffic:
 *     max(0, m 2 B / beta - pipeline - exposed)              [s]
 * m micro-batches of B offloaded bytes; beta: the host link's rate, one direction. MODELLING 6.5.
 * Its bubbles are among what hides them, so that a faster link elsewhere cannot make the step
 * longer. */
double activation_offload_s(const struct layout_cost *layout, double data_parallel_s)
{
    return fmax(0, layout->activation_link_s - layout->pipeline.total_s - data_parallel_s);
}

double step_replicas_window_s(const struct step_inputs *in, const struct strategy *s)
{
    const struct block_counts *n = &in->layout->rank[0].blocks;
    double waits_s = 0;
    for (int k = 0; k < in->shard->kinds && in->zero->zero == 3 && in->zero->reduce_s > 0; k++)
        waits_s += n->layers[k] * fsdp_backward_exposed_s(in->scenario, &in->zero->layer[k], s,
                                                          &in->shard->layer[k]);
    return in->layout->backward_window_s + waits_s;
}

static void add_tail(const struct step_inputs *in, const struct strategy *s, struct step_cost *out)
{
    out->term_s[TERM_DP] += data_parallel_exposed_s(
        in->scenario, in->zero, s, in->layout->forward_window_s, step_replicas_window_s(in, s));
    if (in->zero->zero == 3)
        out->term_s[TERM_DP] += in->layout->passes * step_fsdp_exposed_s(in, s);
    out->term_s[TERM_OPTIMIZER] += in->zero->optimizer_s;
    out->term_s[TERM_OFFLOAD] += activation_offload_s(in->layout, out->term_s[TERM_DP]);
    if (s->offload_optimizer)
        out->term_s[TERM_OFFLOAD] += in->zero->offload_s;
    out->term_s[TERM_HOST] += in->scenario->stack.constant[STACK_STEP].value;
}

static void add_straggler(const struct step_constants *constants, struct step_cost *out)
{
    double sum = 0;
    for (int i = 0; i < TERM_STRAGGLER; i++)
        sum += out->term_s[i];
    out->term_s[TERM_STRAGGLER] = sum * constants->straggler_frac;
    out->step_s = sum + out->term_s[TERM_STRAGGLER];
    out->variance = constants->variance + interval_traffic_variance(out);
}

static void find_peak_memory(const struct step_inputs *in, const struct strategy *s,
                             struct step_cost *out)
{
    double by_kind[MEMORY_KINDS];
    out->memory_total_bytes = -1;
    for (int i = 0; i < in->layout->loads; i++) {
        const struct rank_load *load = &in->layout->load[i];
        double total = rank_memory(in->scenario, load, in->zero, s, by_kind);
        if (total <= out->memory_total_bytes)
            continue;
        out->memory_total_bytes = total;
        out->memory_stage = load->rank;
        memcpy(out->memory_bytes, by_kind, sizeof by_kind);
    }
    out->memory_capacity_bytes = in->constants->memory_capacity_bytes;
    out->fits = out->memory_total_bytes <= out->memory_capacity_bytes;
}

void step_evaluate(const struct step_inputs *in, const struct strategy *s, struct step_cost *out)
{
    out->legal = true;
    out->rule = NULL;
    out->reason[0] = '\0';
    out->micro_batches = in->layout->micro_batches;
    out->bottleneck_stage = in->layout->pipeline.bottleneck_rank;
    memcpy(out->term_s, in->layout->term_s, sizeof out->term_s);
    add_tail(in, s, out);
    add_straggler(in->constants, out);
    find_peak_memory(in, s, out);
    out->model_flop = in->constants->model_flop;
    out->hardware_flop =
        out->model_flop + in->layout->recompute_flop * s->tp * s->cp * (double)s->dp;
    out->peak_flop_per_s = in->constants->peak_flop_per_s;
}

static void say_memory(struct step_cost *out)
{
    if (out->fits)
        return;
    const double gib = 1024.0 * 1024 * 1024;
    double need = out->memory_total_bytes / gib, has = out->memory_capacity_bytes / gib;
    int decimals = need - has < 0.1 ? 3 : 1; /* else both may read 79.6 */
    snprintf(out->reason, sizeof out->reason, "needs %.*f GiB on stage %d of %.*f GiB a GPU has",
             decimals, need, out->memory_stage, decimals, has);
}

void step_take_apart(const struct scenario *scenario, const struct strategy *s,
                     struct step_parts *out)
{
    struct schedule_shape shape = layout_shape(scenario, s);
    step_constants_compute(scenario, &out->constants);
    shard_cost_compute(scenario, s, NULL, &out->shard);
    split_compute(scenario, s, &out->split);
    split_peaks(&out->split, &shape, &out->peaks);
    stages_init(scenario, &out->shard, s, &out->split, NULL, &out->stages);
    stages_recompute(&out->shard, s, &out->stages);
    layout_loads(scenario, &out->shard, &out->stages, &out->peaks, &out->layout);
    layout_times(scenario, &out->shard, &out->stages, s, &out->layout);
    zero_cost_init(scenario, &out->shard, s, &out->zero);
    zero_cost_price(scenario, &out->shard, &out->stages.tail_parameters, s, NULL, &out->zero);
}

struct step_inputs step_parts_inputs(const struct scenario *scenario,
                                     const struct step_parts *parts)
{
    return (struct step_inputs){scenario, &parts->constants, &parts->shard, &parts->layout,
                                &parts->zero};
}

void step_estimate(const struct scenario *scenario, const struct strategy *s, struct step_cost *out)
{
    char reason[sizeof out->reason] = "";
    const char *rule = strategy_illegal(scenario, s, reason, sizeof reason);
    if (rule) {
        memset(out, 0, sizeof *out);
        out->rule = rule;
        memcpy(out->reason, reason, sizeof reason);
        return;
    }
    struct step_parts parts;
    step_take_apart(scenario, s, &parts);
    struct step_inputs in = step_parts_inputs(scenario, &parts);
    step_evaluate(&in, s, out);
    say_memory(out);
}

double step_tokens_per_s(const struct scenario *scenario, const struct step_cost *c)
{
    return scenario->job.seq_length * scenario->job.global_batch / c->step_s;
}

double step_mfu(const struct scenario *scenario, const struct step_cost *c)
{
    return c->model_flop / (c->step_s * scenario->system.gpus * c->peak_flop_per_s);
}

double step_hfu(const struct scenario *scenario, const struct step_cost *c)
{
    return c->hardware_flop / (c->step_s * scenario->system.gpus * c->peak_flop_per_s);
}
