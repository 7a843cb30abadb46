#ifndef CALIBRATE_SAMPLE_TABLE_H
#define CALIBRATE_SAMPLE_TABLE_H
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>

/* A sample CSV as it stands: '#' lines of provenance, a line of column names, rows.
 * Zero-initialise; sample_table_free when done. */
enum { SAMPLE_COLUMNS_MAX = 32 };
struct sample_table {
    char path[512];
    char *text;  /* the file, cut into cells in place */
    char *notes; /* its '#' lines */
    char *column[SAMPLE_COLUMNS_MAX];
    size_t columns, rows, capacity;
    char **cell; /* row by row */
    int *line;   /* of each row in the file */
};

/* Reads a file. STATUS_INPUT, with the line, for a row with other cells than the header, a file
 * without a header, repeated column names. A file without rows is read. */
enum status sample_table_load(const char *path, struct sample_table *table, struct error *e);
void sample_table_free(struct sample_table *table);

/* Position of a column, or -1. */
int sample_table_column(const struct sample_table *table, const char *name);
/* "" past the columns. */
const char *sample_table_cell(const struct sample_table *table, size_t row, int column);
/* A number of a cell: STATUS_INPUT, with line and column name, unless it is finite. */
enum status sample_table_number(const struct sample_table *table, size_t row, int column,
                                double *value, struct error *e);

/* The same by the column's name; 0 where there is no such column or no number. */
double sample_table_value(const struct sample_table *table, size_t row, const char *column);

/* What a "# key: value" line says, into out (cut to size); false if there is none. */
bool sample_table_note(const struct sample_table *table, const char *key, char *out, size_t size);

#endif
