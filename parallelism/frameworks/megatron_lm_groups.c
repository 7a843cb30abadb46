/* Groups of Megatron-LM's flags: precision, kernels, what makes a command run.
 * megatron/training/arguments.py */
#include "parallelism/frameworks/megatron.h"
#include "parallelism/frameworks/megatron_lm.h"
#include <string.h>

/* Names of 2019 and 2020 (megatron/arguments.py refuses them since and says what they became). They
 * are no rows: GPT-NeoX has the first too, and is told by what it alone has. */
static enum status read_older(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    int tp = reading_number(r, "model_parallel_size"), micro = reading_number(r, "batch_size");
    if (tp > 0 && !settings_find(r->settings, "tensor_model_parallel_size"))
        s->tp = tp;
    if (micro > 0 && !settings_find(r->settings, "micro_batch_size"))
        s->micro_batch = micro;
    return r->e->status;
}

/* Precisions by flags: {ours, --bf16 or --fp16, format, recipe}. [MoE and fp8 recipes of
 * Transformer Engine] */
static const struct {
    enum dtype dtype;
    const char *base, *format_key, *format, *recipe_key, *recipe;
} precisions[] = {
    {DTYPE_FP8,       "bf16", "fp8_format", "hybrid", "fp8_recipe", "tensorwise"},
    {DTYPE_FP8,       "bf16", "fp8_format", "hybrid", "fp8_recipe", "delayed"   },
    {DTYPE_FP8_BLOCK, "bf16", "fp8_format", "e4m3",   "fp8_recipe", "blockwise" },
    {DTYPE_MXFP8,     "bf16", "fp8_format", "e4m3",   "fp8_recipe", "mxfp8"     },
    {DTYPE_NVFP4,     "bf16", "fp4_format", "e2m1",   "fp4_recipe", "nvfp4"     },
    {DTYPE_BF16,      "bf16", NULL,         NULL,     NULL,         NULL        },
    {DTYPE_FP16,      "fp16", NULL,         NULL,     NULL,         NULL        },
    {DTYPE_FP32,      NULL,   NULL,         NULL,     NULL,         NULL        },
};
enum { PRECISIONS = sizeof precisions / sizeof *precisions };

static enum status read_precision(struct framework_reader *r)
{
    struct job *job = &r->run->scenario.job;
    bool fp16 = reading_switch(r, "fp16");
    bool primus = settings_find(r->settings, "modules.pre_trainer.framework") ||
                  settings_find(r->settings, "modules.post_trainer.framework");
    bool bf16 =
        reading_switch(r, "bf16") || (primus && !fp16 && !settings_find(r->settings, "bf16"));
    if (primus)
        text_add(r->notes, "Primus's base configuration is not followed: bf16 and Megatron-LM's "
                           "defaults are taken where a setting is not given\n");
    bool fp8 = reading_value(r, "fp8_format") || reading_value(r, "fp8");
    bool fp4 = reading_value(r, "fp4_format") || reading_value(r, "fp4");
    const char *recipe = reading_value(r, "fp8_recipe");
    reading_value(r, "fp4_recipe");
    job->precision = fp4 ? DTYPE_NVFP4 : bf16 ? DTYPE_BF16 : fp16 ? DTYPE_FP16 : DTYPE_FP32;
    if (!fp8 && !fp4 && !bf16 && !fp16)
        text_add(r->notes, "neither --bf16 nor --fp16 is given: fp32, as it trains then; "
                           "--precision tells otherwise\n");
    if (!fp8)
        return STATUS_OK;
    job->precision = DTYPE_FP8; /* its default recipe is delayed scaling */
    for (int i = 0; i < PRECISIONS && recipe; i++) {
        if (precisions[i].recipe && strcmp(precisions[i].recipe, recipe) == 0)
            job->precision = precisions[i].dtype;
    }
    return STATUS_OK;
}

static enum status write_precision(struct framework_writer *w)
{
    enum dtype dtype = w->run->scenario.job.precision;
    for (int i = 0; i < PRECISIONS; i++) {
        if (precisions[i].dtype != dtype)
            continue;
        if (precisions[i].base)
            writer_put(w, precisions[i].base, "true");
        if (precisions[i].format_key) {
            writer_put(w, precisions[i].format_key, precisions[i].format);
            writer_put(w, precisions[i].recipe_key, precisions[i].recipe);
        }
        return STATUS_OK;
    }
    return writer_refuse(w, "training in %s", dtype_names[dtype]);
}

/* One buffer takes a parameter's gradients: summed, kept and reduced in its type, fp32 unless flags
 * or --fp16, which asks for none, say otherwise: read behind the precision. DeepSpeed keeps its own.
 * [validate_args, training/training.py: grad_reduce_in_fp32] */
static enum status read_gradients(struct framework_reader *r)
{
    static const char *const fields[] = {"gradient_bytes", "main_gradient_bytes",
                                         "gradient_reduce_bytes"};
    struct stack *stack = &r->run->scenario.stack;
    bool whole = reading_switch(r, "accumulate_allreduce_grads_in_fp32");
    bool reduced = reading_switch(r, "grad_reduce_in_bf16");
    const char *type = reading_value(r, "main_grads_dtype");
    bool half =
        r->run->scenario.job.precision == DTYPE_FP16
            ? !whole
            : reduced || (type && strstr(type, "bf16")) || (type && strstr(type, "bfloat16"));
    if (settings_find(r->settings, "deepspeed") || !(half || whole))
        return STATUS_OK;
    for (size_t i = 0; i < sizeof fields / sizeof *fields && r->e->status == STATUS_OK; i++)
        field_set(framework_field(OBJECT_STACK, fields[i]), half ? "2" : "4", stack, r->e);
    return r->e->status;
}

static enum status write_gradients(struct framework_writer *w)
{
    bool half = w->run->scenario.stack.gradient_bytes <= 2;
    bool fp16 = w->run->scenario.job.precision == DTYPE_FP16;
    if (fp16 && !half)
        writer_put(w, "accumulate_allreduce_grads_in_fp32", "true");
    if (!fp16 && half)
        writer_put(w, "grad_reduce_in_bf16", "true");
    return STATUS_OK;
}

/* Kernels that it uses only when told to; those that the model has no use for stay as they are. */
static enum status read_kernels(struct framework_reader *r)
{
    struct kernels *k = &r->run->scenario.stack.kernels;
    const struct model *m = &r->run->scenario.model;
    bool fused = reading_switch(r, "cross_entropy_loss_fusion");
    bool grouped = reading_switch(r, "moe_grouped_gemm");
    k->fused_cross_entropy = k->fused_cross_entropy && fused;
    if (m->experts > 0)
        k->grouped_gemm = k->grouped_gemm && grouped;
    megatron_read_dropout(r);
    if (!reading_value(r, "attention_backend") && !reading_switch(r, "use_flash_attn") &&
        r->run->scenario.stack.attention == ATTENTION_UNFUSED)
        r->run->strategy.attention = ATTENTION_UNFUSED;
    return STATUS_OK;
}

/* What makes the command run as it stands: mock data, a few iterations, one log line each. */
static enum status write_rest(struct framework_writer *w)
{
    const struct framework_run *run = w->run;
    const struct kernels *k = &run->scenario.stack.kernels;
    const struct model *m = &run->scenario.model;
    bool dropout = k->dropout && !m->gated_mlp && !model_scans(m);
    writer_put(w, "hidden_dropout", dropout ? "0.1" : "0.0");
    writer_put(w, "attention_dropout", dropout ? "0.1" : "0.0");
    if (k->fused_cross_entropy)
        writer_put(w, "cross_entropy_loss_fusion", "true");
    if (k->grouped_gemm && run->scenario.model.experts > 0)
        writer_put(w, "moe_grouped_gemm", "true");
    static const char *const others[][2] = {
        {"mock_data",      "true"},
        {"train_iters",    "50"  },
        {"lr",             "1e-4"},
        {"eval_iters",     "0"   },
        {"log_interval",   "1"   },
        {"log_throughput", "true"}
    };
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        writer_put(w, others[i][0], others[i][1]);
    return STATUS_OK;
}

const struct framework_group megatron_lm_groups[] = {
    {read_older,              NULL                    },
    {megatron_read_model,     megatron_write_model    },
    {read_precision,          write_precision         },
    {read_gradients,          write_gradients         },
    {megatron_read_pipeline,  megatron_write_pipeline },
    {megatron_read_sharding,  megatron_write_sharding },
    {megatron_read_recompute, megatron_write_recompute},
    {megatron_read_experts,   megatron_write_experts  },
    {megatron_read_rest,      megatron_write_rest     },
    {read_kernels,            write_rest              },
    {NULL,                    NULL                    },
};

const char *megatron_lm_stack_of(const struct settings *settings)
{
    static const char *const later[] = {"use_flash_attn",        "use_flash_attn_v1",
                                        "use_flash_attn_v2",     "use_flash_attn_triton",
                                        "sequence_parallel",     "ds_sequence_parallel_size",
                                        "context_parallel_size", "num_experts"};
    bool told = settings_find(settings, "deepspeed") != NULL;
    for (size_t i = 0; i < sizeof later / sizeof *later && told; i++)
        told = settings_find(settings, later[i]) == NULL;
    return told ? "megatron-deepspeed-2022" : NULL;
}
