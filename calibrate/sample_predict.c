#include "calibrate/sample_predict.h"
#include "hardware/collective.h"
#include "hardware/roofline.h"
#include <math.h>

enum dtype sample_compute_dtype(const struct sample *s)
{
    bool narrow_kv = dtype_bytes(s->kv_dtype) < 2;
    if (s->kind == SAMPLE_ATTENTION && narrow_kv)
        return s->kv_dtype;
    return s->dtype;
}

/* A linear layer forward reads bf16 activations: narrow types quantise them first. */
static double product_s(const struct gpu *gpu, const struct sample *s, bool apart)
{
    double quantised = apart ? 0 : quantise_s(gpu, s->dtype, s->gemm.m * s->gemm.k);
    return gemm_s(gpu, s->dtype, &s->gemm) + quantised;
}

/* Balanced routing gives the rank tokens top_k / ep pairs over its experts / ep experts; few pairs
 * reach few of them. The gated layer's first product has gate and up side by side. */
struct moe_work moe_work_of(const struct sample *s)
{
    const struct moe_shape *m = &s->moe;
    struct moe_work w;
    double width = m->expert_ffn / m->tp;
    w.pairs = fmax(1, m->tokens * m->top_k / m->ep);
    w.groups = fmax(1, fmin(m->experts / m->ep, w.pairs));
    w.first = (struct gemm){w.pairs / w.groups, 2 * width, m->hidden, w.groups, 2, false, 1};
    w.second = (struct gemm){w.pairs / w.groups, m->hidden, width, w.groups, 2, false, 1};
    return w;
}

static double moved_s(const struct gpu *gpu, enum memory_class class_, double bytes)
{
    return memory_op_s(gpu, &(struct memory_op){class_, bytes});
}

/* Routing (softmax and top-k of fp32 logits), permutation, both products with the activation
 * between them, the weighted sum. MODELLING 1.4 */
static double experts_s(const struct gpu *gpu, const struct sample *s)
{
    const struct moe_shape *m = &s->moe;
    struct moe_work w = moe_work_of(s);
    double width = w.second.k;
    double t = moved_s(gpu, MEMORY_SOFTMAX, 12 * m->tokens * m->experts);
    t += moved_s(gpu, MEMORY_PERMUTE, 4 * w.pairs * m->hidden);
    t += quantise_s(gpu, s->dtype, w.pairs * m->hidden);
    t += grouped_gemm_s(gpu, s->dtype, &w.first);
    t += moved_s(gpu, MEMORY_ELEMENTWISE, 6 * w.pairs * width);
    t += quantise_s(gpu, s->dtype, w.pairs * width);
    t += grouped_gemm_s(gpu, s->dtype, &w.second);
    return t + moved_s(gpu, MEMORY_PERMUTE, 2 * w.pairs * m->hidden + 2 * m->tokens * m->hidden);
}

double kernel_sample_s(const struct gpu *gpu, const struct sample *s, bool apart)
{
    switch (s->kind) {
    case SAMPLE_GEMM:
        return product_s(gpu, s, apart);
    case SAMPLE_GROUPED:
        return grouped_gemm_s(gpu, s->dtype, &s->gemm);
    case SAMPLE_ATTENTION:
        return attention_s(gpu, sample_compute_dtype(s), s->pass, &s->attention);
    case SAMPLE_MOE:
        return experts_s(gpu, s);
    case SAMPLE_MEMORY:
        return memory_op_s(gpu, &s->memory);
    case SAMPLE_COLLECTIVE:
    case SAMPLE_KINDS:
        break;
    }
    return 0;
}

/* Ranks fill nodes, and domains where those are larger. */
static double collective_sample_s(const struct system *system, const struct sample *s,
                                  const char **why)
{
    const struct collective_shape *c = &s->collective;
    double per_node = c->ranks_per_node > 0 ? fmin(c->ranks, c->ranks_per_node) : c->ranks;
    double node = fmax(1, system->gpus_per_node);
    double nodes_per_domain = fmax(1, system_domain_gpus(system) / node);
    struct group g = {c->ranks, fmin(c->ranks, per_node * nodes_per_domain), per_node, 1};
    if (c->ranks_per_node > node || c->ranks > system->gpus)
        *why = "more ranks than the system has GPUs";
    else if (g.per_domain < g.ranks && system->tiers < 2)
        *why = "the system has no network between its domains";
    return *why ? 0 : collective_s(system, c->op, c->bytes, &g);
}

/* A datatype that the part has no peak for. Attention of fp8 falls back to 16 bit by itself. */
static bool computes(const struct gpu *gpu, const struct sample *s)
{
    bool product = s->kind == SAMPLE_GEMM || s->kind == SAMPLE_GROUPED || s->kind == SAMPLE_MOE;
    return !product || gpu->peak_flop_per_s[s->dtype] > 0;
}

double sample_predict_s(const struct system *system, const struct sample *s, bool apart,
                        const char **why)
{
    double t = 0;
    *why = NULL;
    if (s->kind == SAMPLE_COLLECTIVE)
        t = collective_sample_s(system, s, why);
    else if (!computes(&system->gpu, s))
        *why = "the GPU has no peak in this datatype";
    else
        t = kernel_sample_s(&system->gpu, s, apart);
    if (!*why && !(t > 0 && isfinite(t)))
        *why = "no time was predicted";
    return *why ? 0 : t;
}
