/* NeMo 1: the YAML of megatron_gpt_pretraining.py and of the launcher, and overrides of it. The
 * model is Megatron's under keys of its own. nemo/examples/nlp/language_modeling/conf,
 * nemo/collections/nlp/models/language_modeling/megatron_base_model.py, megatron_gpt_model.py;
 * NeMo-Framework-Launcher launcher_scripts/conf/training */
#include "parallelism/frameworks/megatron.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <string.h>

static const char *const flags[][2] = {
    {"True",  "true" },
    {"False", "false"},
    {NULL,    NULL   }
};
static const char *const bytes_of_dtype[][2] = {
    {"bf16", "2" },
    {"fp16", "2" },
    {"fp32", "4" },
    {NULL,   NULL}
};

static const struct framework_row rows[] = {
    READ("model.num_layers", OBJECT_MODEL, "layers"),
    READ("model.hidden_size", OBJECT_MODEL, "hidden_size"),
    READ("model.ffn_hidden_size", OBJECT_MODEL, "intermediate_size"),
    READ("model.num_attention_heads", OBJECT_MODEL, "heads"),
    READ("model.num_moe_experts", OBJECT_MODEL, "experts"),
    READ("model.moe_router_topk", OBJECT_MODEL, "experts_per_token"),
    READ("model.moe_ffn_hidden_size", OBJECT_MODEL, "moe_intermediate_size"),
    READ("model.moe_shared_expert_intermediate_size", OBJECT_MODEL, "shared_intermediate_size"),
    READ("model.max_position_embeddings", OBJECT_MODEL, "max_position_embeddings"),
    READ("model.kv_channels", OBJECT_MODEL, "head_dim"),
    READ_WORDED("model.share_embeddings_and_output_weights", OBJECT_MODEL, "tied_embeddings",
                flags),
    READ_WORDED("model.qk_layernorm", OBJECT_MODEL, "qk_norm", flags),
    GROUP("model.activation"),
    GROUP("model.num_query_groups"),
    GROUP("model.position_embedding_type"),
    GROUP("model.normalization"),
    GROUP("model.bias"),
    GROUP("model.window_size"),
    GROUP("model.override_vocab_size"),
    GROUP("model.tokenizer.type"),
    READ("model.encoder_seq_length", OBJECT_JOB, "seq_length"),
    READ("model.data.seq_length", OBJECT_JOB, "seq_length"),
    READ("model.global_batch_size", OBJECT_JOB, "global_batch"),
    READ("model.moe_expert_capacity_factor", OBJECT_JOB, "expert_capacity"),
    GROUP("trainer.precision"),
    GROUP("model.precision"),
    GROUP("model.fp8"),
    GROUP("trainer.num_nodes"),
    GROUP("trainer.devices"),
    READ("model.tensor_model_parallel_size", OBJECT_STRATEGY, "tp"),
    READ("model.context_parallel_size", OBJECT_STRATEGY, "cp"),
    READ("model.pipeline_model_parallel_size", OBJECT_STRATEGY, "pp"),
    READ("model.expert_model_parallel_size", OBJECT_STRATEGY, "ep"),
    READ("model.micro_batch_size", OBJECT_STRATEGY, "micro_batch"),
    READ_WORDED("model.sequence_parallel", OBJECT_STRATEGY, "sequence_parallel", flags),
    OVERLAP("model.ub_tp_comm_overlap", "tp"),
    GROUP("model.optim.name"),
    GROUP("model.optim.overlap_grad_sync"),
    GROUP("model.optim.overlap_param_sync"),
    READ_WORDED("model.optim.grad_sync_dtype", OBJECT_STACK, "gradient_reduce_bytes",
                bytes_of_dtype),
    GROUP("model.virtual_pipeline_model_parallel_size"),
    GROUP("model.overlap_p2p_comm"),
    GROUP("model.expert_tensor_parallel_size"),
    GROUP("model.activations_checkpoint_granularity"),
    GROUP("model.activations_checkpoint_method"),
    GROUP("model.activations_checkpoint_num_layers"),
    GROUP("model.moe_token_dispatcher_type"),
    GROUP("model.moe_pad_expert_input_to_capacity"),
    GROUP("model.use_flash_attention"),
    GROUP("model.transformer_engine"),
    GROUP("model.mcore_gpt"),
    GROUP("model.megatron_amp_O2"),
    GROUP("model.cpu_offloading_num_layers"),
    GROUP("model.hidden_dropout"),
    UNLESS("model.gradient_accumulation_fusion", "gradient_accumulation_fusion", "false"),
    UNLESS("model.bias_activation_fusion", "fused_activation", "false"),
    UNLESS("model.bias_dropout_add_fusion", "fused_residual", "false"),
    UNLESS("model.masked_softmax_fusion", "fused_softmax", "false"),
    UNLESS("model.cross_entropy_loss_fusion", "fused_cross_entropy", "false"),
    UNLESS("model.apply_rope_fusion", "fused_rope", "false"),
    UNLESS("model.moe_grouped_gemm", "grouped_gemm", "false"),
    READ_SWITCH("model.fp8_params", OBJECT_STACK, "fp8_weights", "true"),
    UNMODELLED("model.rampup_batch_size", "the forecast is of the full batch"),
    UNMODELLED("model.fp32_residual_connection", "taken as 16 bits"),
    UNMODELLED("model.deterministic_mode", "taken as off"),
    UNMODELLED("model.activations_checkpoint_layers_per_pipeline", "as many on every stage"),
    UNMODELLED("model.num_micro_batches_with_partial_activation_checkpoints",
               "every micro-batch alike"),
    UNMODELLED("model.data.reset_attention_mask",
               "one document a sequence; --document-mean tells otherwise"),
    UNMODELLED("model.enable_cuda_graph", "launches as the stack's"),
    GROUP("model.fsdp"),
    GROUP("model.fsdp_sharding_strategy"),
    READ_WORDED("model.fsdp_grad_reduce_dtype", OBJECT_STACK, "gradient_reduce_bytes",
                bytes_of_dtype),
    UNMODELLED("model.mcore_customization_config.parallel_attention", "the MLP behind attention"),
    UNMODELLED("model.peft.*", "taken as full training"),
    UNMODELLED("model.nsys_profile.enabled", "taken as off"),
    UNMODELLED("model.headscale", "taken as off"),
    UNMODELLED("trainer.benchmark", "taken as off"),
    NEUTRAL("model.activation_func_*"),
    NEUTRAL("model.apex_*"),
    NEUTRAL("model.apply_query_key_layer_scaling"),
    NEUTRAL("model.async_grad_allreduce"),
    NEUTRAL("model.attention_dropout"), /* in the fused attention kernel */
    NEUTRAL("model.attention_type"),
    NEUTRAL("model.batch_p2p_comm"),
    NEUTRAL("model.data.*"),
    NEUTRAL("model.defer_embedding_wgrad_compute"),
    NEUTRAL("model.dist_ckpt*"),
    NEUTRAL("model.do_layer_norm_weight_decay"),
    NEUTRAL("model.ffn_dropout"),
    NEUTRAL("model.fp16_lm_cross_entropy"),
    NEUTRAL("model.fp8_*"),
    NEUTRAL("model.gc_interval"),
    NEUTRAL("model.get_attention_mask_from_fusion"),
    NEUTRAL("model.grad_*"),
    NEUTRAL("model.gradient_as_bucket_view"),
    NEUTRAL("model.hysteresis"),
    NEUTRAL("model.init_method_std"),
    NEUTRAL("model.layernorm_*"),
    NEUTRAL("model.log_*"),
    NEUTRAL("model.make_vocab_size_divisible_by"),
    NEUTRAL("model.mcore_customization_config.*"),
    NEUTRAL("model.moe_aux_loss_coeff"),
    NEUTRAL("model.moe_permute_fusion"),
    NEUTRAL("model.moe_router_*"),
    NEUTRAL("model.moe_z_loss_coeff"),
    NEUTRAL("model.name"),
    NEUTRAL("model.native_amp_*"),
    NEUTRAL("model.normalize_attention_scores"),
    NEUTRAL("model.nsys_profile.*"),
    NEUTRAL("model.onnx_safe"),
    NEUTRAL("model.openai_gelu"),
    NEUTRAL("model.optim.*"),
    NEUTRAL("model.persist_layer_norm"),
    NEUTRAL("model.post_process"),
    NEUTRAL("model.pre_process"),
    NEUTRAL("model.reduce_amax"),
    NEUTRAL("model.restore_from_*"),
    NEUTRAL("model.resume_from_checkpoint"),
    NEUTRAL("model.rotary_*"),
    NEUTRAL("model.seed"),
    NEUTRAL("model.seq_len_interpolation_factor"),
    NEUTRAL("model.sync_batch_comm"),
    NEUTRAL("model.target"),
    NEUTRAL("model.tokenizer.*"),
    NEUTRAL("model.transformer_block_type"),
    NEUTRAL("model.tp_comm_*"),
    NEUTRAL("model.ub_tp_comm_*"),
    NEUTRAL("model.use_cpu_initialization"),
    NEUTRAL("model.use_emha"),
    NEUTRAL("model.use_scaled_init_method"),
    NEUTRAL("model.wgrad_deferral_limit"),
    NEUTRAL("cluster_type"),
    NEUTRAL("defaults"),
    NEUTRAL("exp_manager.*"),
    NEUTRAL("hydra.*"),
    NEUTRAL("name"),
    NEUTRAL("restore_from_path"),
    NEUTRAL("run.*"),
    NEUTRAL("trainer.*"),
};

#define IN_MODEL(key)                                                                              \
    {                                                                                              \
        key, "model", NULL                                                                         \
    }
static const struct framework_section sections[] = {
    IN_MODEL("num_query_groups"),
    IN_MODEL("position_embedding_type"),
    IN_MODEL("normalization"),
    IN_MODEL("window_size"),
    IN_MODEL("virtual_pipeline_model_parallel_size"),
    IN_MODEL("overlap_p2p_comm"),
    IN_MODEL("expert_tensor_parallel_size"),
    IN_MODEL("moe_token_dispatcher_type"),
    IN_MODEL("moe_pad_expert_input_to_capacity"),
    IN_MODEL("cpu_offloading_num_layers"),
    IN_MODEL("hidden_dropout"),
    {"add_bias_linear",       "model",           "bias"                              },
    {"vocab_size",            "model",           "override_vocab_size"               },
    {"tokenizer_type",        "model.tokenizer", "type"                              },
    {"tokenizer_model",       "model.tokenizer", "type"                              }, /* a hub's */
    {"recompute_granularity", "model",           "activations_checkpoint_granularity"},
    {"recompute_method",      "model",           "activations_checkpoint_method"     },
    {"recompute_num_layers",  "model",           "activations_checkpoint_num_layers" },
    {"optimizer",             "model.optim",     "name"                              },
    {NULL,                    NULL,              NULL                                },
};

static enum status read_model(struct framework_reader *r)
{
    struct model *m = &r->run->scenario.model;
    const char *activation = reading_value(r, "model.activation"); /* "fast-swiglu", "geglu" */
    m->gated_mlp = activation && strstr(activation, "glu");
    if (m->intermediate_size == 0) /* gated or not */
        m->intermediate_size = 4 * m->hidden_size;
    return megatron_read_model(r);
}

/* "bf16", "bf16-mixed", "16", "16-mixed", "32": the model's own comes before the trainer's. */
static enum status read_precision(struct framework_reader *r)
{
    const char *trainer = reading_value(r, "trainer.precision");
    const char *own = reading_value(r, "model.precision");
    const char *name = own ? own : trainer ? trainer : "32";
    bool o2 = reading_switch(r, "model.megatron_amp_O2");
    enum dtype dtype = strncmp(name, "bf16", 4) == 0 ? DTYPE_BF16
                       : strstr(name, "16")          ? DTYPE_FP16
                                                     : DTYPE_FP32;
    if (value_is_unresolved(name))
        dtype = DTYPE_BF16;
    if (dtype != DTYPE_FP32 && !o2)
        text_add(r->notes, "megatron_amp_O2 is not on: its weights in fp32, cast in every product, "
                           "are priced as 16-bit weights with a master copy\n");
    r->run->scenario.job.precision = reading_switch(r, "model.fp8") ? DTYPE_FP8 : dtype;
    return r->e->status;
}

/* Apex's distributed Adam hides its reductions unless told otherwise; Megatron-Core's when told. */
static enum status read_sharding(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *name = reading_value(r, "optimizer");
    bool apex = name && strcmp(name, "distributed_fused_adam") == 0;
    bool core = name && strcmp(name, "mcore_distributed_optim") == 0;
    bool told = reading_value(r, "model.optim.overlap_grad_sync") != NULL;
    bool reduce = reading_switch(r, "model.optim.overlap_grad_sync") || (apex && !told);
    bool gather = reading_switch(r, "model.optim.overlap_param_sync");
    s->zero = apex || core;
    const char *sharding =
        reading_value(r, "model.fsdp_sharding_strategy"); /* full, grad, hybrid */
    if (reading_switch(r, "model.fsdp")) {
        s->zero = sharding && strcmp(sharding, "grad") == 0 ? 2 : 3;
        s->overlaps |= 1u << OVERLAP_FSDP_PREFETCH;
        if (sharding && strcmp(sharding, "hybrid") == 0)
            s->fsdp_shard = (int)r->run->scenario.system.gpus_per_node;
    }
    if (reduce && s->zero > 0)
        s->overlaps |= 1u << OVERLAP_DP_GRAD_REDUCE;
    if (gather && s->zero > 0)
        s->overlaps |= 1u << OVERLAP_DP_PARAM_GATHER;
    return STATUS_OK;
}

static enum status read_recompute(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *method = reading_value(r, "recompute_method");
    const char *layers = reading_value(r, "recompute_num_layers");
    if (megatron_read_recompute(r) != STATUS_OK)
        return r->e->status;
    if (s->recompute == RECOMPUTE_FULL && method && strcmp(method, "block") == 0 && layers &&
        strcmp(layers, "0") == 0)
        s->recompute = RECOMPUTE_NONE;
    return STATUS_OK;
}

static enum status read_rest(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    bool flash = reading_switch(r, "model.use_flash_attention");
    bool engine = reading_switch(r, "model.transformer_engine");
    bool core = reading_switch(r, "model.mcore_gpt");
    if (!reading_switch(r, "overlap_p2p_comm")) /* off where it is not given */
        s->overlaps &= ~(1u << OVERLAP_PP);
    megatron_read_dropout(r);
    if (megatron_read_rest(r) != STATUS_OK)
        return r->e->status;
    /* Transformer Engine, which Megatron-Core's layers are of, takes a fused kernel by itself */
    s->attention = flash || engine || core ? ATTENTION_FLASH : ATTENTION_UNFUSED;
    return STATUS_OK;
}

/* Lightning's "devices" may be -1, a list or "auto": then the number is not told. */
static void read_launch(struct framework_reader *r, struct launch *launch)
{
    const char *devices = reading_value(r, "trainer.devices");
    int nodes = reading_number(r, "trainer.num_nodes");
    if (!devices || strspn(devices, "0123456789") != strlen(devices))
        return;
    launch->gpus_per_node = reading_number(r, "trainer.devices");
    launch->nodes = nodes;
    launch->torchrun = true;
}

static const struct framework_group groups[] = {
    {read_model,             NULL},
    {read_precision,         NULL},
    {megatron_read_pipeline, NULL},
    {read_sharding,          NULL},
    {read_recompute,         NULL},
    {megatron_read_experts,  NULL},
    {read_rest,              NULL},
    {NULL,                   NULL},
};

const struct framework nemo = {
    .name = "nemo",
    .title = "NeMo",
    .stack = "nemo",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .sections = sections,
    .defaults = megatron_defaults,
    .launch = read_launch,
    .read_only = true,
};
