#include "calibrate/fit/kernel_rows.h"
#include "calibrate/validate_samples.h"
#include <string.h>

/* FNV-1a over whole numbers, then mixed so that its low digits are even too. */
static unsigned hash(const double *value, size_t n)
{
    unsigned h = 2166136261u;
    for (size_t i = 0; i < n; i++) {
        unsigned long long v = (unsigned long long)value[i];
        for (int byte = 0; byte < 8; byte++) {
            h ^= (unsigned)(v >> (8 * byte) & 0xff);
            h *= 16777619u;
        }
    }
    h ^= h >> 13;
    h *= 0x5bd1e995u;
    return h ^ h >> 15;
}

unsigned kernel_block(const struct sample *s)
{
    const struct attention *a = &s->attention;
    double key[4] = {0};
    switch (s->kind) {
    case SAMPLE_GEMM:
    case SAMPLE_GROUPED:
        memcpy(key, (double[]){s->gemm.n, s->gemm.k}, 2 * sizeof *key);
        break;
    case SAMPLE_ATTENTION:
        memcpy(key, (double[]){a->heads, a->kv_heads, a->head_dim_qk}, 3 * sizeof *key);
        break;
    case SAMPLE_MOE:
        memcpy(key, (double[]){s->moe.hidden, s->moe.expert_ffn, s->moe.experts, s->moe.top_k},
               sizeof key);
        break;
    case SAMPLE_MEMORY:
        key[0] = s->memory.bytes;
        break;
    case SAMPLE_COLLECTIVE:
    case SAMPLE_KINDS:
        break;
    }
    return hash(key, 4);
}

int kernel_fold(const struct sample *s)
{
    return (int)(kernel_block(s) % KERNEL_FOLDS);
}

void kernel_dims(const struct sample *s, double dims[CALIBRATION_DIMS])
{
    const struct attention *a = &s->attention;
    struct gemm g = s->gemm;
    memset(dims, 0, CALIBRATION_DIMS * sizeof *dims);
    if (s->kind == SAMPLE_MOE)
        g = expert_products_of(&s->moe).up;
    if (s->kind == SAMPLE_ATTENTION) {
        double of[] = {a->batch * a->heads, a->seq_q, a->seq_kv, a->head_dim_qk};
        memcpy(dims, of, sizeof of);
    } else if (s->kind == SAMPLE_MEMORY) {
        dims[0] = s->memory.bytes;
    } else {
        double of[] = {g.m, g.n, g.k, g.batch};
        memcpy(dims, of, sizeof of);
    }
}

double kernel_weight(const struct sample *s)
{
    return sample_is_large(s) ? 2 : 1;
}
