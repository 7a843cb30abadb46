#include "parallelism/stack.h"
#include "base/catalog.h"
#include "base/file.h"
#include "parallelism/stack_constants.h"
#include <stddef.h>
#include <stdio.h>
#include <string.h>

extern const struct embedded_file stack_catalog[];

const char *const stack_constant_names[STACK_CONSTANTS + 1] = {
    [STACK_COMPUTE] = "compute",      [STACK_MEMORY] = "memory",     [STACK_HOST] = "host_s",
    [STACK_NETWORK] = "network",      [STACK_SCALE_UP] = "scale_up", [STACK_EXPERTS] = "experts",
    [STACK_STEP] = "host_s_per_step",
};
static const char *const zero_names[] = {"0", "1", "2", "3", 0};

#define ROW(key, kind, unit, member, min, max, names, help)                                        \
    FIELD_ROW(stack, key, kind, unit, member, min, max, false, names, help)
#define NUMBER(key, unit, member, max, help)                                                       \
    ROW(key, FIELD_NUMBER, unit, member, 0, max, NULL, help)
#define FLAG(key, member, help) ROW(key, FIELD_BOOL, UNIT_NONE, member, 0, 0, NULL, help)
#define SET(key, member, names, help) ROW(key, FIELD_SET, UNIT_NONE, member, 0, 0, names, help)

const struct field stack_fields[] = {
    ROW("name", FIELD_STRING, UNIT_NONE, name, 0, 0, NULL, "the stack's name"),
    ROW("parent", FIELD_STRING, UNIT_NONE, parent, 0, 0, NULL, "stack whose values are read first"),
    ROW("description", FIELD_STRING, UNIT_NONE, description, 0, 0, NULL, "what it is, in a line"),
    FLAG("dropout", kernels.dropout, "trains with dropout"),
    FLAG("fused_norm", kernels.fused_norm, "norms in one kernel"),
    NUMBER("expert_launches", UNIT_NONE, kernels.expert_launches, 100,
           "host time of an expert's product launched alone, in kernel launches"),
    FLAG("fused_expert_activation", kernels.fused_expert_activation,
         "activation of experts inside their GEMMs"),
    FLAG("fused_expert_bias", kernels.fused_expert_bias,
         "first bias and clamped activation of experts inside their GEMMs"),
    FLAG("fused_activation", kernels.fused_activation, "bias and activation in one kernel"),
    FLAG("fused_residual", kernels.fused_residual, "bias, dropout and residual add in one kernel"),
    FLAG("fused_rope", kernels.fused_rope, "rotary embedding in one kernel"),
    FLAG("fused_softmax", kernels.fused_softmax, "scale, mask and softmax in one kernel"),
    FLAG("fused_cross_entropy", kernels.fused_cross_entropy, "cross-entropy in one kernel"),
    FLAG("quantised_gather", kernels.quantised_gather,
         "tensor ranks gather inputs and gradients in the precision of the products"),
    FLAG("fused_quantise", kernels.fused_quantise, "quantisation inside the kernel before it"),
    FLAG("casts_each_product", kernels.casts_each_product,
         "fp8 and below: each product casts what it reads by kernels of its own"),
    FLAG("grouped_gemm", kernels.grouped_gemm, "experts in one launch"),
    FLAG("gradient_accumulation_fusion", kernels.gradient_accumulation_fusion,
         "weight gradients add into the main gradient inside the GEMM"),
    FLAG("fp8_attention", kernels.fp8_attention, "attention matmuls in fp8"),
    FLAG("keeps_gathered_input", kernels.keeps_gathered_input,
         "sequence parallelism saves the gathered input instead of gathering it again"),
    FLAG("gathers_logits", kernels.gathers_logits,
         "tensor ranks gather the logits and each computes the whole loss"),
    FLAG("reduces_each_linear", kernels.reduces_each_linear,
         "gate and up projections all-reduce their input gradients one by one"),
    FLAG("exchanges_each_linear", kernels.exchanges_each_linear,
         "query, key, value, gate and up projections gather their input and scatter its gradient "
         "one by one"),
    FLAG("fp8_activation_store", kernels.fp8_activation_store, "fp8: FC1 output kept in 8 bit"),
    FLAG("fp8_dispatch", kernels.fp8_dispatch, "expert tokens travel in fp8"),
    FLAG("fused_when_compiled", kernels.fused_when_compiled,
         "activations are fused where torch.compile does it"),
    FLAG("weights_expert_outputs", kernels.weights_expert_outputs,
         "a token's weights multiply its experts' outputs, which are kept for the weights' "
         "gradient"),
    FLAG("rescales_attention", kernels.rescales_attention,
         "attention sinks multiply attention's output, which is kept beside the product"),
    FLAG("repeats_kv", kernels.repeats_kv,
         "keys and values repeated to the query heads before attention"),
    NUMBER("cp_gradient_bytes", UNIT_NONE, kernels.cp_gradient_bytes, 8,
           "bytes of a key's or value's gradient between context ranks of a ring"),
    NUMBER("main_gradient_bytes", UNIT_NONE, kernels.gradient_bytes, 8,
           "bytes of a main gradient that micro-batches add into"),
    ROW("attention", FIELD_ENUM, UNIT_NONE, attention, 0, 0, attention_impl_names,
        "default attention"),
    ROW("dispatcher", FIELD_ENUM, UNIT_NONE, dispatcher, 0, 0, dispatcher_names,
        "default dispatcher"),
    ROW("dispatcher_across", FIELD_ENUM, UNIT_NONE, dispatcher_across, 0, 0, dispatcher_names,
        "default dispatcher of experts over several scale-up domains, routing not limited to some"),
    SET("overlaps", overlaps, overlap_names, "communication that runs beside compute by default"),
    SET("overlaps_on_request", overlaps_on_request, overlap_names,
        "communication that runs beside compute where a strategy asks; a search does"),
    SET("schedules", schedules, schedule_names, "pipeline schedules it can express"),
    SET("zero_stages", zero_stages, zero_names, "ZeRO stages it can express"),
    SET("recomputes", recomputes, recompute_names, "recomputation it can express"),
    SET("dispatchers", dispatchers, dispatcher_names, "expert dispatchers it has"),
    SET("cp_comms", cp_comms, cp_comm_names, "context-parallel exchanges it has"),
    FLAG("tensor_parallel", tensor_parallel, "has tensor parallelism"),
    FLAG("sequence_parallel", sequence_parallel, "has sequence parallelism"),
    FLAG("context_parallel", context_parallel, "has context parallelism"),
    FLAG("pipeline_parallel", pipeline_parallel, "has pipeline parallelism"),
    FLAG("expert_parallel", expert_parallel, "has expert parallelism"),
    FLAG("saves_alternate_products", saves_alternate_products,
         "selective recompute saves attention and every second product of a layer (none in nvfp4), "
         "repeats the rest"),
    FLAG("saves_products_alone", saves_products_alone,
         "attention that selective recompute repeats does not keep its output either"),
    FLAG("prunes_recompute", prunes_recompute,
         "full recompute leaves out a dense layer's last product, which no gradient reads"),
    FLAG("keeps_gathered_on_request", keeps_gathered_on_request,
         "ZeRO 3 can keep what it gathered until the backward pass: reshard_after_forward"),
    FLAG("shards_over_context", shards_over_context, "context ranks share the parameters too"),
    FLAG("offloads_optimizer", offloads_optimizer, "can keep the optimizer's state in host memory"),
    FLAG("offloads_shards", offloads_shards,
         "an offloaded optimizer takes ZeRO 3's shards of parameters and gradients along"),
    NUMBER(
        "host_cores", UNIT_NONE, host_cores, 1e6,
        "cores of the host on which a rank updates an offloaded optimizer; 0: all of the node's"),
    FLAG("uneven_stages", uneven_stages, "layers need not divide by the stages"),
    FLAG("head_counts_as_layer", head_counts_as_layer,
         "embedding and head count as a layer each when layers are split"),
    FLAG("steps_overlap", steps_overlap,
         "ranks begin the next step without waiting for the others (optimizer post-validation)"),
    FLAG("hides_expert_exchange", hides_expert_exchange,
         "expert exchange runs beside another micro-batch's compute"),
    FLAG("hides_expert_exchange_across", hides_expert_exchange_across,
         "the same by DeepEP where it leaves the scale-up domain"),
    FLAG("generation", generation,
         "its constants differ from its parent's like another software's"),
    FLAG("hides_ring", hides_ring, "context ranks exchange beside the ring's attention"),
    FLAG("p2p_synchronous", p2p_synchronous, "pipeline ranks wait for their transfers"),
    NUMBER("ramp_micro_batches", UNIT_NONE, ramp_micro_batches, 100,
           "micro-batches' time a pipelined step loses besides the schedule's bubble"),
    NUMBER("tp_hidden", UNIT_FRACTION, tp_hidden_frac, 1,
           "hidden of the tensor-parallel communication that a product covers, when it overlaps"),
    NUMBER("wgrad_gather_hidden", UNIT_FRACTION, wgrad_gather_hidden_frac, 1,
           "the same of sequence parallelism's re-gather, always, by the input gradient"),
    NUMBER("wgrad_scatter_hidden", UNIT_FRACTION, wgrad_scatter_hidden_frac, 1,
           "the same of the scatter of the input's gradient, by the weight gradient"),
    NUMBER(
        "ep_hidden", UNIT_FRACTION, ep_hidden_frac, 1,
        "share of expert all-to-all hidden when it overlaps (DeepEP and Hybrid-EP: as measured)"),
    NUMBER("dp_bucket_parameters", UNIT_NONE, dp_bucket_parameters, 1e15,
           "parameters of a bucket of overlapped gradient reduction"),
    NUMBER("param_gather_bytes", UNIT_NONE, param_gather_bytes, 8, "bytes a gathered parameter"),
    NUMBER("gradient_reduce_bytes", UNIT_NONE, gradient_reduce_bytes, 8,
           "bytes a reduced gradient"),
    FLAG("gradient_all_reduce", gradient_all_reduce, "ZeRO 1 all-reduces whole gradients"),
    FLAG("broadcasts_parameters", broadcasts_parameters,
         "ZeRO 1, 2: owners broadcast updated parameters in turn instead of a gather"),
    FLAG("copies_parameters", copies_parameters,
         "ZeRO 3: parameters copied out of the gather's buffer, gradients into the reduction's"),
    FLAG(
        "flattens_parameters", flattens_parameters,
        "ZeRO 3: a layer's parameters are views of one flat tensor, whose gradient is joined, cast "
        "and divided before it is reduced"),
    FLAG(
        "accumulates_whole", accumulates_whole,
        "ZeRO 3: micro-batches but the last add to whole gradients, in what is reduced, and reduce "
        "nothing"),
    FLAG("pipelines_accumulate_whole", pipelines_accumulate_whole,
         "the same in pipelines, where the reduction starts when the last backward pass has ended"),
    FLAG("gathers_each_matrix", gathers_each_matrix,
         "ZeRO 3: gathers a matrix for its product, not a layer's together"),
    FLAG("lists_partitions", lists_partitions,
         "ZeRO 3: each matrix gathered and reduced through lists of the ranks' parts, waited for"),
    NUMBER("reuse_parameters", UNIT_NONE, reuse_parameters, 1e15,
           "ZeRO 3: layers of more parameters are gathered again after full recompute; 0: never"),
    NUMBER(
        "eager_memory", UNIT_NONE, eager_memory_frac, 100,
        "memory-bound time of layers that are not compiled over compiled ones; 0: compiles none"),
    ROW("flash_generation", FIELD_INT, UNIT_NONE, flash_generation, 1, 3, NULL,
        "generation of its fused attention kernel: 1, 2 or 3"),
    NUMBER("contention", UNIT_FRACTION, contention_frac, 1,
           "slow-down of compute while a collective runs beside it"),
    NUMBER("weight_bytes", UNIT_NONE, weight_bytes, 16, "memory of weights, bytes a parameter"),
    FLAG("fp8_weights", fp8_weights, "fp8: weights kept and gathered in 8 bit alone"),
    NUMBER("gradient_bytes", UNIT_NONE, gradient_bytes, 16,
           "memory of gradients, bytes a parameter"),
    FLAG("plans_memory", plans_memory,
         "a compiler lays out the step's memory: what is never alive at once shares it"),
    NUMBER("gradient_bytes_bf16", UNIT_NONE, gradient_bytes_bf16, 16,
           "the same in bf16 training where it differs; 0: the same"),
    NUMBER("optimizer_bytes", UNIT_NONE, optimizer_bytes, 32,
           "memory of optimizer state, bytes a parameter"),
    NUMBER("optimizer_traffic_bytes", UNIT_NONE, optimizer_traffic_bytes, 1000,
           "HBM bytes of the update of one owned parameter"),
    NUMBER("straggler_share", UNIT_FRACTION, straggler_share, 0.5,
           "share of all GPUs that are slow"),
    NUMBER("straggler_spread", UNIT_FRACTION, straggler_spread_frac, 1,
           "what a slow GPU takes more of a step"),
    NUMBER("collective_wait_s", UNIT_SECONDS, collective_wait_s, 1,
           "what a collective waits for the compute stream and the last of its ranks"),
    NUMBER(
        "expert_half_width", UNIT_NONE, expert_half_width, 1e6,
        "n k / (n + k) of an expert's product at which half of what `experts` adds to it is left"),
    NUMBER("context_bytes", UNIT_BYTES, context_bytes, 1e12, "runtime, kernels and workspaces"),
    NUMBER("communicator_bytes", UNIT_BYTES, communicator_bytes, 1e12,
           "buffers of one communicator"),
    NUMBER("allocator", UNIT_FRACTION, allocator_frac, 1,
           "fragmentation, of activations and logits"),
    NUMBER("reserve_bytes", UNIT_BYTES, reserve_bytes, 1e12, "device memory that must stay free"),
    NUMBER("logits_bytes", UNIT_NONE, logits_bytes, 64,
           "bytes a logit at the peak of the last stage"),
    NUMBER("eager_logits_bytes", UNIT_NONE, eager_logits_bytes, 64,
           "the same where the loss is not compiled; 0: as many"),
    NUMBER("loss_tiles", UNIT_NONE, loss_tiles, 1e6,
           "tiles of a loss in tiles; 0: their logits as wide as the model"),
    NUMBER("compute", UNIT_NONE, constant[STACK_COMPUTE].value, 100,
           "GEMM and attention time over the benchmarked kernels'"),
    NUMBER("memory", UNIT_NONE, constant[STACK_MEMORY].value, 100,
           "memory-bound time over the op list's"),
    NUMBER("host_s", UNIT_SECONDS, constant[STACK_HOST].value, 1, "host time of a kernel launch"),
    NUMBER("network", UNIT_NONE, constant[STACK_NETWORK].value, 100,
           "time of traffic that leaves the scale-up domain over the measured collectives'"),
    NUMBER("scale_up", UNIT_NONE, constant[STACK_SCALE_UP].value, 100,
           "time of traffic inside the scale-up domain over the measured collectives'"),
    NUMBER("experts", UNIT_NONE, constant[STACK_EXPERTS].value, 100,
           "time of expert layers' kernels over the model's; of products see expert_half_width"),
    NUMBER("host_s_per_step", UNIT_SECONDS, constant[STACK_STEP].value, 10,
           "host time of a step that the GPU waits for: loop, gradient norm, optimizer's launches"),
    NUMBER("compute_error", UNIT_NONE, constant[STACK_COMPUTE].standard_error, 10,
           "standard error of ln compute"),
    NUMBER("memory_error", UNIT_NONE, constant[STACK_MEMORY].standard_error, 10,
           "standard error of ln memory"),
    NUMBER("host_error", UNIT_NONE, constant[STACK_HOST].standard_error, 10,
           "standard error of ln host_s"),
    NUMBER("network_error", UNIT_NONE, constant[STACK_NETWORK].standard_error, 10,
           "standard error of ln network"),
    NUMBER("scale_up_error", UNIT_NONE, constant[STACK_SCALE_UP].standard_error, 10,
           "standard error of ln scale_up"),
    NUMBER("experts_error", UNIT_NONE, constant[STACK_EXPERTS].standard_error, 10,
           "standard error of ln experts"),
    NUMBER("step_error", UNIT_NONE, constant[STACK_STEP].standard_error, 10,
           "standard error of ln host_s_per_step"),
    SET("fit", fit, stack_constant_names, "constants that its runs may set"),
    NUMBER("residual", UNIT_FRACTION, residual_frac, 10,
           "spread of runs around its forecasts, 1 sigma of ln"),
    NUMBER("site_spread", UNIT_FRACTION, site_spread_frac, 10,
           "besides, of clusters that told nothing of it, 1 sigma of ln"),
};
const size_t stack_field_count = sizeof stack_fields / sizeof *stack_fields;

enum { PARENTS_MAX = 8 };

static const struct catalog stacks = {"stack", "stacks", stack_catalog};

const char *stack_catalog_name(size_t i)
{
    return catalog_name(&stacks, i);
}

/* What a file states is meant: an inherited list "fit" does not let runs move it. Where its own
 * list names it, its value is where a fit starts. */
static void note_stated(struct stack *stack, const bool *given)
{
    bool lists_fit = false;
    stack->stated = 0;
    for (size_t row = 0; row < stack_field_count; row++) {
        size_t offset = given[row] ? stack_fields[row].offset : sizeof *stack;
        lists_fit |= offset == offsetof(struct stack, fit);
        for (unsigned c = 0; c < STACK_CONSTANTS; c++)
            if (offset == offsetof(struct stack, constant) + c * sizeof stack->constant[0])
                stack->stated |= 1u << c;
    }
    if (!lists_fit)
        stack->fit &= ~stack->stated;
}

static bool states_spread(const bool *given)
{
    size_t row = 0;
    while (stack_fields[row].offset != offsetof(struct stack, residual_frac))
        row++;
    return given[row];
}

/* The constants that are shipped for a catalog stack, but for those that its file sets; none are
 * for a user's own file. */
static enum status apply_shipped(const char *name, const bool *given, struct stack *stack,
                                 struct error *e)
{
    struct stack_constant own[STACK_CONSTANTS];
    double own_spread = stack->residual_frac;
    memcpy(own, stack->constant, sizeof own);
    enum status status = stack_constants_apply(name_is_path(name) ? "" : stack->name, stack, e);
    for (int c = 0; c < STACK_CONSTANTS; c++)
        if ((stack->stated & ~stack->fit) >> c & 1)
            stack->constant[c] = own[c];
    if (states_spread(given))
        stack->residual_frac = own_spread;
    return status;
}

/* Parents first; then the stack's own keys, then, for a catalog stack, its shipped constants. */
static enum status stack_load(const char *name, const char *folder, int depth, struct stack *stack,
                              struct error *e)
{
    static const char *const extra[] = {"source", "calibration", 0};
    if (depth > PARENTS_MAX)
        return error_set(e, STATUS_INPUT, "stack '%s': more than %d parents", name, PARENTS_MAX);
    struct json *json = catalog_load(&stacks, name, folder, e);
    if (!json)
        return e->status;
    const struct json_value *root = json_root(json), *parent = json_member(root, "parent");
    enum status status = STATUS_OK;
    if (parent && json_string(parent)[0])
        status = catalog_check_name(json_string(parent), e);
    if (parent && json_string(parent)[0] && status == STATUS_OK)
        status = stack_load(json_string(parent), folder, depth + 1, stack, e);
    bool given[sizeof stack_fields / sizeof *stack_fields] = {false};
    if (status == STATUS_OK) {
        struct fields_options options = {.extra = extra, .given = given};
        const struct fields fields = {stack_fields, stack_field_count};
        status = fields_read(json, root, fields, stack, &options, e);
        note_stated(stack, given);
    }
    json_free(json);
    if (status == STATUS_OK)
        status = apply_shipped(name, given, stack, e);
    return status;
}

enum status stack_find(const char *name, const char *catalog, struct stack *stack, struct error *e)
{
    memset(stack, 0, sizeof *stack);
    return stack_load(name && name[0] ? name : "default", catalog, 0, stack, e);
}
