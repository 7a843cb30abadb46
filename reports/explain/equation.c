#include "hardware/alignment.h"
#include "hardware/collective.h"
#include "hardware/scan.h"
#include "parallelism/blocks.h"
#include "parallelism/tp_overlap.h"
#include "reports/explain/parts.h"

static const char collective_equation[] =
    "least over regimes of latency + volume / bus bandwidth [NCCL-perf]";
static const char memory_equation[] = "t0 + bytes / (bandwidth x share of the kernel's class)";

/* The equation and the stack's constant of a term's ops, STACK_COMPUTE ... */
struct equation {
    const char *words;
    int constant;
};

static bool is_fused(const struct explanation *x)
{
    return x->result->strategy->attention == ATTENTION_FLASH;
}

/* The stack's constant on a communicator's collectives. */
static int network_constant(const struct explanation *x, enum comm comm)
{
    struct group g = placement_comm(&x->result->scenario->system, x->result->strategy, comm);
    return stack_network_constant(&g);
}

static struct equation equation_of(const struct explanation *x, enum term term)
{
    static const char fused[] = "t0 + max(math joined with exponentials, bytes / bandwidth)",
                      products[] = "t0 + mean by rank over the tiles of math joined with memory";
    const struct equation equations[TERMS] = {
        [TERM_GEMM] = {products, STACK_COMPUTE},
        [TERM_ATTENTION] = {is_fused(x) ? fused : products, STACK_COMPUTE},
        [TERM_MEMORY_BOUND] = {memory_equation, STACK_MEMORY},
        [TERM_TP] = {collective_equation, network_constant(x, COMM_TP)},
        [TERM_CP] = {collective_equation, network_constant(x, COMM_CP)},
    };
    return equations[term];
}

static double value_of(const struct explanation *x, int constant)
{
    return x->result->scenario->stack.constant[constant].value;
}

/* The exchange of experts takes no factor of the stack's. */
static void add_exchange(const struct explanation *x)
{
    const struct expert_exchange_constants *c = &expert_exchange_constants;
    if (!dispatcher_sends_once(x->result->strategy->dispatcher))
        text_addf(x->out, "  once = %s\n", collective_equation);
    else
        text_addf(x->out,
                  "  once = %g us + max(bytes to distinct ranks / %g links, bytes to distinct "
                  "domains / %g NIC) [%s]\n",
                  1e6 * c->call_s, c->link_frac, c->nic_frac, c->source);
}

/* What stack_collective_s adds to a benchmarked collective. */
static void add_wait(const struct explanation *x)
{
    text_addf(x->out,
              "  latency: with %g us besides for the compute stream and the last of the ranks\n",
              1e6 * x->result->scenario->stack.collective_wait_s);
}

/* What tp_hidden_s hides. [Wang23] */
static void add_tp_hidden(const struct explanation *x)
{
    const struct scenario *scenario = x->result->scenario;
    const struct strategy *s = x->result->strategy;
    struct op gather = {.name = OP_NAME_TP_GATHER, .phase = PHASE_FORWARD};
    struct op again = {.name = OP_NAME_TP_REGATHER, .phase = PHASE_BACKWARD_WEIGHT};
    struct op scatter = {.name = OP_NAME_TP_SCATTER, .phase = PHASE_BACKWARD_INPUT};
    double in_parts = tp_hidden_most_frac(scenario, s, &gather);
    if (in_parts > 0)
        text_addf(x->out,
                  "  hidden: %g of min(once, %d/%d of the product beside it), both in %d parts\n",
                  in_parts, s->tp - 1, s->tp, s->tp);
    if (s->sequence_parallel)
        text_addf(x->out,
                  "  hidden beside the products of gradients: of min(once, the product) %g of the "
                  "re-gather, %g of the scatter\n",
                  tp_hidden_most_frac(scenario, s, &again),
                  tp_hidden_most_frac(scenario, s, &scatter));
}

static void add_main(const struct explanation *x, enum term term)
{
    struct equation equation = equation_of(x, term);
    double value = value_of(x, equation.constant);
    double factor = equation.constant == STACK_MEMORY
                        ? stack_memory_factor(x->result->scenario, x->result->strategy)
                        : value;
    text_addf(x->out, "  once = (%s) x %.4g, the stack's %s factor%s\n", equation.words, factor,
              stack_constant_names[equation.constant],
              factor != value ? " without torch.compile" : "");
    if (term == TERM_TP || term == TERM_CP)
        add_wait(x);
    if (term == TERM_TP && x->result->strategy->tp > 1)
        add_tp_hidden(x);
    double flash = stack_flash_factor(x->result->scenario);
    if (term == TERM_ATTENTION && is_fused(x) && flash != 1)
        text_addf(x->out,
                  "  x %.4g, an older generation of the fused kernel, but for launch and the fixed "
                  "times of CTAs [FlashAttention-2, -3]\n",
                  flash);
    if (term == TERM_GEMM || term == TERM_ATTENTION)
        text_addf(x->out,
                  "  / %.4g, the clock that the power cap sustains over the benchmarks'; no block "
                  "passes the peak\n",
                  strategy_clock_frac(x->result->scenario, x->result->strategy));
}

static void add_grouped(const struct explanation *x)
{
    double factor = value_of(x, STACK_EXPERTS);
    text_addf(x->out,
              "  grouped products of experts: x 1 + %.4g / (1 + n k / (n + k) / %g) besides, by the "
              "stack's experts factor of %.4g\n",
              factor - 1, x->result->scenario->stack.expert_half_width, factor);
}

static void add_unaligned(const struct explanation *x)
{
    text_addf(x->out, "  products whose rows are no multiple of 16 bytes: x %g besides\n",
              gemm_unaligned_factor);
}

static void add_experts(const struct explanation *x)
{
    text_addf(x->out,
              "  kernels of routing and experts: x %.4g instead, the stack's experts factor\n",
              value_of(x, STACK_EXPERTS));
}

static void add_measured(const struct explanation *x)
{
    text_addf(x->out,
              "  memory-bound kernels of the attention core and of the embedding: once = %s\n",
              memory_equation);
}

static void add_etp(const struct explanation *x)
{
    int constant = network_constant(x, COMM_ETP);
    text_addf(x->out,
              "  collectives of expert-tensor ranks: once = (%s) x %.4g, the stack's %s factor\n",
              collective_equation, value_of(x, constant), stack_constant_names[constant]);
    add_wait(x);
}

static void add_ring(const struct explanation *x)
{
    struct group g = placement_comm(&x->result->scenario->system, x->result->strategy, COMM_CP);
    if (ring_is_unstretched(&g))
        text_addf(x->out, "  messages of a ring between domains, which their channels bind: x 1\n");
}

static void add_scan(const struct explanation *x)
{
    text_addf(x->out,
              "  scans: once = products / (SMs x clock x FLOP per SM and clock), joined with chunks "
              "x their step; SSD + bytes / bandwidth, delta rule no less than that; x %.4g, the "
              "stack's compute factor\n",
              value_of(x, STACK_COMPUTE));
    for (int form = 0; form < SCAN_FORMS; form++) {
        const struct scan_constants *forward = scan_constants_of(false, (enum scan_form)form);
        const struct scan_constants *backward = scan_constants_of(true, (enum scan_form)form);
        text_addf(x->out,
                  "  constants of %s: %g and back %g FLOP per SM and clock, %g and %g us a chunk\n",
                  scan_form_names[form], forward->flop_per_sm_clock, backward->flop_per_sm_clock,
                  1e6 * forward->chunk_s, 1e6 * backward->chunk_s);
    }
    text_addf(x->out, "  assumed: %s\n", scan_source);
}

unsigned own_factor_of(const struct op *op)
{
    bool unaligned = op->kind == OP_GEMM && gemm_alignment_factor(op->dtype, &op->gemm) != 1;
    int constant = op->kind == OP_MEMORY ? op_memory_constant(op) : STACK_MEMORY;
    bool etp = op->kind == OP_COLLECTIVE && op->comm == COMM_ETP;
    return op->kind == OP_GROUPED_GEMM   ? 1u << OWN_GROUPED
           : unaligned                   ? 1u << OWN_UNALIGNED
           : constant == STACK_EXPERTS   ? 1u << OWN_EXPERTS
           : constant == STACK_CONSTANTS ? 1u << OWN_MEASURED
           : etp                         ? 1u << OWN_ETP
           : op_is_ring(op)              ? 1u << OWN_RING
           : op->kind == OP_SCAN         ? 1u << OWN_SCAN
                                         : 0;
}

void explain_equation(const struct explanation *x, enum term term, unsigned own_factors)
{
    static void (*const add[OWN_FACTORS])(const struct explanation *x) = {
        [OWN_GROUPED] = add_grouped,   [OWN_UNALIGNED] = add_unaligned,
        [OWN_EXPERTS] = add_experts,   [OWN_MEASURED] = add_measured,
        [OWN_ETP] = add_etp,           [OWN_RING] = add_ring,
        [OWN_SCAN] = add_scan,
    };
    if (term == TERM_EP)
        add_exchange(x);
    else
        add_main(x, term);
    for (int i = 0; i < OWN_FACTORS; i++)
        if (own_factors >> i & 1)
            add[i](x);
}
