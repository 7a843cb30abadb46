#include "calibrate/machine_rows.h"
#include "hardware/roofline.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* What the benchmark calls a kernel, and the class that it stands for. */
static const struct {
    const char *op;
    enum memory_class class_;
} memory_ops[] = {
    {"copy",      MEMORY_ELEMENTWISE},
    {"triad",     MEMORY_ELEMENTWISE},
    {"norm",      MEMORY_NORM       },
    {"permute",   MEMORY_PERMUTE    },
    {"quantise",  MEMORY_QUANTISE   },
    {"optimizer", MEMORY_OPTIMIZER  },
};

static const char *cell(const struct sample_table *t, size_t row, const char *column)
{
    return sample_table_cell(t, row, sample_table_column(t, column));
}

/* A number that must be above zero. */
static enum status positive(const struct sample_table *t, size_t row, const char *column,
                            double *value, struct error *e)
{
    if (sample_table_number(t, row, sample_table_column(t, column), value, e) == STATUS_OK &&
        *value <= 0) {
        error_set(e, STATUS_INPUT, "%s: expected a number above 0, got %g", column, *value);
        error_set_file(e, t->path, t->line[row], 0);
    }
    return e->status;
}

/* Each reads one row; class_ -1: no group of constants describes it. */
static enum status read_gemm(const struct sample_table *t, size_t i, struct machine_row *r,
                             struct error *e)
{
    r->class_ = names_find(dtype_names, cell(t, i, "dtype"));
    r->gemm = (struct gemm){.batch = 1, .skew = 1};
    if (r->class_ < 0 || positive(t, i, "m", &r->gemm.m, e) != STATUS_OK ||
        positive(t, i, "n", &r->gemm.n, e) != STATUS_OK)
        return e->status;
    r->gemm.output_bytes = dtype_bytes((enum dtype)r->class_) > 2 ? 4 : 2;
    return positive(t, i, "k", &r->gemm.k, e);
}

static enum status read_memory(const struct sample_table *t, size_t i, struct machine_row *r,
                               struct error *e)
{
    r->class_ = -1;
    for (size_t k = 0; k < sizeof memory_ops / sizeof memory_ops[0]; k++)
        if (strcmp(memory_ops[k].op, cell(t, i, "op")) == 0)
            r->class_ = (int)memory_ops[k].class_;
    return positive(t, i, "bytes", &r->bytes, e);
}

/* Groups that share the node's links with others tell about the links, not about the collective. */
static enum status read_collective(const struct sample_table *t, size_t i, struct machine_row *r,
                                   struct error *e)
{
    double per_node = 0;
    const char *at_once = cell(t, i, "groups_at_once");
    r->class_ = names_find(collective_names, cell(t, i, "op"));
    if (positive(t, i, "ranks", &r->ranks, e) != STATUS_OK ||
        positive(t, i, "ranks_per_node", &per_node, e) != STATUS_OK ||
        positive(t, i, "bytes", &r->bytes, e) != STATUS_OK)
        return e->status;
    if (r->ranks != per_node || (*at_once && strcmp(at_once, "1") != 0))
        r->class_ = -1;
    return STATUS_OK;
}

static double gemm_row_s(const struct gpu *gpu, const struct machine_row *row)
{
    return gemm_s(gpu, (enum dtype)row->class_, &row->gemm);
}

static double memory_row_s(const struct gpu *gpu, const struct machine_row *row)
{
    const struct memory_op op = {(enum memory_class)row->class_, row->bytes};
    return memory_op_s(gpu, &op);
}

/* On a machine whose one tier is the scale-up domain. */
static double collective_row_s(const struct gpu *gpu, const struct machine_row *row)
{
    struct system *system = calloc(1, sizeof *system);
    if (!system)
        return 0;
    system->gpu = *gpu;
    system->gpus = system->gpus_per_node = fmax(row->ranks, gpu->scale_up_domain_gpus);
    system->tiers = 1;
    struct tier *tier = &system->tier[0];
    memcpy(tier->technology, gpu->scale_up_technology, sizeof tier->technology);
    tier->domain_gpus = system->gpus;
    tier->bandwidth_bytes_per_s = gpu->scale_up_bandwidth_bytes_per_s;
    tier->topology = gpu->scale_up_topology;
    tier->oversubscription = 1;
    const struct group group = {row->ranks, row->ranks, row->ranks, 1};
    double seconds = collective_s(system, (enum collective)row->class_, row->bytes, &group);
    free(system);
    return seconds;
}

static const struct {
    const char *const *names;
    enum machine_table table;
    int classes;
    enum status (*read)(const struct sample_table *t, size_t i, struct machine_row *r,
                        struct error *e);
    double (*predict_s)(const struct gpu *gpu, const struct machine_row *row);
} kinds[OP_KINDS] = {
    [OP_GEMM] = {dtype_names,        MACHINE_GEMM,       DTYPES,         read_gemm,       gemm_row_s  },
    [OP_MEMORY] = {memory_class_names, MACHINE_MEMORY,     MEMORY_CLASSES, read_memory,     memory_row_s},
    [OP_COLLECTIVE] = {collective_names,   MACHINE_COLLECTIVE, COLLECTIVES,    read_collective,
                 collective_row_s                                                                     },
};

enum status machine_rows_read(const struct machine *machine, enum op_kind kind, int class_,
                              struct machine_rows *rows, struct error *e)
{
    const struct sample_table *t = &machine->table[kinds[kind].table];
    *rows = (struct machine_rows){.row = calloc(t->rows ? t->rows : 1, sizeof *rows->row)};
    if (!rows->row)
        return error_set(e, STATUS_IO, "out of memory for %zu samples", t->rows);
    for (size_t i = 0; i < t->rows; i++) {
        struct machine_row r = {.kind = kind, .line = t->line[i]};
        double time_us = 0;
        if (kinds[kind].read(t, i, &r, e) != STATUS_OK ||
            positive(t, i, "time_us", &time_us, e) != STATUS_OK) {
            machine_rows_free(rows);
            return e->status;
        }
        r.measured_s = 1e-6 * time_us;
        if (r.class_ >= 0 && (class_ < 0 || r.class_ == class_))
            rows->row[rows->n++] = r;
    }
    return STATUS_OK;
}

void machine_rows_free(struct machine_rows *rows)
{
    free(rows->row);
    *rows = (struct machine_rows){0};
}

double machine_row_s(const struct gpu *gpu, const struct machine_row *row)
{
    return kinds[row->kind].predict_s(gpu, row);
}

const char *machine_class_name(enum op_kind kind, int class_)
{
    return kinds[kind].names[class_];
}

int machine_classes(enum op_kind kind)
{
    return kinds[kind].classes;
}
