/* nanotron: the YAML that run_train.py takes. Its model is a Hugging Face configuration under
 * model.model_config. src/nanotron/config/config.py, parallelism_config.py, models_config.py,
 * models/base.py (build_model: which stage a block runs on) */
#include "base/json_write.h"
#include "base/number.h"
#include "parallelism/frameworks/deepspeed.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/rows.h"
#include "parallelism/frameworks/tables.h"
#include <stdio.h>
#include <string.h>

static const char model_key[] = "model.model_config.";

static const char *const gradient_words[][2] = {
    {"true",  "6" }, /* in fp32 beside those that it reduces */
    {"false", "2" },
    {NULL,    NULL}
};

static const struct framework_row rows[] = {
    READ("tokens.sequence_length", OBJECT_JOB, "seq_length"),
    READ("tokens.micro_batch_size", OBJECT_STRATEGY, "micro_batch"),
    GROUP("tokens.batch_accumulation_per_replica"),
    READ("parallelism.tp", OBJECT_STRATEGY, "tp"),
    READ("parallelism.pp", OBJECT_STRATEGY, "pp"),
    READ("parallelism.context_parallel_size", OBJECT_STRATEGY, "cp"),
    READ("parallelism.expert_parallel_size", OBJECT_STRATEGY, "ep"),
    GROUP("parallelism.dp"),
    GROUP("parallelism.pp_engine"),
    GROUP("parallelism.tp_mode"),
    GROUP("parallelism.recompute_layer"),
    READ("optimizer.zero_stage", OBJECT_STRATEGY, "zero"),
    READ_WORDED("optimizer.accumulate_grad_in_fp32", OBJECT_STACK, "gradient_bytes",
                gradient_words),
    GROUP("optimizer.optimizer_factory.name"),
    GROUP("model.dtype"),
    GROUP("model.ddp_bucket_cap_mb"),
    GROUP("model.make_vocab_size_divisible_by"),
    GROUP("model.model_config.hidden_size"),
    GROUP("model.model_config.intermediate_size"),
    GROUP("model.model_config.num_attention_heads"),
    GROUP("model.model_config.num_hidden_layers"),
    GROUP("model.model_config.num_key_value_heads"),
    GROUP("model.model_config.vocab_size"),
    GROUP("model.model_config.tie_word_embeddings"),
    GROUP("model.model_config.attention_bias"),
    GROUP("model.model_config.max_position_embeddings"),
    GROUP("model.model_config.hidden_act"),
    GROUP("model.model_config.is_llama_config"),
    GROUP("model.model_config.is_qwen2_config"),
    GROUP("model.model_config.is_starcoder2_config"),
    GROUP("model.model_config.moe_config.num_experts"),
    UNMODELLED("model.model_config.sliding_window_size", "every layer attends to all"),
    UNMODELLED("parallelism.pp_layer_partition",
               "layers by their cost, as nanotron deals them out"),
    UNMODELLED("parallelism.moe_layer_recompute", "taken as off"),
    NEUTRAL("model.*"),
    NEUTRAL("checkpoints.*"),
    NEUTRAL("data_stages*"),
    NEUTRAL("data.*"),
    NEUTRAL("general.*"),
    NEUTRAL("lighteval*"),
    NEUTRAL("logging.*"),
    NEUTRAL("metrics_logging*"),
    NEUTRAL("optimizer.*"),
    NEUTRAL("parallelism.tp_linear_async_communication"), /* as the stack overlaps */
    NEUTRAL("parallelism.tp_recompute_allgather"),        /* as the stack keeps its inputs */
    NEUTRAL("profiler*"),
    NEUTRAL("s3_upload*"),
    NEUTRAL("tokenizer.*"),
    NEUTRAL("tokens.*"),
};

static bool is_word(const char *value)
{
    struct error e;
    double number;
    error_init(&e);
    return strcmp(value, "true") != 0 && strcmp(value, "false") != 0 &&
           number_parse(value, &number, &e) != STATUS_OK;
}

/* The keys under model_config as a config.json; nested ones tell of frequencies alone. */
static void write_config(const struct settings *s, const char *type, struct text *out)
{
    static const size_t n = sizeof model_key - 1;
    struct json_writer w;
    json_writer_init(&w, out);
    json_open_object(&w, NULL);
    json_put_string(&w, "model_type", type);
    for (size_t i = 0; i < s->count; i++) {
        const char *key = setting_key(s, i), *value = setting_value(s, i);
        struct error e;
        double number = 0;
        error_init(&e);
        bool nested = strncmp(key, model_key, n) != 0 || strchr(key + n, '.');
        bool again = settings_find(s, key) != &s->items[i];
        if (nested || again || strncmp(key + n, "is_", 3) == 0 || value_is_unresolved(value))
            continue;
        if (is_word(value))
            json_put_string(&w, key + n, value);
        else if (number_parse(value, &number, &e) == STATUS_OK)
            json_put_number(&w, key + n, number);
        else
            json_put_bool(&w, key + n, strcmp(value, "true") == 0);
    }
    json_close_object(&w);
}

static void mark_model(struct framework_reader *r)
{
    for (size_t i = 0; i < r->framework->row_count; i++) {
        if (strncmp(r->framework->rows[i].key, model_key, sizeof model_key - 1) == 0 &&
            r->framework->rows[i].kind == ROW_GROUP)
            reading_value(r, r->framework->rows[i].key);
    }
}

static enum status read_model(struct framework_reader *r)
{
    struct model *m = &r->run->scenario.model;
    struct text config = {0};
    bool qwen = reading_switch(r, "model.model_config.is_qwen2_config");
    bool bias = reading_switch(r, "model.model_config.attention_bias");
    if (reading_switch(r, "model.model_config.is_starcoder2_config"))
        return reading_error(r, "model.model_config.is_starcoder2_config",
                             "nanotron's StarCoder2 is not modelled: name the model by --model");
    if (reading_number(r, "model.model_config.moe_config.num_experts") > 1)
        return reading_error(r, "model.model_config.moe_config.num_experts",
                             "nanotron's experts are not modelled");
    if (!reading_value(r, "model.model_config.hidden_size"))
        return r->e->status;
    mark_model(r);
    write_config(r->settings, "llama", &config);
    if (r->e->status == STATUS_OK)
        model_config_read(r, &config);
    text_free(&config);
    if (r->e->status != STATUS_OK)
        return r->e->status;
    if (qwen) { /* of queries, keys and values, and a switch here */
        m->attention_bias = bias;
        m->attention_output_bias = false;
    }
    int divisor = reading_number(r, "model.make_vocab_size_divisible_by");
    m->vocab_size =
        model_config_pad(m->vocab_size, (double)(divisor > 0 ? divisor : 1) * r->run->strategy.tp);
    return STATUS_OK;
}

static enum status read_precision(struct framework_reader *r)
{
    static const struct {
        const char *name;
        enum dtype dtype;
    } words[] = {
        {"bfloat16", DTYPE_BF16},
        {"float16",  DTYPE_FP16},
        {"float32",  DTYPE_FP32},
        {"double",   DTYPE_FP32},
    };
    const char *name = reading_value(r, "model.dtype");
    const char *optimizer = reading_value(r, "optimizer.optimizer_factory.name");
    int bucket = reading_number(r, "model.ddp_bucket_cap_mb");
    static const double mebi = 1048576, reduced_bytes = 2;
    if (bucket > 0)
        r->run->scenario.stack.dp_bucket_parameters = bucket * mebi / reduced_bytes;
    if (optimizer && strcmp(optimizer, "sgd") == 0)
        r->run->scenario.job.optimizer = OPTIMIZER_SGD;
    for (size_t i = 0; name && i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].name, name) == 0) {
            r->run->scenario.job.precision = words[i].dtype;
            return STATUS_OK;
        }
    }
    if (!name || value_is_unresolved(name))
        return STATUS_OK;
    return reading_error(r, "model.dtype",
                         "\"%.60s\" is not modelled: bfloat16, float16 and float32 are", name);
}

/* Layers of a stage: blocks go to it until their cost passes its share of all: of a layer 4 heads x
 * head size x h + 3 h x width, of the head h x vocabulary. One block too many stays. */
static void deal_layers(struct framework_reader *r)
{
    const struct model *m = &r->run->scenario.model;
    struct strategy *s = &r->run->strategy;
    double layer =
        4.0 * m->heads * m->head_dim * m->hidden_size + 3.0 * m->intermediate_size * m->hidden_size;
    double all = layer * m->layers + (double)m->vocab_size * m->hidden_size;
    struct text layout = {0};
    int stage = 0, here = 0;
    bool held = true;
    for (int i = 0; i < m->layers && stage < s->pp; i++) {
        here++;
        if (stage + 1 < s->pp && layer * (i + 1) > all * (stage + 1) / s->pp) {
            text_addf(&layout, "%st*%d|", stage == 0 ? "E" : "", here);
            stage++;
            here = 0;
        }
    }
    held = stage + 1 == s->pp && here > 0;
    text_addf(&layout, "t*%dL", here);
    if (held && layout.length < sizeof s->pp_layout)
        snprintf(s->pp_layout, sizeof s->pp_layout, "%s", text_string(&layout));
    else
        text_add(r->notes, "layers are split evenly over the stages, not by their cost\n");
    text_free(&layout);
}

static enum status read_parallel(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    struct job *job = &r->run->scenario.job;
    const char *engine =
        reading_value(r, "parallelism.pp_engine"); /* "1f1b"; "afab" if not given */
    const char *mode = reading_value(r, "parallelism.tp_mode");
    int steps = reading_count(r, "tokens.batch_accumulation_per_replica");
    double replicas = r->run->scenario.system.gpus / ((double)s->tp * s->pp * s->cp);
    bool one = engine && strcmp(engine, "1f1b") == 0;
    s->schedule = s->pp == 1 ? SCHEDULE_NONE : one ? SCHEDULE_1F1B : SCHEDULE_GPIPE;
    s->sequence_parallel =
        s->tp > 1 && mode && strcmp(mode, "ALL_REDUCE") != 0 && strcmp(mode, "all_reduce") != 0;
    if (reading_switch(r, "parallelism.recompute_layer"))
        s->recompute = RECOMPUTE_FULL;
    if (replicas >= 1) {
        job->global_batch = s->micro_batch * replicas * (steps > 0 ? steps : 1);
        r->run->global_batch_given = true;
    }
    s->overlaps = 1u << OVERLAP_DP_GRAD_REDUCE; /* DDP's hooks */
    if (s->pp > 1 && r->run->model_given && r->e->status == STATUS_OK)
        deal_layers(r);
    return r->e->status;
}

/* Each degree is told. */
static void read_launch(struct framework_reader *r, struct launch *launch)
{
    static const char *const degrees[] = {"parallelism.dp", "parallelism.tp", "parallelism.pp",
                                          "parallelism.context_parallel_size"};
    double gpus = 1;
    if (reading_number(r, degrees[0]) == 0)
        return;
    for (size_t i = 0; i < sizeof degrees / sizeof *degrees; i++) {
        int degree = reading_number(r, degrees[i]);
        gpus *= degree > 0 ? degree : 1;
    }
    launch->processes = gpus;
}

static const struct framework_group groups[] = {
    {read_model,     NULL},
    {read_precision, NULL},
    {read_parallel,  NULL},
    {NULL,           NULL},
};

const struct framework nanotron = {
    .name = "nanotron",
    .title = "nanotron",
    .stack = "nanotron-2025",
    .rows = rows,
    .row_count = sizeof rows / sizeof *rows,
    .groups = groups,
    .defaults = deepspeed_defaults,
    .launch = read_launch,
    .read_only = true,
};
