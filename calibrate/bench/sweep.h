#ifndef CALIBRATE_BENCH_SWEEP_H
#define CALIBRATE_BENCH_SWEEP_H
#include "calibrate/bench/bench.h"
#include "calibrate/bench/timing.h"

/* One row: its time and, where the sweep has extra columns, their cells. */
struct sample {
    struct timing timing;
    char extra[160];
};

/* The points of one sample file. */
struct sweep {
    const char *file;    /* "gemm" */
    const char *columns; /* of the key: "dtype,m,n,k" */
    const char *extra;   /* columns after time_us, mad_us and repetitions; NULL: none */
    size_t count, first; /* so many points come before the others: a fit cannot do without them */
    void (*key)(const void *context, size_t i, char *key, size_t size);
    /* STATUS_NO with a message: this point cannot be measured here; it is told and left out. */
    enum status (*measure)(void *context, size_t i, struct sample *out, struct error *e);
    void *context;
};

/* Measures the points that the file does not hold yet, in random order, until the suite's time is
 * over, and says which rows are noisy and what to do. Where all ranks take part every rank calls
 * it. */
enum status sweep_run(struct bench *bench, const struct sweep *sweep, bool all_ranks,
                      struct error *e);

#endif
