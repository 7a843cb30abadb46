#include "parallelism/search/pareto.h"
#include "parallelism/memory.h"
#include <stdlib.h>
#include <string.h>

enum status pareto_find(const struct scenario *scenario, const struct search_options *options,
                        double step_frac, struct pareto *out, struct error *e)
{
    struct scenario *smaller = malloc(sizeof *smaller);
    struct search_options one = *options;
    double capacity = memory_capacity(scenario), limit = capacity;
    memset(out, 0, sizeof *out);
    if (!smaller)
        return error_set(e, STATUS_IO, "out of memory");
    *smaller = *scenario;
    one.top = 1;
    one.progress = NULL;
    while (out->count < PARETO_MAX && limit > 0 && e->status == STATUS_OK) {
        struct search_result result = {0};
        smaller->system.gpu.memory_bytes = scenario->system.gpu.memory_bytes - (capacity - limit);
        search_run(smaller, &one, &result, e);
        bool found = e->status == STATUS_OK && result.count > 0;
        if (found) {
            struct ranked *point = &out->point[out->count++];
            *point = result.results[0];
            limit = point->cost.memory_total_bytes - step_frac * capacity;
            point->cost.memory_capacity_bytes = capacity;
        }
        search_result_free(&result);
        if (!found)
            break;
    }
    free(smaller);
    return e->status;
}
