/* verl: the overrides and YAML of its supervised trainer on FSDP. Its trainers of reinforcement
 * learning, whose step generates and scores besides, are refused. verl/trainer/fsdp_sft_trainer.py,
 * verl/trainer/config/sft_trainer.yaml, verl/trainer/config/ppo_trainer.yaml */
#include "parallelism/frameworks/deepspeed.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <stdio.h>
#include <string.h>

static const struct framework_row rows[] = {
    GROUP("data.train_batch_size"),
    GROUP("data.micro_batch_size_per_gpu"),
    GROUP("data.max_length"),
    GROUP("model.partial_pretrain"),
    GROUP("model.path"),
    GROUP("engine"),
    GROUP("engine.strategy"),
    GROUP("engine.ulysses_sequence_parallel_size"),
    GROUP("model.enable_gradient_checkpointing"),
    GROUP("model.fsdp_config.cpu_offload"),
    GROUP("model.fsdp_config.offload_params"),
    GROUP("model.use_liger"),
    GROUP("trainer.n_gpus_per_node"),
    GROUP("trainer.nnodes"),
    GROUP("ulysses_sequence_parallel_size"),
    UNMODELLED("actor_rollout_ref.*", "of reinforcement learning"),
    UNMODELLED("data.micro_batch_size", "data.micro_batch_size_per_gpu"),
    UNMODELLED("data.use_dynamic_bsz", "micro-batches of data.micro_batch_size_per_gpu sequences"),
    UNMODELLED("model.fsdp_config.model_dtype", "parameters in fp32, products in bf16"),
    UNMODELLED("model.lora_rank", "taken as full training"),
    UNMODELLED("use_remove_padding", "every sequence of data.max_length tokens"),
    NEUTRAL("algorithm.*"),
    NEUTRAL("critic.*"),
    NEUTRAL("custom_reward_function.*"),
    NEUTRAL("data.*"),
    NEUTRAL("model.*"),
    NEUTRAL("optim.*"),
    NEUTRAL("ray_kwargs.*"),
    NEUTRAL("reward_model.*"),
    NEUTRAL("trainer.*"),
};

/* A policy that is trained, an advantage, a model of rewards. */
static enum status refuse_reinforcement(struct framework_reader *r)
{
    for (size_t i = 0; i < r->settings->count; i++) {
        const char *key = setting_key(r->settings, i);
        if (strncmp(key, "actor_rollout_ref.", 18) == 0 || strncmp(key, "algorithm.adv_", 14) == 0)
            return reading_error(r, key,
                                 "a step of reinforcement learning generates, scores and trains: "
                                 "it is not modelled");
    }
    return STATUS_OK;
}

/* What trains: FSDP, or an engine whose splits are its own. */
static enum status refuse_engines(struct framework_reader *r)
{
    static const char *const keys[] = {"engine", "engine.strategy"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *engine = reading_value(r, keys[i]);
        if (engine && !value_is_unresolved(engine) && strncmp(engine, "fsdp", 4) != 0)
            return reading_error(
                r, keys[i], "verl's engine \"%.40s\" is not modelled: its FSDP engine is", engine);
    }
    return STATUS_OK;
}

static enum status read_model(struct framework_reader *r)
{
    const char *path = reading_value(r, "model.partial_pretrain");
    path = path ? path : reading_value(r, "model.path"); /* verl/trainer/sft_trainer.py */
    return path ? model_config_named(r, path) : STATUS_OK;
}

/* data.train_batch_size counts the sequences of all ranks. */
static enum status read_batch(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    struct job *job = &r->run->scenario.job;
    int ulysses = reading_number(r, "ulysses_sequence_parallel_size");
    ulysses = ulysses > 0 ? ulysses : reading_number(r, "engine.ulysses_sequence_parallel_size");
    int batch = reading_count(r, "data.train_batch_size");
    int micro = reading_count(r, "data.micro_batch_size_per_gpu");
    int length = reading_number(r, "data.max_length");
    s->cp = ulysses > 0 ? ulysses : 1;
    s->cp_comm = CP_COMM_A2A;
    s->micro_batch = micro > 0 ? micro : 1;
    if (batch > 0)
        job->global_batch = batch;
    r->run->global_batch_given = batch > 0;
    if (length > 0)
        job->seq_length = length;
    r->run->seq_length_given = length > 0;
    return r->e->status;
}

static enum status read_sharding(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *recompute = reading_value(r, "model.enable_gradient_checkpointing");
    bool off = recompute && !reading_switch(r, "model.enable_gradient_checkpointing");
    bool offload = reading_switch(r, "model.fsdp_config.cpu_offload") ||
                   reading_switch(r, "model.fsdp_config.offload_params");
    s->zero = 3;
    s->overlaps = 1u << OVERLAP_FSDP_PREFETCH;
    s->recompute = off ? RECOMPUTE_NONE : RECOMPUTE_FULL;
    s->offload_optimizer = offload;
    r->run->scenario.stack.offloads_shards = offload;
    if (reading_switch(r, "model.use_liger"))
        s->tiles |= 1u << TILE_LOSS;
    r->run->scenario.job.precision = DTYPE_BF16;
    text_add(r->notes, "FSDP is priced as DeepSpeed's ZeRO\n");
    return r->e->status;
}

static enum status read_all(struct framework_reader *r)
{
    if (refuse_reinforcement(r) != STATUS_OK || refuse_engines(r) != STATUS_OK)
        return r->e->status;
    if (read_model(r) != STATUS_OK)
        return r->e->status;
    return read_batch(r) == STATUS_OK ? read_sharding(r) : r->e->status;
}

static void read_launch(struct framework_reader *r, struct launch *launch)
{
    int each = reading_number(r, "trainer.n_gpus_per_node");
    int nodes = reading_degree(r, "trainer.nnodes");
    if (each > 0)
        launch->processes = (double)each * nodes;
}

static const struct framework_group groups[] = {
    {read_all, NULL},
    {NULL,     NULL},
};

const struct framework verl = {
    .name = "verl",
    .title = "verl",
    .stack = "deepspeed-2025",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .defaults = deepspeed_defaults,
    .launch = read_launch,
    .read_only = true,
};
