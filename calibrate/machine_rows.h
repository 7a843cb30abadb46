#ifndef CALIBRATE_MACHINE_ROWS_H
#define CALIBRATE_MACHINE_ROWS_H
#include "calibrate/machine.h"
#include "hardware/collective.h"

/* The measured times of a machine as ops, so that a gpu can be asked for its forecast of each:
 * forward products (gemm.csv), memory-bound kernels (memory.csv), collectives inside a node that
 * ran alone (collective.csv). */
struct machine_row {
    enum op_kind kind; /* OP_GEMM, OP_MEMORY, OP_COLLECTIVE */
    int class_;        /* of the group of constants: enum dtype, memory_class or collective */
    struct gemm gemm;
    double bytes, ranks; /* of a kernel; of a collective */
    double measured_s;
    int line; /* in its file */
};

struct machine_rows {
    struct machine_row *row;
    size_t n;
};

/* Rows of one kind and class (-1: all classes). Rows of ops that no group of constants describes
 * are left out. STATUS_INPUT, with the line, for a number that is not above zero. */
enum status machine_rows_read(const struct machine *machine, enum op_kind kind, int class_,
                              struct machine_rows *rows, struct error *e);
void machine_rows_free(struct machine_rows *rows);

/* What `gpu` forecasts for a row. */
double machine_row_s(const struct gpu *gpu, const struct machine_row *row);

/* "bf16", "norm", "all_reduce" */
const char *machine_class_name(enum op_kind kind, int class_);
int machine_classes(enum op_kind kind); /* how many there are */

#endif
