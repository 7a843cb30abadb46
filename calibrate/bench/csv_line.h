#ifndef CALIBRATE_BENCH_CSV_LINE_H
#define CALIBRATE_BENCH_CSV_LINE_H
#include "base/error.h"
#include <stddef.h>

enum { CSV_CELLS_MAX = 32 };

/* Cuts a line at its commas, in place, blanks around a cell removed. The number of cells (those
 * past the last are dropped); 0 for a comment, a blank line. Our cells hold no quotes. */
size_t csv_split(char *line, char *cells[CSV_CELLS_MAX]);

/* Position of `name` among the cells of a header, or n. */
size_t csv_find(char *const *cells, size_t n, const char *name);

/* A whole number from 1 to 2^24 (the sizes of a shape). STATUS_INPUT, without a message, if it is
 * not. */
enum status csv_size(const char *cell, int *value);

#endif
