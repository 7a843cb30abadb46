#ifndef CALIBRATE_BENCH_DEVICE_H
#define CALIBRATE_BENCH_DEVICE_H
#include "calibrate/bench/bench.h"

/* Who takes part in a suite. */
enum suite_ranks {
    SUITE_FIRST, /* rank 0, while the others wait */
    SUITE_ALONE, /* one process alone: ranks that wait would disturb it */
    SUITE_ALL,   /* all ranks, two at least */
    SUITE_ANY,   /* all ranks, be it one */
    SUITE_RANKS
};

struct suite {
    const char *name, *help;
    double share; /* of the time, relative to the other suites'; 0: takes the time it needs */
    enum status (*run)(struct bench *bench, struct error *e);
    enum suite_ranks ranks;
    bool on_request; /* runs only if it is named */
};

/* A kind of machine. The functions of one that this program was built without fail with the reason.
 */
struct device {
    const char *name, *help;
    double seconds; /* default time of all suites */
    const struct suite *suites;
    size_t suite_count;
    /* Processes this one should become (fork) before anything is opened: 1, or the number of GPUs.
     */
    enum status (*processes)(const struct options *options, int *count, struct error *e);
    enum status (*open)(struct bench *bench, struct error *e); /* sets machine, provenance, state */
    void (*close)(struct bench *bench);
};

extern const struct device cpu_device, cuda_device;

/* By name; STATUS_USAGE if there is none. */
enum status device_find(const char *name, const struct device **device, struct error *e);

#endif
