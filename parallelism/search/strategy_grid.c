#include "parallelism/search/strategy_grid.h"
#include <math.h>
#include <string.h>

/* The whole numbers that a dimension's values divide, and the largest value worth a column. */
struct bound {
    double whole, most;
};

static struct bound bound_of(const struct scenario *s, enum search_dimension d)
{
    double gpus = s->system.gpus, experts = fmax(s->model.experts, 1);
    const struct bound bounds[SEARCH_DIMENSIONS] = {
        [SEARCH_TP] = {gpus,                 fmin(s->model.heads, 64)},
        [SEARCH_CP] = {gpus,                    64                                   },
        [SEARCH_PP] = {gpus,                    fmin(s->model.layers, PIPELINE_MAX_RANKS)},
        [SEARCH_DP] = {gpus, gpus                   },
        [SEARCH_FSDP_SHARD] = {gpus,                gpus               },
        [SEARCH_ZERO_GROUP] = {gpus, gpus    },
        [SEARCH_EP] = {experts,                experts                              },
        [SEARCH_ETP] = {gpus,16},
        [SEARCH_MICRO_BATCH] = {s->job.global_batch,                     64                                                     },
        [SEARCH_VPP] = {0,GRID_SIDE_MAX},
        [SEARCH_ZERO] = {0,          3                                                                 },
    };
    return bounds[d];
}

static int add_names(const struct field *field, int *values)
{
    int n = 0;
    if (field->kind == FIELD_BOOL)
        n = 2;
    while (field->kind == FIELD_ENUM && field->names[n] && n < GRID_SIDE_MAX)
        n++;
    for (int i = 0; i < n; i++)
        values[i] = i;
    return n;
}

static int find_values(const struct grid_request *r, enum search_dimension d, int *values)
{
    const struct choices *given = &r->options->choices[d];
    const struct field *field = search_dimension_field(d);
    struct bound b = bound_of(r->scenario, d);
    int n = 0;
    for (int i = 0; i < given->count && n < GRID_SIDE_MAX; i++)
        values[n++] = given->value[i];
    if (n > 0)
        return n;
    if (field->kind != FIELD_INT)
        return add_names(field, values);
    for (int v = b.whole > 0 ? 1 : (int)field->min; v <= b.most && n < GRID_SIDE_MAX; v++)
        if (b.whole <= 0 || fmod(b.whole, v) == 0)
            values[n++] = v;
    return n;
}

static enum status find_cell(const struct grid_request *r, struct strategy_grid *grid, int row,
                             int column, struct error *e)
{
    struct grid_cell *cell = &grid->cell[row][column];
    struct search_options options = *r->options;
    struct search_result result = {0};
    options.top = 1;
    options.progress = NULL;
    options.choices[grid->x] = (struct choices){1, {grid->x_value[column]}};
    options.choices[grid->y] = (struct choices){1, {grid->y_value[row]}};
    if (search_run(r->scenario, &options, &result, e) == STATUS_OK) {
        cell->state = result.count > 0   ? GRID_FITS
                      : result.legal > 0 ? GRID_DOES_NOT_FIT
                                         : GRID_ILLEGAL;
        if (result.count > 0)
            cell->best = result.results[0];
    }
    search_result_free(&result);
    return e->status;
}

static void drop_row(struct strategy_grid *g, int row)
{
    g->rows--;
    for (int i = row; i < g->rows; i++) {
        g->y_value[i] = g->y_value[i + 1];
        memcpy(g->cell[i], g->cell[i + 1], sizeof g->cell[i]);
    }
}

static void drop_column(struct strategy_grid *g, int column)
{
    g->columns--;
    for (int c = column; c < g->columns; c++) {
        g->x_value[c] = g->x_value[c + 1];
        for (int r = 0; r < g->rows; r++)
            g->cell[r][c] = g->cell[r][c + 1];
    }
}

static void drop_illegal(struct strategy_grid *g)
{
    for (int r = g->rows; r-- > 0;) {
        bool legal = false;
        for (int c = 0; c < g->columns; c++)
            legal = legal || g->cell[r][c].state != GRID_ILLEGAL;
        if (!legal)
            drop_row(g, r);
    }
    for (int c = g->columns; c-- > 0;) {
        bool legal = false;
        for (int r = 0; r < g->rows; r++)
            legal = legal || g->cell[r][c].state != GRID_ILLEGAL;
        if (!legal)
            drop_column(g, c);
    }
}

enum status strategy_grid_find(const struct grid_request *r, struct strategy_grid *out,
                               struct error *e)
{
    memset(out, 0, sizeof *out);
    out->x = r->x;
    out->y = r->y;
    out->columns = find_values(r, r->x, out->x_value);
    out->rows = find_values(r, r->y, out->y_value);
    if (r->x == r->y || out->columns == 0 || out->rows == 0)
        return error_set(e, STATUS_USAGE,
                         "expected two different dimensions with values, got %s, %s",
                         search_dimension_names[r->x], search_dimension_names[r->y]);
    for (int i = 0; i < out->rows * out->columns && e->status == STATUS_OK; i++) {
        find_cell(r, out, i / out->columns, i % out->columns, e);
        if (r->progress)
            r->progress(r->progress_context, i + 1, out->rows * out->columns);
    }
    if (e->status == STATUS_OK)
        drop_illegal(out);
    return e->status;
}
