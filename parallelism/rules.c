/* Legality: what the model's shape, the cluster and the target stack can express. One named rule a
 * row. MODELLING 10.1; Megatron-LM's own checks (arguments.py, transformer_config.py,
 * parallel_state.py). */
#include "parallelism/rules.h"
#include <stdarg.h>
#include <stdio.h>

struct reason {
    char *text;
    size_t size;
};

static bool broken(struct reason *r, const char *format, ...) STEPCAST_PRINTF(2, 3);
static bool broken(struct reason *r, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    if (r->text && r->size > 0)
        vsnprintf(r->text, r->size, format, args);
    va_end(args);
    return true;
}

/* Whole numbers below 2^53: where a divides n the quotient is exact. */
static bool divides(double a, double n)
{
    return a * (double)(long long)(n / a) >= n;
}

typedef bool rule_check(const struct scenario *c, const struct strategy *s, struct reason *r);

static bool gpus_multiply(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    double product = strategy_gpus(s);
    return product != c->system.gpus &&
           broken(r, "tp %d x cp %d x pp %d x dp %d is %.0f, not %.0f GPUs", s->tp, s->cp, s->pp,
                  s->dp, product, c->system.gpus);
}

static bool cluster_connected(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    (void)s;
    double reach = c->system.tiers == 1 ? c->system.tier[0].domain_gpus : 0;
    return reach > 0 && c->system.gpus > reach &&
           broken(r, "%s connects %g GPUs and has no tier outside of that, for %.0f GPUs",
                  c->system.name[0] ? c->system.name : "its only tier", reach, c->system.gpus);
}

/* Says which precisions it has instead. */
static bool lacks_peak(const struct gpu *gpu, enum dtype lacks, struct reason *r)
{
    static const enum dtype trained[] = {DTYPE_BF16,      DTYPE_FP16,  DTYPE_FP8,
                                         DTYPE_FP8_BLOCK, DTYPE_MXFP8, DTYPE_NVFP4};
    char list[80] = "";
    size_t used = 0;
    for (size_t i = 0; i < sizeof trained / sizeof *trained; i++)
        if (gpu->peak_flop_per_s[trained[i]] > 0)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s%s", used > 0 ? ", " : "",
                                     dtype_names[trained[i]]);
    return broken(r, "%.40s has no %s peak%s%s", gpu->name, dtype_names[lacks],
                  used > 0 ? "; it has " : "", list);
}

static bool precision_supported(const struct scenario *c, const struct strategy *s,
                                struct reason *r)
{
    (void)s;
    const double *peak = c->system.gpu.peak_flop_per_s;
    /* what an 8 bit training leaves in 16 bit: attention, logits, router */
    enum dtype rest = c->job.precision == DTYPE_FP16 ? DTYPE_FP16 : DTYPE_BF16;
    enum dtype lacks = peak[c->job.precision] > 0 ? rest : c->job.precision;
    return !(peak[lacks] > 0) && lacks_peak(&c->system.gpu, lacks, r);
}

static bool heads_divide(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    for (int i = 0; i < c->model.kinds; i++)
        if (c->model.kind[i].heads % s->tp != 0)
            return broken(r, "%d attention heads do not divide by tp %d", c->model.kind[i].heads,
                          s->tp);
    return false;
}

static bool kv_heads_divide(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    for (int i = 0; i < c->model.kinds; i++) {
        int k = c->model.kind[i].kv_heads;
        if (k > 0 && k % s->tp != 0 && s->tp % k != 0)
            return broken(r, "%d key-value heads neither divide by tp %d nor divide it", k, s->tp);
    }
    return false;
}

/* One of them divides the other: what is fewer than the ranks is copied. */
static bool shares(int heads, int ranks)
{
    return heads > 0 && (heads % ranks == 0 || ranks % heads == 0);
}

/* Heads and their keys divide over tensor ranks, heads over context ranks besides, where keys may
 * be copied. [megatron/core/ssm/mamba_mixer.py, mamba_context_parallel.py, gated_delta_net.py] */
static bool scan_heads_divide(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    const struct model *m = &c->model;
    if (!model_scans(m))
        return false;
    if (m->scan_heads % s->tp != 0 || m->scan_key_heads % s->tp != 0)
        return broken(r, "%d heads of a scan, %d of its keys, do not divide by tp %d",
                      m->scan_heads, m->scan_key_heads, s->tp);
    return (m->scan_heads / s->tp % s->cp != 0 || !shares(m->scan_key_heads / s->tp, s->cp)) &&
           broken(r,
                  "context ranks exchange heads of a scan: %d, %d of its keys, over tp %d do not "
                  "divide by cp %d",
                  m->scan_heads, m->scan_key_heads, s->tp, s->cp);
}

static bool ffn_divides(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    for (int i = 0; i < c->model.kinds; i++)
        if (c->model.kind[i].intermediate_size % s->tp != 0)
            return broken(r, "intermediate size %d does not divide by tp %d",
                          c->model.kind[i].intermediate_size, s->tp);
    return c->model.experts > 0 && c->model.moe_intermediate_size % s->etp != 0 &&
           broken(r, "expert intermediate size %d does not divide by etp %d",
                  c->model.moe_intermediate_size, s->etp);
}

static bool sequence_divides(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    double seq = c->job.seq_length;
    if (s->cp > 1 && !divides(2.0 * s->cp, seq))
        return broken(r, "sequence length %.0f does not divide by 2 cp = %d", seq, 2 * s->cp);
    return s->sequence_parallel && !divides((double)s->tp * s->cp, seq) &&
           broken(r, "sequence length %.0f does not divide by tp x cp = %d", seq, s->tp * s->cp);
}

static bool sequence_parallel_supported(const struct scenario *c, const struct strategy *s,
                                        struct reason *r)
{
    return s->sequence_parallel && !c->stack.sequence_parallel &&
           broken(r, "%s has no sequence parallelism", c->stack.name);
}

static bool experts_need_sequence_parallel(const struct scenario *c, const struct strategy *s,
                                           struct reason *r)
{
    return c->model.experts > 0 && s->tp > 1 && !s->sequence_parallel &&
           broken(r, "experts under tp %d need sequence parallelism", s->tp);
}

static bool context_parallel_supported(const struct scenario *c, const struct strategy *s,
                                       struct reason *r)
{
    if (s->cp > 1 && s->attention == ATTENTION_UNFUSED)
        return broken(r, "context parallelism needs fused attention");
    return s->cp > 1 && !c->stack.context_parallel &&
           broken(r, "%s has no context parallelism", c->stack.name);
}

static bool context_exchange_supported(const struct scenario *c, const struct strategy *s,
                                       struct reason *r)
{
    return s->cp > 1 && !(c->stack.cp_comms >> s->cp_comm & 1) &&
           broken(r, "%s has no %s exchange of context ranks", c->stack.name,
                  cp_comm_names[s->cp_comm]);
}

static bool ulysses_heads(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (s->cp <= 1 || s->cp_comm != CP_COMM_A2A)
        return false;
    for (int i = 0; i < c->model.kinds; i++)
        if (c->model.kind[i].heads / s->tp % s->cp != 0)
            return broken(r,
                          "all-to-all context parallelism: %d heads / tp %d do not divide by cp %d",
                          c->model.kind[i].heads, s->tp, s->cp);
    return false;
}

static bool experts_divide(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (c->model.experts == 0)
        return (s->ep > 1 || s->etp > 1) && broken(r, "%s has no experts", c->model.name);
    if (c->model.experts % s->ep != 0)
        return broken(r, "%d experts do not divide by ep %d", c->model.experts, s->ep);
    return s->ep > 1 && !c->stack.expert_parallel &&
           broken(r, "%s has no expert parallelism", c->stack.name);
}

static bool expert_grid(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    (void)c;
    double ranks = (double)s->tp * s->cp * s->dp;
    return !divides((double)s->etp * s->ep, ranks) &&
           broken(r, "etp %d x ep %d does not divide the %.0f ranks of a pipeline stage", s->etp,
                  s->ep, ranks);
}

static bool batch_divides(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    double replica = (double)s->micro_batch * s->dp;
    return !divides(replica, c->job.global_batch) &&
           broken(r, "global batch %.0f does not divide by micro-batch %d x dp %d",
                  c->job.global_batch, s->micro_batch, s->dp);
}

static bool layers_enough(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (s->pp > PIPELINE_MAX_RANKS || s->vpp > PIPELINE_MAX_CHUNKS)
        return broken(r, "at most %d pipeline ranks of %d chunks are modelled", PIPELINE_MAX_RANKS,
                      PIPELINE_MAX_CHUNKS);
    int stages = schedule_stages(s->schedule, s->pp, schedule_chunks(s->schedule, s->vpp));
    return stages > c->model.layers + 2 &&
           broken(r, "%d stages for %d layers", stages, c->model.layers);
}

static bool ends_given(const struct strategy *s)
{
    return s->first_last_stage_fewer_layers > 0 || s->first_stage_layers > 0 ||
           s->last_stage_layers > 0;
}

static bool layers_divide(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    int stages = schedule_stages(s->schedule, s->pp, schedule_chunks(s->schedule, s->vpp));
    struct split split;
    if (!split_compute(c, s, &split))
        return split.classes == STAGE_CLASSES_MAX
                   ? broken(r, "more than %d different stages", STAGE_CLASSES_MAX)
                   : broken(r, "%s does not hold %d layers on %d stages",
                            ends_given(s) ? "a first or last stage of so many layers"
                                          : "the layout",
                            c->model.layers, stages);
    if (split.layers != c->model.layers)
        return broken(r, "the layout holds %d of %d layers", split.layers, c->model.layers);
    bool even = c->model.layers % stages == 0 || ends_given(s) ||
                (c->stack.head_counts_as_layer && (c->model.layers + 2) % stages == 0);
    return !even && !c->stack.uneven_stages &&
           broken(r, "%d layers do not divide by %d stages", c->model.layers, stages);
}

static bool schedule_supported(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (!(c->stack.schedules >> s->schedule & 1))
        return broken(r, "%s has no schedule %s", c->stack.name, schedule_names[s->schedule]);
    if ((s->schedule == SCHEDULE_NONE) != (s->pp == 1))
        return broken(r, "schedule %s with pp %d", schedule_names[s->schedule], s->pp);
    return s->vpp > 1 && s->schedule == SCHEDULE_1F1B &&
           broken(r, "vpp %d needs an interleaved schedule", s->vpp);
}

static bool schedule_shape_legal(const struct scenario *c, const struct strategy *s,
                                 struct reason *r)
{
    struct schedule_shape shape = layout_shape(c, s);
    const struct schedule_rule *rule = schedule_legal(&shape, false);
    return rule &&
           broken(r, "%s (pp %d, %d micro-batches)", rule->reason, s->pp, shape.micro_batches);
}

static bool zero_supported(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (!(c->stack.zero_stages >> s->zero & 1))
        return broken(r, "%s has no ZeRO stage %d", c->stack.name, s->zero);
    if (s->zero == 2 && s->pp > 1)
        return broken(r, "ZeRO 2 reduces gradients every micro-batch: not under pp %d", s->pp);
    return false;
}

static bool shard_groups(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    (void)c;
    double ranks = (double)s->dp * s->cp;
    if (s->zero_group > 0 && !divides(s->zero_group, ranks))
        return broken(r, "zero_group %d does not divide the %.0f replicas", s->zero_group, ranks);
    return s->fsdp_shard > 0 && !divides(s->fsdp_shard, ranks) &&
           broken(r, "fsdp_shard %d does not divide the %.0f replicas", s->fsdp_shard, ranks);
}

bool rules_host_link(const struct scenario *scenario)
{
    return scenario->system.gpu.host_bandwidth_bytes_per_s > 0;
}

static bool offload_supported(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (s->offload_optimizer && !c->stack.offloads_optimizer)
        return broken(r, "%s keeps the optimizer's state on the GPU", c->stack.name);
    return (s->offload_optimizer || s->offload_activations > 0) && !rules_host_link(c) &&
           broken(r, "what offload takes is not known: %s has no host_bandwidth",
                  c->system.gpu.name);
}

static bool recompute_supported(const struct scenario *c, const struct strategy *s,
                                struct reason *r)
{
    return !(c->stack.recomputes >> s->recompute & 1) &&
           broken(r, "%s has no %s recompute", c->stack.name, recompute_names[s->recompute]);
}

static bool degrees_supported(const struct scenario *c, const struct strategy *s, struct reason *r)
{
    if (s->tp > 1 && !c->stack.tensor_parallel)
        return broken(r, "%s has no tensor parallelism", c->stack.name);
    return s->pp > 1 && !c->stack.pipeline_parallel &&
           broken(r, "%s has no pipeline parallelism", c->stack.name);
}

static const struct {
    const char *name;
    rule_check *check;
    unsigned levels; /* bits of enum rule_level: what it looks at is known at each */
} rules[] = {
    {"gpus-multiply",                  gpus_multiply,                  RULE_REPLICAS          },
    {"cluster-connected",              cluster_connected,              RULE_SHARD             },
    {"precision-supported",            precision_supported,            RULE_SHARD             },
    {"degrees-supported",              degrees_supported,              RULE_SHARD | RULE_SPLIT},
    {"heads-divide",                   heads_divide,                   RULE_SHARD             },
    {"kv-heads-divide",                kv_heads_divide,                RULE_SHARD             },
    {"scan-heads-divide",              scan_heads_divide,              RULE_SHARD             },
    {"ffn-divides",                    ffn_divides,                    RULE_SHARD             },
    {"sequence-divides",               sequence_divides,               RULE_SHARD             },
    {"sequence-parallel",              sequence_parallel_supported,    RULE_SHARD             },
    {"experts-need-sequence-parallel", experts_need_sequence_parallel, RULE_SHARD             },
    {"context-parallel",               context_parallel_supported,     RULE_SHARD             },
    {"context-exchange",               context_exchange_supported,     RULE_SHARD             },
    {"ulysses-heads",                  ulysses_heads,                  RULE_SHARD             },
    {"experts-divide",                 experts_divide,                 RULE_SHARD             },
    {"expert-grid",                    expert_grid,                    RULE_REPLICAS          },
    {"batch-divides",                  batch_divides,                  RULE_REPLICAS          },
    {"layers-enough",                  layers_enough,                  RULE_SPLIT             },
    {"layers-divide",                  layers_divide,                  RULE_SPLIT             },
    {"schedule",                       schedule_supported,             RULE_SPLIT             },
    {"schedule",                       schedule_shape_legal,           RULE_SCHEDULE          },
    {"zero-supported",                 zero_supported,                 RULE_ZERO              },
    {"shard-groups",                   shard_groups,                   RULE_ZERO              },
    {"offload-supported",              offload_supported,              RULE_ZERO              },
    {"recompute-supported",            recompute_supported,            RULE_RECOMPUTE         },
};

const char *strategy_illegal_at(const struct scenario *scenario, const struct strategy *s,
                                unsigned levels, char *reason, size_t size)
{
    struct reason r = {reason, size};
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if ((rules[i].levels & levels) && rules[i].check(scenario, s, &r))
            return rules[i].name;
    return NULL;
}

const char *strategy_illegal(const struct scenario *scenario, const struct strategy *s,
                             char *reason, size_t size)
{
    return strategy_illegal_at(scenario, s, ~0u, reason, size);
}
