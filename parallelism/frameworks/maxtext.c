/* MaxText: the YAML that stands on its base.yml, and "key=value" behind train.py. Keys that are not
 * given are base.yml's. MaxText/configs/base.yml, pyconfig.py, max_utils.py
 * (create_device_mesh), layers/decoders.py (get_remat_policy) */
#include "base/file.h"
#include "base/json_write.h"
#include "base/number.h"
#include "parallelism/frameworks/deepspeed.h"
#include "parallelism/frameworks/mesh.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

#define AXIS(name) GROUP("ici_" name "_parallelism"), GROUP("dcn_" name "_parallelism")

static const struct framework_row rows[] = {
    AXIS("data"),
    AXIS("fsdp"),
    AXIS("fsdp_transpose"),
    AXIS("sequence"),
    AXIS("context"),
    AXIS("tensor"),
    AXIS("tensor_transpose"),
    AXIS("tensor_sequence"),
    AXIS("autoregressive"),
    AXIS("expert"),
    AXIS("pipeline"),
    GROUP("model_name"),
    GROUP("override_model_config"),
    GROUP("global_parameter_scale"),
    GROUP("scale"),
    GROUP("base_num_heads"),
    GROUP("base_emb_dim"),
    GROUP("base_num_query_heads"),
    GROUP("base_num_kv_heads"),
    GROUP("base_mlp_dim"),
    GROUP("base_num_decoder_layers"),
    GROUP("head_dim"),
    GROUP("vocab_size"),
    GROUP("mlp_activations"),
    GROUP("logits_via_embedding"),
    GROUP("decoder_block"),
    GROUP("num_experts"),
    READ("max_target_length", OBJECT_JOB, "seq_length"),
    GROUP("shard_optimizer_over_data"),
    GROUP("per_device_batch_size"),
    GROUP("gradient_accumulation_steps"),
    GROUP("remat_policy"),
    GROUP("attention"),
    GROUP("quantization"),
    GROUP("dtype"),
    GROUP("weight_dtype"),
    GROUP("hardware"),
    READ_SWITCH("optimizer_memory_host_offload", OBJECT_STRATEGY, "offload_optimizer", "true"),
    UNMODELLED("mu_dtype", "moments as the stack keeps them"),
    UNMODELLED("grad_dtype", "gradients as the stack keeps them"),
    UNMODELLED("capacity_factor", "no token is dropped; --expert-capacity tells otherwise"),
    UNMODELLED("use_tokamax_splash", "kernels as the stack has them"),
    UNMODELLED("decoder_layer_input", "what it saves stays on the device"),
    NEUTRAL("adam_*"),
    NEUTRAL("async_checkpointing"),
    NEUTRAL("base_config"),
    NEUTRAL("base_output_directory"),
    NEUTRAL("checkpoint_*"),
    NEUTRAL("collect_stack_trace"),
    NEUTRAL("compile_topology*"),
    NEUTRAL("cosine_learning_rate_final_fraction"),
    NEUTRAL("data_shuffle_seed"),
    NEUTRAL("dataset_*"),
    NEUTRAL("eval_*"),
    NEUTRAL("enable_*"),
    NEUTRAL("gcs_metrics"),
    NEUTRAL("gradient_clipping_threshold"),
    NEUTRAL("grain_*"),
    NEUTRAL("hf_*"),
    NEUTRAL("init_weights_seed"),
    NEUTRAL("jax_cache_dir"),
    NEUTRAL("kv_quant_*"),
    NEUTRAL("learning_rate*"),
    NEUTRAL("load_*"),
    NEUTRAL("log_period"),
    NEUTRAL("logits_dot_in_fp32"),
    NEUTRAL("max_corpus_chars"),
    NEUTRAL("megablox"),
    NEUTRAL("metrics_file"),
    NEUTRAL("monitor_goodput"),
    NEUTRAL("normalization_layer_epsilon"),
    NEUTRAL("packing"),
    NEUTRAL("param_scan_axis"),
    NEUTRAL("profiler*"),
    NEUTRAL("quantize_kvcache"),
    NEUTRAL("reuse_example_batch"),
    NEUTRAL("rope_*"),
    NEUTRAL("run_name"),
    NEUTRAL("sa_*"),
    NEUTRAL("save_config_to_gcs"),
    NEUTRAL("scan_layers"),
    NEUTRAL("shardy"),
    NEUTRAL("skip_first_n_steps_for_profiler"),
    NEUTRAL("sparse_matmul"),
    NEUTRAL("steps"),
    NEUTRAL("tokenizer_*"),
    NEUTRAL("upload_all_profiler_results"),
    NEUTRAL("use_iota_embed"),
    NEUTRAL("use_vertex_tensorboard"),
    NEUTRAL("vertex_tensorboard_*"),
    NEUTRAL("warmup_steps_fraction"),
    NEUTRAL("weight_decay"),
    NEUTRAL("xla_*"),
};

/* Its names of models that the catalog calls otherwise. */
static const char *const models[][2] = {
    {"deepseek2-16b",  "deepseek-v2-lite"},
    {"deepseek2-236b", "deepseek-v2"     },
    {"deepseek3-671b", "deepseek-v3"     },
    {"kimi-k2-1t",     "kimi-k2"         },
};

static int given_or(struct framework_reader *r, const char *key, int otherwise)
{
    int given = reading_number(r, key);
    return given > 0 ? given : otherwise;
}

/* Dimensions under a scale of parameters, a power of two: its third root goes to each of layers,
 * stream and width, what is left first to heads and MLP, then to the stream
 * (get_individual_scales).
 */
static void write_config(struct framework_reader *r, struct text *out)
{
    int scale = given_or(r, "global_parameter_scale", 1);
    const char *activations = reading_value(r, "mlp_activations");
    int power = (int)floor(log2(scale)), base = power / 3, rest = power % 3;
    int wide = 1 << (base + (rest > 0)), stream = 1 << (base + (rest > 1)), deep = 1 << base;
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_put_string(&w, "model_type", "llama");
    json_put_number(&w, "hidden_size", (double)given_or(r, "base_emb_dim", 2048) * stream);
    json_put_number(&w, "num_attention_heads",
                    (double)given_or(r, "base_num_query_heads", 16) * wide);
    json_put_number(&w, "num_key_value_heads", (double)given_or(r, "base_num_kv_heads", 16) * wide);
    json_put_number(&w, "head_dim", given_or(r, "head_dim", 128));
    json_put_number(&w, "intermediate_size", (double)given_or(r, "base_mlp_dim", 7168) * wide);
    json_put_number(&w, "num_hidden_layers",
                    (double)given_or(r, "base_num_decoder_layers", 16) * deep);
    json_put_number(&w, "vocab_size", given_or(r, "vocab_size", 32000));
    json_put_bool(&w, "tie_word_embeddings", reading_switch(r, "logits_via_embedding"));
    json_put_bool(&w, "gated_mlp", !activations || strstr(activations, "linear") != NULL);
    json_close_object(&w);
}

/* The dimensions are told in a way that is not read: --model is asked for. */
static enum status unread_model(struct framework_reader *r, const char *key, const char *why,
                                const char *value)
{
    text_addf(r->notes, "%s %.60s: %s: name the model by --model\n", key, value, why);
    return STATUS_OK;
}

static enum status read_named(struct framework_reader *r, const char *name)
{
    struct error unknown;
    error_init(&unknown);
    if (reading_switch(r, "override_model_config"))
        return unread_model(r, "override_model_config", "other dimensions", name);
    const char *ours = name;
    for (size_t i = 0; i < sizeof models / sizeof *models; i++)
        ours = names_equal(models[i][0], name) ? models[i][1] : ours;
    if (model_of_catalog(ours, NULL, &r->run->scenario.model, &unknown) == STATUS_IO)
        return error_set(r->e, STATUS_IO, "%s", unknown.message);
    r->run->model_given = unknown.status == STATUS_OK;
    if (r->run->model_given)
        snprintf(r->run->model_name, sizeof r->run->model_name, "%s", r->run->scenario.model.name);
    else
        text_addf(r->notes, "the model %.80s is not in the catalog: name it by --model\n", name);
    return STATUS_OK;
}

/* Scripts of 2023 name heads and the scale otherwise, and what they leave out was not what it is
 * now: an MLP without a gate, 256 values a head, a linear scale. */
static bool is_older(struct framework_reader *r)
{
    static const char *const names[] = {"base_num_heads", "scale"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const char *value = reading_value(r, names[i]);
        if (value) {
            unread_model(r, names[i], "of MaxText in 2023, whose defaults were others", value);
            return true;
        }
    }
    return false;
}

static enum status read_model(struct framework_reader *r)
{
    static const char *const plain[] = {"llama2", "llama", "mistral", "default", NULL};
    const char *name = reading_value(r, "model_name"), *block = reading_value(r, "decoder_block");
    struct text config = {0};
    if (name && value_is_unresolved(name))
        return STATUS_OK;
    if (name && strcmp(name, "default") != 0)
        return read_named(r, name);
    if (block && names_find(plain, block) < 0)
        return unread_model(r, "decoder_block", "not read by its dimensions", block);
    if (reading_number(r, "num_experts") > 1)
        return unread_model(r, "num_experts", "not read by its dimensions",
                            reading_value(r, "num_experts"));
    if (is_older(r))
        return STATUS_OK;
    int scale = given_or(r, "global_parameter_scale", 1);
    if ((scale & (scale - 1)) != 0)
        return reading_error(r, "global_parameter_scale", "expected a power of two, got %d", scale);
    write_config(r, &config);
    if (r->e->status == STATUS_OK)
        model_config_read(r, &config);
    text_free(&config);
    return r->e->status;
}

static void read_launch(struct framework_reader *r, struct launch *launch)
{
    struct mesh mesh;
    const char *hardware = reading_value(r, "hardware");
    if (mesh_read(r, 0, &mesh) != STATUS_OK)
        return;
    launch->processes = mesh.gpus;
    int open;
    double slice = mesh_told(mesh.ici, &open);
    if (open < 0 && hardware && strncmp(hardware, "gpu", 3) == 0)
        launch->gpus_per_node = slice;
}

/* shard_optimizer_over_data: ZeRO 1 over the axis of data, of 2025. */
static void read_optimizer_shards(struct framework_reader *r, bool copies)
{
    struct strategy *s = &r->run->strategy;
    const struct stack *stack = &r->run->scenario.stack;
    if (!copies || !reading_switch(r, "shard_optimizer_over_data"))
        return;
    if (s->zero == 0 && stack->zero_stages >> 1 & 1)
        s->zero = 1;
    else
        text_addf(r->notes, "shard_optimizer_over_data is not modelled %s%s: %s\n",
                  s->zero == 0 ? "for " : "beside FSDP", s->zero == 0 ? stack->name : "",
                  "each copy of the parameters is taken to have its optimizer");
}

static enum status read_parallel(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const struct stack *stack = &r->run->scenario.stack;
    struct mesh m;
    if (mesh_read(r, r->run->scenario.system.gpus, &m) != STATUS_OK)
        return r->e->status;
    if (mesh_degree(&m, AXIS_PIPELINE) > 1)
        return reading_error(r, "ici_pipeline_parallelism", "MaxText's pipeline is not modelled");
    int context = mesh_degree(&m, AXIS_CONTEXT), sequence = mesh_degree(&m, AXIS_SEQUENCE);
    int shards = mesh_degree(&m, AXIS_FSDP) * mesh_degree(&m, AXIS_FSDP_TRANSPOSE);
    s->tp = mesh_degree(&m, AXIS_TENSOR) * mesh_degree(&m, AXIS_TENSOR_TRANSPOSE) *
            mesh_degree(&m, AXIS_TENSOR_SEQUENCE) * mesh_degree(&m, AXIS_AUTOREGRESSIVE);
    s->cp = context * sequence;
    s->cp_comm = sequence > 1 ? CP_COMM_A2A : CP_COMM_ALLGATHER;
    s->ep = mesh_degree(&m, AXIS_EXPERT);
    s->sequence_parallel = s->tp > 1;
    s->zero = shards * s->ep > 1 ? 3 : 0;
    if (s->zero == 3 && mesh_degree(&m, AXIS_DATA) > 1)
        s->fsdp_shard = shards * s->ep * s->cp;
    read_optimizer_shards(r, mesh_degree(&m, AXIS_DATA) > 1);
    s->overlaps = stack->overlaps & (1u << OVERLAP_DP_GRAD_REDUCE);
    if (s->zero == 3)
        s->overlaps |= stack->overlaps & 1u << OVERLAP_FSDP_PREFETCH;
    if (s->tp > 1)
        s->overlaps |= stack->overlaps & 1u << OVERLAP_TP;
    s->schedule = SCHEDULE_NONE;
    return r->e->status;
}

/* A batch is told for a device, a part of a sequence where several share one. */
static enum status read_batch(struct framework_reader *r)
{
    static const double usual = 12;
    struct strategy *s = &r->run->strategy;
    struct job *job = &r->run->scenario.job;
    const char *value = reading_value(r, "per_device_batch_size");
    int steps = given_or(r, "gradient_accumulation_steps", 1);
    double each = usual, gpus = r->run->scenario.system.gpus;
    if (value && value_is_unresolved(value))
        return STATUS_OK;
    if (value && number_parse(value, &each, r->e) != STATUS_OK) {
        error_set_path(r->e, "per_device_batch_size");
        return r->e->status;
    }
    double micro = each * s->tp * s->cp;
    if (!(micro >= 1) || micro > 1e6 || micro > floor(micro))
        return reading_error(r, "per_device_batch_size",
                             "%g sequences a device make %g of %d devices", each, micro,
                             s->tp * s->cp);
    s->micro_batch = (int)micro;
    if (gpus > 0) {
        job->global_batch = each * gpus * steps;
        r->run->global_batch_given = true;
    }
    if (!r->run->seq_length_given)
        job->seq_length = 2048; /* base.yml's */
    r->run->seq_length_given = true;
    return r->e->status;
}

/* What is saved: all products with weights (minimal), attention's output too (minimal_flash),
 * nothing (full). */
static enum status read_recompute(struct framework_reader *r)
{
    static const unsigned light = 1u << MODULE_LAYERNORM | 1u << MODULE_MLP_ACT;
    static const struct {
        const char *policy;
        enum recompute recompute;
        unsigned modules;
    } policies[] = {
        {"full",                 RECOMPUTE_FULL,      0                                  },
        {"none",                 RECOMPUTE_NONE,      0                                  },
        {"minimal",              RECOMPUTE_SELECTIVE, light | 1u << MODULE_CORE_ATTENTION},
        {"minimal_flash",        RECOMPUTE_SELECTIVE, light                              },
        {"minimal_with_context", RECOMPUTE_SELECTIVE, light                              },
    };
    struct strategy *s = &r->run->strategy;
    const char *policy = reading_value(r, "remat_policy");
    const char *attention = reading_value(r, "attention");
    s->attention =
        attention && strcmp(attention, "dot_product") == 0 ? ATTENTION_UNFUSED : ATTENTION_FLASH;
    s->recompute = RECOMPUTE_FULL; /* base.yml's */
    for (size_t i = 0; i < sizeof policies / sizeof *policies; i++) {
        if (policy && strcmp(policies[i].policy, policy) != 0)
            continue;
        s->recompute = policies[i].recompute;
        s->recompute_modules = policies[i].modules;
        return STATUS_OK;
    }
    text_addf(r->notes, "remat_policy %.40s is taken as full; --recompute tells otherwise\n",
              policy);
    return STATUS_OK;
}

static enum status read_precision(struct framework_reader *r)
{
    struct job *job = &r->run->scenario.job;
    const char *dtype = reading_value(r, "dtype"), *quantization = reading_value(r, "quantization");
    job->precision = dtype && strcmp(dtype, "float32") == 0   ? DTYPE_FP32
                     : dtype && strcmp(dtype, "float16") == 0 ? DTYPE_FP16
                                                              : DTYPE_BF16;
    if (!quantization || *quantization == '\0' || value_is_unresolved(quantization))
        return STATUS_OK;
    if (strstr(quantization, "mxfp8"))
        job->precision = DTYPE_MXFP8;
    else if (strstr(quantization, "fp8"))
        job->precision = DTYPE_FP8;
    else
        text_addf(r->notes, "quantization %.40s is not modelled: %s is taken\n", quantization,
                  dtype_names[job->precision]);
    return STATUS_OK;
}

static const struct framework_group groups[] = {
    {read_model,     NULL},
    {read_parallel,  NULL},
    {read_batch,     NULL},
    {read_recompute, NULL},
    {read_precision, NULL},
    {NULL,           NULL},
};

/* By its machine, a TPU where none is told, and by the width of its weights, fp32 likewise. */
static const char *stack_of(const struct settings *settings)
{
    bool gpu = strncmp(settings_value(settings, "hardware"), "gpu", 3) == 0;
    bool narrow = strcmp(settings_value(settings, "weight_dtype"), "bfloat16") == 0;
    return !gpu ? "maxtext-tpu-2024" : narrow ? "maxtext-2026" : "jax-toolbox-2024";
}

const struct framework maxtext = {
    .name = "maxtext",
    .title = "MaxText",
    .stack = "maxtext-tpu-2024",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .defaults = deepspeed_defaults,
    .launch = read_launch,
    .read_only = true,
    .stack_of = stack_of,
};
