#include "hardware/roofline.h"
#include "parallelism/blocks.h"
#include "parallelism/provenance.h"
#include "reports/explain/parts.h"
#include "reports/format.h"
#include "reports/table.h"
#include <math.h>
#include <string.h>

enum { CALIBRATION_SLOTS_MAX = 64 };

/* The rows of one term. */
struct op_rows {
    const struct explanation *x;
    enum term term;
    struct table table;
    double listed_s;                  /* sum of the rows, of the step */
    bool used[CALIBRATION_SLOTS_MAX]; /* slots of constants that price its rows */
    unsigned own_factors;             /* bits of enum own_factor that its rows have */
    struct text scratch;
};

static void shape_of_gemm(const struct op *op, struct text *out)
{
    const struct gemm *g = &op->gemm;
    if (g->batch > 1)
        text_addf(out, "%g x ", g->batch);
    text_addf(out, "[%g x %g][%g x %g] %s", g->m, g->k, g->k, g->n, dtype_names[op->dtype]);
    if (op->kind == OP_GROUPED_GEMM && g->skew > 1)
        text_addf(out, ", largest group %.3g x the mean", g->skew);
}

static void shape_of_attention(const struct op *op, struct text *out)
{
    const struct attention *a = &op->attention;
    text_addf(out, "batch %g, %g heads, %g KV, %g x %g x %.3f visible, d %g", a->batch, a->heads,
              a->kv_heads, a->seq_q, a->seq_kv, a->visible_frac, a->head_dim_qk);
}

static void shape_of_scan(const struct op *op, struct text *out)
{
    const struct scan *s = &op->scan;
    text_addf(out, "%s, batch %g, %g tokens, %g heads, %g of keys, %g x %g states, chunks of %g",
              scan_form_names[s->form], s->batch, s->tokens, s->heads, s->groups, s->key_dim,
              s->value_dim, s->chunk);
}

static void shape_of_collective(const struct op_rows *rows, const struct op *op, struct text *out)
{
    const struct result *r = rows->x->result;
    struct group g = placement_comm(&r->scenario->system, r->strategy, op->comm);
    const char *name = op_is_expert_exchange(r->strategy, op)
                           ? dispatcher_names[r->strategy->dispatcher]
                           : collective_names[op->collective];
    text_addf(out, "%s, %g ranks, %g in a scale-up domain", name, g.ranks, g.per_domain);
}

static void shape_of(const struct op_rows *rows, const struct op *op, struct text *out)
{
    text_clear(out);
    if (op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM)
        shape_of_gemm(op, out);
    else if (op->kind == OP_ATTENTION)
        shape_of_attention(op, out);
    else if (op->kind == OP_SCAN)
        shape_of_scan(op, out);
    else if (op->kind == OP_MEMORY)
        text_addf(out, "%s kernel", memory_class_names[op->memory.class_]);
    else
        shape_of_collective(rows, op, out);
}

static double bytes_of(const struct op *op)
{
    if (op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM)
        return gemm_bytes(op->dtype, &op->gemm);
    if (op->kind == OP_ATTENTION)
        return attention_bytes(op->dtype,
                               op->phase == PHASE_FORWARD ? ATTENTION_FORWARD : ATTENTION_BACKWARD,
                               &op->attention);
    if (op->kind == OP_SCAN)
        return op_bytes(op);
    return op->kind == OP_MEMORY ? op->memory.bytes : op->bytes;
}

/* The roof that binds and the share of it that the op reaches. */
static void limit_cell(struct op_rows *rows, const struct op *op, double once_s)
{
    const struct gpu *gpu = &rows->x->result->scenario->system.gpu;
    double bytes = bytes_of(op), flop = op_flop(op);
    if (op->kind == OP_COLLECTIVE) {
        table_cell(&rows->table, "network, %s",
                   format_unit(&rows->scratch, bytes / once_s, UNIT_BYTES_PER_S, 3));
        return;
    }
    double math_s = flop > 0 ? flop / gpu->peak_flop_per_s[op->dtype] : 0;
    double memory_s = bytes / gpu->memory_bandwidth_bytes_per_s;
    bool math = isfinite(math_s) && math_s > memory_s;
    table_cell(&rows->table, "%s, %.0f %% of it", math ? "math" : "memory",
               100 * (math ? math_s : memory_s) / once_s);
}

static void add_row(void *context, const struct block *block, const struct op *op,
                    struct op_time time)
{
    struct op_rows *rows = context;
    const struct explanation *x = rows->x;
    double on_rank =
        blocks_on_rank(block, &x->parts->stages, x->parts->layout.pipeline.bottleneck_rank);
    if (op_term(op) != rows->term || on_rank == 0 || op->repeat == 0)
        return;
    double once_s = time.seconds / op->repeat;
    double count = on_rank * op->repeat * x->parts->layout.passes;
    double hidden = time.seconds > 0 ? time.hidden_s / time.seconds : 0;
    double total_s = count * once_s * (1 - hidden);
    rows->listed_s += total_s;
    rows->own_factors |= own_factor_of(op);
    size_t slot = provenance_slot(op);
    if (slot < CALIBRATION_SLOTS_MAX)
        rows->used[slot] = true;
    table_cell(&rows->table, "%s", block->name);
    table_cell(&rows->table, "%s", op_name_names[op->name]);
    table_cell(&rows->table, "%s", phase_names[op->phase]);
    shape_of(rows, op, &rows->scratch);
    if (time.parts > 1)
        text_addf(&rows->scratch, " in %d parts", time.parts);
    table_cell(&rows->table, "%s", rows->scratch.data);
    if (op_flop(op) > 0)
        table_unit(&rows->table, op_flop(op), UNIT_FLOP, 3);
    else
        table_cell(&rows->table, "-");
    table_unit(&rows->table, bytes_of(op), UNIT_BYTES, 3);
    limit_cell(rows, op, once_s);
    table_unit(&rows->table, once_s, UNIT_SECONDS, 4);
    table_cell(&rows->table, "%g", count);
    table_percent(&rows->table, hidden > 0 ? hidden : (double)NAN, 0);
    table_unit(&rows->table, total_s, UNIT_SECONDS, 4);
}

/* What the term is more or less than its rows: transfers that a ring of context ranks hides behind
 * attention, ZeRO-3's gathers. */
static void add_rest(struct op_rows *rows)
{
    double rest_s = rows->x->result->cost->term_s[rows->term] - rows->listed_s;
    if (fabs(rest_s) <= 1e-9 * rows->listed_s)
        return;
    text_addf(rows->x->out, "  %s %s behind compute\n",
              format_unit(&rows->scratch, fabs(rest_s), UNIT_SECONDS, 4),
              rest_s < 0 ? "of it hides" : "more does not hide");
}

/* "gemm fp16: a0 18.4, k0 140, ...; measured: source". */
static void add_constants(const struct op_rows *rows)
{
    const struct calibration *c = &rows->x->result->scenario->system.gpu.calibration;
    struct text *out = rows->x->out;
    struct calibration_slot slot;
    for (size_t i = 0; i < CALIBRATION_SLOTS_MAX && calibration_slot(i, &slot); i++) {
        if (!rows->used[i])
            continue;
        text_addf(out, "  constants of %s %s:", slot.op, slot.name);
        for (size_t k = 0; k < slot.count; k++) {
            double value;
            memcpy(&value, (const char *)c + slot.offset + slot.constants[k].offset, sizeof value);
            text_addf(out, "%s %s %.6g", k > 0 ? "," : "", slot.constants[k].key, value);
        }
        struct calibration_group group;
        memcpy(&group, (const char *)c + slot.group_offset, sizeof group);
        text_addf(out, "; %s%s%s\n", calibration_kind_names[group.kind],
                  group.source[0] ? ": " : "", group.source);
    }
}

void explain_ops(const struct explanation *x, enum term term)
{
    static const struct table_column columns[] = {
        {"block",            true },
        {"op",               true },
        {"pass",             true },
        {"shape on one GPU", true },
        {"work",             false},
        {"bytes",            false},
        {"limit",            true },
        {"once",             false},
        {"count",            false},
        {"hidden",           false},
        {"in the step",      false}
    };
    struct op_rows rows = {.x = x, .term = term};
    table_init(&rows.table, columns, sizeof columns / sizeof *columns);
    blocks_visit(x->result->scenario, x->result->strategy, add_row, &rows);
    text_add(x->out, "  sum over its ops of once x count; count = blocks on the rank x runs x m\n");
    explain_equation(x, term, rows.own_factors);
    add_constants(&rows);
    table_write(&rows.table, 2, x->out);
    add_rest(&rows);
    table_free(&rows.table);
    text_free(&rows.scratch);
}
