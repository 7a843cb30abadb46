#include "parallelism/strategy.h"
#include "parallelism/stack.h"
#include "parallelism/step.h"
#include <stddef.h>
#include <string.h>

const char *const recompute_names[RECOMPUTES + 1] = {"none", "selective", "full", 0};
const char *const overlap_names[OVERLAPS + 1] = {
    "dp-grad-reduce", "dp-param-gather", "tp", "pp", "fsdp-prefetch", "ep", 0};

#define ROW(key, kind, member, min, max, names, help)                                              \
    FIELD_ROW(strategy, key, kind, UNIT_NONE, member, min, max, false, names, help)

const struct field strategy_fields[] = {
    ROW("tp", FIELD_INT, tp, 1, 1048576, NULL, "tensor-parallel ranks"),
    ROW("cp", FIELD_INT, cp, 1, 1048576, NULL, "context-parallel ranks"),
    ROW("pp", FIELD_INT, pp, 1, 1048576, NULL, "pipeline stages"),
    ROW("vpp", FIELD_INT, vpp, 1, 1024, NULL, "virtual pipeline stages on each rank"),
    ROW("dp", FIELD_INT, dp, 1, 1048576, NULL, "data-parallel replicas"),
    ROW("ep", FIELD_INT, ep, 1, 1048576, NULL, "expert-parallel ranks"),
    ROW("etp", FIELD_INT, etp, 1, 1048576, NULL, "tensor-parallel ranks of an expert"),
    ROW("micro_batch", FIELD_INT, micro_batch, 1, 1048576, NULL,
        "sequences of a micro-batch on a replica"),
    ROW("sequence_parallel", FIELD_BOOL, sequence_parallel, 0, 0, NULL,
        "split the stream between tensor-parallel regions over tp"),
    ROW("zero", FIELD_INT, zero, 0, 3, NULL,
        "ZeRO stage: 1 shards the optimizer, 2 the gradients, 3 the parameters"),
    ROW("recompute", FIELD_ENUM, recompute, 0, 0, recompute_names, "activation recomputation"),
    ROW("recompute_layers", FIELD_INT, recompute_layers, 0, 100000, NULL,
        "layers of a stage that full recomputation covers; 0: all"),
    ROW("recompute_modules", FIELD_SET, recompute_modules, 0, 0, module_names,
        "modules that selective recomputation covers; none named: core_attn"),
    ROW("schedule", FIELD_ENUM, schedule, 0, 0, schedule_names, "pipeline schedule"),
    ROW("attention", FIELD_ENUM, attention, 0, 0, attention_impl_names,
        "kernels of the attention core"),
    ROW("overlaps", FIELD_SET, overlaps, 0, 0, overlap_names,
        "communication that runs beside compute"),
    ROW("zero_group", FIELD_INT, zero_group, 0, 1048576, NULL,
        "ranks that share one copy of the optimizer state; 0: all replicas"),
    ROW("fsdp_shard", FIELD_INT, fsdp_shard, 0, 1048576, NULL,
        "ranks that share one copy of the parameters (HSDP); 0: all replicas"),
    ROW("reshard_after_forward", FIELD_BOOL, reshard_after_forward, 0, 0, NULL,
        "ZeRO-3: gather the parameters again for the backward pass"),
    ROW("dispatcher", FIELD_ENUM, dispatcher, 0, 0, dispatcher_names,
        "how tokens reach their experts"),
    ROW("cp_comm", FIELD_ENUM, cp_comm, 0, 0, cp_comm_names,
        "how context ranks exchange keys and values"),
    ROW("pp_layout", FIELD_STRING, pp_layout, 0, 0, NULL, "Megatron's pipeline layout string"),
    ROW("first_last_stage_fewer_layers", FIELD_INT, first_last_stage_fewer_layers, 0, 1000, NULL,
        "layers that the first and the last stage hold less than the others"),
    ROW("first_stage_layers", FIELD_INT, first_stage_layers, 0, 1000, NULL,
        "layers of the first stage; 0: even"),
    ROW("last_stage_layers", FIELD_INT, last_stage_layers, 0, 1000, NULL,
        "layers of the last stage; 0: even"),
    ROW("microbatch_group", FIELD_INT, microbatch_group, 0, 1048576, NULL,
        "interleaved: micro-batches a chunk runs in a row; 0: pp"),
    ROW("torch_compile", FIELD_BOOL, torch_compile, 0, 0, NULL, "layers compiled by torch.compile"),
    ROW("offload_optimizer", FIELD_BOOL, offload_optimizer, 0, 0, NULL,
        "optimizer state in host memory"),
    ROW("offload_activations", FIELD_NUMBER, offload_activations, 0, 1, NULL,
        "share of the saved activations kept in host memory"),
    ROW("tiles", FIELD_SET, tiles, 0, 0, tile_names,
        "what runs over tiles of the tokens: logits and loss, dense MLPs"),
};
const size_t strategy_field_count = sizeof strategy_fields / sizeof *strategy_fields;
_Static_assert(sizeof strategy_fields / sizeof *strategy_fields <= STRATEGY_FIELDS_MAX,
               "a flag a row");

void strategy_default(struct strategy *s)
{
    memset(s, 0, sizeof *s);
    s->tp = s->cp = s->pp = s->vpp = s->dp = s->ep = s->etp = s->micro_batch = 1;
    s->reshard_after_forward = true;
    s->dispatcher = DISPATCHER_ALLTOALL;
}

size_t strategy_row(const char *key)
{
    size_t i = 0;
    while (i < strategy_field_count && strcmp(strategy_fields[i].key, key) != 0)
        i++;
    return i;
}

static bool was_given(const bool *given, size_t offset)
{
    for (size_t i = 0; given && i < strategy_field_count; i++)
        if (strategy_fields[i].offset == offset)
            return given[i];
    return false;
}

double strategy_micro_batches(const struct job *job, const struct strategy *s)
{
    return job->global_batch / ((double)s->micro_batch * s->dp);
}

/* GPUs joined by links that DeepEP's kernels serve. [DeepEP csrc/kernels/configs.cuh,
 * NUM_MAX_NVL_PEERS] */
static const int deepep_domain_gpus = 8;

enum dispatcher strategy_serving_dispatcher(const struct scenario *scenario,
                                            enum dispatcher dispatcher)
{
    double domain = scenario->system.tier[0].domain_gpus; /* all of its GPUs where 0 */
    bool wide = (domain > 0 ? domain : scenario->system.gpus) > deepep_domain_gpus;
    return dispatcher == DISPATCHER_DEEPEP && wide ? DISPATCHER_HYBRIDEP : dispatcher;
}

enum dispatcher strategy_usual_dispatcher(const struct scenario *scenario, int ep)
{
    bool across = ep > system_domain_gpus(&scenario->system);
    bool limited = scenario->model.expert_groups_per_token > 0;
    bool capped = scenario->job.expert_capacity > 0;
    enum dispatcher usual = capped || (across && !limited) ? scenario->stack.dispatcher_across
                                                           : scenario->stack.dispatcher;
    return strategy_serving_dispatcher(scenario, usual);
}

/* Of the stack's own exchanges of context ranks the first, where it has not the usual one. */
static enum cp_comm usual_exchange(const struct stack *stack, enum cp_comm usual)
{
    int i = 0;
    while (i < CP_COMMS && !(stack->cp_comms >> i & 1))
        i++;
    return i == CP_COMMS || (stack->cp_comms >> usual & 1) ? usual : (enum cp_comm)i;
}

void strategy_complete(struct strategy *s, const bool *given, const struct scenario *scenario)
{
#define GIVEN(member) was_given(given, offsetof(struct strategy, member))
    const struct stack *stack = &scenario->stack;
    double gpus = scenario->system.gpus;
    double model_ranks = (double)s->tp * s->cp * s->pp;
    if (!GIVEN(dp) && gpus >= model_ranks)
        s->dp = (int)(gpus / model_ranks);
    if (!GIVEN(sequence_parallel))
        s->sequence_parallel = s->tp > 1 && stack->sequence_parallel;
    if (s->tp == 1) /* nothing to split: frameworks switch it off */
        s->sequence_parallel = false;
    if (!GIVEN(schedule))
        s->schedule = s->pp == 1   ? SCHEDULE_NONE
                      : s->vpp > 1 ? SCHEDULE_INTERLEAVED
                                   : SCHEDULE_1F1B;
    if (!GIVEN(zero)) /* 3: of what shards nothing less, such as FSDP */
        s->zero = s->dp == 1                    ? 0
                  : stack->zero_stages >> 1 & 1 ? 1
                  : stack->zero_stages >> 3 & 1 ? 3
                                                : 0;
    if (!GIVEN(attention))
        s->attention = stack->attention;
    if (!GIVEN(cp_comm))
        s->cp_comm = usual_exchange(stack, s->cp_comm);
    if (!GIVEN(dispatcher))
        s->dispatcher = strategy_usual_dispatcher(scenario, s->ep);
    if (!GIVEN(overlaps))
        s->overlaps = stack->overlaps;
    if (!GIVEN(torch_compile))
        s->torch_compile = stack->eager_memory_frac > 0;
#undef GIVEN
}

static void describe_degree(struct text *out, const char *name, int n)
{
    if (n > 1)
        text_addf(out, ", %s %d", name, n);
}

void strategy_describe_rest(const struct strategy *s, struct text *out)
{
    if (s->zero == 3 && s->fsdp_shard > 0)
        text_addf(out, ", shards of %d ranks", s->fsdp_shard);
    if (s->zero == 3 && !s->reshard_after_forward)
        text_add(out, ", parameters kept gathered");
    if (s->zero > 0 && s->zero < 3 && s->zero_group > 0)
        text_addf(out, ", optimizer shared by %d ranks", s->zero_group);
    if (s->first_stage_layers > 0)
        text_addf(out, ", first stage %d layers", s->first_stage_layers);
    if (s->last_stage_layers > 0)
        text_addf(out, ", last stage %d layers", s->last_stage_layers);
    if (s->tp > 1 && (s->overlaps >> OVERLAP_TP & 1))
        text_add(out, ", tp overlapped");
    if (s->ep > 1 && (s->overlaps >> OVERLAP_EP & 1))
        text_add(out, ", ep overlapped");
    if (s->offload_optimizer)
        text_add(out, ", optimizer offloaded");
    if (s->offload_activations >= 1)
        text_add(out, ", activations offloaded");
    else if (s->offload_activations > 0)
        text_addf(out, ", %.3g of the activations offloaded", s->offload_activations);
    for (int i = 0; i < TILES; i++)
        if (s->tiles >> i & 1)
            text_addf(out, ", %s in tiles", tile_names[i]);
}

void strategy_describe_how(const struct strategy *s, struct text *out)
{
    text_addf(out, "ZeRO %d", s->zero);
    if (s->recompute != RECOMPUTE_NONE)
        text_addf(out, ", %s recompute", recompute_names[s->recompute]);
    if (s->recompute == RECOMPUTE_FULL && s->recompute_layers > 0)
        text_addf(out, " of %d layers a stage", s->recompute_layers);
    if (s->schedule > SCHEDULE_INTERLEAVED || s->schedule == SCHEDULE_GPIPE)
        text_addf(out, ", %s", schedule_names[s->schedule]);
    strategy_describe_rest(s, out);
}

void strategy_describe(const struct strategy *s, struct text *out)
{
    text_addf(out, "tp %d", s->tp);
    describe_degree(out, "cp", s->cp);
    text_addf(out, ", pp %d", s->pp);
    describe_degree(out, "vpp", s->vpp);
    text_addf(out, ", dp %d", s->dp);
    describe_degree(out, "ep", s->ep);
    describe_degree(out, "etp", s->etp);
    text_addf(out, ", micro-batch %d", s->micro_batch);
    if (s->sequence_parallel)
        text_add(out, ", sequence parallel");
    text_add(out, ", ");
    strategy_describe_how(s, out);
}

struct shard strategy_shard(const struct strategy *s, const struct job *job)
{
    return (struct shard){.tp = s->tp,
                          .cp = s->cp,
                          .ep = s->ep,
                          .etp = s->etp,
                          .micro_batch = s->micro_batch,
                          .seq_length = job->seq_length,
                          .document_mean = job->document_mean,
                          .document_spread = job->document_spread,
                          .sequence_parallel = s->sequence_parallel,
                          .precision = job->precision,
                          .attention = s->attention,
                          .dispatcher = s->dispatcher,
                          .cp_comm = s->cp_comm,
                          .tiled_mlp = s->tiles >> TILE_MLP & 1,
                          .tiled_loss = s->tiles >> TILE_LOSS & 1,
                          .compiled = s->torch_compile,
                          .expert_imbalance = job->expert_imbalance,
                          .expert_capacity = job->expert_capacity};
}
