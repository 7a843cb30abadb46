#include "calibrate/runlog/hypotheses.h"
#include <stddef.h>

/* Clears a bit of the overlaps; false where it is not set or has nothing to hide. */
static bool clear_overlap(struct strategy *s, enum overlap overlap, bool used)
{
    bool set = s->overlaps >> overlap & 1;
    s->overlaps &= ~(1u << overlap);
    return set && used;
}

static bool set_overlap(struct strategy *s, enum overlap overlap, bool used)
{
    bool set = s->overlaps >> overlap & 1;
    s->overlaps |= 1u << overlap;
    return !set && used;
}

static bool no_reduce_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return clear_overlap(s, OVERLAP_DP_GRAD_REDUCE, s->dp * s->cp > 1);
}

static bool no_gather_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return clear_overlap(s, OVERLAP_DP_PARAM_GATHER, s->dp * s->cp > 1 && s->zero > 0);
}

static bool no_prefetch(struct scenario *c, struct strategy *s)
{
    (void)c;
    return clear_overlap(s, OVERLAP_FSDP_PREFETCH, s->zero == 3);
}

static bool no_tp_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return clear_overlap(s, OVERLAP_TP, s->tp > 1);
}

static bool no_pp_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return clear_overlap(s, OVERLAP_PP, s->pp > 1);
}

static bool no_ep_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return clear_overlap(s, OVERLAP_EP, s->ep > 1);
}

static bool reduce_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return set_overlap(s, OVERLAP_DP_GRAD_REDUCE, s->dp * s->cp > 1);
}

static bool tp_overlap(struct scenario *c, struct strategy *s)
{
    (void)c;
    return set_overlap(s, OVERLAP_TP, s->tp > 1);
}

static bool full_recompute(struct scenario *c, struct strategy *s)
{
    (void)c;
    bool other = s->recompute != RECOMPUTE_FULL || s->recompute_layers > 0;
    s->recompute = RECOMPUTE_FULL;
    s->recompute_layers = 0;
    return other;
}

static bool selective_recompute(struct scenario *c, struct strategy *s)
{
    (void)c;
    bool other = s->recompute == RECOMPUTE_NONE;
    s->recompute = RECOMPUTE_SELECTIVE;
    s->recompute_modules = 0;
    return other;
}

static bool no_recompute(struct scenario *c, struct strategy *s)
{
    (void)c;
    bool other = s->recompute != RECOMPUTE_NONE;
    s->recompute = RECOMPUTE_NONE;
    return other;
}

static bool unfused_attention(struct scenario *c, struct strategy *s)
{
    (void)c;
    bool other = s->attention != ATTENTION_UNFUSED && s->cp == 1;
    s->attention = ATTENTION_UNFUSED;
    return other;
}

static bool unfused_kernels(struct scenario *c, struct strategy *s)
{
    struct kernels *k = &c->stack.kernels;
    bool other = k->fused_norm || k->fused_activation || k->fused_residual || k->fused_rope;
    (void)s;
    k->fused_norm = k->fused_activation = k->fused_residual = k->fused_rope = false;
    k->fused_cross_entropy = k->fused_softmax = false;
    return other;
}

static bool no_sequence_parallel(struct scenario *c, struct strategy *s)
{
    bool other = s->sequence_parallel && s->tp > 1 && c->model.experts == 0;
    s->sequence_parallel = false;
    return other;
}

static bool sixteen_bits(struct scenario *c, struct strategy *s)
{
    (void)s;
    bool other = dtype_bytes(c->job.precision) < 2;
    c->job.precision = DTYPE_BF16;
    return other;
}

static bool stretch(struct scenario *c, int constant, double factor, bool used)
{
    c->stack.constant[constant].value *= factor;
    return used;
}

static bool spans_nodes(const struct scenario *c)
{
    return c->system.gpus > system_domain_gpus(&c->system);
}

/* One of two adapters, half of a cable, a link that trained at half its rate. */
static bool half_scale_out(struct scenario *c, struct strategy *s)
{
    (void)s;
    return stretch(c, STACK_NETWORK, 2, spans_nodes(c));
}

/* TCP over the same adapters: a tenth, where the library fell back to sockets. */
static bool sockets(struct scenario *c, struct strategy *s)
{
    (void)s;
    return stretch(c, STACK_NETWORK, 10, spans_nodes(c));
}

static bool half_scale_up(struct scenario *c, struct strategy *s)
{
    return stretch(c, STACK_SCALE_UP, 2, s->tp > 1 || s->ep > 1 || s->cp > 1);
}

/* Clocks under a power or a thermal limit. */
static bool throttle(struct scenario *c, double factor)
{
    c->stack.constant[STACK_COMPUTE].value *= factor;
    return true;
}

static bool throttled_10(struct scenario *c, struct strategy *s)
{
    (void)s;
    return throttle(c, 1.1);
}

static bool throttled_25(struct scenario *c, struct strategy *s)
{
    (void)s;
    return throttle(c, 1.25);
}

static bool slow_host(struct scenario *c, struct strategy *s)
{
    (void)s;
    c->stack.constant[STACK_HOST].value *= 4;
    return true;
}

static bool stragglers(struct scenario *c, struct strategy *s)
{
    (void)s;
    c->stack.straggler_share = 0.5;
    return c->system.gpus > 8;
}

static bool skewed_experts(struct scenario *c, struct strategy *s)
{
    if (c->model.experts == 0 || s->ep == 1)
        return false;
    c->job.expert_imbalance = c->job.expert_imbalance * 1.5;
    return true;
}

/* Strings that are split do not align. */
/* clang-format off */
const struct hypothesis hypotheses[] = {
    {"gradient reductions do not overlap the backward pass (dp-grad-reduce)",
     no_reduce_overlap, false, 0},
    {"gathers of updated parameters do not overlap the forward pass (dp-param-gather)",
     no_gather_overlap, false, 0},
    {"parameters are not prefetched (fsdp-prefetch)",
     no_prefetch, false, 0},
    {"tensor-parallel communication does not overlap the matrix products (tp)",
     no_tp_overlap, false, 0},
    {"pipeline transfers do not overlap compute (pp)",
     no_pp_overlap, false, 0},
    {"expert all-to-all does not overlap compute (ep)",
     no_ep_overlap, false, 0},
    {"gradient reductions overlap the backward pass (dp-grad-reduce)",
     reduce_overlap, true, 0},
    {"tensor-parallel communication overlaps the matrix products (tp)",
     tp_overlap, true, 0},
    {"every layer is recomputed (recompute full)",
     full_recompute, true, 1},
    {"the attention core is recomputed (recompute selective)",
     selective_recompute, true, 1},
    {"nothing is recomputed (recompute none)",
     no_recompute, true, 1},
    {"attention runs unfused (attention unfused)",
     unfused_attention, false, 0},
    {"norms, activations, rotary embedding and loss run unfused",
     unfused_kernels, false, 0},
    {"sequence parallelism is off (no-sequence-parallel)",
     no_sequence_parallel, true, 0},
    {"the matrix products run in bf16, not in the job's precision",
     sixteen_bits, false, 0},
    {"the network between nodes has half its rate: one adapter or rail of two is down, "
     "or a link trained low",
     half_scale_out, false, 2},
    {"the network between nodes has a tenth of its rate: sockets in place of RDMA",
     sockets, false, 2},
    {"the links inside the scale-up domain have half their rate",
     half_scale_up, false, 0},
    {"the GPUs are throttled by a tenth (power or heat)",
     throttled_10, false, 3},
    {"the GPUs are throttled by a fifth (power or heat)",
     throttled_25, false, 3},
    {"the host is slow: kernel launches take four times as long (Python, data loader, "
     "no CUDA graphs)",
     slow_host, false, 0},
    {"a GPU is slower than the others, as far as a slow one is expected to be",
     stragglers, false, 0},
    {"experts are loaded unevenly: half as much again on the fullest rank",
     skewed_experts, false, 0},
    {NULL, NULL, false, 0},
};
/* clang-format on */
