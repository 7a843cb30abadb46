#ifndef PARALLELISM_SEARCH_CLUSTERS_H
#define PARALLELISM_SEARCH_CLUSTERS_H
#include "parallelism/search/search.h"

/* The same search on clusters of several sizes: which is best, and which is the smallest that is
 * fast enough. */
enum { GPU_COUNTS_MAX = 256 };
struct gpu_counts {
    int count;
    double gpus[GPU_COUNTS_MAX]; /* increasing */
};

/* least, least x factor ... up to most; factor 1: steps of `step` GPUs instead. STATUS_USAGE: no
 * such range, or too many. */
enum status gpu_counts_range(double least, double most, double factor, double step,
                             struct gpu_counts *out, struct error *e);

/* What strategies are compared by; for one number of GPUs all order them alike. */
enum objective {
    OBJECTIVE_STEP_TIME,
    OBJECTIVE_TOKENS_PER_GPU, /* most tokens per second and GPU */
    OBJECTIVE_COST_PER_TOKEN, /* needs a price */
    OBJECTIVES
};
extern const char *const objective_names[OBJECTIVES + 1]; /* "step_time" ... */

/* USD of a token of a training run; NAN without a price. */
double cost_per_token_usd(const struct scenario *scenario, const struct step_cost *cost,
                          double price_usd_per_gpu_h);

struct cluster_options {
    enum objective objective;
    double price_usd_per_gpu_h; /* 0: the gpu's */
    double tokens_per_s;        /* fast enough; 0: every cluster is */
    bool smallest;              /* stops at the first that is fast enough */
};
struct cluster {
    double gpus;
    struct search_result result; /* none: nothing fits there */
    double objective;            /* of the best: seconds, tokens/s, USD a token */
    bool enough;                 /* fits and is fast enough */
};
struct clusters {
    struct cluster *cluster; /* by GPUs */
    int count;
    int best;     /* by the objective, of those that are fast enough; -1: none */
    int smallest; /* fast enough; -1: none */
};

/* STATUS_USAGE: cost per token without a price. */
enum status clusters_search(const struct scenario *scenario, const struct search_options *options,
                            const struct gpu_counts *counts, const struct cluster_options *how,
                            struct clusters *out, struct error *e);
void clusters_free(struct clusters *clusters);

#endif
