/* DeepSpeed: the JSON configuration, and the arguments of the programs on transformers' trainer
 * that launch it: run_clm.py, LLaMA-Factory, axolotl. deepspeed/runtime/config.py,
 * runtime/zero/config.py; transformers/training_args.py; LLaMA-Factory src/llamafactory/hparams;
 * axolotl src/axolotl/utils/schemas */
#include "base/file.h"
#include "parallelism/frameworks/likeness.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <stdio.h>
#include <string.h>

static const char *const whole_training[][2] = {
    {"full", "false"},
    {NULL,   NULL   }
};

static const struct framework_row rows[] = {
    STRATEGY("zero_optimization.stage", "zero"),
    READ("zero_stage", OBJECT_STRATEGY, "zero"),
    STRATEGY("tensor_parallel.autotp_size", "tp"),
    READ("tensor_parallel_size", OBJECT_STRATEGY, "tp"),
    READ("tensor_model_parallel_size", OBJECT_STRATEGY, "tp"),
    READ("pipeline_model_parallel_size", OBJECT_STRATEGY, "pp"),
    GROUP("train_batch_size"),
    GROUP("train_micro_batch_size_per_gpu"),
    GROUP("gradient_accumulation_steps"),
    GROUP("per_device_train_batch_size"),
    GROUP("micro_batch_size"),
    GROUP("deepspeed"),
    GROUP("deepspeed_config"),
    GROUP("fsdp"),
    GROUP("zero_optimization.overlap_comm"),
    GROUP("zero_optimization.offload_optimizer.device"),
    GROUP("zero_optimization.cpu_offload"),
    GROUP("zero_optimization.mics_shard_size"),
    GROUP("sequence_parallel_size"),
    GROUP("ds_sequence_parallel_size"),
    GROUP("bf16.enabled"),
    GROUP("bfloat16.enabled"),
    GROUP("fp16.enabled"),
    GROUP("bf16"),
    GROUP("fp16"),
    GROUP("gradient_checkpointing"),
    GROUP("use_liger_kernel"),
    GROUP("enable_liger_kernel"),
    GROUP("liger_fused_linear_cross_entropy"),
    GROUP("tiled_mlp"),
    GROUP("block_size"),
    GROUP("max_seq_length"),
    GROUP("max_length"),
    GROUP("model_max_length"),
    GROUP("cutoff_len"),
    GROUP("sequence_len"),
    GROUP("seq_length"),
    GROUP("model_name_or_path"),
    GROUP("base_model"),
    GROUP("config_name"),
    GROUP("attn_implementation"),
    GROUP("attn_impl"),
    READ("zero_optimization.reduce_bucket_size", OBJECT_STACK, "dp_bucket_parameters"),
    UNMODELLED("zero_optimization.offload_param.device", "parameters on the GPU"),
    UNMODELLED("zero_optimization.zero_hpz_partition_size", "one copy over all ranks"),
    UNMODELLED("zero_optimization.zero_quantized_*", "taken as off"),
    UNMODELLED("activation_checkpointing.partition_activations", "taken as off"),
    UNMODELLED("activation_checkpointing.cpu_checkpointing", "taken as off"),
    UNMODELLED("activation_checkpointing.number_checkpoints", "every layer, where recompute is on"),
    UNMODELLED("sparse_attention*", "taken as dense attention"),
    UNMODELLED("pipeline.stages", "one stage; --pp tells otherwise"),
    UNMODELLED("compression_training*", "taken as off"),
    UNMODELLED("progressive_layer_drop*", "taken as off"),
    UNMODELLED("communication_data_type", "gradients as the stack reduces them"),
    UNMODELLED("data_types.grad_accum_dtype", "gradients as the stack keeps them"),
    UNMODELLED("lora_*", "taken as full training"),
    UNMODELLED("use_peft", "taken as full training"),
    UNMODELLED("adapter", "taken as full training"),
    UNMODELLED_WORDED("finetuning_type", "taken as full training", whole_training),
    UNMODELLED("load_in_4bit", "weights as the stack keeps them"),
    UNMODELLED("load_in_8bit", "weights as the stack keeps them"),
    UNMODELLED("quantization_bit", "weights as the stack keeps them"),
    UNMODELLED("sample_packing", "one document a sequence; --document-mean tells otherwise"),
    UNMODELLED("packing", "one document a sequence; --document-mean tells otherwise"),
    NEUTRAL("zero_optimization.*"),
    NEUTRAL("activation_checkpointing.*"),
    NEUTRAL("tensor_parallel.*"),
    NEUTRAL("optimizer.*"),
    NEUTRAL("scheduler.*"),
    NEUTRAL("fp16.*"),
    NEUTRAL("bf16.*"),
    NEUTRAL("bfloat16.*"),
    NEUTRAL("flops_profiler.*"),
    NEUTRAL("tensorboard.*"),
    NEUTRAL("wandb.*"),
    NEUTRAL("csv_monitor.*"),
    NEUTRAL("comms_logger.*"),
    NEUTRAL("monitor_config.*"),
    NEUTRAL("aio.*"),
    NEUTRAL("autotuning.*"),
    NEUTRAL("checkpoint.*"),
    NEUTRAL("data_types.*"),
    NEUTRAL("pipeline.*"),
    NEUTRAL("zero_allow_untested_optimizer"),
    NEUTRAL("zero_force_ds_cpu_optimizer"),
    NEUTRAL("gradient_clipping"),
    NEUTRAL("prescale_gradients"),
    NEUTRAL("gradient_predivide_factor"),
    NEUTRAL("sparse_gradients"),
    NEUTRAL("steps_per_print"),
    NEUTRAL("wall_clock_breakdown"),
    NEUTRAL("memory_breakdown"),
    NEUTRAL("dump_state"),
    NEUTRAL("seed"),
    NEUTRAL("data_efficiency.*"),
    NEUTRAL("deepspeed*"),
    NEUTRAL("adam_*"),
    NEUTRAL("bf16_*"),
    NEUTRAL("chat_template"),
    NEUTRAL("data_*"),
    NEUTRAL("dataset"),
    NEUTRAL("dataset_*"),
    NEUTRAL("datasets*"),
    NEUTRAL("dataloader_*"),
    NEUTRAL("ddp_*"),
    NEUTRAL("do_*"),
    NEUTRAL("eval*"),
    NEUTRAL("flash_attention"),
    NEUTRAL("fsdp_config.*"),
    NEUTRAL("learning_rate"),
    NEUTRAL("local_rank"),
    NEUTRAL("log*"),
    NEUTRAL("lr_*"),
    NEUTRAL("max_grad_norm"),
    NEUTRAL("max_samples"),
    NEUTRAL("max_steps"),
    NEUTRAL("num_epochs"),
    NEUTRAL("num_train_epochs"),
    NEUTRAL("optim"),
    NEUTRAL("optimizer"),
    NEUTRAL("output_dir"),
    NEUTRAL("overwrite_*"),
    NEUTRAL("per_device_eval_batch_size"),
    NEUTRAL("preprocessing_*"),
    NEUTRAL("report_to"),
    NEUTRAL("run_name"),
    NEUTRAL("save*"),
    NEUTRAL("stage"),
    NEUTRAL("template"),
    NEUTRAL("tf32"),
    NEUTRAL("tokenizer_name*"),
    NEUTRAL("torch_dtype"),
    NEUTRAL("train_file"),
    NEUTRAL("trust_remote_code"),
    NEUTRAL("val_set_size"),
    NEUTRAL("warmup_*"),
    NEUTRAL("weight_decay"),
    NEUTRAL("gradient_checkpointing_kwargs"),
};

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] != '\0' ? slash + 1 : path;
}

/* A hub's name, "meta-llama/Llama-3.1-8B": the catalog's model of that name. No path is followed.
 */
static enum status find_hub_model(struct framework_reader *r)
{
    const char *path = reading_value(r, "model_name_or_path");
    const char *base_model = reading_value(r, "base_model");
    const char *config = reading_value(r, "config_name");
    struct error unknown;
    error_init(&unknown);
    const char *name = path ? path : base_model ? base_model : config;
    if (!name || value_is_unresolved(name))
        return STATUS_OK;
    const char *base = last_part(name);
    if (name_is_path(base) ||
        model_find(base, NULL, &r->run->scenario.model, &unknown) != STATUS_OK) {
        text_addf(r->notes, "the model %.80s is not in the catalog: name it by --model\n", name);
        return STATUS_OK;
    }
    snprintf(r->run->model_name, sizeof r->run->model_name, "%s", r->run->scenario.model.name);
    r->run->model_given = true;
    return STATUS_OK;
}

/* Sequence lengths by the names that training programs give them. */
static void read_length(struct framework_reader *r)
{
    static const char *const keys[] = {"block_size",       "max_seq_length", "max_length",
                                       "model_max_length", "cutoff_len",     "sequence_len",
                                       "seq_length"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int n = reading_number(r, keys[i]);
        if (n > 0 && !r->run->seq_length_given) {
            r->run->scenario.job.seq_length = n;
            r->run->seq_length_given = true;
        }
    }
}

/* train_batch_size = micro-batch x accumulation x replicas: what is not given follows. */
static enum status read_batch(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    struct job *job = &r->run->scenario.job;
    int batch = reading_number(r, "train_batch_size");
    int micro = reading_number(r, "train_micro_batch_size_per_gpu");
    int device = reading_number(r, "per_device_train_batch_size");
    int axolotl = reading_number(r, "micro_batch_size");
    int steps = reading_number(r, "gradient_accumulation_steps");
    int context = reading_number(r, "sequence_parallel_size");
    int ulysses = reading_number(r, "ds_sequence_parallel_size");
    s->cp = context > 0 ? context : ulysses > 0 ? ulysses : 1;
    micro = micro > 0 ? micro : device > 0 ? device : axolotl;
    double replicas = r->run->scenario.system.gpus / ((double)s->tp * s->pp * s->cp);
    if (micro == 0 && batch > 0 && replicas >= 1)
        micro = (int)(batch / replicas / (steps > 0 ? steps : 1));
    s->micro_batch = micro > 0 ? micro : 1;
    if (batch > 0)
        job->global_batch = batch;
    else if (replicas >= 1)
        job->global_batch = s->micro_batch * replicas * (steps > 0 ? steps : 1);
    r->run->global_batch_given = job->global_batch > 0;
    read_length(r);
    return r->e->status;
}

/* ZeRO by the words of the trainer's FSDP: "full_shard auto_wrap". */
static void read_fsdp(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *words = reading_value(r, "fsdp");
    if (!words)
        return;
    bool hybrid = strstr(words, "hybrid_shard") != NULL;
    if (strstr(words, "full_shard") || hybrid)
        s->zero = 3;
    else if (strstr(words, "shard_grad_op"))
        s->zero = 2;
    if (hybrid)
        s->fsdp_shard = (int)r->run->scenario.system.gpus_per_node;
    text_add(r->notes, "FSDP is priced as DeepSpeed's ZeRO\n");
}

/* The JSON file that a program's arguments name holds what they leave open. */
static void read_config_file(struct framework_reader *r)
{
    const char *argument = reading_value(r, "deepspeed");
    const char *config = reading_value(r, "deepspeed_config");
    const char *file = config ? config : argument;
    if (file && strstr(file, ".json") && !settings_find(r->settings, "zero_optimization.stage") &&
        !settings_find(r->settings, "zero_stage"))
        text_addf(r->notes,
                  "%.160s, which tells the ZeRO stage, is not followed: ZeRO %d is taken; state "
                  "--zero\n",
                  file, r->run->strategy.zero);
}

static enum status read_sharding(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    read_fsdp(r);
    read_config_file(r);
    const char *given = reading_value(r, "zero_optimization.overlap_comm");
    const char *device = reading_value(r, "zero_optimization.offload_optimizer.device");
    bool old = reading_switch(r, "zero_optimization.cpu_offload");
    int mics = reading_number(r, "zero_optimization.mics_shard_size");
    /* overlap_comm: on by default at stage 3 alone */
    bool overlap = given ? reading_switch(r, "zero_optimization.overlap_comm") : s->zero == 3;
    s->overlaps = 0;
    if (overlap)
        s->overlaps = s->zero == 3 ? 1u << OVERLAP_FSDP_PREFETCH : 1u << OVERLAP_DP_GRAD_REDUCE;
    s->offload_optimizer =
        old || (device && (strcmp(device, "cpu") == 0 || strcmp(device, "nvme") == 0));
    if (s->zero == 3 && mics > 0)
        s->fsdp_shard = mics;
    if (s->cp > 1)
        s->cp_comm = CP_COMM_A2A;
    s->schedule = s->pp > 1 ? SCHEDULE_1F1B : SCHEDULE_NONE;
    return r->e->status;
}

/* Hugging Face's Trainer and LLaMA-Factory switch on all that Liger has for a model, the loss with
 * its product in tiles among it; axolotl names that and its MLP in tiles one by one. */
static unsigned read_tiles(struct framework_reader *r)
{
    bool liger = reading_switch(r, "use_liger_kernel") || reading_switch(r, "enable_liger_kernel");
    bool loss = reading_switch(r, "liger_fused_linear_cross_entropy") || liger;
    bool mlp = reading_switch(r, "tiled_mlp");
    return (unsigned)loss << TILE_LOSS | (unsigned)mlp << TILE_MLP;
}

static enum status read_rest(struct framework_reader *r)
{
    struct framework_run *run = r->run;
    bool fp16 = reading_switch(r, "fp16.enabled") || reading_switch(r, "fp16");
    bool bf16 = reading_switch(r, "bf16.enabled") || reading_switch(r, "bfloat16.enabled") ||
                reading_switch(r, "bf16");
    const char *attention = reading_value(r, "attn_implementation");
    run->scenario.job.precision = bf16 ? DTYPE_BF16 : fp16 ? DTYPE_FP16 : DTYPE_FP32;
    run->strategy.recompute =
        reading_switch(r, "gradient_checkpointing") ? RECOMPUTE_FULL : RECOMPUTE_NONE;
    if (attention && strcmp(attention, "eager") == 0)
        run->strategy.attention = ATTENTION_UNFUSED;
    run->strategy.tiles = read_tiles(r);
    return STATUS_OK;
}

static enum status write_batch(struct framework_writer *w)
{
    const struct job *job = &w->run->scenario.job;
    const struct strategy *s = &w->run->strategy;
    if (s->cp > 1 || s->pp > 1)
        return writer_refuse(w, "%s parallelism without changes to the model's code",
                             s->pp > 1 ? "pipeline" : "context");
    if (job->expert_capacity > 0)
        return writer_refuse(w, "an expert capacity");
    if (job->optimizer != OPTIMIZER_ADAM)
        return writer_refuse(w, "the optimizer %s", optimizer_names[job->optimizer]);
    double replicas = (double)s->micro_batch * s->dp;
    writer_putf(w, "train_batch_size", "%.0f", job->global_batch);
    writer_putf(w, "train_micro_batch_size_per_gpu", "%d", s->micro_batch);
    writer_putf(w, "gradient_accumulation_steps", "%.0f", job->global_batch / replicas);
    writer_putf(w, "block_size", "%.0f", job->seq_length);
    return STATUS_OK;
}

static enum status write_sharding(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    bool hides = s->overlaps >> OVERLAP_DP_GRAD_REDUCE & 1; /* of ZeRO 3 too: strategy_plain */
    if (s->ep > 1)
        return writer_refuse(w, "expert parallelism without changes to the model's code");
    if (s->tp > 1 && s->sequence_parallel)
        return writer_refuse(w, "sequence parallelism");
    if (s->tp > 1 && s->zero == 3)
        return writer_refuse(w, "tensor parallelism beside ZeRO 3");
    writer_put(w, "zero_optimization.overlap_comm", hides ? "true" : "false");
    if (s->offload_optimizer)
        writer_put(w, "zero_optimization.offload_optimizer.device", "cpu");
    if (s->zero == 3 && s->fsdp_shard > 0 && s->fsdp_shard < s->dp)
        writer_putf(w, "zero_optimization.mics_shard_size", "%d", s->fsdp_shard);
    return STATUS_OK;
}

static enum status write_rest(struct framework_writer *w)
{
    const struct framework_run *run = w->run;
    enum dtype dtype = run->scenario.job.precision;
    if (dtype != DTYPE_BF16 && dtype != DTYPE_FP16)
        return writer_refuse(w, "training in %s", dtype_names[dtype]);
    if (run->strategy.recompute == RECOMPUTE_SELECTIVE)
        return writer_refuse(w, "selective recompute");
    if (run->strategy.recompute == RECOMPUTE_FULL && run->strategy.recompute_layers > 0)
        return writer_refuse(w, "full recompute of %d layers", run->strategy.recompute_layers);
    writer_put(w, dtype == DTYPE_BF16 ? "bf16.enabled" : "fp16.enabled", "true");
    if (run->strategy.recompute == RECOMPUTE_FULL)
        writer_put(w, "gradient_checkpointing", "true");
    if (run->strategy.tiles >> TILE_LOSS & 1)
        writer_put(w, "liger_fused_linear_cross_entropy", "true");
    if (run->strategy.tiles >> TILE_MLP & 1)
        writer_put(w, "tiled_mlp", "true");
    if (run->strategy.attention == ATTENTION_UNFUSED)
        writer_put(w, "attn_implementation", "eager");
    return STATUS_OK;
}

static enum status write_model(struct framework_writer *w)
{
    const struct model *m = &w->run->scenario.model;
    if (!model_is_of_catalog(m, m->name))
        return writer_refuse(w, "the model %s, which is not in the catalog", m->name);
    writer_put(w, "config_name", m->name);
    return STATUS_OK;
}

static void defaults(struct framework_run *run)
{
    run->strategy.zero = 0;
    run->strategy.overlaps = 0;
    run->strategy.sequence_parallel = false;
    run->strategy.attention = ATTENTION_FLASH;
    run->strategy.dispatcher = DISPATCHER_ALLTOALL;
}

static const struct framework_group groups[] = {
    {find_hub_model, write_model   },
    {read_batch,     write_batch   },
    {read_sharding,  write_sharding},
    {read_rest,      write_rest    },
    {NULL,           NULL          },
};

static const struct framework_value only[] = {
    {"cp",                "1"       },
    {"pp",                "1"       },
    {"ep",                "1"       },
    {"sequence_parallel", "false"   },
    {"recompute",         "none"    },
    {"recompute",         "full"    },
    {"recompute_layers",  "0"       },
    {"dispatcher",        "alltoall"},
    {NULL,                NULL      },
};

static bool names_model(const struct framework_run *run)
{
    (void)run;
    return true;
}

const struct framework deepspeed = {
    .name = "deepspeed",
    .title = "DeepSpeed",
    .stack = "deepspeed",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .defaults = defaults,
    .only = only,
    .names_model = names_model,
};
