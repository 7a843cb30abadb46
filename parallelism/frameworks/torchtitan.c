/* torchtitan: a Python recipe that returns a Trainer.Config, --section.option flags, or the TOML
 * file of its older versions. torchtitan/config/parallelism.py, training.py, compile.py;
 * torchtitan_recipes/ */
#include "parallelism/frameworks/torchtitan.h"
#include "base/file.h"
#include "parallelism/frameworks/likeness.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/primus.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <stdio.h>
#include <string.h>

static const char *const rotate_words[][2] = {
    {"alltoall", "p2p"},
    {NULL,       NULL }
};
static const char *const reduce_words[][2] = {
    {"float32",  "4" },
    {"bfloat16", "2" },
    {NULL,       NULL}
};

static const char *const whole_precision[][2] = {
    {"float32", "false"},
    {NULL,      NULL   }
};

static const struct framework_row rows[] = {
    STRATEGY("parallelism.tensor_parallel_degree", "tp"),
    STRATEGY("parallelism.pipeline_parallel_degree", "pp"),
    STRATEGY("parallelism.context_parallel_degree", "cp"),
    STRATEGY("parallelism.expert_parallel_degree", "ep"),
    STRATEGY("parallelism.enable_sequence_parallel", "sequence_parallel"),
    READ_SWITCH("parallelism.disable_sequence_parallel", OBJECT_STRATEGY, "sequence_parallel",
                "false"),
    READ_WORDED("parallelism.context_parallel_rotate_method", OBJECT_STRATEGY, "cp_comm",
                rotate_words),
    READ("training.tensor_parallel_degree", OBJECT_STRATEGY, "tp"),
    READ("experimental.pipeline_parallel_degree", OBJECT_STRATEGY, "pp"),
    READ("experimental.context_parallel_degree", OBJECT_STRATEGY, "cp"),
    STRATEGY("training.enable_cpu_offload", "offload_optimizer"),
    READ_WORDED("training.mixed_precision_reduce", OBJECT_STACK, "gradient_reduce_bytes",
                reduce_words),
    GROUP("parallelism.data_parallel_replicate_degree"),
    GROUP("parallelism.data_parallel_shard_degree"),
    GROUP("training.data_parallel_replicate_degree"),
    GROUP("training.data_parallel_shard_degree"),
    GROUP("training.data_parallel_degree"),
    GROUP("parallelism.fsdp_reshard_after_forward"),
    GROUP("parallelism.enable_async_tensor_parallel"),
    GROUP("compile.enable_async_tensor_parallel"),
    GROUP("experimental.enable_async_tensor_parallel"),
    GROUP("float8.enable_float8_linear"),
    GROUP("compile.enable"),
    GROUP("compile"),
    GROUP("training.compile"),
    GROUP("compile.components"),
    GROUP("parallelism.expert_tensor_parallel_degree"),
    GROUP("parallelism.pipeline_parallel_schedule"),
    GROUP("parallelism.pipeline_parallel_layers_per_stage"),
    GROUP("parallelism.pipeline_parallel_first_stage_less_layers"),
    GROUP("parallelism.pipeline_parallel_last_stage_less_layers"),
    GROUP("parallelism.pipeline_parallel_microbatch_size"),
    GROUP("parallelism.num_pp_microbatches"),
    GROUP("training.seq_len"),
    GROUP("training.max_context_length"),
    GROUP("training.local_batch_size"),
    GROUP("training.batch_size"),
    GROUP("training.global_batch_size"),
    GROUP("training.num_tokens_per_microbatch_per_dp_rank"),
    GROUP("training.num_tokens_per_train_step"),
    GROUP("activation_checkpoint"),
    GROUP("activation_checkpoint.mode"),
    GROUP("module"),
    GROUP("config"),
    GROUP("model.name"),
    GROUP("modules.pre_trainer.model"), /* Primus */
    NEUTRAL("modules.*"),
    NEUTRAL("work_group*"),
    NEUTRAL("user_name*"),
    NEUTRAL("exp_name*"),
    NEUTRAL("workspace*"),
    NEUTRAL("sink_level"),
    NEUTRAL("file_sink_level"),
    NEUTRAL("stderr_sink_level"),
    NEUTRAL("training.mock_data"),
    NEUTRAL("primus_turbo.*"),
    GROUP("model.flavor"),
    NEUTRAL("model.norm_type"),
    NEUTRAL("training.warmup_steps"),
    GROUP("model.converters"),
    GROUP("model_converters*"),
    GROUP("moe_comm_backend"),
    GROUP("inner_attention_map"),
    UNMODELLED("experimental.pipeline_parallel_schedule", "taken as 1F1B"),
    UNMODELLED("parallelism.pipeline_parallel_schedule_csv", "the schedule by its name"),
    UNMODELLED("parallelism.pipeline_parallel_module_fqns_per_model_part", "layers split evenly"),
    UNMODELLED("parallelism.module_fqns_per_model_part", "layers split evenly"),
    UNMODELLED("parallelism.fsdp_defer_gradient_reduction", "reduced every micro-batch"),
    UNMODELLED("parallelism.pp_max_unsharded_active_stages", "all stages resident"),
    UNMODELLED("activation_checkpoint.memory_budget", "taken as selective"),
    UNMODELLED("debug.deterministic", "taken as off"),
    UNMODELLED("training.deterministic", "taken as off"),
    NEUTRAL("import"),
    NEUTRAL("import.module"),
    NEUTRAL("call"),
    NEUTRAL("base"),
    GROUP("seq_len"),
    NEUTRAL("parallelism.context_parallel_load_balancer"),
    NEUTRAL("parallelism.fsdp_symm_mem_scope"),
    NEUTRAL("parallelism.enable_fsdp_symm_mem"),
    NEUTRAL("parallelism.disable_loss_parallel"),
    NEUTRAL("parallelism.full_dtensor"),
    NEUTRAL("parallelism"),
    NEUTRAL("training"),
    UNMODELLED_WORDED("training.dtype", "parameters and moments in fp32", whole_precision),
    UNMODELLED("optimizer.early_step_in_backward", "gradients kept until the step"),
    NEUTRAL("training.mixed_precision_param"),
    NEUTRAL("training.disable_cuda_graphs"),
    NEUTRAL("training.steps"),
    NEUTRAL("training.dataset*"),
    NEUTRAL("training.max_norm"),
    NEUTRAL("training.gc_*"),
    NEUTRAL("training.seed"),
    NEUTRAL("activation_checkpoint.*"),
    NEUTRAL("compile.*"),
    NEUTRAL("comm.*"),
    NEUTRAL("checkpoint*"),
    NEUTRAL("dataloader*"),
    NEUTRAL("debug.*"),
    NEUTRAL("dump_folder"),
    NEUTRAL("experimental.*"),
    NEUTRAL("fault_tolerance.*"),
    NEUTRAL("float8.*"),
    NEUTRAL("hf_assets_path"),
    NEUTRAL("job.*"),
    NEUTRAL("loss*"),
    NEUTRAL("lr_scheduler*"),
    NEUTRAL("metrics*"),
    NEUTRAL("model.hf_assets_path"),
    NEUTRAL("model.tokenizer_path"),
    NEUTRAL("model"),
    NEUTRAL("model_spec"),
    NEUTRAL("optim*"),
    NEUTRAL("override*"),
    NEUTRAL("profil*"),
    NEUTRAL("quantize.*"),
    NEUTRAL("validat*"),
};

/* Recipes by model: the module that holds the function. */
static const struct {
    const char *module, *function, *model;
} recipes[] = {
    {"torchtitan_recipes.models.llama3",         "llama3_8b",        "llama3-8b"    },
    {"torchtitan_recipes.models.llama3",         "llama3_70b",       "llama3-70b"   },
    {"torchtitan.models.llama3.config_registry", "llama3_405b",      "llama3-405b"  },
    {"torchtitan.models.qwen3.config_registry",  "qwen3_8b",         "qwen3-8b"     },
    {"torchtitan.models.qwen3.config_registry",  "qwen3_14b",        "qwen3-14b"    },
    {"torchtitan.models.qwen3.config_registry",  "qwen3_32b",        "qwen3-32b"    },
    {"torchtitan.models.qwen3.config_registry",  "qwen3_30b_a3b",    "qwen3-30b-a3b"},
    {"torchtitan_recipes.models.deepseek_v3",    "deepseek_v3_671b", "deepseek-v3"  },
};
enum { RECIPES = sizeof recipes / sizeof *recipes };

/* Models that have a flavor alone: its 16B and 236B are DeepSeek-V2's sizes.
 * [torchtitan/models: deepseek_v3, llama4, qwen3, gpt_oss] */
static const struct {
    const char *flavor, *model;
} flavors[] = {
    {"deepseek_v3_16b",  "deepseek-v2-lite"},
    {"deepseek_v3_236b", "deepseek-v2"     },
    {"llama4_17bx16e",   "llama4-scout"    },
    {"llama4_17bx128e",  "llama4-maverick" },
    {"qwen3_235b_a22b",  "qwen3-235b-a22b" },
    {"gpt_oss_20b",      "gpt-oss-20b"     },
    {"gpt_oss_120b",     "gpt-oss-120b"    },
};
enum { FLAVORS = sizeof flavors / sizeof *flavors };

/* Its index, or -1. STATUS_IO out of memory. */
static enum status find_recipe(const struct model *model, int *found, struct error *e)
{
    bool is = false;
    for (*found = 0; *found < RECIPES; ++*found) {
        if (names_equal(recipes[*found].model, model->name) &&
            model_is_of_catalog(model, recipes[*found].model, &is, e) != STATUS_OK)
            return e->status;
        if (is)
            return STATUS_OK;
    }
    *found = -1;
    return STATUS_OK;
}

/* A function's name, "llama3_8b" or one that begins with it ("llama3_8b_float8"); or the older
 * pair of model and flavor. */
static const char *model_of(const char *name)
{
    const char *model = NULL;
    size_t longest = 0;
    for (int i = 0; i < RECIPES + FLAVORS; i++) {
        const char *word = i < RECIPES ? recipes[i].function : flavors[i - RECIPES].flavor;
        size_t n = strlen(word);
        if (n > longest && strncmp(name, word, n) == 0 && (name[n] == '\0' || name[n] == '_')) {
            longest = n;
            model = i < RECIPES ? recipes[i].model : flavors[i - RECIPES].model;
        }
    }
    return model;
}

static enum status find_model(struct framework_reader *r)
{
    const char *keys[] = {"config", NULL}, *model = NULL;
    for (size_t i = 0; keys[i] && !model; i++) {
        const char *value = reading_value(r, keys[i]);
        model = value ? model_of(value) : NULL;
    }
    for (size_t i = 0; i < r->settings->count; i++) {
        const char *key = setting_key(r->settings, i);
        bool names = strcmp(key, "import") == 0 || strcmp(key, "call") == 0;
        if (!names || model)
            continue;
        model = model_of(setting_value(r->settings, i));
        if (model)
            r->settings->items[i].use = SETTING_READ;
    }
    const char *name = reading_value(r, "model.name"), *flavor = reading_value(r, "model.flavor");
    if (!model && name && flavor) {
        char word[96];
        snprintf(word, sizeof word, "%.40s_%.40s", name, flavor);
        for (char *c = word; *c != '\0'; c++)
            *c = *c >= 'A' && *c <= 'Z' ? (char)(*c - 'A' + 'a') : *c == '-' ? '_' : *c;
        model = model_of(word);
        if (!model) /* a fork's may be a model's own name: "kimi_k2" */
            return model_config_named(r, flavor);
    }
    if (!model)
        return primus_read_recipe(r);
    snprintf(r->run->model_name, sizeof r->run->model_name, "%s", model);
    r->run->model_given = model_of_catalog(model, NULL, &r->run->scenario.model, r->e) == STATUS_OK;
    return r->e->status;
}

static enum status write_model(struct framework_writer *w)
{
    int i = -1;
    if (find_recipe(&w->run->scenario.model, &i, w->e) != STATUS_OK)
        return w->e->status;
    if (i < 0)
        return writer_refuse(w, "it has no recipe of the model %s", w->run->scenario.model.name);
    writer_put(w, "import.module", recipes[i].module);
    writer_put(w, "import", recipes[i].function);
    return STATUS_OK;
}

static void defaults(struct framework_run *run)
{
    struct strategy *s = &run->strategy;
    s->sequence_parallel = true;
    s->zero = 3;
    s->overlaps = 1u << OVERLAP_FSDP_PREFETCH;
    s->attention = ATTENTION_FLASH;
    s->dispatcher = DISPATCHER_ALLTOALL;
    s->cp_comm = CP_COMM_ALLGATHER;
    s->micro_batch = 1;
}

static const struct framework_group groups[] = {
    {find_model,                write_model               },
    {torchtitan_read_batch,     torchtitan_write_batch    },
    {torchtitan_read_sharding,  torchtitan_write_sharding },
    {torchtitan_read_pipeline,  torchtitan_write_pipeline },
    {torchtitan_read_recompute, torchtitan_write_recompute},
    {torchtitan_read_rest,      torchtitan_write_rest     },
    {NULL,                      NULL                      },
};

static const struct framework_value only[] = {
    {"zero",             "0"       },
    {"zero",             "3"       },
    {"recompute_layers", "0"       },
    {"dispatcher",       "alltoall"},
    {NULL,               NULL      },
};

const struct framework torchtitan = {
    .name = "torchtitan",
    .title = "torchtitan",
    .stack = "torchtitan",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .defaults = defaults,
    .only = only,
    .launch = torchtitan_read_launch,
    .names_model = framework_names_models,
};
