#include "hardware/calibration.h"
#include "base/text.h"
#include <stdio.h>
#include <string.h>

const char *const calibration_kind_names[] = {"assumed", "measured", "transferred", NULL};

#define ROW(type, key, unit, min, max, help)                                                       \
    FIELD_ROW(type, #key, FIELD_NUMBER, unit, key, min, max, true, NULL, help)

static const struct field gemm_rows[] = {
    ROW(gemm_constants, peak_frac, UNIT_FRACTION, 0.001, 10,
        "of the datasheet peak, inside a large tile"),
    ROW(gemm_constants, a0, UNIT_NONE, 0, 1e4, "tile intensity that halves its rate, elements"),
    ROW(gemm_constants, tile_area, UNIT_NONE, 0, 1e7,
        "fixed cost of a tile at each step of K, elements"),
    ROW(gemm_constants, k0, UNIT_NONE, 0, 1e5, "prologue and epilogue of a CTA, elements of K"),
    ROW(gemm_constants, persistence, UNIT_NONE, 0, 1, "share of k0 that each further wave pays"),
    ROW(gemm_constants, phi, UNIT_NONE, 0, 1, "0 hard waves, 1 no wave quantisation"),
    ROW(gemm_constants, doubt, UNIT_FRACTION, 0, 1,
        "chance that the library misses the fastest tile, then the next"),
    ROW(gemm_constants, edge, UNIT_NONE, 0, 1, "0 tiles at edges cost whole ones, 1 their rows"),
    ROW(gemm_constants, p, UNIT_NONE, 1, 100, "exponent that joins math, cache and memory roofs"),
    ROW(gemm_constants, beta, UNIT_NONE, 0.001, 100, "share of the SMs that draws full bandwidth"),
    ROW(gemm_constants, bandwidth_frac, UNIT_FRACTION, 0.001, 10, "of the memory bandwidth"),
    ROW(gemm_constants, l2_ratio, UNIT_NONE, 0.1, 1e9, "cache's bandwidth over memory's"),
    ROW(gemm_constants, l2_frac, UNIT_FRACTION, 0, 10, "share of the cache that operands can use"),
    ROW(gemm_constants, write_weight, UNIT_NONE, 0, 100, "cost of a byte written over one read"),
    ROW(gemm_constants, t0_s, UNIT_SECONDS, 0, 1, "launch and ramp"),
    ROW(gemm_constants, split_s, UNIT_SECONDS, 0, 1, "of the reduction after a split of K"),
    ROW(gemm_constants, droop, UNIT_NONE, 0, 10,
        "slow-down of long kernels, each e-fold of 100 us"),
    ROW(gemm_constants, quantise_frac, UNIT_NONE, 0, 100,
        "quantisation pass over bytes / bandwidth"),
    ROW(gemm_constants, quantise_t0_s, UNIT_SECONDS, 0, 1, "launch of the quantisation pass"),
};
static const struct field grouped_rows[] = {
    ROW(grouped_constants, peak_frac, UNIT_FRACTION, 0.001, 10,
        "of the datasheet peak, inside a large tile"),
    ROW(grouped_constants, a0, UNIT_NONE, 0, 1e4, "tile intensity that halves its rate, elements"),
    ROW(grouped_constants, tile_area, UNIT_NONE, 0, 1e7,
        "fixed cost of a tile at each step of K, elements"),
    ROW(grouped_constants, k0, UNIT_NONE, 0, 1e5, "prologue and epilogue of a CTA, elements of K"),
    ROW(grouped_constants, phi, UNIT_NONE, 0, 1, "0 hard waves, 1 no wave quantisation"),
    ROW(grouped_constants, p, UNIT_NONE, 1, 100, "exponent that joins math and memory roofs"),
    ROW(grouped_constants, bandwidth_frac, UNIT_FRACTION, 0.001, 10, "of the memory bandwidth"),
    ROW(grouped_constants, l2_ratio, UNIT_NONE, 0.1, 1e9, "cache's bandwidth over memory's"),
    ROW(grouped_constants, t0_s, UNIT_SECONDS, 0, 1, "launch of one grouped GEMM"),
    ROW(grouped_constants, per_group_s, UNIT_SECONDS, 0, 1, "each group of an expert layer"),
    ROW(grouped_constants, routing_s, UNIT_SECONDS, 0, 1, "router, permutation and weighted sum"),
    ROW(grouped_constants, routing_token_s, UNIT_SECONDS, 0, 1, "each token and expert to score"),
    ROW(grouped_constants, routing_bandwidth_frac, UNIT_FRACTION, 0.001, 10,
        "bandwidth of permutation, activation and sum"),
};
static const struct field attention_rows[] = {
    ROW(attention_constants, math_frac, UNIT_FRACTION, 0.001, 10, "of the tensor-core peak"),
    ROW(attention_constants, exp_frac, UNIT_FRACTION, 0.001, 100, "of the exponential unit's peak"),
    ROW(attention_constants, p, UNIT_NONE, 1, 100, "exponent that joins these two"),
    ROW(attention_constants, tile_rows, UNIT_NONE, 1, 4096, "queries that a CTA owns"),
    ROW(attention_constants, least_keys, UNIT_NONE, 1, 4096, "keys that it computes at least"),
    ROW(attention_constants, cta_s, UNIT_SECONDS, 0, 1, "fixed time of a CTA on its SM"),
    ROW(attention_constants, tail, UNIT_NONE, 1, 100,
        "exponent that joins all CTAs with the longest"),
    ROW(attention_constants, head_64, UNIT_NONE, 0.01, 100,
        "rate at head size 64 over that at 128"),
    ROW(attention_constants, head_192, UNIT_NONE, 0.01, 100,
        "rate at head size 192 over that at 128"),
    ROW(attention_constants, head_256, UNIT_NONE, 0.01, 100,
        "rate at head size 256 over that at 128"),
    ROW(attention_constants, head_512, UNIT_NONE, 0.01, 100,
        "rate at head size 512 over that at 128"),
    ROW(attention_constants, bandwidth_frac, UNIT_FRACTION, 0.001, 10, "of the memory bandwidth"),
    ROW(attention_constants, t0_s, UNIT_SECONDS, 0, 1, "launch and ramp"),
    ROW(attention_constants, cache_t0_s, UNIT_SECONDS, 0, 1,
        "launches of serving's further kernels"),
    ROW(attention_constants, cache_bandwidth_frac, UNIT_FRACTION, 0.001, 10,
        "of memory's, filling the cache"),
    ROW(attention_constants, cache_kv_weight, UNIT_NONE, 0, 100,
        "cost of a byte of keys over one of queries"),
    ROW(attention_constants, cache_l2_ratio, UNIT_NONE, 0.1, 1e9,
        "cache's bandwidth over memory's"),
};
/* One constant of both kernels of decode. */
#define KERNEL(kernel, key, unit, min, max, help)                                                  \
    FIELD_ROW(decode_constants, #kernel "_" #key, FIELD_NUMBER, unit,                              \
              kernel.key /* NOLINT(bugprone-macro-parentheses) */, min, max, true, NULL, help)
#define DECODE_KERNEL(kernel, words)                                                               \
    KERNEL(kernel, bandwidth_frac, UNIT_FRACTION, 0.001, 10, words ": of the memory bandwidth"),   \
        KERNEL(kernel, t0_s, UNIT_SECONDS, 0, 1, words ": launch and first wave"),                 \
        KERNEL(kernel, splits, UNIT_NONE, 0, 100, words ": CTAs an SM up to which it splits"),     \
        KERNEL(kernel, cta_s, UNIT_SECONDS, 0, 1, words ": fixed time of a further CTA"),          \
        KERNEL(kernel, key_s, UNIT_SECONDS, 0, 1, words ": one key in the longest CTA"),           \
        KERNEL(kernel, part_s, UNIT_SECONDS, 0, 1, words ": each part of a split sequence"),       \
        KERNEL(kernel, math_frac, UNIT_FRACTION, 1e-5, 10, words ": of the 16 bit peak")

static const struct field decode_rows[] = {
    DECODE_KERNEL(group, "grouped"),
    DECODE_KERNEL(head, "a CTA a head"),
    ROW(decode_constants, group_least, UNIT_NONE, 0, 1e6, "smallest group of the grouped kernel"),
    ROW(decode_constants, group_most, UNIT_NONE, 0, 1e6, "largest group of the grouped kernel"),
    ROW(decode_constants, group_fill, UNIT_FRACTION, 0, 100,
        "of the SMs, that grouped CTAs must fill"),
    ROW(decode_constants, group_head_s, UNIT_SECONDS, 0, 1, "grouped: each query head of a CTA"),
    ROW(decode_constants, group_size_power, UNIT_NONE, 0, 10,
        "grouped: power of the head size in cta_s"),
    ROW(decode_constants, group_phi, UNIT_NONE, 0, 1, "grouped: 0 hard waves, 1 none"),
    ROW(decode_constants, group_64_s, UNIT_SECONDS, 0, 1, "grouped: further time at head size 64"),
    ROW(decode_constants, head_256, UNIT_NONE, 0.01, 100,
        "rate a key at head size 256 over its share of 128's"),
    ROW(decode_constants, l2_ratio, UNIT_NONE, 0.1, 1e9, "cache's bandwidth over memory's"),
    ROW(decode_constants, l2_frac, UNIT_FRACTION, 0, 10, "share of the cache that keys can use"),
    ROW(decode_constants, p, UNIT_NONE, 1, 100, "exponent that joins the roofs"),
};
static const struct field memory_rows[] = {
    ROW(memory_constants, bandwidth_frac, UNIT_FRACTION, 0.001, 10, "of the memory bandwidth"),
    ROW(memory_constants, t0_s, UNIT_SECONDS, 0, 1, "launch and ramp"),
};

static const char *const gemm_dims[] = {"m", "n", "k", NULL};
static const char *const grouped_dims[] = {"rows", "n", "k", "groups", NULL};
static const char *const attention_dims[] = {"sequences_x_heads", "seq_q", "seq_kv", "head_dim",
                                             NULL};
static const char *const memory_dims[] = {"bytes", NULL};
static const char *const attention_names[] = {"forward-16bit", "forward-fp8",   "backward-16bit",
                                              "backward-fp8",  "prefill-16bit", "prefill-fp8"};
static const char *const decode_names[] = {"decode-16bit", "decode-fp8"};

/* One row an op: `count` consecutive structs of `size` bytes, their groups and corrections. */
struct family {
    const char *op;
    const char *const *names;
    size_t count, size, offset, group_offset, correction_offset;
    const struct field *rows;
    size_t row_count;
    const char *const *dims;
};

#define MEMBER(name) offsetof(struct calibration, name)
#define FAMILY(op, names, count, member, correction, rows, dims)                                   \
    {                                                                                              \
        op, names, count, sizeof(struct member##_constants), MEMBER(member),                       \
            MEMBER(member##_group), correction, rows, sizeof(rows) / sizeof((rows)[0]), dims       \
    }

static const struct family families[] = {
    FAMILY("gemm", dtype_names, DTYPES, gemm, MEMBER(gemm_correction), gemm_rows, gemm_dims),
    FAMILY("grouped_gemm", dtype_names, DTYPES, grouped, MEMBER(grouped_correction), grouped_rows,
           grouped_dims),
    FAMILY("attention", attention_names, (size_t)ATTENTION_KERNELS * 2, attention,
           MEMBER(attention_correction), attention_rows, attention_dims),
    FAMILY("attention", decode_names, 2, decode, MEMBER(decode_correction), decode_rows,
           attention_dims),
    FAMILY("memory", memory_class_names, MEMORY_CLASSES, memory, 0, memory_rows, memory_dims),
};
enum { FAMILIES = sizeof families / sizeof families[0] };

bool calibration_slot(size_t i, struct calibration_slot *slot)
{
    for (size_t f = 0; f < FAMILIES; f++) {
        const struct family *family = &families[f];
        if (i < family->count) {
            *slot = (struct calibration_slot){
                .op = family->op,
                .name = family->names[i],
                .constants = family->rows,
                .count = family->row_count,
                .offset = family->offset + i * family->size,
                .group_offset = family->group_offset + i * sizeof(struct calibration_group),
                .correction_offset = family->correction_offset
                                         ? family->correction_offset + i * sizeof(struct correction)
                                         : 0,
                .dims = family->dims,
            };
            return true;
        }
        i -= family->count;
    }
    return false;
}

struct calibration_group *calibration_group_of(struct calibration *c,
                                               const struct calibration_slot *slot)
{
    return (struct calibration_group *)(void *)((char *)c + slot->group_offset);
}

double *calibration_constant(struct calibration *c, const struct calibration_slot *slot, size_t row)
{
    return (double *)(void *)((char *)c + slot->offset + slot->constants[row].offset);
}

struct correction *calibration_correction(struct calibration *c,
                                          const struct calibration_slot *slot)
{
    return slot->correction_offset
               ? (struct correction *)(void *)((char *)c + slot->correction_offset)
               : NULL;
}

bool calibration_find(const char *op, const char *name, struct calibration_slot *slot)
{
    for (size_t i = 0; calibration_slot(i, slot); i++)
        if (strcmp(slot->op, op) == 0 && strcmp(slot->name, name) == 0)
            return true;
    return false;
}

void calibration_transfer(struct calibration *c, const char *from, bool same_architecture)
{
    struct calibration_slot slot;
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        struct calibration_group *group = calibration_group_of(c, &slot);
        struct correction *correction = calibration_correction(c, &slot);
        if (correction && !same_architecture)
            memset(correction, 0, sizeof *correction);
        if (group->kind != CALIBRATION_MEASURED)
            continue;
        char source[sizeof group->source];
        snprintf(source, sizeof source, "%.24s: %.160s", from, group->source);
        memcpy(group->source, source, sizeof source);
        group->kind = CALIBRATION_TRANSFERRED;
        group->error_frac = 0;
    }
}

/* Shares of peaks and bandwidths; other shares (of a cache, of an overlap) are no rates. */
static bool is_rate(const struct field *row)
{
    return text_ends_with(row->key, "peak_frac") || text_ends_with(row->key, "math_frac") ||
           text_ends_with(row->key, "exp_frac") || text_ends_with(row->key, "bandwidth_frac");
}

void calibration_speed_up(struct calibration *c, const char *op, double s)
{
    struct calibration_slot slot;
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        for (size_t row = 0; strcmp(slot.op, op) == 0 && row < slot.count; row++) {
            double *value = calibration_constant(c, &slot, row);
            if (is_rate(&slot.constants[row]))
                *value *= s;
            else if (slot.constants[row].unit == UNIT_SECONDS)
                *value /= s;
        }
    }
}
