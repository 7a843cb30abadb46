#ifndef CALIBRATE_FIT_KERNEL_ROWS_H
#define CALIBRATE_FIT_KERNEL_ROWS_H
#include "calibrate/samples.h"

/* The samples that one group of constants is fitted to. */
struct kernel_rows {
    const struct sample **row;
    size_t n;
    const struct sample *first; /* of all samples, which row[i] - first numbers */
};

/* Samples that are left out together when a fit is judged share their block: (n, k) of products,
 * (heads, kv_heads, head_dim) of attention, (hidden, expert_ffn, experts, top_k) of experts. */
unsigned kernel_block(const struct sample *s);

enum { KERNEL_FOLDS = 5 };
int kernel_fold(const struct sample *s);

/* The dimensions of the group's range, as its slot names them. */
void kernel_dims(const struct sample *s, double dims[CALIBRATION_DIMS]);

/* Weight of a row in a fit: large products count double, for that is what training runs. */
double kernel_weight(const struct sample *s);

#endif
