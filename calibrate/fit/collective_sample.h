#ifndef CALIBRATE_FIT_COLLECTIVE_SAMPLE_H
#define CALIBRATE_FIT_COLLECTIVE_SAMPLE_H
#include "hardware/collective.h"

/* One measured collective. */
struct collective_sample {
    enum collective op;
    double ranks, ranks_per_node; /* ranks_per_node 0: all on one node */
    double bytes, time_s;
    int log; /* which log it comes from, for leaving out whole ones */
    int row; /* as the user counts them */
};

/* Samples; the rows are the caller's. */
struct collective_samples {
    const struct collective_sample *row;
    size_t n;
};

/* The group that a sample ran in: its ranks fill nodes of `system`, domains too where they are
 * larger. */
struct group collective_sample_group(const struct system *system,
                                     const struct collective_sample *s);

#endif
