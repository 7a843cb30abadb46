#include "calibrate/bench/gemm_shapes.h"
#include "base/array.h"
#include "base/file.h"
#include "calibrate/bench/csv_line.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

void gemm_shapes_init(struct gemm_shapes *shapes)
{
    *shapes = (struct gemm_shapes){0};
}

void gemm_shapes_free(struct gemm_shapes *shapes)
{
    free(shapes->shape);
    gemm_shapes_init(shapes);
}

enum status gemm_shapes_add(struct gemm_shapes *shapes, struct gemm_shape shape, struct error *e)
{
    struct gemm_shape *grown =
        array_grow(shapes->shape, shapes->count, &shapes->capacity, sizeof *grown);
    if (!grown)
        return error_set(e, STATUS_IO, "out of memory for shapes");
    shapes->shape = grown;
    shapes->shape[shapes->count++] = shape;
    return STATUS_OK;
}

/* The size at position u (0 .. 1) of a logarithmic range. Sizes are rounded to a power of two of
 * about an eighth of themselves, between `multiple` and 64: 64 elements of 2 bytes are the 128
 * bytes that GPU libraries want for full speed (MODELLING 2.1), and models' sizes are such
 * multiples. */
static int size_at(int low, int high, double u, int multiple)
{
    double value = low * pow((double)high / low, u);
    int unit = multiple;
    while (unit < 64 && 16 * unit <= value)
        unit *= 2;
    int size = unit * (int)lround(value / unit);
    if (size > high)
        size -= unit;
    return size >= multiple ? size : multiple;
}

/* Halves the longest side until the product is allowed. */
static struct gemm_shape folded(struct gemm_shape s, const struct gemm_space *space)
{
    while (2.0 * s.m * s.n * s.k > space->max_flop) {
        int *longest = &s.m;
        if (s.n > *longest)
            longest = &s.n;
        if (s.k > *longest)
            longest = &s.k;
        if (*longest < 2 * space->multiple)
            break;
        *longest = *longest / 2 / space->multiple * space->multiple;
    }
    return s;
}

enum status gemm_shapes_add_hypercube(struct gemm_shapes *shapes, const struct gemm_space *space,
                                      size_t points, struct random *random, struct error *e)
{
    if (points == 0)
        return STATUS_OK;
    size_t *order = malloc(3 * points * sizeof *order);
    if (!order)
        return error_set(e, STATUS_IO, "out of memory for %zu shapes", points);
    for (size_t d = 0; d < 3; d++)
        random_order(random, order + d * points, points);
    const struct gemm_shape *low = &space->low, *high = &space->high;
    enum status status = STATUS_OK;
    for (size_t i = 0; i < points && status == STATUS_OK; i++) {
        double u[3] = {0};
        for (size_t d = 0; d < 3; d++)
            u[d] = ((double)order[d * points + i] + random_unit(random)) / (double)points;
        struct gemm_shape s = {size_at(low->m, high->m, u[0], space->multiple),
                               size_at(low->n, high->n, u[1], space->multiple),
                               size_at(low->k, high->k, u[2], space->multiple)};
        status = gemm_shapes_add(shapes, folded(s, space), e);
    }
    free(order);
    return status;
}

/* Columns of a shapes file. */
enum { COLUMN_M, COLUMN_N, COLUMN_K, COLUMNS };
static const char *const column_names[COLUMNS] = {"m", "n", "k"};

static enum status read_header(char **cells, size_t n, size_t *column, struct error *e)
{
    for (size_t c = 0; c < COLUMNS; c++) {
        column[c] = csv_find(cells, n, column_names[c]);
        if (column[c] == n)
            return error_set(e, STATUS_INPUT, "expected columns m, n and k, found no %s",
                             column_names[c]);
    }
    return STATUS_OK;
}

static enum status read_row(struct gemm_shapes *shapes, char **cells, size_t n,
                            const size_t *column, struct error *e)
{
    int size[COLUMNS] = {0};
    for (size_t c = 0; c < COLUMNS; c++)
        if (column[c] >= n || csv_size(cells[column[c]], &size[c]) != STATUS_OK)
            return error_set(e, STATUS_INPUT,
                             "%s: expected a whole number from 1 to 2^24, got \"%s\"",
                             column_names[c], column[c] < n ? cells[column[c]] : "");
    return gemm_shapes_add(shapes, (struct gemm_shape){size[0], size[1], size[2]}, e);
}

enum status gemm_shapes_add_file(struct gemm_shapes *shapes, const char *path, struct error *e)
{
    struct text text = {0};
    size_t column[COLUMNS] = {0};
    bool header = false;
    int line_number = 0;
    size_t before = shapes->count;
    enum status status = file_read(path, 0, &text, e);
    char *rest = text.data, *line;
    while (status == STATUS_OK && (line = text_next_line(&rest)) != NULL) {
        char *cells[CSV_CELLS_MAX];
        line_number++;
        size_t n = csv_split(line, cells);
        if (n == 0)
            continue;
        status = header ? read_row(shapes, cells, n, column, e) : read_header(cells, n, column, e);
        header = true;
    }
    if (status == STATUS_OK && shapes->count == before)
        status = error_set(e, STATUS_INPUT, "the file has no row");
    if (status != STATUS_OK)
        error_set_file(e, path, line_number, 0);
    text_free(&text);
    return status;
}
