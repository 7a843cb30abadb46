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

static double product_s(const struct gpu *gpu, const struct sample *s)
{
    switch (s->timing) {
    case SAMPLE_TIMING_LAYER:
        return gemm_benchmark_s(gpu, s->dtype, &s->gemm);
    case SAMPLE_TIMING_COLD:
        return gemm_s(gpu, s->dtype, &s->gemm);
    case SAMPLE_TIMING_ALONE:
        return gemm_loop_s(gpu, s->dtype, &s->gemm, false);
    case SAMPLE_TIMING_SUSTAINED:
        return gemm_loop_s(gpu, s->dtype, &s->gemm, true);
    }
    return 0;
}

static double grouped_s(const struct gpu *gpu, const struct sample *s)
{
    double seconds = grouped_gemm_s(gpu, s->dtype, &s->gemm);
    return s->timing == SAMPLE_TIMING_SUSTAINED ? gemm_settled_s(gpu, s->dtype, &s->gemm, seconds)
                                                : seconds;
}

static double attention_sample_s(const struct gpu *gpu, const struct sample *s)
{
    if (s->prefill)
        return attention_prefill_s(gpu, s->dtype, s->kv_dtype, &s->attention);
    if (s->pass == ATTENTION_DECODE)
        return attention_decode_s(gpu, s->kv_dtype, &s->attention);
    return attention_s(gpu, sample_compute_dtype(s), s->pass, &s->attention);
}

double kernel_sample_s(const struct gpu *gpu, const struct sample *s)
{
    switch (s->kind) {
    case SAMPLE_GEMM:
        return product_s(gpu, s);
    case SAMPLE_GROUPED:
        return grouped_s(gpu, s);
    case SAMPLE_ATTENTION:
        return attention_sample_s(gpu, s);
    case SAMPLE_MOE:
        return expert_layer_s(gpu, s->dtype, &s->moe);
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

double sample_predict_s(const struct system *system, const struct sample *s, const char **why)
{
    double t = 0;
    *why = NULL;
    if (s->kind == SAMPLE_COLLECTIVE)
        t = collective_sample_s(system, s, why);
    else if (!computes(&system->gpu, s))
        *why = "the GPU has no peak in this datatype";
    else
        t = kernel_sample_s(&system->gpu, s);
    if (!*why && !(t > 0 && isfinite(t)))
        *why = "no time was predicted";
    return *why ? 0 : t;
}
