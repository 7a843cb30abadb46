#include "parallelism/step.h"
#include "parallelism/data_parallel.h"
#include "parallelism/memory.h"
#include "parallelism/step_parts.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

/* Expected largest of n independent standard normal values, within 1 % for n >= 8. [Blom58] */
static double expected_largest(double n)
{
    if (n <= 1)
        return 0;
    double p = (n - 0.375) / (n + 0.25), t = sqrt(-2 * log(1 - p));
    /* upper quantile of the normal distribution, Abramowitz and Stegun 26.2.23, error below 4.5e-4
     */
    return t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                   (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
}

/* Windows in which data-parallel communication may hide: the backward pass of the last micro-batch
 * of a rank, and under virtual stages the passes of the chunks still to come; the first forward
 * pass alike. MODELLING 5.3 */
struct windows {
    double forward_s, backward_s;
};

static struct windows dp_windows(const struct stages *stages, int rank)
{
    struct windows w = {0, 0};
    double repeats = stages->chunks > 1 ? stages->ranks : 1;
    for (int c = 0; c < stages->chunks; c++) {
        int i = c * stages->ranks + rank;
        double passes = c == stages->chunks - 1 ? 1 : repeats;
        w.forward_s += passes * stages->forward_s[i];
        w.backward_s += passes * (stages->backward_input_s[i] + stages->backward_weight_s[i]);
    }
    return w;
}

/* The rank whose tail (reduction and update) ends the step: the one with most parameters. */
static int heaviest_rank(const struct stages *stages)
{
    int heaviest = 0;
    double most = -1;
    for (int r = 0; r < stages->ranks; r++) {
        struct shard_parameters p = stages_rank_parameters(stages, r);
        if (p.dense + p.expert > most) {
            most = p.dense + p.expert;
            heaviest = r;
        }
    }
    return heaviest;
}

/* ZeRO-3 communication of the rank's blocks for one micro-batch. */
static double fsdp_exposed_s(const struct scenario *scenario, const struct shard_cost *shard,
                             const struct stages *stages, const struct strategy *s, int rank)
{
    double sum = 0;
    for (int c = 0; c < stages->chunks; c++) {
        const struct stage *stage = &stages->stage[c * stages->ranks + rank];
        for (int k = 0; k < shard->kinds; k++)
            if (stage->layers[k] > 0)
                sum += stage->layers[k] * fsdp_block_exposed_s(scenario, s, &shard->layer[k]);
        if (stage->embedding)
            sum += fsdp_block_exposed_s(scenario, s, &shard->embedding);
        if (stage->head && !(scenario->model.tied_embeddings && stage->embedding))
            sum += fsdp_block_exposed_s(scenario, s, &shard->head);
    }
    return sum;
}

static struct pipeline_time pipeline_of(const struct scenario *scenario,
                                        const struct stages *stages, const struct strategy *s,
                                        double micro_batches)
{
    struct pipeline p = {
        .shape = {s->schedule, stages->ranks, stages->chunks, (int)micro_batches,
                  s->microbatch_group},
        .forward_s = stages->forward_s,
        .backward_input_s = stages->backward_input_s,
        .backward_weight_s = stages->backward_weight_s,
        .p2p_s = stages->p2p_s,
        .p2p_synchronous = scenario->stack.p2p_synchronous && !(s->overlaps >> OVERLAP_PP & 1)
    };
    struct pipeline_time t;
    pipeline_time(&p, &t);
    return t;
}

static void work_terms(const struct scenario *scenario, const struct shard_cost *shard,
                       const struct stages *stages, const struct strategy *s, struct step_cost *out)
{
    double m = out->micro_batches;
    struct pipeline_time t = pipeline_of(scenario, stages, s, m);
    out->bottleneck_stage = t.bottleneck_rank;
    stages_rank_terms(shard, stages, t.bottleneck_rank, out->term_s);
    for (int i = 0; i < TERMS; i++)
        out->term_s[i] *= m;
    out->term_s[TERM_PP] += t.p2p_s;
    out->term_s[TERM_BUBBLE] = fmax(0, t.bubble_s); /* a difference: rounding may leave it below 0 */
    if (effective_zero(&scenario->stack, s) == 3)
        out->term_s[TERM_DP] += m * fsdp_exposed_s(scenario, shard, stages, s, t.bottleneck_rank);
}

static void tail_terms(const struct scenario *scenario, const struct stages *stages,
                       const struct strategy *s, struct step_cost *out)
{
    int rank = heaviest_rank(stages);
    struct shard_parameters p = stages_rank_parameters(stages, rank);
    struct windows w = dp_windows(stages, rank);
    struct data_parallel_cost d;
    data_parallel_step(scenario, s, &p, w.forward_s, w.backward_s, &d);
    out->term_s[TERM_DP] += d.exposed_s;
    out->term_s[TERM_OPTIMIZER] += d.optimizer_s;
    out->term_s[TERM_OFFLOAD] += d.offload_s;
    out->term_s[TERM_HOST] += scenario->stack.host_s_per_step;
}

static void find_peak_memory(const struct scenario *scenario, const struct shard_cost *shard,
                             const struct stages *stages, const struct strategy *s,
                             struct step_cost *out)
{
    double by_kind[MEMORY_KINDS];
    out->memory_total_bytes = -1;
    for (int r = 0; r < stages->ranks; r++) {
        double total = rank_memory(scenario, shard, stages, s, r, by_kind);
        if (total <= out->memory_total_bytes)
            continue;
        out->memory_total_bytes = total;
        out->memory_stage = r;
        memcpy(out->memory_bytes, by_kind, sizeof by_kind);
    }
    out->memory_capacity_bytes = memory_capacity(scenario);
    out->fits = out->memory_total_bytes <= out->memory_capacity_bytes;
}

static void count_flop(const struct scenario *scenario, const struct stages *stages,
                       const struct strategy *s, struct step_cost *out)
{
    const struct job *job = &scenario->job;
    double recompute = 0;
    for (int i = 0; i < stages->count; i++)
        recompute += stages->stage[i].recompute_flop;
    out->model_flop = job->seq_length * job->global_batch *
                      (model_flop_per_token(&scenario->model, job->seq_length, FLOP_CAUSAL) +
                       model_mtp_flop_per_token(&scenario->model, job->seq_length, FLOP_CAUSAL));
    out->hardware_flop =
        out->model_flop + recompute * out->micro_batches * s->tp * s->cp * (double)s->dp;
    out->peak_flop_per_s = scenario->system.gpu.peak_flop_per_s[job->precision];
}

/* 80 % interval of the step: the spread of the stack's runs around its constants, or without fitted
 * runs the spread that MODELLING 16 found between stacks. */
static void add_interval(const struct scenario *scenario, struct step_cost *out)
{
    double spread = scenario->stack.residual_frac > 0 ? scenario->stack.residual_frac : 0.15;
    double quantile = 1.2816; /* of the normal distribution at 90 % */
    out->step_low_s = out->step_s * exp(-quantile * spread);
    out->step_high_s = out->step_s * exp(quantile * spread);
}

void step_evaluate(const struct scenario *scenario, const struct shard_cost *shard,
                   const struct stages *stages, const struct strategy *s, struct step_cost *out)
{
    memset(out, 0, sizeof *out);
    out->legal = true;
    out->micro_batches = scenario->job.global_batch / ((double)s->micro_batch * s->dp);
    work_terms(scenario, shard, stages, s, out);
    tail_terms(scenario, stages, s, out);
    double sum = 0;
    for (int i = 0; i < TERM_STRAGGLER; i++)
        sum += out->term_s[i];
    double replicas = (double)s->tp * s->cp * s->pp * s->dp;
    out->term_s[TERM_STRAGGLER] =
        sum * scenario->stack.straggler_spread_frac * expected_largest(replicas);
    out->step_s = sum + out->term_s[TERM_STRAGGLER];
    find_peak_memory(scenario, shard, stages, s, out);
    count_flop(scenario, stages, s, out);
    add_interval(scenario, out);
}

static void say_memory(struct step_cost *out)
{
    if (out->fits)
        return;
    const double gib = 1024.0 * 1024 * 1024;
    snprintf(out->reason, sizeof out->reason, "needs %.1f GiB on stage %d of %.1f GiB a GPU has",
             out->memory_total_bytes / gib, out->memory_stage, out->memory_capacity_bytes / gib);
}

void step_estimate(const struct scenario *scenario, const struct strategy *s, struct step_cost *out)
{
    struct shard_cost shard;
    struct stages stages;
    char reason[sizeof out->reason] = "";
    const char *rule = strategy_illegal(scenario, s, reason, sizeof reason);
    if (rule) {
        memset(out, 0, sizeof *out);
        out->rule = rule;
        memcpy(out->reason, reason, sizeof reason);
        return;
    }
    shard_cost_compute(scenario, s, &shard);
    stages_compute(scenario, &shard, s, &stages);
    step_evaluate(scenario, &shard, &stages, s, out);
    say_memory(out);
}

void step_take_apart(const struct scenario *scenario, const struct strategy *s,
                     struct step_parts *out)
{
    memset(out, 0, sizeof *out);
    shard_cost_compute(scenario, s, &out->shard);
    stages_compute(scenario, &out->shard, s, &out->stages);
    out->micro_batches = scenario->job.global_batch / ((double)s->micro_batch * s->dp);
    out->pipeline = pipeline_of(scenario, &out->stages, s, out->micro_batches);
    if (s->zero == 3)
        out->fsdp_s = fsdp_exposed_s(scenario, &out->shard, &out->stages, s,
                                     out->pipeline.bottleneck_rank);
    out->tail_rank = heaviest_rank(&out->stages);
    out->tail_parameters = stages_rank_parameters(&out->stages, out->tail_rank);
    out->dense = sharding_dense(&scenario->stack, s);
    out->expert = sharding_expert(&scenario->stack, s);
    struct windows w = dp_windows(&out->stages, out->tail_rank);
    out->forward_window_s = w.forward_s;
    out->backward_window_s = w.backward_s;
    data_parallel_step(scenario, s, &out->tail_parameters, w.forward_s, w.backward_s,
                       &out->data_parallel);
    out->replicas = (double)s->tp * s->cp * s->pp * s->dp;
    out->expected_largest = expected_largest(out->replicas);
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
