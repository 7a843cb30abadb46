#include "parallelism/search/pareto_clusters.h"
#include <stdlib.h>
#include <string.h>

static bool covers(const struct ranked *a, const struct ranked *b)
{
    return a->cost.step_s <= b->cost.step_s &&
           a->cost.memory_total_bytes <= b->cost.memory_total_bytes;
}

/* Adds the points that fewer GPUs do not reach. */
static void add_points(struct pareto_clusters *out, double gpus, const struct pareto *front)
{
    int fewer = out->count;
    for (int i = 0; i < front->count; i++) {
        bool covered = false;
        for (int j = 0; j < fewer && !covered; j++)
            covered = covers(&out->point[j].ranked, &front->point[i]);
        if (!covered)
            out->point[out->count++] = (struct pareto_cluster_point){gpus, front->point[i]};
    }
}

enum status pareto_clusters_find(const struct scenario *scenario,
                                 const struct search_options *options,
                                 const struct gpu_counts *counts, double step_frac,
                                 struct pareto_clusters *out, struct error *e)
{
    struct scenario *here = malloc(sizeof *here);
    struct pareto *front = malloc(sizeof *front);
    memset(out, 0, sizeof *out);
    out->point = malloc(((size_t)counts->count * PARETO_MAX + 1) * sizeof *out->point);
    if (!here || !front || !out->point)
        error_set(e, STATUS_IO, "out of memory for the front");
    else
        *here = *scenario;
    for (int i = 0; i < counts->count && e->status == STATUS_OK; i++) {
        here->system.gpus = counts->gpus[i];
        if (pareto_find(here, options, step_frac, front, e) == STATUS_OK)
            add_points(out, here->system.gpus, front);
    }
    free(front);
    free(here);
    return e->status;
}

void pareto_clusters_free(struct pareto_clusters *front)
{
    free(front->point);
    memset(front, 0, sizeof *front);
}
