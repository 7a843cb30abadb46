/* Groups of settings that Megatron-LM, Megatron-Bridge and NeMo share.
 * megatron/training/arguments.py, megatron/core/transformer/transformer_config.py */
#include "parallelism/frameworks/megatron.h"
#include <string.h>

void megatron_defaults(struct framework_run *run)
{
    struct strategy *s = &run->strategy;
    s->zero = 0;
    s->overlaps = 0;
    s->attention = ATTENTION_FLASH;
    s->dispatcher = DISPATCHER_ALLGATHER;
    s->cp_comm = CP_COMM_P2P;
    s->micro_batch = 0;                        /* it has no default: always written */
    run->scenario.model.experts_per_token = 2; /* moe_router_topk */
    run->scenario.model.tied_embeddings = true;
}

/* Ranks that share one optimizer state; the number of replicas must be known. */
static int group_of(struct framework_reader *r, int instances)
{
    const struct strategy *s = &r->run->strategy;
    double ranks = r->run->scenario.system.gpus / ((double)s->tp * s->pp);
    if (instances <= 1)
        return 0;
    if (ranks < instances) {
        text_add(r->notes,
                 "num_distributed_optimizer_instances needs the number of GPUs: not read\n");
        return 0;
    }
    return (int)(ranks / instances);
}

enum status megatron_read_sharding(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    bool distributed = reading_switch(r, "use_distributed_optimizer");
    bool fsdp = reading_switch(r, "use_megatron_fsdp") || reading_switch(r, "use_custom_fsdp");
    bool torch = reading_switch(r, "use_torch_fsdp2");
    const char *how = reading_value(r, "data_parallel_sharding_strategy");
    static const char *const strategies[] = {"no_shard", "optim", "optim_grads",
                                             "optim_grads_params", NULL};
    int stage = how ? names_find(strategies, how) : -1;
    if (how && stage < 0 && !value_is_unresolved(how))
        return reading_error(r, "data_parallel_sharding_strategy", "\"%.60s\" is not known", how);
    /* it gathers what the distributed optimizer alone has in parts, which a base configuration that
     * is not followed may set */
    bool gathers = s->overlaps >> OVERLAP_DP_PARAM_GATHER & 1;
    if (torch || fsdp || distributed) /* Megatron-DeepSpeed gives the stage itself */
        s->zero = torch ? 3 : fsdp ? (stage > 0 ? stage : 0) : 1;
    else if (gathers && s->zero == 0)
        s->zero = 1;
    s->reshard_after_forward = !reading_switch(r, "torch_fsdp2_no_reshard_after_forward");
    int group = group_of(r, reading_number(r, "num_distributed_optimizer_instances"));
    if (s->zero == 3)
        s->fsdp_shard = group;
    else if (s->zero > 0)
        s->zero_group = group;
    if (torch)
        s->overlaps |= 1u << OVERLAP_FSDP_PREFETCH;
    return r->e->status;
}

static enum status write_instances(struct framework_writer *w, int group)
{
    const struct strategy *s = &w->run->strategy;
    int ranks = s->dp * s->cp;
    if (group <= 0 || group >= ranks)
        return STATUS_OK;
    if (ranks % group != 0)
        return writer_refuse(w, "%d ranks in groups of %d", ranks, group);
    writer_putf(w, "num_distributed_optimizer_instances", "%d", ranks / group);
    return STATUS_OK;
}

enum status megatron_write_sharding(struct framework_writer *w)
{
    static const char *const strategies[] = {"no_shard", "optim", "optim_grads",
                                             "optim_grads_params"};
    const struct strategy *s = &w->run->strategy;
    bool gather = s->overlaps >> OVERLAP_DP_PARAM_GATHER & 1;
    bool reduce = s->overlaps >> OVERLAP_DP_GRAD_REDUCE & 1;
    bool prefetch = s->overlaps >> OVERLAP_FSDP_PREFETCH & 1;
    if (gather && !reduce && s->zero > 0 && s->zero < 3)
        return writer_refuse(w, "parameter gathers overlap only beside gradient reductions");
    if (s->zero == 1)
        writer_put(w, "use_distributed_optimizer", "true");
    if (w->framework->sections && s->zero == 0)
        writer_put(w, "use_distributed_optimizer", "false");
    if (s->zero >= 2) {
        writer_put(w, "use_megatron_fsdp", "true");
        writer_put(w, "data_parallel_sharding_strategy", strategies[s->zero]);
        writer_put(w, w->framework->sections ? "checkpoint.ckpt_format" : "ckpt_format",
                   "fsdp_dtensor"); /* the only one that its FSDP writes */
    }
    if (s->zero == 3 && !s->reshard_after_forward)
        return writer_refuse(w, "parameters that stay gathered after the forward pass");
    if (prefetch && s->zero == 3 && !(gather && reduce)) {
        if (!gather)
            writer_put(w, "overlap_param_gather", "true");
        if (!reduce)
            writer_put(w, "overlap_grad_reduce", "true");
    }
    return write_instances(w, s->zero == 3 ? s->fsdp_shard : s->zero > 0 ? s->zero_group : 0);
}

enum status megatron_read_recompute(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    const char *granularity = reading_value(r, "recompute_granularity");
    const char *method = reading_value(r, "recompute_method");
    const char *modules = reading_value(r, "recompute_modules");
    int layers = reading_number(r, "recompute_num_layers");
    bool old = reading_switch(r, "recompute_activations");
    /* their names until 2022; whole layers were all there was */
    const char *old_method = reading_value(r, "activations_checkpoint_method");
    int old_layers = reading_number(r, "activations_checkpoint_num_layers");
    bool whole = reading_switch(r, "checkpoint_activations") || old_method;
    method = method ? method : old_method;
    layers = layers > 0 ? layers : old_layers;
    if (whole || (granularity && strcmp(granularity, "full") == 0))
        s->recompute = RECOMPUTE_FULL;
    else if (old || (granularity && strcmp(granularity, "selective") == 0))
        s->recompute = RECOMPUTE_SELECTIVE;
    /* uniform: the number is the size of a unit, every layer is recomputed */
    if (s->recompute == RECOMPUTE_FULL && method && strcmp(method, "block") == 0)
        s->recompute_layers = layers;
    s->recompute_modules = 0;
    if (s->recompute != RECOMPUTE_SELECTIVE || !modules)
        return r->e->status;
    struct text list = {0};
    for (const char *c = modules; *c != '\0'; c++) {
        if (!strchr("[]'\"", *c))
            text_add_n(&list, *c == ' ' ? "," : c, 1);
    }
    const struct field *field = framework_field(OBJECT_STRATEGY, "recompute_modules");
    if (field_set(field, text_string(&list), s, r->e) != STATUS_OK)
        error_set_path(r->e, "recompute_modules");
    text_free(&list);
    return r->e->status;
}

static enum status write_modules(struct framework_writer *w, unsigned set)
{
    static const unsigned known = 1u << MODULE_CORE_ATTENTION | 1u << MODULE_LAYERNORM |
                                  1u << MODULE_MLA_UP_PROJ | 1u << MODULE_MLP | 1u << MODULE_MOE |
                                  1u << MODULE_MOE_ACT | 1u << MODULE_SHARED_EXPERTS;
    struct text list = {0};
    bool sections = w->framework->sections != NULL;
    for (int i = 0; i < MODULES; i++) {
        if (!(set >> i & 1))
            continue;
        if (!(known >> i & 1)) {
            text_free(&list);
            return writer_refuse(w, "recompute of %s alone", module_names[i]);
        }
        text_addf(&list, "%s%s", list.length == 0 ? "" : sections ? "," : " ", module_names[i]);
    }
    if (list.length > 0 && sections)
        writer_putf(w, "recompute_modules", "[%s]", list.data);
    else if (list.length > 0)
        writer_put(w, "recompute_modules", list.data);
    text_free(&list);
    return STATUS_OK;
}

enum status megatron_write_recompute(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    bool sections = w->framework->sections != NULL;
    if (s->recompute == RECOMPUTE_NONE) {
        if (sections)
            writer_put(w, "recompute_granularity", "null");
        return STATUS_OK;
    }
    writer_put(w, "recompute_granularity", recompute_names[s->recompute]);
    if (s->recompute == RECOMPUTE_SELECTIVE)
        return write_modules(w, s->recompute_modules);
    writer_put(w, "recompute_method", s->recompute_layers > 0 ? "block" : "uniform");
    writer_putf(w, "recompute_num_layers", "%d", s->recompute_layers > 0 ? s->recompute_layers : 1);
    return STATUS_OK;
}

/* A capacity above the mean load drops nothing of balanced routing, and costs nothing where no
 * expert is padded to it. [Megatron-Core, README of its MoE: --moe-pad-expert-input-to-capacity] */
static void read_capacity(struct framework_reader *r)
{
    double *capacity = &r->run->scenario.job.expert_capacity;
    if (!(*capacity > 1) || reading_switch(r, "moe_pad_expert_input_to_capacity"))
        return;
    *capacity = 0;
    text_add(r->notes,
             "without moe_pad_expert_input_to_capacity an expert's capacity above its mean "
             "load costs nothing: taken as dropless; --expert-capacity pads\n");
}

enum status megatron_read_experts(struct framework_reader *r)
{
    struct strategy *s = &r->run->strategy;
    read_capacity(r);
    const char *type = reading_value(r, "moe_token_dispatcher_type");
    const char *backend = reading_value(r, "moe_flex_dispatcher_backend");
    bool deepep = reading_switch(r, "moe_enable_deepep") || backend != NULL;
    static const char *const types[] = {"allgather", "alltoall", "flex", NULL};
    enum dispatcher flex =
        backend && strcmp(backend, "hybridep") == 0 ? DISPATCHER_HYBRIDEP : DISPATCHER_DEEPEP;
    const enum dispatcher dispatchers[] = {DISPATCHER_ALLGATHER, DISPATCHER_ALLTOALL, flex};
    int found = type ? names_find(types, type) : -1;
    if (type && found < 0 && !value_is_unresolved(type) && strcmp(type, "alltoall_seq") != 0)
        return reading_error(r, "moe_token_dispatcher_type", "\"%.60s\" is not known", type);
    if (type)
        s->dispatcher = found >= 0 ? dispatchers[found] : DISPATCHER_ALLTOALL;
    else if (deepep && r->framework->sections)
        s->dispatcher = flex;
    if (reading_switch(r, "enable_primus_turbo") && reading_switch(r, "use_turbo_deepep"))
        s->dispatcher = DISPATCHER_DEEPEP; /* Primus sets the flex dispatcher itself */
    int etp = reading_number(r, "expert_tensor_parallel_size");
    /* the model is another's to tell where no layer is in it */
    bool has_experts = r->run->scenario.model.experts > 0 || r->run->scenario.model.layers == 0;
    s->etp = etp > 0 ? etp : has_experts ? s->tp : 1;
    if (r->run->model_given && r->run->scenario.model.experts == 0)
        s->etp = 1;
    return r->e->status;
}

enum status megatron_write_experts(struct framework_writer *w)
{
    const struct strategy *s = &w->run->strategy;
    if (w->run->scenario.model.experts == 0)
        return STATUS_OK;
    bool flex = dispatcher_sends_once(s->dispatcher);
    writer_put(w, "moe_token_dispatcher_type", flex ? "flex" : dispatcher_names[s->dispatcher]);
    if (flex)
        writer_put(w, "moe_flex_dispatcher_backend", dispatcher_names[s->dispatcher]);
    if (w->run->scenario.job.expert_capacity > 0)
        writer_put(w, "moe_pad_expert_input_to_capacity", "true");
    if (s->etp != s->tp || w->framework->sections)
        writer_putf(w, "expert_tensor_parallel_size", "%d", s->etp);
    return STATUS_OK;
}

/* Transformer Engine's "flash" is the flash-attn package, "fused" cuDNN, "auto" the faster. */
static void read_attention_backend(struct framework_reader *r, struct strategy *s)
{
    const char *backend = reading_value(r, "attention_backend");
    bool flash = reading_switch(r, "use_flash_attn");
    s->attention = ATTENTION_FLASH;
    if (backend && !flash && (strstr(backend, "unfused") || strstr(backend, "local")))
        s->attention = ATTENTION_UNFUSED;
    if (backend && strstr(backend, "flash") && r->run->scenario.stack.flash_generation > 2)
        text_add(r->notes, "attention_backend flash is the flash-attn package: its second version "
                           "takes twice as long on Hopper, three times on Blackwell, as what is "
                           "priced; --stack megatron-core-fa2 prices it\n");
}

static const char *const adams[] = {"adam",       "adamw",
                                    "fused_adam", "distributed_fused_adam",
                                    "hybridadam", "mcore_distributed_optim",
                                    NULL};

/* Adam's moments in 16 bits through the precision-aware optimizer. */
static void read_optimizer(struct framework_reader *r, struct job *job)
{
    const char *name = reading_value(r, "optimizer");
    const char *moment = reading_value(r, "exp_avg_dtype"),
               *square = reading_value(r, "exp_avg_sq_dtype");
    bool aware = reading_switch(r, "use_precision_aware_optimizer");
    bool halves = aware && moment && square && strstr(moment, "16") && strstr(square, "16");
    job->optimizer = halves ? OPTIMIZER_ADAM_BF16 : OPTIMIZER_ADAM;
    if (name && strstr(name, "muon"))
        job->optimizer = OPTIMIZER_MUON;
    if (name && strcmp(name, "sgd") == 0)
        job->optimizer = OPTIMIZER_SGD;
    bool known = !name || value_is_unresolved(name) || strstr(name, "muon") ||
                 names_find(adams, name) >= 0 || strcmp(name, "sgd") == 0;
    if (!known)
        text_addf(r->notes, "the optimizer %.40s is taken as Adam, its state included\n", name);
}

enum status megatron_read_rest(struct framework_reader *r)
{
    struct framework_run *run = r->run;
    struct strategy *s = &run->strategy;
    if (s->micro_batch < 1)
        s->micro_batch = 1;
    read_attention_backend(r, &run->strategy);
    read_optimizer(r, &run->scenario.job);
    int offloaded = reading_number(r, "cpu_offloading_num_layers");
    int layers = run->scenario.model.layers;
    if (offloaded > 0 && layers > 0)
        run->strategy.offload_activations =
            offloaded * s->pp >= layers ? 1 : (double)offloaded * s->pp / layers;
    if (!run->global_batch_given && run->scenario.system.gpus > 0) {
        double replicas = run->scenario.system.gpus / ((double)s->tp * s->pp * s->cp);
        run->scenario.job.global_batch = s->micro_batch * replicas;
        run->global_batch_given = replicas >= 1;
    }
    return r->e->status;
}

void megatron_read_dropout(struct framework_reader *r)
{
    struct kernels *k = &r->run->scenario.stack.kernels;
    const char *hidden = reading_value(r, "hidden_dropout"); /* 0.1 where it is not given */
    if (!r->run->scenario.model.gated_mlp && hidden)
        k->dropout = k->dropout && strspn(hidden, "0.") < strlen(hidden);
}

enum status megatron_write_rest(struct framework_writer *w)
{
    static const char *const optimizers[] = {[OPTIMIZER_ADAM] = "adam",
                                             [OPTIMIZER_ADAM_BF16] = "adam",
                                             [OPTIMIZER_MUON] = "muon",
                                             [OPTIMIZER_SGD] = "sgd"};
    const struct framework_run *run = w->run;
    if (run->strategy.offload_activations > 0)
        return writer_refuse(w, "a share of %.3g of the activations in host memory",
                             run->strategy.offload_activations);
    if (run->strategy.tiles)
        return writer_refuse(w, "loss or MLP in tiles");
    if (run->strategy.attention == ATTENTION_UNFUSED)
        writer_put(w, "attention_backend", "unfused");
    if (run->strategy.torch_compile)
        return writer_refuse(w, "layers compiled by torch.compile");
    writer_put(w, "optimizer", optimizers[run->scenario.job.optimizer]);
    if (run->scenario.job.optimizer == OPTIMIZER_ADAM_BF16 || run->strategy.offload_optimizer)
        writer_put(w, "use_precision_aware_optimizer", "true");
    if (run->scenario.job.optimizer == OPTIMIZER_ADAM_BF16) {
        writer_put(w, "exp_avg_dtype", "bf16");
        writer_put(w, "exp_avg_sq_dtype", "bf16");
    }
    return STATUS_OK;
}
