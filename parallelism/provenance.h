#ifndef PARALLELISM_PROVENANCE_H
#define PARALLELISM_PROVENANCE_H
#include "parallelism/step.h"
#include <stdint.h>

/* What a forecast rests on: where the constants come from that price most of its time, and which of
 * its ops lie outside the range that was measured. */
enum { PROVENANCE_ITEMS_MAX = 24, EXTRAPOLATED_MAX = 16 };

struct provenance_item {
    char what[48];    /* the group of constants: "gemm bf16", "all_reduce scale_up" */
    double time_frac; /* share of all ops' time of one micro-batch */
    char kind[16];    /* measured, transferred, assumed */
    char source[192];
    double error_frac; /* cross-validated; 0: not known */
};

struct provenance {
    int items; /* largest share first */
    struct provenance_item item[PROVENANCE_ITEMS_MAX];
    int extrapolated_count;
    char extrapolated[EXTRAPOLATED_MAX]
                     [160]; /* sentences such as "gemm bf16: m 131072 is over 65536" */
};

/* The strategy is legal. */
void provenance_find(const struct scenario *scenario, const struct strategy *strategy,
                     struct provenance *out);

/* Index of the calibration slot that prices an op; SIZE_MAX for collectives. */
size_t provenance_slot(const struct op *op);

#endif
