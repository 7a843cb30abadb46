#ifndef PARALLELISM_SWEEP_SWEEP_H
#define PARALLELISM_SWEEP_SWEEP_H
#include "parallelism/search/search.h"
#include "parallelism/sweep/vary.h"

/* The fastest strategy at every point of a grid of inputs. */
enum { SWEEP_AXES_MAX = 6, SWEEP_POINTS_MAX = 20000 };

struct sweep;

/* Processes that share the points out. */
struct sweep_team {
    int rank, ranks; /* this process searches points rank, rank + ranks ... */
    void *context;
    /* Called once by every process: brings all points to rank 0 and the first error of any process
     * to all. sweep->points may be NULL where e says why. */
    enum status (*gather)(void *context, struct sweep *sweep, struct error *e);
};

struct sweep_request {
    const struct scenario *scenario;      /* where nothing is varied */
    const struct search_options *options; /* what is searched at every point; `top` is not used */
    const bool *fixed; /* by row of strategy_fields: keys of options->base that were asked for; the
                          rest follows from the stack. NULL: none */
    const char *catalog; /* folder of names that come first; NULL: none */
    const struct axis *axes;
    int axis_count;
    void (*progress)(void *context, int done, int points);
    void *progress_context;
    const struct sweep_team *team; /* NULL: this process alone */
};

struct sweep_point {
    int value[SWEEP_AXES_MAX];                     /* index on each axis */
    double number[SWEEP_AXES_MAX][VARY_KNOBS_MAX]; /* SI; NAN: a name */
    bool found;                                    /* something fits */
    struct ranked best;                            /* found: the fastest; else the nearest miss */
    long long configs, evaluated;
};

struct sweep {
    struct sweep_point *points; /* the last axis varies fastest */
    int count;
    double elapsed_s;
    int threads;
};

/* STATUS_USAGE for more than SWEEP_POINTS_MAX points or values that an axis cannot take, STATUS_IO
 * out of memory. *out is freed by sweep_free. */
enum status sweep_search(const struct sweep_request *request, struct sweep *out, struct error *e);
void sweep_free(struct sweep *sweep);

/* The scenario of a point. */
enum status sweep_scenario(const struct sweep_request *request, struct sweep_point *point,
                           struct scenario *out, struct error *e);

#endif
