#include "calibrate/fit/kernel_needs.h"
#include <string.h>

/* ---- what a row shows ---- */

static bool any(const struct sample *s)
{
    return s->time_s > 0;
}

static bool large_product(const struct sample *s)
{
    const double large = 1024;
    return s->gemm.m >= large && s->gemm.n >= large && s->gemm.k >= large;
}

static bool flat_product(const struct sample *s)
{
    const double rows = 64, weights = 4e6;
    return s->gemm.m <= rows && s->gemm.n * s->gemm.k >= weights;
}

static bool small_product(const struct sample *s)
{
    return gemm_flop(&s->gemm) < 1e8;
}

static bool deep_product(const struct sample *s)
{
    return s->gemm.k >= 4096 && s->gemm.m * s->gemm.n <= 1e6;
}

static bool narrow(const struct sample *s)
{
    return dtype_bytes(s->dtype) < 2;
}

static bool wide(const struct sample *s)
{
    return !narrow(s);
}

static bool huge_product(const struct sample *s)
{
    return gemm_flop(&s->gemm) > 1e12;
}

static bool long_sequence(const struct sample *s)
{
    return s->attention.seq_kv >= 2048;
}

static bool short_sequence(const struct sample *s)
{
    return s->attention.seq_kv <= 256;
}

static bool is_prefill(const struct sample *s)
{
    return s->prefill;
}

static bool is_kernel_alone(const struct sample *s)
{
    return !s->prefill;
}

static bool head_64(const struct sample *s)
{
    return s->attention.head_dim_qk <= 64;
}

static bool head_128(const struct sample *s)
{
    return s->attention.head_dim_qk > 64 && s->attention.head_dim_qk <= 128;
}

static bool head_192(const struct sample *s)
{
    return s->attention.head_dim_qk == 192;
}

static bool head_256(const struct sample *s)
{
    return s->attention.head_dim_qk == 256;
}

static bool head_512(const struct sample *s)
{
    return s->attention.head_dim_qk == 512;
}

static bool own_cta(const struct sample *s)
{
    return s->attention.heads > 32 * s->attention.kv_heads ||
           s->attention.heads == s->attention.kv_heads;
}

static bool many_tokens(const struct sample *s)
{
    return s->kind == SAMPLE_GROUPED ? s->gemm.m * s->gemm.batch >= 4096 : s->moe.tokens >= 4096;
}

static bool few_tokens(const struct sample *s)
{
    return s->kind == SAMPLE_GROUPED ? s->gemm.m <= 16 : s->moe.tokens <= 64;
}

static bool whole_layer(const struct sample *s)
{
    return s->kind == SAMPLE_MOE;
}

static bool many_bytes(const struct sample *s)
{
    return s->memory.bytes >= 64e6;
}

static bool few_bytes(const struct sample *s)
{
    return s->memory.bytes <= 1e6;
}

/* ---- what constants need ---- */

struct need {
    const char *op, *part; /* of a slot: its op, and how its name starts (NULL: any) */
    const char *key;       /* NULL: of the whole group */
    size_t rows;
    bool (*shows)(const struct sample *s);
    const char *what; /* the measurement */
};

/* clang-format off */
static const struct need needs[] = {
    {"gemm", NULL, NULL, 40, any, "products"},
    {"gemm", NULL, NULL, 5, large_product,
     "products with m, n and k of 1024 and more, which tell the peak"},
    {"gemm", NULL, NULL, 5, flat_product,
     "products with m of at most 64 and 4 million weights or more, which tell the bandwidth"},
    {"gemm", NULL, NULL, 5, small_product, "products below 0.1 GFLOP, which tell the launch"},
    {"gemm", NULL, "split_s", 5, deep_product,
     "products with k of 4096 and more and m n of at most 1e6"},
    {"gemm", NULL, "droop", 5, huge_product, "products above 1 TFLOP"},
    /* of narrow types: bf16's, told from quantise_t0_s by it alone */
    {"gemm", NULL, "t0_s", 5, wide, NULL},
    {"gemm", NULL, "quantise_frac", 5, narrow, NULL},
    {"gemm", NULL, "quantise_t0_s", 5, narrow, NULL},
    {"grouped_gemm", NULL, NULL, 30, any, "expert layers"},
    {"grouped_gemm", NULL, NULL, 5, many_tokens, "4096 tokens and more, which tell the peak"},
    {"grouped_gemm", NULL, NULL, 5, few_tokens,
     "few tokens (64 in a layer, 16 a group), which tell bandwidth and launch"},
    {"grouped_gemm", NULL, "routing_s", 5, whole_layer, "whole expert layers"},
    {"grouped_gemm", NULL, "per_group_s", 5, whole_layer, "whole expert layers"},
    {"grouped_gemm", NULL, "routing_token_s", 5, whole_layer, "whole expert layers"},
    {"grouped_gemm", NULL, "routing_bandwidth_frac", 5, whole_layer, "whole expert layers"},
    {"attention", NULL, NULL, 30, any, "attention rows"},
    {"attention", NULL, NULL, 5, long_sequence, "sequences of 2048 and more, which tell the peak"},
    {"attention", NULL, NULL, 5, short_sequence,
     "sequences of at most 256, which tell launch and fixed costs"},
    {"attention", "forward", "exp_frac", 5, head_64, "head size 64, where exponentials weigh more"},
    {"attention", "prefill", "exp_frac", 5, head_64, "head size 64, where exponentials weigh more"},
    {"attention", "prefill", "exp_frac", 5, head_128, "head size 128 or between"},
    {"attention", "backward", "exp_frac", 5, head_64,
     "head size 64, where exponentials weigh more"},
    {"attention", NULL, "head_64", 5, head_64, "head size 64"},
    {"attention", NULL, "head_192", 5, head_192, "head size 192"},
    {"attention", NULL, "head_256", 5, head_256, "head size 256"},
    {"attention", NULL, "head_512", 5, head_512, "head size 512"},
    {"attention", "prefill", "t0_s", 10, is_kernel_alone, NULL}, /* cache_t0_s tells both */
    {"attention", "forward", "cache_t0_s", 1, is_prefill, NULL},
    {"attention", "forward", "cache_bandwidth_frac", 1, is_prefill, NULL},
    {"attention", "forward", "cache_kv_weight", 1, is_prefill, NULL},
    {"attention", "forward", "cache_l2_ratio", 1, is_prefill, NULL},
    {"attention", "backward", "cache_t0_s", 1, is_prefill, NULL},
    {"attention", "backward", "cache_bandwidth_frac", 1, is_prefill, NULL},
    {"attention", "backward", "cache_kv_weight", 1, is_prefill, NULL},
    {"attention", "backward", "cache_l2_ratio", 1, is_prefill, NULL},
    {"attention", "decode", "group_64_s", 5, head_64, "head size 64"},
    {"attention", "decode", "head_256", 5, head_256, "head size 256"},
    {"attention", "decode", "head_bandwidth_frac", 5, own_cta,
     "groups of one and of more than 32 heads"},
    {"attention", "decode", "head_t0_s", 5, own_cta, "groups of one and of more than 32 heads"},
    {"attention", "decode", "head_splits", 5, own_cta, "groups of one and of more than 32 heads"},
    {"attention", "decode", "head_cta_s", 5, own_cta, "groups of one and of more than 32 heads"},
    {"attention", "decode", "head_key_s", 5, own_cta, "groups of one and of more than 32 heads"},
    {"attention", "decode", "head_part_s", 5, own_cta, "groups of one and of more than 32 heads"},
    {"attention", "decode", "head_math_frac", 5, own_cta,
     "groups of one and of more than 32 heads"},
    {"memory", NULL, NULL, 4, any, "sizes"},
    {"memory", NULL, NULL, 2, many_bytes, "sizes of 64 MB and more, which tell the bandwidth"},
    {"memory", NULL, NULL, 1, few_bytes, "sizes of at most 1 MB, which tell the launch"},
};
/* clang-format on */
enum { NEEDS = sizeof needs / sizeof *needs };

static bool applies(const struct need *need, const struct calibration_slot *slot)
{
    return strcmp(need->op, slot->op) == 0 &&
           (!need->part || strncmp(need->part, slot->name, strlen(need->part)) == 0);
}

static size_t rows_that_show(const struct need *need, const struct kernel_rows *rows)
{
    size_t n = 0;
    for (size_t i = 0; i < rows->n; i++)
        n += need->shows(rows->row[i]);
    return n;
}

enum status kernel_needs_check(const struct calibration_slot *slot, const struct kernel_rows *rows,
                               struct error *e)
{
    for (int i = 0; i < NEEDS; i++) {
        const struct need *need = &needs[i];
        if (need->key || !applies(need, slot))
            continue;
        size_t n = rows_that_show(need, rows);
        if (n < need->rows) {
            error_set(e, STATUS_INPUT,
                      "%s %s cannot be fitted to these samples: it takes %zu rows of %s, got %zu",
                      slot->op, slot->name, need->rows, need->what, n);
            error_set_hint(e, "measure more of them, or leave the rows of %s %s out", slot->op,
                           slot->name);
            return e->status;
        }
    }
    return STATUS_OK;
}

static bool has_constant(const struct calibration_slot *slot, const char *key)
{
    for (size_t row = 0; row < slot->count; row++)
        if (strcmp(slot->constants[row].key, key) == 0)
            return true;
    return false;
}

static bool is_held(const char *key, const char **held)
{
    for (; *held; held++)
        if (strcmp(*held, key) == 0)
            return true;
    return false;
}

void kernel_needs_hold(const struct calibration_slot *slot, const struct kernel_rows *rows,
                       const char **held, size_t size, struct text *report)
{
    size_t n = 0;
    while (held[n])
        n++;
    for (int i = 0; i < NEEDS && n + 1 < size; i++) {
        const struct need *need = &needs[i];
        if (!need->key || !applies(need, slot) || !has_constant(slot, need->key) ||
            is_held(need->key, held) || rows_that_show(need, rows) >= need->rows)
            continue;
        held[n++] = need->key;
        held[n] = NULL;
        if (need->what)
            text_addf(report, "%s %s: %s is not fitted, it needs %s\n", slot->op, slot->name,
                      need->key, need->what);
    }
}
