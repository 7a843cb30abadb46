/* Megatron-Bridge: a recipe and overrides of its configuration, "model.hidden_size=8192".
 * src/megatron/bridge/training/config.py, recipes/, training/mixed_precision.py */
#include "base/file.h"
#include "parallelism/frameworks/likeness.h"
#include "parallelism/frameworks/megatron.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <stdio.h>
#include <string.h>

static const char *const flags[][2] = {
    {"True",  "true" },
    {"False", "false"},
    {NULL,    NULL   }
};
static const char *const none_is_zero[][2] = {
    {"null", "0" },
    {NULL,   NULL}
};
static const char *const groups_of_pp[][2] = {
    {"null", "0" },
    {NULL,   NULL}
};

static const struct framework_row rows[] = {
    MODEL("model.num_layers", "layers"),
    MODEL("model.hidden_size", "hidden_size"),
    MODEL("model.ffn_hidden_size", "intermediate_size"),
    MODEL("model.num_attention_heads", "heads"),
    WORDED("model.num_moe_experts", OBJECT_MODEL, "experts", none_is_zero),
    MODEL("model.moe_router_topk", "experts_per_token"),
    WORDED("model.moe_ffn_hidden_size", OBJECT_MODEL, "moe_intermediate_size", none_is_zero),
    WORDED("model.moe_latent_size", OBJECT_MODEL, "moe_latent_size", none_is_zero),
    WORDED("model.moe_shared_expert_intermediate_size", OBJECT_MODEL, "shared_intermediate_size",
           none_is_zero),
    WORDED("model.moe_router_num_groups", OBJECT_MODEL, "expert_groups", none_is_zero),
    WORDED("model.moe_router_group_topk", OBJECT_MODEL, "expert_groups_per_token", none_is_zero),
    WORDED("model.mtp_num_layers", OBJECT_MODEL, "mtp_layers", none_is_zero),
    WORDED("model.gated_linear_unit", OBJECT_MODEL, "gated_mlp", flags),
    WORDED("model.share_embeddings_and_output_weights", OBJECT_MODEL, "tied_embeddings", flags),
    WORDED("model.qk_layernorm", OBJECT_MODEL, "qk_norm", flags),
    WORDED("model.moe_router_enable_expert_bias", OBJECT_MODEL, "router_bias", flags),
    WORDED("model.attention_output_gate", OBJECT_MODEL, "attention_gate", flags),
    WORDED("model.moe_shared_expert_gate", OBJECT_MODEL, "shared_expert_gate", flags),
    READ("model.max_position_embeddings", OBJECT_MODEL, "max_position_embeddings"),
    READ("model.kv_channels", OBJECT_MODEL, "head_dim"),
    GROUP("model.num_query_groups"),
    GROUP("model.position_embedding_type"),
    GROUP("model.normalization"),
    GROUP("model.add_bias_linear"),
    GROUP("model.add_qkv_bias"),
    GROUP("model.softmax_type"),
    GROUP("model.moe_layer_freq"),
    GROUP("model.hybrid_override_pattern"),
    GROUP("model.hybrid_layer_pattern"),
    GROUP("model.is_hybrid_model"),
    GROUP("model.hybrid_attention_ratio"),
    GROUP("model.hybrid_mlp_ratio"),
    GROUP("model.mamba_state_dim"),
    GROUP("model.mamba_head_dim"),
    GROUP("model.mamba_num_groups"),
    GROUP("model.mamba_num_heads"),
    GROUP("model.experimental_attention_variant"),
    GROUP("model.linear_attention_freq"),
    GROUP("model.linear_num_key_heads"),
    GROUP("model.linear_num_value_heads"),
    GROUP("model.linear_key_head_dim"),
    GROUP("model.linear_value_head_dim"),
    GROUP("model.linear_conv_kernel_dim"),
    GROUP("model.window_size"),
    GROUP("model.window_attn_skip_freq"),
    GROUP("model.vocab_size"),
    GROUP("model.multi_latent_attention"),
    GROUP("tokenizer.tokenizer_type"),
    GROUP("tokenizer.tokenizer_model"),
    GROUP("tokenizer.vocab_size"),
    GROUP("recipe"),
    JOB("dataset.sequence_length", "seq_length"),
    READ("dataset.seq_length", OBJECT_JOB, "seq_length"),
    JOB("model.seq_length", "seq_length"),
    JOB("train.global_batch_size", "global_batch"),
    WORDED("model.moe_expert_capacity_factor", OBJECT_JOB, "expert_capacity", none_is_zero),
    GROUP("mixed_precision"),
    GROUP("optimizer.optimizer"),
    GROUP("optimizer.use_precision_aware_optimizer"),
    GROUP("optimizer.exp_avg_dtype"),
    GROUP("optimizer.exp_avg_sq_dtype"),
    STRATEGY("model.tensor_model_parallel_size", "tp"),
    STRATEGY("model.context_parallel_size", "cp"),
    STRATEGY("model.pipeline_model_parallel_size", "pp"),
    STRATEGY("model.expert_model_parallel_size", "ep"),
    STRATEGY("train.micro_batch_size", "micro_batch"),
    WORDED("model.microbatch_group_size_per_vp_stage", OBJECT_STRATEGY, "microbatch_group",
           groups_of_pp),
    STRATEGY("model.cp_comm_type", "cp_comm"),
    WORDED("model.sequence_parallel", OBJECT_STRATEGY, "sequence_parallel", flags),
    WORDED("optimizer.optimizer_cpu_offload", OBJECT_STRATEGY, "offload_optimizer", flags),
    OVERLAP("ddp.overlap_grad_reduce", "dp-grad-reduce"),
    OVERLAP("ddp.overlap_param_gather", "dp-param-gather"),
    OVERLAP("comm_overlap.tp_comm_overlap", "tp"),
    OVERLAP("comm_overlap.overlap_moe_expert_parallel_comm", "ep"),
    READ_OVERLAP("comm_overlap.overlap_grad_reduce", "dp-grad-reduce"),
    READ_OVERLAP("comm_overlap.overlap_param_gather", "dp-param-gather"),
    GROUP("model.expert_tensor_parallel_size"),
    GROUP("model.virtual_pipeline_model_parallel_size"),
    GROUP("model.pipeline_model_parallel_layout"),
    GROUP("model.num_layers_in_first_pipeline_stage"),
    GROUP("model.num_layers_in_last_pipeline_stage"),
    GROUP("model.account_for_embedding_in_pipeline_split"),
    GROUP("model.account_for_loss_in_pipeline_split"),
    GROUP("model.overlap_p2p_comm"),
    GROUP("ddp.use_distributed_optimizer"),
    GROUP("ddp.use_megatron_fsdp"),
    GROUP("dist.use_torch_fsdp2"),
    GROUP("ddp.data_parallel_sharding_strategy"),
    GROUP("ddp.num_distributed_optimizer_instances"),
    GROUP("model.recompute_granularity"),
    GROUP("model.recompute_method"),
    GROUP("model.recompute_num_layers"),
    GROUP("model.recompute_modules"),
    GROUP("model.moe_token_dispatcher_type"),
    GROUP("model.moe_enable_deepep"),
    GROUP("model.moe_flex_dispatcher_backend"),
    GROUP("model.moe_pad_expert_input_to_capacity"),
    GROUP("model.attention_backend"),
    GROUP("model.cpu_offloading_num_layers"),
    UNLESS("model.cross_entropy_loss_fusion", "fused_cross_entropy", "false"),
    UNLESS("model.gradient_accumulation_fusion", "gradient_accumulation_fusion", "false"),
    UNLESS("model.moe_grouped_gemm", "grouped_gemm", "false"),
    UNLESS("ddp.grad_reduce_in_fp32", "gradient_bytes", "2"),
    UNLESS("ddp.grad_reduce_in_fp32", "main_gradient_bytes", "2"),
    UNLESS("ddp.grad_reduce_in_fp32", "gradient_reduce_bytes", "2"),
    READ_SWITCH("ddp.grad_reduce_in_fp32", OBJECT_STACK, "gradient_bytes", "4"),
    READ_SWITCH("ddp.grad_reduce_in_fp32", OBJECT_STACK, "main_gradient_bytes", "4"),
    READ_SWITCH("ddp.grad_reduce_in_fp32", OBJECT_STACK, "gradient_reduce_bytes", "4"),
    READ("ddp.bucket_size", OBJECT_STACK, "dp_bucket_parameters"),
    READ("comm_overlap.bucket_size", OBJECT_STACK, "dp_bucket_parameters"),
    UNMODELLED("model.moe_experts_impl", "experts' kernels as the stack has them"),
    UNMODELLED("model.fp32_residual_connection", "taken as 16 bits"),
    UNMODELLED("model.cuda_graph_impl", "launches as the stack's"),
    UNMODELLED("model.moe_shared_expert_overlap", "taken as off"),
    UNMODELLED("model.delay_wgrad_compute", "taken as off"),
    UNMODELLED("comm_overlap.delay_wgrad_compute", "taken as off"),
    UNMODELLED("model.hybrid*", "taken as off"),
    UNMODELLED("model.mamba*", "taken as Megatron-Core's own"),
    UNMODELLED("peft*", "taken as full training"),
    UNMODELLED("train.rampup_batch_size", "the forecast is of the full batch"),
    NEUTRAL("optimizer.use_distributed_optimizer"), /* follows ddp's */
    NEUTRAL("dist.use_megatron_fsdp"),
    NEUTRAL("model.activation_func"),
    NEUTRAL("model.hidden_dropout"),
    NEUTRAL("model.attention_dropout"),
    NEUTRAL("model.moe_aux_loss_coeff"),
    NEUTRAL("model.moe_router_*"),
    NEUTRAL("model.moe_permute_fusion"),
    NEUTRAL("model.rotary_*"),
    NEUTRAL("model.init_method_std"),
    NEUTRAL("model.layernorm_epsilon"),
    NEUTRAL("model.make_vocab_size_divisible_by"),
    NEUTRAL("model.apply_rope_fusion"),
    NEUTRAL("model.bias_*"),
    NEUTRAL("model.pipeline_dtype"),
    NEUTRAL("model.deallocate_pipeline_outputs"),
    NEUTRAL("comm_overlap.tp_comm_*"),
    NEUTRAL("comm_overlap.*"),
    NEUTRAL("ddp.*"),
    NEUTRAL("train.*"),
    NEUTRAL("validation.*"),
    NEUTRAL("optimizer.*"),
    NEUTRAL("scheduler.*"),
    NEUTRAL("checkpoint.*"),
    NEUTRAL("logger.*"),
    NEUTRAL("dataset.*"),
    NEUTRAL("tokenizer.*"),
    NEUTRAL("rng.*"),
    NEUTRAL("dist.*"),
    NEUTRAL("profiling.*"),
    NEUTRAL("rerun_state_machine.*"),
    NEUTRAL("straggler.*"),
    NEUTRAL("inprocess_restart.*"),
    NEUTRAL("ft.*"),
    NEUTRAL("nvrx_straggler.*"),
    NEUTRAL("dataset"),
    NEUTRAL("step_func"),
};

#define IN_MODEL(key)                                                                              \
    {                                                                                              \
        key, "model", NULL                                                                         \
    }
static const struct framework_section sections[] = {
    IN_MODEL("num_query_groups"),
    IN_MODEL("position_embedding_type"),
    IN_MODEL("max_position_embeddings"),
    IN_MODEL("kv_channels"),
    IN_MODEL("normalization"),
    IN_MODEL("add_bias_linear"),
    IN_MODEL("add_qkv_bias"),
    IN_MODEL("softmax_type"),
    IN_MODEL("moe_layer_freq"),
    IN_MODEL("hybrid_override_pattern"),
    IN_MODEL("hybrid_layer_pattern"),
    IN_MODEL("is_hybrid_model"),
    IN_MODEL("hybrid_attention_ratio"),
    IN_MODEL("hybrid_mlp_ratio"),
    IN_MODEL("mamba_state_dim"),
    IN_MODEL("mamba_head_dim"),
    IN_MODEL("mamba_num_groups"),
    IN_MODEL("mamba_num_heads"),
    IN_MODEL("experimental_attention_variant"),
    IN_MODEL("linear_attention_freq"),
    IN_MODEL("linear_num_key_heads"),
    IN_MODEL("linear_num_value_heads"),
    IN_MODEL("linear_key_head_dim"),
    IN_MODEL("linear_value_head_dim"),
    IN_MODEL("linear_conv_kernel_dim"),
    IN_MODEL("window_size"),
    IN_MODEL("window_attn_skip_freq"),
    IN_MODEL("vocab_size"),
    IN_MODEL("multi_latent_attention"),
    IN_MODEL("expert_tensor_parallel_size"),
    IN_MODEL("virtual_pipeline_model_parallel_size"),
    IN_MODEL("pipeline_model_parallel_layout"),
    IN_MODEL("num_layers_in_first_pipeline_stage"),
    IN_MODEL("num_layers_in_last_pipeline_stage"),
    IN_MODEL("account_for_embedding_in_pipeline_split"),
    IN_MODEL("account_for_loss_in_pipeline_split"),
    IN_MODEL("overlap_p2p_comm"),
    IN_MODEL("recompute_granularity"),
    IN_MODEL("recompute_method"),
    IN_MODEL("recompute_num_layers"),
    IN_MODEL("recompute_modules"),
    IN_MODEL("moe_token_dispatcher_type"),
    IN_MODEL("moe_enable_deepep"),
    IN_MODEL("moe_flex_dispatcher_backend"),
    IN_MODEL("moe_pad_expert_input_to_capacity"),
    IN_MODEL("attention_backend"),
    IN_MODEL("cpu_offloading_num_layers"),
    IN_MODEL("activation_func"),
    {"tokenizer_type",                      "tokenizer",  NULL},
    {"tokenizer_model",                     "tokenizer",  NULL},
    {"use_distributed_optimizer",           "ddp",        NULL},
    {"use_megatron_fsdp",                   "ddp",        NULL},
    {"data_parallel_sharding_strategy",     "ddp",        NULL},
    {"num_distributed_optimizer_instances", "ddp",        NULL},
    {"overlap_grad_reduce",                 "ddp",        NULL},
    {"overlap_param_gather",                "ddp",        NULL},
    {"grad_reduce_in_fp32",                 "ddp",        NULL},
    {"use_torch_fsdp2",                     "dist",       NULL},
    {"optimizer",                           "optimizer",  NULL},
    {"use_precision_aware_optimizer",       "optimizer",  NULL},
    {"exp_avg_dtype",                       "optimizer",  NULL},
    {"exp_avg_sq_dtype",                    "optimizer",  NULL},
    {"train_iters",                         "train",      NULL},
    {"eval_iters",                          "validation", NULL},
    {"log_interval",                        "logger",     NULL},
    {NULL,                                  NULL,         NULL},
};

/* Recipes by model: RECIPE_pretrain_config. */
static const struct {
    const char *recipe, *model;
} recipes[] = {
    {"llama2_7b",            "llama2-7b"              },
    {"llama3_8b",            "llama3-8b"              },
    {"llama31_8b",           "llama3-8b"              },
    {"llama3_70b",           "llama3-70b"             },
    {"llama31_70b",          "llama3-70b"             },
    {"llama31_405b",         "llama3-405b"            },
    {"llama32_1b",           "llama3.2-1b"            },
    {"llama32_3b",           "llama3.2-3b"            },
    {"qwen25_7b",            "qwen2.5-7b"             },
    {"qwen25_14b",           "qwen2.5-14b"            },
    {"qwen25_32b",           "qwen2.5-32b"            },
    {"qwen25_72b",           "qwen2.5-72b"            },
    {"qwen3_8b",             "qwen3-8b"               },
    {"qwen3_14b",            "qwen3-14b"              },
    {"qwen3_32b",            "qwen3-32b"              },
    {"qwen3_30b_a3b",        "qwen3-30b-a3b"          },
    {"qwen3_235b_a22b",      "qwen3-235b-a22b"        },
    {"deepseek_v2_lite",     "deepseek-v2-lite"       },
    {"deepseek_v2",          "deepseek-v2"            },
    {"deepseek_v3",          "deepseek-v3"            },
    {"gpt_oss_20b",          "gpt-oss-20b"            },
    {"gpt_oss_120b",         "gpt-oss-120b"           },
    {"kimi_k2",              "kimi-k2"                },
    {"gpt3_175b",            "gpt3-175b"              },
    {"nemotronh_8b",         "nemotron-h-8b"          },
    {"nemotronh_47b",        "nemotron-h-47b"         },
    {"nemotronh_56b",        "nemotron-h-56b"         },
    {"nemotron_nano_9b_v2",  "nemotron-nano-9b-v2"    },
    {"nemotron_nano_12b_v2", "nemotron-nano-12b-v2"   },
    {"nemotron_3_nano",      "nemotron-3-nano-30b-a3b"},
    {"qwen3_next_80b_a3b",   "qwen3-next-80b-a3b"     },
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* NULL: it has none of the model. STATUS_IO out of memory. */
static enum status find_recipe(const struct framework_run *run, const char **recipe,
                               struct error *e)
{
    const struct model *m = &run->scenario.model;
    bool is = false;
    *recipe = NULL;
    for (int i = 0; i < RECIPES && !*recipe; i++) {
        if (names_equal(recipes[i].model, m->name) &&
            model_is_of_catalog(m, recipes[i].model, &is, e) != STATUS_OK)
            return e->status;
        *recipe = is ? recipes[i].recipe : NULL;
    }
    return STATUS_OK;
}

static enum status names_model(const struct framework_run *run, bool *named, struct error *e)
{
    const char *recipe = NULL;
    find_recipe(run, &recipe, e);
    *named = recipe != NULL;
    return e->status;
}

/* The longest recipe that the name begins with. */
static const char *model_of(const char *recipe)
{
    const char *model = NULL;
    size_t longest = 0;
    for (int i = 0; i < RECIPES; i++) {
        size_t n = strlen(recipes[i].recipe);
        if (n > longest && strncmp(recipe, recipes[i].recipe, n) == 0 && recipe[n] == '_') {
            longest = n;
            model = recipes[i].model;
        }
    }
    return model;
}

static enum status read_recipe(struct framework_reader *r)
{
    const char *recipe = reading_value(r, "recipe");
    const char *model = recipe ? model_of(recipe) : NULL;
    bool plain = recipe && strncmp(recipe, "vanilla_gpt", 11) == 0;
    if (model && r->run->scenario.model.layers == 0) {
        snprintf(r->run->model_name, sizeof r->run->model_name, "%s", model);
        if (model_of_catalog(model, NULL, &r->run->scenario.model, r->e) != STATUS_OK)
            return r->e->status;
        r->run->model_given = true;
        text_add(r->notes, "what the recipe sets itself is not known: settings that are not "
                           "overridden are taken as Megatron-Core's defaults\n");
        return STATUS_OK;
    }
    if (recipe && !model && !plain)
        text_addf(r->notes, "the recipe %.80s names no model of the catalog\n", recipe);
    return megatron_read_model(r);
}

static enum status write_recipe(struct framework_writer *w)
{
    const char *recipe = NULL;
    const struct model *m = &w->run->scenario.model;
    if (find_recipe(w->run, &recipe, w->e) != STATUS_OK)
        return w->e->status;
    writer_putf(w, "recipe", "%s_pretrain_config", recipe ? recipe : "vanilla_gpt");
    if (recipe)
        return STATUS_OK;
    if (m->kv_lora_rank > 0)
        return writer_refuse(w, "latent attention without a recipe of the model");
    writer_put(w, "activation_func", m->gated_mlp ? "silu" : "gelu");
    if (megatron_write_model(w) != STATUS_OK)
        return w->e->status;
    return STATUS_OK;
}

/* Recipes of precision: training/mixed_precision.py */
static const struct {
    const char *name;
    enum dtype dtype;
} precisions[] = {
    {"bf16_mixed",                             DTYPE_BF16     },
    {"fp16_mixed",                             DTYPE_FP16     },
    {"bf16_with_fp8_current_scaling_mixed",    DTYPE_FP8      },
    {"bf16_with_fp8_delayed_scaling_mixed",    DTYPE_FP8      },
    {"bf16_with_fp8_subchannel_scaling_mixed", DTYPE_FP8_BLOCK},
    {"bf16_with_mxfp8_mixed",                  DTYPE_MXFP8    },
    {"bf16_with_nvfp4_mixed",                  DTYPE_NVFP4    },
    {"fp16_with_fp8_current_scaling_mixed",    DTYPE_FP8      },
    {"fp16_with_fp8_delayed_scaling_mixed",    DTYPE_FP8      },
    {"fp16_with_fp8_subchannel_scaling_mixed", DTYPE_FP8_BLOCK},
    {"fp16_with_mxfp8_mixed",                  DTYPE_MXFP8    },
};
enum { PRECISIONS = sizeof precisions / sizeof *precisions };

static enum status read_precision(struct framework_reader *r)
{
    const char *name = reading_value(r, "mixed_precision");
    if (!name || value_is_unresolved(name))
        return STATUS_OK; /* every recipe starts from bf16_mixed */
    for (int i = 0; i < PRECISIONS; i++) {
        if (names_equal(precisions[i].name, name)) {
            r->run->scenario.job.precision = precisions[i].dtype;
            return STATUS_OK;
        }
    }
    return reading_error(r, "mixed_precision", "\"%.60s\" is not known", name);
}

static enum status write_precision(struct framework_writer *w)
{
    enum dtype dtype = w->run->scenario.job.precision;
    for (int i = 0; i < PRECISIONS; i++) {
        if (precisions[i].dtype == dtype) {
            writer_put(w, "mixed_precision", precisions[i].name);
            return STATUS_OK;
        }
    }
    return writer_refuse(w, "training in %s", dtype_names[dtype]);
}

static enum status write_basics(struct framework_writer *w)
{
    bool whole = w->run->scenario.stack.gradient_bytes > 2;
    writer_put(w, "grad_reduce_in_fp32", whole ? "true" : "false");
    writer_put(w, "train_iters", "50");
    writer_put(w, "eval_iters", "0");
    writer_put(w, "log_interval", "1");
    return STATUS_OK;
}

static const struct framework_group groups[] = {
    {read_recipe,             write_recipe            },
    {read_precision,          write_precision         },
    {megatron_read_pipeline,  megatron_write_pipeline },
    {megatron_read_sharding,  megatron_write_sharding },
    {megatron_read_recompute, megatron_write_recompute},
    {megatron_read_experts,   megatron_write_experts  },
    {megatron_read_rest,      megatron_write_rest     },
    {NULL,                    write_basics            },
    {NULL,                    NULL                    },
};

const struct framework megatron_bridge = {
    .name = "megatron-bridge",
    .title = "Megatron-Bridge",
    .stack = "megatron-bridge",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .sections = sections,
    .defaults = megatron_defaults,
    .write_all = true,
    .names_model = names_model,
};
