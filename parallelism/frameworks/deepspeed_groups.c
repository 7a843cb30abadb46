/* Groups of settings of DeepSpeed and of transformers' trainer: deepspeed.c names their sources. */
#include "base/file.h"
#include "parallelism/frameworks/deepspeed.h"
#include "parallelism/frameworks/fsdp.h"
#include "parallelism/frameworks/likeness.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/trainers.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash && slash[1] != '\0' ? slash + 1 : path;
}

/* A hub's name, "meta-llama/Llama-3.1-8B": the catalog's model of that name. No path is followed.
 */
enum status deepspeed_read_model(struct framework_reader *r)
{
    const char *path = reading_value(r, "model_name_or_path");
    const char *base_model = reading_value(r, "base_model");
    const char *config = reading_value(r, "config_name");
    const char *pretrain = reading_value(r, "pretrain");
    const char *swift = reading_value(r, "model");
    pretrain = pretrain ? pretrain : swift;
    const char *name = path ? path : base_model ? base_model : config ? config : pretrain;
    return name ? model_config_named(r, name) : STATUS_OK;
}

/* Sequence lengths by the names that training programs give them. */
static void read_length(struct framework_reader *r)
{
    static const char *const keys[] = {"block_size",       "max_seq_length", "max_length",
                                       "model_max_length", "cutoff_len",     "sequence_len",
                                       "seq_length",       "max_len"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        int n = reading_number(r, keys[i]);
        if (n > 0 && !r->run->seq_length_given) {
            r->run->scenario.job.seq_length = n;
            r->run->seq_length_given = true;
        }
    }
}

/* train_batch_size = micro-batch x accumulation x replicas: what is not given follows. */
enum status deepspeed_read_batch(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    struct job *job = &r->run->scenario.job;
    int batch = reading_count(r, "train_batch_size");
    int micro = reading_count(r, "train_micro_batch_size_per_gpu");
    int device = reading_count(r, "per_device_train_batch_size");
    int axolotl = reading_count(r, "micro_batch_size");
    int steps = reading_count(r, "gradient_accumulation_steps");
    int context = reading_number(r, "sequence_parallel_size");
    int ulysses = reading_number(r, "ds_sequence_parallel_size");
    int ring = reading_number(r, "ring_attn_size");
    s->cp = context > 0 ? context : ulysses > 0 ? ulysses : ring > 0 ? ring : 1;
    trainers_read_context(r);
    int openrlhf = reading_count(r, "micro_train_batch_size");
    micro = micro > 0 ? micro : device > 0 ? device : axolotl > 0 ? axolotl : openrlhf;
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
static void read_fsdp_words(struct framework_reader *r, const char *words)
{
    struct strategy *s = &r->run->strategy;
    bool hybrid = strstr(words, "hybrid_shard") != NULL;
    if (strstr(words, "full_shard") || hybrid)
        s->zero = 3;
    else if (strstr(words, "shard_grad_op"))
        s->zero = 2;
    else if (strstr(words, "no_shard"))
        s->zero = 0;
    if (hybrid)
        s->fsdp_shard = (int)r->run->scenario.system.gpus_per_node;
    if (strstr(words, "offload")) {
        s->offload_optimizer = true;
        r->run->scenario.stack.offloads_shards = s->zero == 3;
    }
}

/* FSDP by the trainer's words, by its fsdp_config, by the flags of "accelerate launch". */
static enum status read_fsdp(struct framework_reader *r)
{
    const char *words = reading_value(r, "fsdp");
    bool launched = reading_switch(r, "use_fsdp") || reading_value(r, "fsdp_sharding_strategy");
    bool configured = false;
    for (size_t i = 0; i < r->settings->count; i++)
        configured = configured || strncmp(setting_key(r->settings, i), "fsdp_config.", 12) == 0;
    if (!words && !launched && !configured)
        return STATUS_OK;
    r->run->strategy.zero = 3;
    if (words)
        read_fsdp_words(r, words);
    text_add(r->notes, "FSDP is priced as DeepSpeed's ZeRO\n");
    return fsdp_read(r);
}

/* The stage that the name of a file tells: "zero3.json", "ds_z2_offload_config.json",
 * "zero_stage1_config.json", "stage3.json"; -1: none. */
static int stage_of_name(const char *file)
{
    static const char *const words[] = {"zero_stage_", "zero_stage", "zero_", "zero",
                                        "stage_",      "stage",      "z"};
    const char *name = last_part(file);
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        size_t n = strlen(words[i]);
        for (const char *at = strstr(name, words[i]); at; at = strstr(at + 1, words[i])) {
            bool whole = at == name || !isalnum((unsigned char)at[-1]);
            if (whole && at[n] >= '0' && at[n] <= '3' && !isdigit((unsigned char)at[n + 1]))
                return at[n] - '0';
        }
    }
    return -1;
}

/* The files that a program's arguments name hold what they leave open. */
static void read_config_file(struct framework_reader *r)
{
    const char *argument = reading_value(r, "deepspeed");
    const char *config = reading_value(r, "deepspeed_config");
    const char *file = config ? config : argument;
    bool told = settings_find(r->settings, "zero_optimization.stage") ||
                settings_find(r->settings, "zero_stage");
    int stage = file && !told ? stage_of_name(file) : -1;
    if (stage >= 0)
        r->run->strategy.zero = stage;
    if (file && !strstr(file, ".json") && stage >= 0)
        return; /* ms-swift's "zero3" is the setting itself */
    bool offloads =
        stage >= 2 && strstr(last_part(file), "offload") && !strstr(file, "offload_params");
    if (offloads)
        r->run->strategy.offload_optimizer = true;
    if (file && strstr(file, ".json") && !told)
        text_addf(r->notes,
                  "%.160s, which tells the ZeRO stage, is not followed: ZeRO %d%s is taken%s; "
                  "state --zero%s\n",
                  file, r->run->strategy.zero, offloads ? " with its optimizer offloaded" : "",
                  stage >= 0 ? " from its name" : "", offloads ? " and --offload-optimizer" : "");
    if (file && strstr(last_part(file), "autotp") && r->run->strategy.tp == 1)
        text_add(r->notes, "its name tells tensor parallelism, but not how much: state --tp\n");
    const char *launch = reading_value(r, "config_file"); /* of "accelerate launch" */
    if (launch)
        text_addf(r->notes,
                  "%.160s, which tells how accelerate splits the run, is not followed: --from "
                  "reads it, too\n",
                  launch);
}

/* What a trainer's own file leaves to the file that its launcher is given. */
static void note_whole_states(struct framework_reader *r)
{
    static const char *const tells[] = {"deepspeed", "deepspeed_config", "config_file",
                                        "zero_stage", "multi_gpu"};
    bool trainer = settings_find(r->settings, "per_device_train_batch_size") ||
                   settings_find(r->settings, "micro_batch_size");
    bool told = !trainer || r->run->strategy.zero > 0 || r->run->scenario.system.gpus == 1;
    for (size_t i = 0; i < sizeof tells / sizeof *tells; i++)
        told = told || reading_value(r, tells[i]);
    for (size_t i = 0; i < r->settings->count; i++)
        told = told || strncmp(setting_key(r->settings, i), "zero_optimization.", 18) == 0;
    if (!told)
        text_add(r->notes, "no DeepSpeed or FSDP is told, and no launcher's file is here: every rank "
                           "is taken to keep all states; --zero tells otherwise\n");
}

unsigned deepspeed_overlaps(int zero, const bool *overlap_comm, bool groups)
{
    bool overlaps = overlap_comm ? *overlap_comm : zero == 3;
    if (!overlaps)
        return 0;
    unsigned reduce = 1u << OVERLAP_DP_GRAD_REDUCE;
    return zero == 3 ? 1u << OVERLAP_FSDP_PREFETCH | (groups ? reduce : 0) : reduce;
}

bool deepspeed_offloads(const char *device)
{
    return device && (strcmp(device, "cpu") == 0 || strcmp(device, "nvme") == 0);
}

enum status deepspeed_read_sharding(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    if (read_fsdp(r) != STATUS_OK)
        return r->e->status;
    read_config_file(r);
    note_whole_states(r);
    const char *given = reading_value(r, "zero_optimization.overlap_comm");
    const char *device = reading_value(r, "zero_optimization.offload_optimizer.device");
    bool old = reading_switch(r, "zero_optimization.cpu_offload");
    int mics = reading_number(r, "zero_optimization.mics_shard_size");
    bool overlap = reading_switch(r, "zero_optimization.overlap_comm");
    s->overlaps = deepspeed_overlaps(s->zero, given ? &overlap : NULL, mics > 0);
    if (old || deepspeed_offloads(device))
        s->offload_optimizer = true;
    if (s->zero == 3 && mics > 0)
        s->fsdp_shard = mics;
    if (s->cp > 1)
        s->cp_comm = CP_COMM_A2A;
    s->schedule = s->pp > 1 ? SCHEDULE_1F1B : SCHEDULE_NONE;
    return trainers_read_mesh(r);
}

/* Hugging Face's Trainer and LLaMA-Factory switch on all that Liger has for a model, the loss with
 * its product in tiles among it; axolotl names that and its MLP in tiles one by one. */
static unsigned read_tiles(struct framework_reader *r)
{
    bool liger = reading_switch(r, "use_liger_kernel") ||
                 reading_switch(r, "enable_liger_kernel") ||
                 reading_switch(r, "use_liger"); /* TRL's, as it was */
    bool loss = reading_switch(r, "liger_fused_linear_cross_entropy") || liger;
    bool mlp = reading_switch(r, "tiled_mlp");
    return (unsigned)loss << TILE_LOSS | (unsigned)mlp << TILE_MLP;
}

static bool leaves_values_to_trainer(const struct framework_reader *r)
{
    for (size_t i = 0; i < r->settings->count; i++) {
        const char *value = setting_value(r->settings, i);
        if (value_is_unresolved(value) && strcmp(value + 1, "auto") == 0)
            return true;
    }
    return false;
}

/* Neither is on. DeepSpeed itself trains in fp32 then; what a file leaves to transformers' trainer
 * is hardly ever that. */
static enum dtype read_no_precision(struct framework_reader *r, bool mixed)
{
    static const char *const keys[] = {"fp16.enabled",     "fp16", "bf16.enabled", "bf16",
                                       "bfloat16.enabled", "fp8",  "pure_bf16"};
    bool told = mixed;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        told = told || settings_find(r->settings, keys[i]);
    bool trainer = !told && leaves_values_to_trainer(r);
    if (!told)
        text_addf(r->notes, "no precision is told: %s is taken; --precision tells\n",
                  trainer ? "bf16" : "fp32, as it trains then,");
    return trainer ? DTYPE_BF16 : DTYPE_FP32;
}

/* DeepSpeed's own optimizers, by their class. */
static void read_optimizer(struct framework_reader *r)
{
    static const char *const adams[] = {"adam",    "adamw", "fusedadam", "deepspeedcpuadam",
                                        "cpuadam", NULL};
    const char *type = reading_value(r, "optimizer.type");
    if (!type || value_is_unresolved(type))
        return;
    if (names_equal(type, "sgd"))
        r->run->scenario.job.optimizer = OPTIMIZER_SGD;
    else if (names_equal(type, "muon"))
        r->run->scenario.job.optimizer = OPTIMIZER_MUON;
    else if (names_find(adams, type) < 0)
        text_addf(r->notes, "the optimizer %.40s is taken as Adam, its state included\n", type);
}

enum status deepspeed_read_rest(struct framework_reader *r)
{
    struct framework_run *run = r->run;
    bool fp16 = reading_switch(r, "fp16.enabled") || reading_switch(r, "fp16");
    bool bf16 = reading_switch(r, "bf16.enabled") || reading_switch(r, "bfloat16.enabled") ||
                reading_switch(r, "bf16") || reading_switch(r, "pure_bf16");
    const char *attention = reading_value(r, "attn_implementation");
    const char *mixed = reading_value(r, "mixed_precision"); /* of "accelerate launch" */
    const char *param = reading_value(r, "param_dtype"), *torch = reading_value(r, "torch_dtype");
    mixed = mixed ? mixed : param ? param : torch; /* of OpenRLHF; of ms-swift */
    fp16 = fp16 || (mixed && strcmp(mixed, "fp16") == 0);
    bf16 = bf16 || (mixed && (strcmp(mixed, "bf16") == 0 || strcmp(mixed, "bfloat16") == 0));
    run->scenario.job.precision = bf16   ? DTYPE_BF16
                                  : fp16 ? DTYPE_FP16
                                         : read_no_precision(r, mixed != NULL);
    if (reading_switch(r, "gradient_checkpointing"))
        run->strategy.recompute = RECOMPUTE_FULL;
    if (attention && strcmp(attention, "eager") == 0)
        run->strategy.attention = ATTENTION_UNFUSED;
    if (reading_switch(r, "fp8"))
        run->scenario.job.precision = DTYPE_FP8;
    run->strategy.torch_compile = reading_switch(r, "torch_compile");
    run->strategy.tiles = read_tiles(r);
    read_optimizer(r);
    return trainers_read_rest(r);
}

enum status deepspeed_write_batch(struct framework_writer *w)
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

enum status deepspeed_write_sharding(struct framework_writer *w)
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

enum status deepspeed_write_rest(struct framework_writer *w)
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

enum status deepspeed_write_model(struct framework_writer *w)
{
    const struct model *m = &w->run->scenario.model;
    bool is = false;
    if (model_is_of_catalog(m, m->name, &is, w->e) != STATUS_OK)
        return w->e->status;
    if (!is)
        return writer_refuse(w, "the model %s, which is not in the catalog", m->name);
    writer_put(w, "config_name", m->name);
    return STATUS_OK;
}
