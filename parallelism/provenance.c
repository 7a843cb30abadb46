#include "parallelism/provenance.h"
#include "hardware/scan.h"
#include "hardware/support.h"
#include "parallelism/blocks.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Ops below this share of the time are not worth a warning. */
static const double noticed_frac = 0.002;

enum { USES_MAX = 64 };

/* One group of constants in use. */
struct use {
    struct provenance_item item;
    const struct calibration_group *group; /* NULL: collectives */
    struct calibration_slot slot;
    double seconds;
    double least[CALIBRATION_DIMS], most[CALIBRATION_DIMS]; /* of the noticed ops' dimensions */
};

struct uses {
    const struct scenario *scenario;
    const struct strategy *strategy;
    double total_s;
    int n;
    struct use use[USES_MAX];
};

static bool is_fp8(const struct op *op)
{
    return dtype_bytes(op->dtype) < 2;
}

/* The names of the slot that prices an op, as hardware/calibration.c lists them. */
static void slot_names(const struct op *op, const char **family, const char **name)
{
    static const char *const passes[][2] = {
        [PHASE_FORWARD] = {"forward-16bit",  "forward-fp8" },
        [PHASE_BACKWARD_INPUT] = {"backward-16bit", "backward-fp8"},
        [PHASE_BACKWARD_WEIGHT] = {"backward-16bit", "backward-fp8"},
        [PHASE_DECODE] = {"decode-16bit",   "decode-fp8"  },
    };
    bool grouped = op->kind == OP_GROUPED_GEMM;
    *family = grouped ? "grouped_gemm" : "gemm";
    *name = dtype_names[op->dtype];
    if (op->kind == OP_ATTENTION) {
        *family = "attention";
        *name = passes[op->phase][is_fp8(op)];
    } else if (op->kind == OP_MEMORY) {
        *family = "memory";
        *name = memory_class_names[op->memory.class_];
    }
}

size_t provenance_slot(const struct op *op)
{
    const char *family, *name;
    struct calibration_slot slot;
    if (op->kind == OP_COLLECTIVE || op->kind == OP_SCAN)
        return SIZE_MAX;
    slot_names(op, &family, &name);
    for (size_t i = 0; calibration_slot(i, &slot); i++) {
        if (strcmp(slot.op, family) == 0 && strcmp(slot.name, name) == 0)
            return i;
    }
    return SIZE_MAX;
}

/* The dimensions of an op, in the order of its slot's dims. */
static void op_dims(const struct op *op, double dims[CALIBRATION_DIMS])
{
    memset(dims, 0, CALIBRATION_DIMS * sizeof *dims);
    if (op->kind == OP_GEMM || op->kind == OP_GROUPED_GEMM) {
        dims[0] = op->gemm.m;
        dims[1] = op->gemm.n;
        dims[2] = op->gemm.k;
        dims[3] = op->gemm.batch;
    } else if (op->kind == OP_ATTENTION) {
        dims[0] = op->attention.batch * op->attention.heads;
        dims[1] = op->attention.seq_q;
        dims[2] = op->attention.seq_kv;
        dims[3] = op->attention.head_dim_qk;
    } else {
        dims[0] = op->memory.bytes;
    }
}

/* Where the constants of a collective come from: the tier its communicator spans, as
 * hardware/collective.c takes them. */
static void collective_source(const struct uses *uses, const struct op *op,
                              struct provenance_item *item)
{
    const struct system *system = &uses->scenario->system;
    struct group g = placement_comm(system, uses->strategy, op->comm);
    bool across = g.ranks > g.per_domain && system->tiers > 1;
    bool exchange = op_is_expert_exchange(uses->strategy, op);
    struct support support;
    support_collective(system, across ? 1 : 0, op->collective, &support);
    snprintf(item->what, sizeof item->what, "%s %s",
             exchange ? dispatcher_names[uses->strategy->dispatcher]
                      : collective_names[op->collective],
             across ? "scale_out" : "scale_up");
    if (exchange) {
        snprintf(item->kind, sizeof item->kind, "measured");
        snprintf(item->source, sizeof item->source, "%s", expert_exchange_constants.source);
        return;
    }
    memcpy(item->kind, support.kind, sizeof item->kind);
    memcpy(item->source, support.source, sizeof item->source);
}

static struct use *find_use(struct uses *uses, const char *what)
{
    for (int i = 0; i < uses->n; i++) {
        if (strcmp(uses->use[i].item.what, what) == 0)
            return &uses->use[i];
    }
    if (uses->n == USES_MAX)
        return NULL;
    struct use *use = &uses->use[uses->n++];
    memset(use, 0, sizeof *use);
    snprintf(use->item.what, sizeof use->item.what, "%s", what);
    return use;
}

static struct use *kernel_use(struct uses *uses, const struct op *op)
{
    struct calibration_slot slot;
    char what[sizeof(((struct provenance_item *)0)->what)];
    if (!calibration_slot(provenance_slot(op), &slot))
        return NULL;
    snprintf(what, sizeof what, "%s %s", slot.op, slot.name);
    struct use *use = find_use(uses, what);
    if (!use || use->group)
        return use;
    const struct calibration *c = &uses->scenario->system.gpu.calibration;
    const void *group = (const char *)c + slot.group_offset;
    use->slot = slot;
    use->group = group;
    use->item.error_frac = use->group->error_frac;
    snprintf(use->item.kind, sizeof use->item.kind, "%s", calibration_kind_names[use->group->kind]);
    snprintf(use->item.source, sizeof use->item.source, "%s",
             calibration_group_source(c, use->group));
    return use;
}

/* A scan's rates are of published kernels on another GPU, or of another mixer. */
static struct use *scan_use(struct uses *uses, const struct op *op)
{
    char what[sizeof(((struct provenance_item *)0)->what)];
    snprintf(what, sizeof what, "scan %s", scan_form_names[op->scan.form]);
    struct use *use = find_use(uses, what);
    if (!use)
        return NULL;
    snprintf(use->item.kind, sizeof use->item.kind, "assumed");
    snprintf(use->item.source, sizeof use->item.source, "%s", scan_source);
    return use;
}

static struct use *use_of(struct uses *uses, const struct op *op)
{
    if (op->kind == OP_SCAN)
        return scan_use(uses, op);
    if (op->kind != OP_COLLECTIVE)
        return kernel_use(uses, op);
    struct provenance_item item = {.time_frac = 0};
    collective_source(uses, op, &item);
    struct use *use = find_use(uses, item.what);
    if (use)
        use->item = item;
    return use;
}

static void add_time(void *context, const struct block *block, const struct op *op,
                     struct op_time time)
{
    struct uses *uses = context;
    struct use *use = use_of(uses, op);
    double total = block->layers * time.seconds;
    uses->total_s += total;
    if (use)
        use->seconds += total;
}

static void add_range(void *context, const struct block *block, const struct op *op,
                      struct op_time time)
{
    struct uses *uses = context;
    double dims[CALIBRATION_DIMS];
    struct use *use =
        op->kind == OP_COLLECTIVE || op->kind == OP_SCAN ? NULL : kernel_use(uses, op);
    if (!use || block->layers * time.seconds < noticed_frac * uses->total_s)
        return;
    op_dims(op, dims);
    for (int d = 0; d < CALIBRATION_DIMS; d++) {
        use->most[d] = dims[d] > use->most[d] ? dims[d] : use->most[d];
        if (use->least[d] == 0 || dims[d] < use->least[d])
            use->least[d] = dims[d];
    }
}

static int by_time(const void *a, const void *b)
{
    const struct use *x = a, *y = b;
    if (x->seconds != y->seconds)
        return x->seconds < y->seconds ? 1 : -1;
    return strcmp(x->item.what, y->item.what);
}

static void say_outside(struct provenance *out, const struct use *use, int d, bool above)
{
    if (out->extrapolated_count == EXTRAPOLATED_MAX)
        return;
    char *line = out->extrapolated[out->extrapolated_count++];
    snprintf(line, sizeof out->extrapolated[0], "%s: %s %.0f is %s the measured %.0f",
             use->item.what, use->slot.dims[d], above ? use->most[d] : use->least[d],
             above ? "above" : "below", above ? use->group->high[d] : use->group->low[d]);
}

/* Ops of a group beyond the range that its measurements cover. */
static void check_range(struct provenance *out, const struct use *use)
{
    const struct calibration_group *group = use->group;
    if (!group)
        return;
    for (int d = 0; d < CALIBRATION_DIMS && use->slot.dims[d]; d++) {
        if (group->high[d] <= 0 || use->most[d] == 0)
            continue;
        if (use->most[d] > group->high[d])
            say_outside(out, use, d, true);
        if (use->least[d] < group->low[d])
            say_outside(out, use, d, false);
    }
}

void provenance_find(const struct scenario *scenario, const struct strategy *strategy,
                     struct provenance *out)
{
    struct uses uses = {.scenario = scenario, .strategy = strategy};
    memset(out, 0, sizeof *out);
    blocks_visit(scenario, strategy, add_time, &uses);
    blocks_visit(scenario, strategy, add_range, &uses);
    qsort(uses.use, (size_t)uses.n, sizeof *uses.use, by_time);
    for (int i = 0; i < uses.n && out->items < PROVENANCE_ITEMS_MAX; i++) {
        const struct use *use = &uses.use[i];
        if (use->seconds <= 0)
            continue;
        out->item[out->items] = use->item;
        out->item[out->items++].time_frac = use->seconds / uses.total_s;
        check_range(out, use);
    }
}
