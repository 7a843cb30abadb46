/* Hugging Face Accelerate: the YAML that "accelerate config" writes and "accelerate launch
 * --config_file" takes. It says how a run is split over how many GPUs; model, batch and sequence
 * are the training script's. accelerate/commands/config/config_args.py,
 * accelerate/utils/dataclasses.py */
#include "base/file.h"
#include "parallelism/frameworks/deepspeed.h"
#include "parallelism/frameworks/fsdp.h"
#include "parallelism/frameworks/tables.h"
#include <string.h>

static const struct framework_row rows[] = {
    GROUP("distributed_type"),
    GROUP("num_processes"),
    GROUP("num_machines"),
    GROUP("mixed_precision"),
    GROUP("gradient_accumulation_steps"),
    FSDP_ROWS,
    GROUP("deepspeed_config.zero_stage"),
    GROUP("deepspeed_config.gradient_accumulation_steps"),
    GROUP("deepspeed_config.offload_optimizer_device"),
    GROUP("deepspeed_config.deepspeed_config_file"),
    READ("parallelism_config.parallelism_config_tp_size", OBJECT_STRATEGY, "tp"),
    READ("tp_config.tp_size", OBJECT_STRATEGY, "tp"),
    GROUP("parallelism_config.parallelism_config_cp_size"),
    GROUP("parallelism_config.parallelism_config_cp_comm_strategy"),
    GROUP("parallelism_config.parallelism_config_sp_size"),
    GROUP("parallelism_config.parallelism_config_dp_shard_size"),
    GROUP("parallelism_config.parallelism_config_dp_replicate_size"),
    READ("megatron_lm_config.megatron_lm_tp_degree", OBJECT_STRATEGY, "tp"),
    READ("megatron_lm_config.megatron_lm_pp_degree", OBJECT_STRATEGY, "pp"),
    GROUP("megatron_lm_config.megatron_lm_num_micro_batches"),
    GROUP("megatron_lm_config.megatron_lm_sequence_parallelism"),
    GROUP("megatron_lm_config.megatron_lm_recompute_activations"),
    GROUP("megatron_lm_config.megatron_lm_use_distributed_optimizer"),
    GROUP("dynamo_config.dynamo_backend"),
    GROUP("dynamo_backend"),
    UNMODELLED("deepspeed_config.offload_param_device", "parameters on the GPU"),
    UNMODELLED("deepspeed_config.deepspeed_moe_layer_cls_names", "experts as the model has them"),
    UNMODELLED("use_cpu", "taken as GPUs"),
    NEUTRAL("deepspeed_config.*"),
    NEUTRAL("dynamo_config.*"),
    NEUTRAL("fp8_config.*"),
    NEUTRAL("fsdp_config.*"),
    NEUTRAL("megatron_lm_config.*"),
    NEUTRAL("mpirun_config.*"),
    NEUTRAL("parallelism_config.parallelism_config_cp_backend"),
    NEUTRAL("parallelism_config.parallelism_config_sp_*"),
    NEUTRAL("command_file"),
    NEUTRAL("commands"),
    NEUTRAL("compute_environment"),
    NEUTRAL("debug"),
    NEUTRAL("downcast_bf16"),
    NEUTRAL("enable_cpu_affinity"),
    NEUTRAL("env"),
    NEUTRAL("gpu_ids"),
    NEUTRAL("ipex_config*"),
    NEUTRAL("machine_rank"),
    NEUTRAL("main_process_*"),
    NEUTRAL("main_training_function"),
    NEUTRAL("rdzv_*"),
    NEUTRAL("same_network"),
    NEUTRAL("tpu_*"),
};

/* num_processes counts over all machines. */
static void read_launch(struct framework_reader *r, struct launch *launch)
{
    int processes = reading_number(r, "num_processes"),
        machines = reading_number(r, "num_machines");
    launch->processes = processes;
    if (machines > 0 && processes % machines == 0)
        launch->gpus_per_node = processes / machines;
}

static enum status read_precision(struct framework_reader *r)
{
    static const struct {
        const char *name;
        enum dtype dtype;
    } words[] = {
        {"no",   DTYPE_FP32},
        {"bf16", DTYPE_BF16},
        {"fp16", DTYPE_FP16},
        {"fp8",  DTYPE_FP8 },
    };
    const char *name = reading_value(r, "mixed_precision");
    if (!name || value_is_unresolved(name)) {
        text_add(r->notes, "mixed_precision is not told: bf16 is taken; --precision tells\n");
        return STATUS_OK;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (!names_equal(words[i].name, name))
            continue;
        r->run->scenario.job.precision = words[i].dtype;
        if (words[i].dtype == DTYPE_FP32)
            text_add(r->notes, "without mixed precision it trains in the model's own: fp32 is "
                               "taken; --precision bf16 where the script loads it in 16 bits\n");
        return STATUS_OK;
    }
    return reading_error(r, "mixed_precision", "expected no, bf16, fp16 or fp8, got \"%.60s\"",
                         name);
}

/* FSDP over a mesh: one copy over the ranks that shard. */
static enum status read_mesh(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    struct stack *stack = &r->run->scenario.stack;
    int ring = reading_number(r, "parallelism_config.parallelism_config_cp_size");
    int ulysses = reading_number(r, "parallelism_config.parallelism_config_sp_size");
    int shard = reading_number(r, "parallelism_config.parallelism_config_dp_shard_size");
    int copies = reading_number(r, "parallelism_config.parallelism_config_dp_replicate_size");
    const char *how = reading_value(r, "parallelism_config.parallelism_config_cp_comm_strategy");
    s->cp = ulysses > 1 ? ulysses : ring > 1 ? ring : 1;
    /* torch's context parallelism gathers keys and values, or sends them round */
    s->cp_comm = ulysses > 1                           ? CP_COMM_A2A
                 : how && strcmp(how, "alltoall") == 0 ? CP_COMM_P2P
                                                       : CP_COMM_ALLGATHER;
    if (s->cp > 1)
        stack->cp_comms |= 1u << s->cp_comm;
    if (copies > 1 && shard > 1 && s->zero == 3)
        s->fsdp_shard = shard * s->cp;
    if (copies > 1 && shard <= 1)
        s->zero = 0;
    return r->e->status;
}

static enum status read_fsdp(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    s->zero = 3;
    if (fsdp_read(r) != STATUS_OK || read_mesh(r) != STATUS_OK)
        return r->e->status;
    s->overlaps = 1u << (s->zero == 3 ? OVERLAP_FSDP_PREFETCH : OVERLAP_DP_GRAD_REDUCE);
    text_add(r->notes, "FSDP is priced as DeepSpeed's ZeRO\n");
    return STATUS_OK;
}

static enum status read_deepspeed(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *file = reading_value(r, "deepspeed_config.deepspeed_config_file");
    const char *stage = reading_value(r, "deepspeed_config.zero_stage");
    const char *device = reading_value(r, "deepspeed_config.offload_optimizer_device");
    s->zero = stage ? reading_number(r, "deepspeed_config.zero_stage") : 2; /* its default */
    if (s->zero > 3)
        return reading_error(r, "deepspeed_config.zero_stage", "expected 0 to 3, got %d", s->zero);
    if (file)
        text_addf(r->notes,
                  "%.160s, which tells the ZeRO stage, is not followed: ZeRO %d is taken; state "
                  "--zero\n",
                  file, s->zero);
    s->offload_optimizer = deepspeed_offloads(device);
    s->overlaps = deepspeed_overlaps(s->zero, NULL, false);
    return read_mesh(r);
}

static enum status read_replicas(struct framework_reader *r)
{
    r->run->strategy.zero = 0;
    r->run->strategy.overlaps = 1u << OVERLAP_DP_GRAD_REDUCE;
    return STATUS_OK;
}

/* Its plugin starts Megatron-LM, whose kernels and overlaps it has. */
static enum status read_megatron(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    s->sequence_parallel =
        reading_switch(r, "megatron_lm_config.megatron_lm_sequence_parallelism") && s->tp > 1;
    s->recompute = reading_switch(r, "megatron_lm_config.megatron_lm_recompute_activations")
                       ? RECOMPUTE_SELECTIVE
                       : RECOMPUTE_NONE;
    s->zero = reading_switch(r, "megatron_lm_config.megatron_lm_use_distributed_optimizer");
    return stack_find("megatron-core", NULL, &r->run->scenario.stack, r->e);
}

static const struct {
    const char *type;
    enum status (*read)(struct framework_reader *r);
} types[] = {
    {"FSDP",        read_fsdp     },
    {"DEEPSPEED",   read_deepspeed},
    {"MEGATRON_LM", read_megatron },
    {"MULTI_GPU",   read_replicas },
    {"MULTI_XPU",   read_replicas },
    {"MULTI_NPU",   read_replicas },
    {"MULTI_HPU",   read_replicas },
    {"TP",          read_replicas },
    {"NO",          read_replicas },
};

static enum status read_type(struct framework_reader *r)
{
    const char *type = reading_value(r, "distributed_type");
    if (!type) /* "accelerate launch" then starts replicas where there are several processes */
        type = "MULTI_GPU";
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (names_equal(types[i].type, type))
            return types[i].read(r);
    }
    return reading_error(r, "distributed_type",
                         "\"%.60s\" is not modelled: FSDP, DEEPSPEED, MEGATRON_LM, MULTI_GPU are",
                         type);
}

/* Micro-batches of a step that it knows of; the size of one is the script's. */
static enum status read_batch(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    struct job *job = &r->run->scenario.job;
    static const char *const keys[] = {"deepspeed_config.gradient_accumulation_steps",
                                       "gradient_accumulation_steps",
                                       "megatron_lm_config.megatron_lm_num_micro_batches"};
    int steps = 1;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int given = reading_number(r, keys[i]);
        steps = given > 0 ? given : steps;
    }
    double replicas = r->run->scenario.system.gpus / ((double)s->tp * s->pp * s->cp);
    s->micro_batch = 1;
    r->run->micro_batch_open = true;
    s->schedule = s->pp > 1 ? SCHEDULE_1F1B : SCHEDULE_NONE;
    if (replicas >= 1) {
        job->global_batch = replicas * steps;
        r->run->global_batch_given = true;
    }
    text_add(r->notes, "model, sequence length and micro-batch are the training script's: state "
                       "--model, --seq-length and --micro-batch (1 is taken)\n");
    return r->e->status;
}

static enum status read_rest(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *backend = reading_value(r, "dynamo_config.dynamo_backend");
    const char *older = reading_value(r, "dynamo_backend");
    backend = backend ? backend : older;
    s->torch_compile = backend && !names_equal(backend, "no");
    if (s->recompute == RECOMPUTE_NONE)
        text_add(r->notes,
                 "gradient checkpointing may be the training script's: --recompute full\n");
    return STATUS_OK;
}

static const struct framework_group groups[] = {
    {read_type,      NULL},
    {read_precision, NULL},
    {read_batch,     NULL},
    {read_rest,      NULL},
    {NULL,           NULL},
};

const struct framework accelerate = {
    .name = "accelerate",
    .title = "Accelerate",
    .stack = "deepspeed-2025",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .defaults = deepspeed_defaults,
    .launch = read_launch,
    .read_only = true,
};
