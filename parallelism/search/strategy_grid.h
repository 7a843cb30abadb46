#ifndef PARALLELISM_SEARCH_STRATEGY_GRID_H
#define PARALLELISM_SEARCH_STRATEGY_GRID_H
#include "parallelism/search/search.h"

/* The fastest strategy for every pair of values of two dimensions, the rest optimised. */
enum { GRID_SIDE_MAX = 12 };

enum grid_state { GRID_ILLEGAL, GRID_DOES_NOT_FIT, GRID_FITS };
struct grid_cell {
    enum grid_state state;
    struct ranked best; /* GRID_FITS */
};

struct strategy_grid {
    enum search_dimension x, y;
    int columns, rows;
    int x_value[GRID_SIDE_MAX], y_value[GRID_SIDE_MAX];
    struct grid_cell cell[GRID_SIDE_MAX][GRID_SIDE_MAX]; /* [row][column] */
};

struct grid_request {
    const struct scenario *scenario;
    const struct search_options *options; /* choices of the two dimensions give their values */
    enum search_dimension x, y;
    void (*progress)(void *context, int done, int cells);
    void *progress_context;
};

/* Without choices a dimension takes the values that divide what they split. Rows and columns in
 * which nothing is legal are left out. STATUS_USAGE: the two are one, or have no values here. */
enum status strategy_grid_find(const struct grid_request *request, struct strategy_grid *out,
                               struct error *e);

#endif
