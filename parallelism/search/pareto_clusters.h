#ifndef PARALLELISM_SEARCH_PARETO_CLUSTERS_H
#define PARALLELISM_SEARCH_PARETO_CLUSTERS_H
#include "parallelism/search/clusters.h"
#include "parallelism/search/pareto.h"

/* The front of step time, memory and number of GPUs: strategies of which no other is as fast in as
 * little memory on as few GPUs. */
struct pareto_cluster_point {
    double gpus;
    struct ranked ranked;
};
struct pareto_clusters {
    struct pareto_cluster_point *point; /* by GPUs, then the faster first */
    int count;
};

/* step_frac: as pareto_find has it, for the points of one number of GPUs. */
enum status pareto_clusters_find(const struct scenario *scenario,
                                 const struct search_options *options,
                                 const struct gpu_counts *counts, double step_frac,
                                 struct pareto_clusters *out, struct error *e);
void pareto_clusters_free(struct pareto_clusters *front);

#endif
