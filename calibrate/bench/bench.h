#ifndef CALIBRATE_BENCH_BENCH_H
#define CALIBRATE_BENCH_BENCH_H
#include "base/error.h"
#include "base/text.h"
#include "calibrate/bench/options.h"
#include "calibrate/bench/peers.h"
#include "calibrate/bench/sample_file.h"
#include "calibrate/bench/watchdog.h"

/* A run of the benchmarks, as its suites see it. */
struct bench {
    const struct options *options;
    struct peers peers;
    struct watchdog watchdog;
    char machine[256];      /* what is measured: samples of one file come from one machine */
    struct text provenance; /* "# key: value" lines of the sample files */
    double suite_end_s;     /* of wall_clock_s: when the suite should be over */
    void *state;            /* the device's own */
    bool failed;            /* what is open is given up, not waited for */
};

/* Adds a provenance line. */
void bench_note(struct bench *bench, const char *key, const char *format, ...)
    STEPCAST_PRINTF(3, 4);

/* A line for the person, on rank 0's stderr; nothing with --quiet. */
void bench_say(const struct bench *bench, const char *format, ...) STEPCAST_PRINTF(2, 3);

/* Opens a sample file of this run (rank 0). columns: all of them; the first key_columns are the
 * key. */
enum status bench_open_samples(const struct bench *bench, const char *name, const char *columns,
                               size_t key_columns, struct sample_file *file, struct error *e);

#endif
