#include "hardware/calibration.h"
#include <stdio.h>
#include <string.h>

const char *const calibration_kind_names[] = {"assumed", "measured", "transferred", NULL};

#define ROW(type, key, unit, min, max, help)                                                       \
    {                                                                                              \
#key, FIELD_NUMBER, unit, offsetof(struct type, key), sizeof(double), min, max, true,      \
            NULL, help                                                                             \
    }

static const struct field gemm_rows[] = {
    ROW(gemm_constants, a0, UNIT_NONE, 0, 1e4, "tile intensity at half the peak rate, elements"),
    ROW(gemm_constants, k0, UNIT_NONE, 0, 1e5, "prologue and epilogue of a tile, elements of K"),
    ROW(gemm_constants, phi, UNIT_NONE, 0, 1, "0 hard waves, 1 no wave quantisation"),
    ROW(gemm_constants, p, UNIT_NONE, 1, 100, "exponent that joins math and memory roofs"),
    ROW(gemm_constants, beta, UNIT_NONE, 0.01, 100, "share of the SMs that draws full bandwidth"),
    ROW(gemm_constants, bandwidth_frac, UNIT_FRACTION, 0.01, 10, "of the memory bandwidth"),
    ROW(gemm_constants, t0_s, UNIT_SECONDS, 0, 1, "launch and ramp"),
    ROW(gemm_constants, quantise_frac, UNIT_NONE, 0, 100, "quantisation pass over its least time"),
    ROW(gemm_constants, peak_frac, UNIT_FRACTION, 0.01, 10,
        "sustained share of the datasheet peak"),
};
static const struct field grouped_rows[] = {
    ROW(grouped_constants, efficiency_frac, UNIT_FRACTION, 0.01, 10, "of the dense form's rate"),
    ROW(grouped_constants, bandwidth_frac, UNIT_FRACTION, 0.01, 10, "of the memory bandwidth"),
    ROW(grouped_constants, t0_s, UNIT_SECONDS, 0, 1, "launch and ramp"),
    ROW(grouped_constants, overhead_per_group_s, UNIT_SECONDS, 0, 1, "of each further group"),
};
static const struct field attention_rows[] = {
    ROW(attention_constants, math_frac, UNIT_FRACTION, 0.001, 10, "of the tensor-core peak"),
    ROW(attention_constants, exp_frac, UNIT_FRACTION, 0.001, 10, "of the exponential unit's peak"),
    ROW(attention_constants, bandwidth_frac, UNIT_FRACTION, 0.001, 10, "of the memory bandwidth"),
    ROW(attention_constants, s0, UNIT_NONE, 0, 1e6, "sequence length at half the rate, elements"),
    ROW(attention_constants, p, UNIT_NONE, 1, 100, "exponent that joins the roofs"),
    ROW(attention_constants, t0_s, UNIT_SECONDS, 0, 1, "launch and ramp"),
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
static const char *const attention_names[] = {"forward-16bit", "forward-fp8",  "backward-16bit",
                                              "backward-fp8",  "decode-16bit", "decode-fp8"};

/* One row an op: `count` consecutive structs of `size` bytes, and their groups. */
struct family {
    const char *op;
    const char *const *names;
    size_t count, size, offset, group_offset;
    const struct field *rows;
    size_t row_count;
    const char *const *dims;
};

#define FAMILY(op, names, count, member, rows, dims)                                               \
    {                                                                                              \
        op, names, count, sizeof(struct member##_constants), offsetof(struct calibration, member), \
            offsetof(struct calibration, member##_group), rows, sizeof rows / sizeof rows[0], dims \
    }

static const struct family families[] = {
    FAMILY("gemm", dtype_names, DTYPES, gemm, gemm_rows, gemm_dims),
    FAMILY("grouped_gemm", dtype_names, DTYPES, grouped, grouped_rows, grouped_dims),
    FAMILY("attention", attention_names, (size_t)ATTENTION_PASSES * 2, attention, attention_rows,
           attention_dims),
    FAMILY("memory", memory_class_names, MEMORY_CLASSES, memory, memory_rows, memory_dims),
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

void calibration_transfer(struct calibration *c, const char *from)
{
    struct calibration_slot slot;
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        struct calibration_group *group = calibration_group_of(c, &slot);
        if (group->kind != CALIBRATION_MEASURED)
            continue;
        char source[sizeof group->source];
        snprintf(source, sizeof source, "%.24s: %.160s", from, group->source);
        memcpy(group->source, source, sizeof source);
        group->kind = CALIBRATION_TRANSFERRED;
        group->error_frac = 0;
    }
}
