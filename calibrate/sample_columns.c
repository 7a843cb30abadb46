#include "calibrate/sample_columns.h"
#include "base/file.h"
#include "base/number.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const struct cell_name dtype_cells[] = {
    {"bf16",      DTYPE_BF16     },
    {"fp16",      DTYPE_FP16     },
    {"fp8",       DTYPE_FP8      },
    {"fp8-block", DTYPE_FP8_BLOCK},
    {"mxfp8",     DTYPE_MXFP8    },
    {"nvfp4",     DTYPE_NVFP4    },
    {"fp32",      DTYPE_FP32     },
    {"tf32",      DTYPE_TF32     },
    {"int8",      DTYPE_INT8     },
    {NULL,        0              },
};
static const struct cell_name phase_cells[] = {
    {"forward",         PHASE_FORWARD        },
    {"backward_input",  PHASE_BACKWARD_INPUT },
    {"backward_weight", PHASE_BACKWARD_WEIGHT},
    {NULL,              0                    },
};
static const struct cell_name attention_cells[] = {
    {"prefill",  SAMPLE_PREFILL    },
    {"forward",  ATTENTION_FORWARD },
    {"backward", ATTENTION_BACKWARD},
    {"decode",   ATTENTION_DECODE  },
    {NULL,       0                 },
};
static const struct cell_name mask_cells[] = {
    {"causal", SAMPLE_MASK_CAUSAL},
    {"none",   SAMPLE_MASK_NONE  },
    {NULL,     0                 },
};
static const struct cell_name collective_cells[] = {
    {"all_reduce",     COLLECTIVE_ALL_REDUCE    },
    {"all_gather",     COLLECTIVE_ALL_GATHER    },
    {"reduce_scatter", COLLECTIVE_REDUCE_SCATTER},
    {"alltoall",       COLLECTIVE_ALL_TO_ALL    },
    {"all_to_all",     COLLECTIVE_ALL_TO_ALL    },
    {"sendrecv",       COLLECTIVE_SEND_RECV     },
    {"broadcast",      COLLECTIVE_BROADCAST     },
    {"reduce",         COLLECTIVE_REDUCE        },
    {NULL,             0                        },
};
/* Kernels by their class of memory op. */
static const struct cell_name memory_cells[] = {
    {"elementwise",   MEMORY_ELEMENTWISE  },
    {"copy",          MEMORY_ELEMENTWISE  },
    {"triad",         MEMORY_ELEMENTWISE  },
    {"norm",          MEMORY_NORM         },
    {"rms_norm",      MEMORY_NORM         },
    {"layer_norm",    MEMORY_NORM         },
    {"softmax",       MEMORY_SOFTMAX      },
    {"cross_entropy", MEMORY_CROSS_ENTROPY},
    {"permute",       MEMORY_PERMUTE      },
    {"quantise",      MEMORY_QUANTISE     },
    {"optimizer",     MEMORY_OPTIMIZER    },
    {"adamw",         MEMORY_OPTIMIZER    },
    {NULL,            0                   },
};

#define AT(member) FIELD_MEMBER(sample, member)
#define SIZE(name, member)                                                                         \
    {                                                                                              \
        name, COLUMN_SIZE, true, AT(member), NULL                                                  \
    }
#define NAMED(name, member, names)                                                                 \
    {                                                                                              \
        name, COLUMN_NAME, true, AT(member), names                                                 \
    }
#define TIME                                                                                       \
    {                                                                                              \
        "time_us", COLUMN_TIME, true, AT(time_s), NULL                                             \
    }
#define ANY(name)                                                                                  \
    {                                                                                              \
        name, COLUMN_IGNORED, true, 0, 0, NULL                                                     \
    }
#define END                                                                                        \
    {                                                                                              \
        NULL, COLUMN_IGNORED, false, 0, 0, NULL                                                    \
    }

static const struct sample_column gemm_columns[] = {
    NAMED("dtype", dtype, dtype_cells),
    SIZE("m", gemm.m),
    SIZE("n", gemm.n),
    SIZE("k", gemm.k),
    TIME,
    {"pass", COLUMN_NAME, false, AT(phase), phase_cells},
    END,
};
static const struct sample_column grouped_columns[] = {
    NAMED("pass", phase, phase_cells),
    NAMED("dtype", dtype, dtype_cells),
    SIZE("groups", gemm.batch),
    SIZE("m", gemm.m),
    SIZE("n", gemm.n),
    SIZE("k", gemm.k),
    TIME,
    {"skew", COLUMN_RATIO, false, AT(gemm.skew), NULL},
    END,
};
static const struct sample_column attention_columns[] = {
    NAMED("phase", pass, attention_cells),
    NAMED("dtype", dtype, dtype_cells),
    NAMED("kv_dtype", kv_dtype, dtype_cells),
    SIZE("batch", attention.batch),
    SIZE("seq_q", attention.seq_q),
    SIZE("seq_kv", attention.seq_kv),
    SIZE("heads", attention.heads),
    SIZE("kv_heads", attention.kv_heads),
    SIZE("head_dim", attention.head_dim_qk),
    TIME,
    {"head_dim_v", COLUMN_SIZE, false, AT(attention.head_dim_v), NULL      },
    {"mask",       COLUMN_NAME, false, AT(mask),                 mask_cells},
    END,
};
static const struct sample_column moe_columns[] = {
    NAMED("dtype", dtype, dtype_cells),
    SIZE("tokens", moe.tokens),
    SIZE("hidden", moe.hidden),
    SIZE("expert_ffn", moe.expert_ffn),
    SIZE("top_k", moe.top_k),
    SIZE("experts", moe.experts),
    SIZE("tp", moe.tp),
    SIZE("ep", moe.ep),
    {"distribution", COLUMN_WORD, true, AT(distribution), NULL},
    TIME,
    END,
};
static const struct sample_column collective_columns[] = {
    NAMED("op", collective.op, collective_cells),
    ANY("dtype"),
    SIZE("ranks", collective.ranks),
    {"bytes",          COLUMN_BYTES, true,  AT(collective.bytes),          NULL},
    TIME,
    {"ranks_per_node", COLUMN_SIZE,  false, AT(collective.ranks_per_node), NULL},
    END,
};
static const struct sample_column memory_columns[] = {
    NAMED("op", memory.class_, memory_cells),
    ANY("dtype"),
    {"bytes", COLUMN_SIZE, true, AT(memory.bytes), NULL},
    TIME,
    END,
};

const struct sample_column *sample_columns(enum sample_kind kind)
{
    static const struct sample_column *const by_kind[SAMPLE_KINDS] = {
        [SAMPLE_GEMM] = gemm_columns,
        [SAMPLE_GROUPED] = grouped_columns,
        [SAMPLE_ATTENTION] = attention_columns,
        [SAMPLE_MOE] = moe_columns,
        [SAMPLE_COLLECTIVE] = collective_columns,
        [SAMPLE_MEMORY] = memory_columns,
    };
    return by_kind[kind];
}

const struct sample_column *sample_column_find(enum sample_kind kind, const char *name)
{
    for (const struct sample_column *c = sample_columns(kind); c->name; c++)
        if (strcmp(c->name, name) == 0)
            return c;
    return NULL;
}

/* ---- cells ---- */

static enum status wrong(const struct sample_column *column, const char *cell, const char *expected,
                         struct error *e)
{
    return error_set(e, STATUS_INPUT, "%s: expected %s, got \"%.60s\"", column->name, expected,
                     cell);
}

static void put(const struct sample_column *column, struct sample *out, double value)
{
    memcpy((char *)out + column->offset, &value, sizeof value);
}

static enum status read_number(const struct sample_column *column, const char *cell,
                               struct sample *out, struct error *e)
{
    static const char *const expected[] = {
        [COLUMN_SIZE] = "a whole number of at least 1",
        [COLUMN_RATIO] = "a number of at least 1",
        [COLUMN_BYTES] = "a number of bytes",
        [COLUMN_TIME] = "a time over 0 in microseconds",
    };
    static const double least[] = {[COLUMN_SIZE] = 1, [COLUMN_RATIO] = 1, [COLUMN_BYTES] = 0};
    struct error own;
    double value = 0;
    error_init(&own);
    bool good = number_parse(cell, &value, &own) == STATUS_OK && isfinite(value);
    good = good && (column->kind == COLUMN_TIME ? value > 0 : value >= least[column->kind]);
    good = good && (column->kind != COLUMN_SIZE || value == floor(value));
    if (!good)
        return wrong(column, cell, expected[column->kind], e);
    put(column, out, column->kind == COLUMN_TIME ? value * 1e-6 : value);
    return STATUS_OK;
}

static enum status read_name(const struct sample_column *column, const char *cell,
                             struct sample *out, struct error *e)
{
    enum { NAMES_MAX = 16 };
    const char *names[NAMES_MAX];
    size_t n = 0;
    for (const struct cell_name *c = column->names; c->name; c++) {
        if (names_equal(c->name, cell)) {
            memcpy((char *)out + column->offset, &c->value, sizeof c->value);
            return STATUS_OK;
        }
        if (n < NAMES_MAX)
            names[n++] = c->name;
    }
    if (cell[0] == '\0')
        return error_set(e, STATUS_INPUT, "%s: expected a name such as %s, found an empty cell",
                         column->name, column->names[0].name);
    error_set(e, STATUS_INPUT, "%s: no %s is named \"%.60s\"", column->name, column->name, cell);
    const char *nearest = nearest_name(cell, names, n);
    if (nearest)
        error_set_hint(e, "did you mean %s?", nearest);
    return e->status;
}

enum status sample_cell_read(const struct sample_column *column, const char *cell,
                             struct sample *out, struct error *e)
{
    if (column->kind == COLUMN_IGNORED)
        return STATUS_OK;
    if (*cell == '\0' && !column->required) /* as import writes what a log does not tell */
        return STATUS_OK;
    if (column->kind == COLUMN_NAME)
        return read_name(column, cell, out, e);
    if (column->kind != COLUMN_WORD)
        return read_number(column, cell, out, e);
    if (*cell == '\0' || strlen(cell) >= column->size)
        return wrong(column, cell, "a word", e);
    snprintf((char *)out + column->offset, column->size, "%s", cell);
    return STATUS_OK;
}
