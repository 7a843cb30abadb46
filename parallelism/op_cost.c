#include "parallelism/op_cost.h"
#include "hardware/alignment.h"
#include "hardware/roofline.h"
#include "hardware/scan.h"
#include "parallelism/placement.h"
#include "parallelism/step.h"
#include "parallelism/tp_overlap.h"
#include <math.h>
#include <string.h>

enum term op_term(const struct op *op)
{
    static const enum term by_comm[COMMS] = {
        [COMM_TP] = TERM_TP, [COMM_CP] = TERM_CP, [COMM_EP] = TERM_EP,        [COMM_ETP] = TERM_EP,
        [COMM_PP] = TERM_PP, [COMM_DP] = TERM_DP, [COMM_EXPERT_DP] = TERM_DP,
    };
    if (op->kind == OP_COLLECTIVE)
        return by_comm[op->comm];
    if (op->module == MODULE_CORE_ATTENTION || op->kind == OP_SCAN)
        return TERM_ATTENTION;
    return op->kind == OP_MEMORY ? TERM_MEMORY_BOUND : TERM_GEMM;
}

static enum attention_pass attention_pass_of(const struct op *op)
{
    return op->phase == PHASE_FORWARD  ? ATTENTION_FORWARD
           : op->phase == PHASE_DECODE ? ATTENTION_DECODE
                                       : ATTENTION_BACKWARD;
}

static bool op_is_backward(const struct op *op)
{
    return op->phase != PHASE_FORWARD;
}

double op_flop(const struct op *op)
{
    if (op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM)
        return gemm_flop(&op->gemm);
    if (op->kind == OP_ATTENTION)
        return attention_flop(attention_pass_of(op), &op->attention);
    return op->kind == OP_SCAN ? scan_flop(op_is_backward(op), &op->scan) : 0;
}

double op_bytes(const struct op *op)
{
    if (op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM)
        return gemm_bytes(op->dtype, &op->gemm);
    if (op->kind == OP_ATTENTION)
        return attention_bytes(op->dtype, attention_pass_of(op), &op->attention);
    if (op->kind == OP_SCAN)
        return scan_bytes(op_is_backward(op), &op->scan);
    return op->kind == OP_MEMORY ? op->memory.bytes : 2 * op->bytes;
}

double op_peak_s(const struct gpu *gpu, const struct op *op)
{
    return op->kind == OP_ATTENTION
               ? attention_peak_s(gpu, op->dtype, attention_pass_of(op), &op->attention)
               : gemm_peak_s(gpu, op->dtype, &op->gemm);
}

bool op_clocked(const struct op *op)
{
    return op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM || op->kind == OP_ATTENTION;
}

/* The first generation reaches 1/1.75 of the second on Ampere [FlashAttention-2 fig. 5: 110 to 130
 * against 190 to 225 TFLOP/s]; the second, written for Ampere's instructions, 1/1.75 of the third
 * as it was published [FlashAttention-3: 1.5 to 2.0 forward, 1.5 to 1.75 back], 1/1.9 of what the
 * third reaches on Hopper by now: 330 TFLOP/s forward. On Blackwell it takes 3.0 to 3.3 times
 * cuDNN's time of its year, forward and back: 440 and 350 TFLOP/s [B200, 8,192 to 131,072 tokens:
 * calibrate/published/kernels/b200-sxm]. */
double stack_flash_factor(const struct scenario *scenario)
{
    static const double generation_gain = 1.75, hopper_gain = 1.9, blackwell_gain = 3.3;
    const char *architecture = scenario->system.gpu.architecture;
    bool older = strcmp(architecture, "ampere") == 0 || strcmp(architecture, "volta") == 0;
    bool blackwell = architecture_is_blackwell(architecture);
    bool hopper = strcmp(architecture, "hopper") == 0;
    int g = scenario->stack.flash_generation;
    double gain = blackwell ? blackwell_gain : hopper ? hopper_gain : generation_gain;
    double third = g < 3 && !older ? gain : 1;
    return g < 2 ? third * generation_gain : third;
}

int stack_network_constant(const struct group *g)
{
    return g->per_domain < g->ranks ? STACK_NETWORK : STACK_SCALE_UP;
}

double stack_collective_s(const struct scenario *scenario, enum collective op, double bytes,
                          const struct group *g)
{
    if (g->ranks <= 1 || bytes <= 0)
        return 0;
    double factor = scenario->stack.constant[stack_network_constant(g)].value;
    return (collective_s(&scenario->system, op, bytes, g) + scenario->stack.collective_wait_s) *
           factor;
}

bool op_is_ring(const struct op *op)
{
    return op->kind == OP_COLLECTIVE && op->comm == COMM_CP &&
           op->collective == COLLECTIVE_SEND_RECV;
}

/* A channel binds a ring's messages below what the link between domains carries, and attention
 * beside them leaves the memory alone: nothing stretches them. Seven rings of 4 to 32 ranks over
 * nodes that nothing was fitted to are -5 to +3 % off so, 2 to 48 % too slow by a network factor of
 * 1.5 (calibrate/published: nemo_long_sequences, burstengine25). A pair keeps it, as pipelines'
 * messages do: their runs say so. */
bool ring_is_unstretched(const struct group *g)
{
    return g->per_domain < g->ranks && g->ranks > 2;
}

static double ring_s(const struct scenario *scenario, double bytes, const struct group *g)
{
    if (!ring_is_unstretched(g) || bytes <= 0)
        return stack_collective_s(scenario, COLLECTIVE_SEND_RECV, bytes, g);
    return collective_s(&scenario->system, COLLECTIVE_SEND_RECV, bytes, g) +
           scenario->stack.collective_wait_s;
}

double stack_memory_factor(const struct scenario *scenario, const struct strategy *s)
{
    double eager = scenario->stack.eager_memory_frac;
    return scenario->stack.constant[STACK_MEMORY].value *
           (eager > 0 && !s->torch_compile ? eager : 1);
}

/* What a stack does not fuse lies between its modules, not in its softmax and dropout kernels. */
int op_memory_constant(const struct op *op)
{
    bool experts =
        op->module == MODULE_MOE || op->module == MODULE_MOE_ACT || op->module == MODULE_ROUTER;
    bool as_measured = op->module == MODULE_CORE_ATTENTION || op->memory.class_ == MEMORY_PERMUTE;
    return experts ? STACK_EXPERTS : as_measured ? STACK_CONSTANTS : STACK_MEMORY;
}

static double memory_factor(const struct scenario *scenario, const struct strategy *s,
                            const struct op *op)
{
    int constant = op_memory_constant(op);
    return constant == STACK_EXPERTS  ? scenario->stack.constant[STACK_EXPERTS].value
           : constant == STACK_MEMORY ? stack_memory_factor(scenario, s)
                                      : 1;
}

bool op_is_expert_exchange(const struct strategy *s, const struct op *op)
{
    return op->comm == COMM_EP && dispatcher_sends_once(s->dispatcher);
}

/* DeepEP's traffic leaves for each distinct scale-up domain of a token's experts once; node-limited
 * routing caps them. The share of the op's bytes, which count each distinct rank. MODELLING 5.5 */
static double expert_network_frac(const struct scenario *scenario, const struct strategy *s,
                                  const struct group *g)
{
    double domains = ceil(g->ranks / g->per_domain), q = scenario->model.experts_per_token;
    if (domains <= 1)
        return 1;
    double distinct = expected_distinct(domains, q);
    double limit = scenario->model.expert_groups_per_token;
    if (limit > 0 && limit < distinct)
        distinct = limit;
    return fmin(1, distinct / q / expert_ranks_frac(&scenario->model, s->ep));
}

/* What the factor stands for goes with the rows that a product reads and writes, (n + k) elements
 * each, more than with its 2 n k FLOP a row: casts, permutation and padding, tiles that run out.
 * Weight gradients have the rows between m and n. */
static double grouped_product_s(const struct scenario *scenario, const struct op *op)
{
    const struct stack *stack = &scenario->stack;
    const struct stack_constant *k = stack->constant;
    double in = op->phase == PHASE_BACKWARD_WEIGHT ? op->gemm.m : op->gemm.k, out = op->gemm.n;
    double share = 1 / (1 + in * out / (in + out) / stack->expert_half_width);
    return grouped_gemm_s(&scenario->system.gpu, op->dtype, &op->gemm) * k[STACK_COMPUTE].value *
           (1 + (k[STACK_EXPERTS].value - 1) * share);
}

/* An older generation is slower in its products; what surrounds them takes as long. */
static double fused_attention_s(const struct scenario *scenario, const struct op *op)
{
    const struct gpu *gpu = &scenario->system.gpu;
    enum attention_pass pass = attention_pass_of(op);
    double seconds = attention_s(gpu, op->dtype, pass, &op->attention);
    double around = attention_around_s(gpu, op->dtype, pass, &op->attention);
    return around + (seconds - around) * stack_flash_factor(scenario);
}

double op_cost_s(const struct scenario *scenario, const struct strategy *s, const struct op *op)
{
    const struct gpu *gpu = &scenario->system.gpu;
    const struct stack_constant *k = scenario->stack.constant;
    switch (op->kind) {
    case OP_GEMM:
        return gemm_s(gpu, op->dtype, &op->gemm) * gemm_alignment_factor(op->dtype, &op->gemm) *
               k[STACK_COMPUTE].value;
    case OP_GROUPED_GEMM:
        return grouped_product_s(scenario, op);
    case OP_ATTENTION:
        return fused_attention_s(scenario, op) * k[STACK_COMPUTE].value;
    case OP_SCAN:
        return scan_s(gpu, op_is_backward(op), &op->scan) * k[STACK_COMPUTE].value;
    case OP_MEMORY:
        return memory_op_s(gpu, &op->memory) * memory_factor(scenario, s, op);
    case OP_COLLECTIVE: {
        struct group g = placement_comm(&scenario->system, s, op->comm);
        if (op_is_ring(op))
            return ring_s(scenario, op->bytes, &g);
        if (op_is_expert_exchange(s, op))
            return expert_exchange_s(&scenario->system, op->bytes,
                                     op->bytes * expert_network_frac(scenario, s, &g), &g);
        return op->comm == COMM_EP ? collective_s(&scenario->system, op->collective, op->bytes, &g)
                                   : stack_collective_s(scenario, op->collective, op->bytes, &g);
    }
    case OP_KINDS:
        break;
    }
    return 0;
}

/* Whether the exchange of experts runs beside another micro-batch's compute: because the strategy
 * says so, or because the stack's recipes do wherever it pays. */
static bool exchange_overlaps(const struct scenario *scenario, const struct strategy *s)
{
    const struct stack *stack = &scenario->stack;
    if (stack->hides_expert_exchange || (s->overlaps >> OVERLAP_EP & 1))
        return true;
    struct group g = placement_comm(&scenario->system, s, COMM_EP);
    return stack->hides_expert_exchange_across && s->dispatcher == DISPATCHER_DEEPEP &&
           g.per_domain < g.ranks;
}

double op_hidden_frac(const struct scenario *scenario, const struct strategy *s,
                      const struct op *op)
{
    const struct stack *stack = &scenario->stack;
    if (op->comm == COMM_TP)
        return tp_hidden_most_frac(scenario, s, op);
    if (op->comm == COMM_EP && exchange_overlaps(scenario, s))
        return dispatcher_sends_once(s->dispatcher) ? expert_exchange_constants.hidden_frac
                                                    : stack->ep_hidden_frac;
    return 0;
}

double op_hidden_s(const struct scenario *scenario, const struct strategy *s, const struct ops *ops,
                   const double seconds[], int i)
{
    const struct op *op = &ops->op[i];
    if (op->kind != OP_COLLECTIVE)
        return 0;
    return op->comm == COMM_TP ? tp_hidden_s(scenario, s, ops, seconds, i)
                               : seconds[i] * op_hidden_frac(scenario, s, op);
}
