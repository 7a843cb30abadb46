/* Groups of torchtitan's settings: batch, sharding, pipeline, recompute, quantisation. */
#include "base/file.h"
#include "parallelism/frameworks/torchtitan.h"
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Tokens of a micro-batch; "8 * model_config.max_context_length" is so many of the model's, which
 * are the sequence's. */
static int read_tokens(struct framework_reader *r, int seq)
{
    static const char key[] = "training.num_tokens_per_microbatch_per_dp_rank";
    const char *value = reading_value(r, key);
    int tokens = reading_number(r, key);
    if (tokens > 0 || !value || !value_is_unresolved(value) ||
        !text_ends_with(value, ".max_context_length"))
        return tokens;
    long times = strtol(value + 1, NULL, 10);
    bool product = times > 0 && times < 1024 && strstr(value, " * ");
    return product ? (int)times * seq : isdigit((unsigned char)value[1]) ? 0 : seq;
}

/* Tokens of a step and of a micro-batch, or sequences in the older keys. */
enum status torchtitan_read_batch(struct framework_reader *r)
{
    struct job *job = &r->run->scenario.job;
    struct strategy *s = &r->run->strategy;
    int seq = reading_number(r, "training.max_context_length");
    int old = reading_number(r, "training.seq_len");
    int registry = reading_number(r, "seq_len"); /* model_registry("8B", seq_len=8192) */
    int step = reading_number(r, "training.num_tokens_per_train_step");
    int local = reading_count(r, "training.local_batch_size");
    int older = reading_count(r, "training.batch_size");
    int global = reading_number(r, "training.global_batch_size");
    int micro = reading_number(r, "parallelism.pipeline_parallel_microbatch_size");
    seq = seq > 0 ? seq : old > 0 ? old : registry;
    int tokens = read_tokens(r, seq);
    local = local > 0 ? local : older;
    if (seq > 0) {
        job->seq_length = seq;
        r->run->seq_length_given = true;
    }
    if (tokens > 0 && seq > 0)
        s->micro_batch = tokens / seq > 0 ? tokens / seq : 1;
    else if (local > 0)
        s->micro_batch = s->pp > 1 ? (micro > 0 ? micro : 1) : local;
    double replicas = r->run->scenario.system.gpus / ((double)s->tp * s->pp * s->cp);
    int accumulated = reading_number(r, "parallelism.num_pp_microbatches");
    double micros = s->pp > 1 && accumulated > 0 ? accumulated : 1;
    if (step > 0 && seq > 0)
        job->global_batch = (double)step / seq;
    else if (global > 0)
        job->global_batch = global;
    else if (replicas >= 1)
        job->global_batch = local > 0 ? local * replicas : s->micro_batch * micros * replicas;
    r->run->global_batch_given = job->global_batch > 0;
    return r->e->status;
}

enum status torchtitan_write_batch(struct framework_writer *w)
{
    const struct job *job = &w->run->scenario.job;
    const struct strategy *s = &w->run->strategy;
    if (job->expert_capacity > 0)
        return writer_refuse(w, "an expert capacity");
    if (job->optimizer != OPTIMIZER_ADAM)
        return writer_refuse(w, "the optimizer %s", optimizer_names[job->optimizer]);
    writer_putf(w, "training.max_context_length", "%.0f", job->seq_length);
    writer_putf(w, "training.num_tokens_per_microbatch_per_dp_rank", "%.0f",
                s->micro_batch * job->seq_length);
    writer_putf(w, "training.num_tokens_per_train_step", "%.0f",
                job->global_batch * job->seq_length);
    writer_put(w, "training.steps", "50");
    writer_put(w, "metrics.log_freq", "1");
    if (s->pp > 1)
        writer_putf(w, "parallelism.num_pp_microbatches", "%.0f", strategy_micro_batches(job, s));
    return STATUS_OK;
}

/* A degree by its key of today or of 2024, "data_parallel_degree" before there were replicas; 0:
 * not told, or -1, what the other degrees leave. */
static int told_degree(struct framework_reader *r, const char *name)
{
    static const char *const sections[] = {"parallelism", "training", "experimental"};
    for (size_t i = 0; i < sizeof sections / sizeof *sections; i++) {
        char key[64];
        snprintf(key, sizeof key, "%s.%s", sections[i], name);
        const char *value = reading_value(r, key);
        if (value)
            return value[0] == '-' ? 0 : reading_number(r, key);
    }
    return 0;
}

static int told_shard(struct framework_reader *r)
{
    int shard = told_degree(r, "data_parallel_shard_degree");
    return shard > 0 ? shard : told_degree(r, "data_parallel_degree");
}

void torchtitan_read_launch(struct framework_reader *r, struct launch *launch)
{
    static const char *const others[] = {"data_parallel_replicate_degree",
                                         "context_parallel_degree", "tensor_parallel_degree",
                                         "pipeline_parallel_degree"};
    double gpus = told_shard(r);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
        int degree = told_degree(r, others[i]);
        gpus *= degree > 0 ? degree : 1;
    }
    launch->processes = gpus;
}

/* FSDP over the ranks of the shard degree, replicated over the rest. */
enum status torchtitan_read_sharding(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    int replicate = told_degree(r, "data_parallel_replicate_degree"), shard = told_shard(r);
    const char *reshard = reading_value(r, "parallelism.fsdp_reshard_after_forward");
    replicate = replicate > 0 ? replicate : 1;
    s->zero = shard == 1 ? 0 : 3;
    s->fsdp_shard = 0;
    double gpus = r->run->scenario.system.gpus;
    if (s->zero == 3 && replicate > 1 && shard == 0 && gpus > 0)
        shard = (int)(gpus / ((double)s->tp * s->pp * s->cp * replicate));
    if (s->zero == 3 && replicate > 1)
        s->fsdp_shard = shard;
    s->reshard_after_forward = s->pp == 1;
    if (reshard && strcmp(reshard, "default") != 0)
        s->reshard_after_forward = strcmp(reshard, "always") == 0;
    s->overlaps = s->zero == 3 ? 1u << OVERLAP_FSDP_PREFETCH : 1u << OVERLAP_DP_GRAD_REDUCE;
    if (reading_switch(r, "parallelism.enable_async_tensor_parallel") ||
        reading_switch(r, "compile.enable_async_tensor_parallel") ||
        reading_switch(r, "experimental.enable_async_tensor_parallel"))
        s->overlaps |= 1u << OVERLAP_TP;
    if (s->offload_optimizer) { /* FSDP2's policy: shards of parameters and gradients with it */
        r->run->scenario.stack.offloads_optimizer = true;
        r->run->scenario.stack.offloads_shards = s->zero == 3;
    }
    return r->e->status;
}

enum status torchtitan_write_sharding(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    int shard = s->zero == 0 ? 1 : s->fsdp_shard > 0 ? s->fsdp_shard : s->dp;
    if (s->zero == 1 || s->zero == 2)
        return writer_refuse(w, "ZeRO %d: its data parallelism is FSDP or plain replication",
                             s->zero);
    if (s->zero == 0 && s->dp == 1)
        shard = 1;
    if (s->dp % shard != 0)
        return writer_refuse(w, "%d replicas in shards of %d", s->dp, shard);
    writer_putf(w, "parallelism.data_parallel_shard_degree", "%d", shard);
    writer_putf(w, "parallelism.data_parallel_replicate_degree", "%d", s->dp / shard);
    if (s->zero == 3)
        writer_put(w, "parallelism.fsdp_reshard_after_forward",
                   s->reshard_after_forward ? "always" : "never");
    if (s->overlaps >> OVERLAP_TP & 1)
        writer_put(w, "compile.enable_async_tensor_parallel", "true");
    return STATUS_OK;
}

static const struct {
    const char *name;
    enum schedule schedule;
} schedules[] = {
    {"1F1B",                  SCHEDULE_1F1B       },
    {"Interleaved1F1B",       SCHEDULE_INTERLEAVED},
    {"GPipe",                 SCHEDULE_GPIPE      },
    {"ZBVZeroBubble",         SCHEDULE_ZB_V       },
    {"DualPipeV",             SCHEDULE_DUALPIPEV  },
    {"LoopedBFS",             SCHEDULE_INTERLEAVED},
    {"InterleavedZeroBubble", SCHEDULE_INTERLEAVED},
};
enum { SCHEDULE_WORDS = sizeof schedules / sizeof *schedules, EXACT_SCHEDULES = 5 };

/* Stages of the model: from the layers of one, else two a rank where a rank holds several. */
static int read_chunks(struct framework_reader *r, int less)
{
    const struct strategy *s = &r->run->strategy;
    int each = reading_number(r, "parallelism.pipeline_parallel_layers_per_stage");
    int layers = r->run->scenario.model.layers + 2 * less;
    int looped = 2; /* its default */
    if (s->schedule != SCHEDULE_INTERLEAVED)
        return 1;
    if (each == 0 || r->run->scenario.model.layers == 0)
        return looped;
    int stages = (layers + each - 1) / each;
    if (stages % s->pp != 0)
        reading_error(r, "parallelism.pipeline_parallel_layers_per_stage",
                      "%d stages do not divide by %d ranks", stages, s->pp);
    return stages / s->pp;
}

enum status torchtitan_read_pipeline(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *name = reading_value(r, "parallelism.pipeline_parallel_schedule");
    const char *first = reading_value(r, "parallelism.pipeline_parallel_first_stage_less_layers");
    const char *last = reading_value(r, "parallelism.pipeline_parallel_last_stage_less_layers");
    int less =
        first ? reading_number(r, "parallelism.pipeline_parallel_first_stage_less_layers") : 1;
    if (last && first && strcmp(first, last) != 0)
        text_add(r->notes, "the first and the last stage hold differently many layers less: the "
                           "first's number is taken for both\n");
    s->schedule = SCHEDULE_1F1B;
    bool known = !name || *name == '\0';
    for (int i = 0; i < SCHEDULE_WORDS && name; i++) {
        if (names_equal(schedules[i].name, name)) {
            s->schedule = schedules[i].schedule;
            known = true;
            if (i >= EXACT_SCHEDULES)
                text_addf(r->notes, "the schedule %s is taken as interleaved 1F1B\n", name);
        }
    }
    if (!known && s->pp > 1)
        text_addf(r->notes, "the schedule %.60s is not known: taken as 1F1B\n", name);
    if (s->pp == 1) {
        s->schedule = SCHEDULE_NONE;
        return r->e->status;
    }
    s->vpp = read_chunks(r, less);
    s->first_last_stage_fewer_layers = less;
    return r->e->status;
}

/* Layers that the first and the last stage hold less than the others; -1: another split. */
static int fewer_of(const struct framework_run *run, int stages)
{
    const struct strategy *s = &run->strategy;
    int own[STAGES_MAX], split[STAGES_MAX], layers = run->scenario.model.layers;
    if (!split_layers(&run->scenario, s, stages, own))
        return -1;
    for (int less = 0; less <= 4; less++) {
        struct strategy other = *s;
        other.first_last_stage_fewer_layers = less;
        other.first_stage_layers = other.last_stage_layers = 0;
        other.pp_layout[0] = '\0';
        if ((layers + 2 * less) % stages == 0 &&
            split_layers(&run->scenario, &other, stages, split) &&
            memcmp(own, split, (size_t)stages * sizeof *own) == 0)
            return less;
    }
    return -1;
}

enum status torchtitan_write_pipeline(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    const char *name = NULL;
    if (s->pp == 1)
        return STATUS_OK;
    for (int i = 0; i < EXACT_SCHEDULES; i++)
        name = schedules[i].schedule == s->schedule ? schedules[i].name : name;
    if (!name)
        return writer_refuse(w, "the schedule %s", schedule_names[s->schedule]);
    if (s->schedule == SCHEDULE_INTERLEAVED && s->microbatch_group > 0 &&
        s->microbatch_group != s->pp)
        return writer_refuse(w, "chunks that run %d micro-batches in a row", s->microbatch_group);
    int stages = schedule_stages(s->schedule, s->pp, schedule_chunks(s->schedule, s->vpp));
    int less = fewer_of(w->run, stages);
    if (less < 0)
        return writer_refuse(w, "this split of %d layers over %d stages",
                             w->run->scenario.model.layers, stages);
    writer_put(w, "parallelism.pipeline_parallel_schedule", name);
    writer_putf(w, "parallelism.pipeline_parallel_first_stage_less_layers", "%d", less);
    writer_putf(w, "parallelism.pipeline_parallel_last_stage_less_layers", "%d", less);
    writer_putf(w, "parallelism.pipeline_parallel_layers_per_stage", "%d",
                (w->run->scenario.model.layers + 2 * less) / stages);
    return STATUS_OK;
}

enum status torchtitan_read_recompute(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *config = reading_value(r, "activation_checkpoint");
    const char *mode = reading_value(r, "activation_checkpoint.mode");
    bool given = settings_find(r->settings, "activation_checkpoint") != NULL;
    const char *word = mode ? mode : config;
    s->recompute = RECOMPUTE_NONE;
    if (!word && !given && r->run->model_given)
        text_add(r->notes, "activation_checkpoint is the recipe's own: taken as none\n");
    if (word && (strstr(word, "Full") || strcmp(word, "full") == 0))
        s->recompute = RECOMPUTE_FULL;
    else if (word && (strstr(word, "Selective") || strcmp(word, "selective") == 0 ||
                      strcmp(word, "memory_budget") == 0))
        s->recompute = RECOMPUTE_SELECTIVE;
    return STATUS_OK;
}

enum status torchtitan_write_recompute(struct framework_writer *w)
{
    static const char *const configs[] = {[RECOMPUTE_NONE] = "none",
                                          [RECOMPUTE_SELECTIVE] = "SelectiveActivationRematConfig",
                                          [RECOMPUTE_FULL] = "FullActivationRematConfig"};
    const struct strategy *s = &w->run->strategy;
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0)
        return writer_refuse(w, "full recompute of %d layers a stage", s->recompute_layers);
    if (s->recompute == RECOMPUTE_SELECTIVE && s->recompute_modules != 0 &&
        s->recompute_modules != 1u << MODULE_CORE_ATTENTION)
        return writer_refuse(w, "selective recompute of chosen modules");
    writer_put(w, "activation_checkpoint", configs[s->recompute]);
    return STATUS_OK;
}

/* Converters that quantise, whatever the syntax they are named in. */
static const struct {
    const char *converter;
    enum dtype dtype;
} converters[] = {
    {"Float8LinearConverter", DTYPE_FP8  },
    {"MXFP8LinearConverter",  DTYPE_MXFP8},
    {"NVFP4LinearConverter",  DTYPE_NVFP4},
    {"float8",                DTYPE_FP8  },
    {"mx",                    DTYPE_MXFP8},
};
enum { CONVERTERS = sizeof converters / sizeof *converters, OWN_CONVERTERS = 3 };

/* One setting: a converter, called or in a list, or an attention that a recipe calls. */
static bool read_call(struct framework_run *run, const char *key, const char *value)
{
    bool call = strcmp(key, "call") == 0;
    bool list =
        strcmp(key, "model.converters") == 0 || strcmp(key, "model_converters.converters") == 0;
    bool understood = list;
    for (int c = 0; c < CONVERTERS && (call || list); c++) {
        const char *name = converters[c].converter;
        if ((call && c < OWN_CONVERTERS && strncmp(value, name, strlen(name)) == 0) ||
            (list && strstr(value, name))) {
            run->scenario.job.precision = converters[c].dtype;
            understood = true;
        }
    }
    if (call && strcmp(value, "UlyssesCPFlexInnerAttention") == 0) {
        run->strategy.cp_comm = CP_COMM_A2A;
        understood = true;
    }
    return understood;
}

enum status torchtitan_read_rest(struct framework_reader *r)
{
    struct framework_run *run = r->run;
    struct strategy *s = &run->strategy;
    for (size_t i = 0; i < r->settings->count; i++) {
        if (read_call(run, setting_key(r->settings, i), setting_value(r->settings, i)))
            r->settings->items[i].use = SETTING_READ;
    }
    if (reading_switch(r, "float8.enable_float8_linear"))
        run->scenario.job.precision = DTYPE_FP8;
    const char *backend = reading_value(r, "moe_comm_backend");
    const char *map = reading_value(r, "inner_attention_map");
    if (backend && (strstr(backend, "deepep") || strstr(backend, "hybridep")))
        s->dispatcher = strstr(backend, "hybridep") ? DISPATCHER_HYBRIDEP : DISPATCHER_DEEPEP;
    if (map)
        s->cp_comm = strstr(map, "Ulysses") ? CP_COMM_A2A : CP_COMM_ALLGATHER;
    const char *etp = reading_value(r, "parallelism.expert_tensor_parallel_degree");
    s->etp = etp ? reading_number(r, "parallelism.expert_tensor_parallel_degree")
             : s->ep > 1 || run->scenario.model.experts == 0 ? 1
                                                             : s->tp;
    s->etp = s->etp > 0 ? s->etp : 1;
    const char *compile = reading_value(r, "compile");
    bool older = reading_switch(r, "training.compile");
    const char *parts = reading_value(r, "compile.components"); /* "model loss" */
    s->torch_compile = compile ? true : reading_switch(r, "compile.enable") || older;
    if (parts && !strstr(parts, "model")) /* the loss alone */
        s->torch_compile = false;
    return r->e->status;
}

enum status torchtitan_write_rest(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    enum dtype dtype = w->run->scenario.job.precision;
    if (s->attention != ATTENTION_FLASH)
        return writer_refuse(w, "unfused attention");
    if (s->offload_activations > 0)
        return writer_refuse(w, "activations in host memory");
    if (s->tiles)
        return writer_refuse(w, "loss or MLP in tiles");
    if (w->run->scenario.model.experts > 0 && s->etp != (s->ep > 1 ? 1 : s->tp))
        return writer_refuse(w, "expert tensor parallelism %d beside ep %d", s->etp, s->ep);
    if (s->cp > 1 && s->cp_comm != CP_COMM_ALLGATHER && s->cp_comm != CP_COMM_A2A)
        return writer_refuse(w, "context parallelism by %s", cp_comm_names[s->cp_comm]);
    if (w->run->scenario.model.experts > 0 && s->dispatcher != DISPATCHER_ALLTOALL)
        return writer_refuse(w, "the dispatcher %s", dispatcher_names[s->dispatcher]);
    if (dtype != DTYPE_BF16 && dtype != DTYPE_FP8 && dtype != DTYPE_MXFP8)
        return writer_refuse(w, "training in %s", dtype_names[dtype]);
    if (!s->torch_compile && s->overlaps >> OVERLAP_TP & 1)
        return writer_refuse(w, "tensor-parallel overlap without torch.compile");
    if (s->torch_compile)
        writer_put(w, "compile", "CompileConfig");
    if (s->cp > 1)
        writer_put(w, "inner_attention_map", s->cp_comm == CP_COMM_A2A ? "Ulysses" : "KVAllGather");
    if (dtype != DTYPE_BF16)
        writer_put(w, "call",
                   dtype == DTYPE_FP8 ? "Float8LinearConverter" : "MXFP8LinearConverter");
    return STATUS_OK;
}
