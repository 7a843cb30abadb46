#ifndef PARALLELISM_SWEEP_WHAT_IF_H
#define PARALLELISM_SWEEP_WHAT_IF_H
#include "parallelism/search/search.h"
#include "parallelism/sweep/knob.h"

/* What a faster kernel or part is worth: as the strategy stands, and optimised anew. */
enum { WHAT_IF_MAX = 16 };

struct what_if {
    struct knob knob;
    char value[48]; /* as knob_parse takes it: "1.1x", "192 GB" */
};

struct what_if_cost {
    double step_s; /* of the fixed strategy */
    bool fits;     /* the fixed strategy */
    double best_s; /* of the fastest; 0: nothing fits */
    struct strategy best;
};

struct what_if_result {
    int count;
    struct what_if item[WHAT_IF_MAX];
    struct what_if_cost now;
    struct what_if_cost alone[WHAT_IF_MAX]; /* each item by itself */
    struct what_if_cost together;
};

/* Reads "attention=1.1x,grouped_gemm=1.3x,gpu.memory_bandwidth=1.2x" into out->item. */
enum status what_if_parse(const struct scenario *scenario, const char *text,
                          struct what_if_result *out, struct error *e);

/* Evaluates the items that were read. fixed is legal; options: what is searched anew. */
enum status what_if_find(const struct scenario *scenario, const struct strategy *fixed,
                         const struct search_options *options, struct what_if_result *out,
                         struct error *e);

#endif
