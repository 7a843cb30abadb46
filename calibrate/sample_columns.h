#ifndef CALIBRATE_SAMPLE_COLUMNS_H
#define CALIBRATE_SAMPLE_COLUMNS_H
#include "calibrate/samples.h"

/* The columns of sample CSVs as data. */
enum column_kind {
    COLUMN_SIZE,   /* a whole number of at least 1, to a double */
    COLUMN_RATIO,  /* a number of at least 1, to a double */
    COLUMN_BYTES,  /* a number of at least 0, to a double */
    COLUMN_TIME,   /* microseconds over 0, to seconds */
    COLUMN_NAME,   /* by a table of names, to an enum */
    COLUMN_WORD,   /* text, to char[size] */
    COLUMN_IGNORED /* its values do not matter */
};

/* Stands for a forward pass of serving until the row is complete. */
enum { SAMPLE_PREFILL = ATTENTION_PASSES };

/* What a name in a cell stands for. */
struct cell_name {
    const char *name; /* NULL ends the table */
    int value;
};

struct sample_column {
    const char *name;
    enum column_kind kind;
    bool required;
    size_t offset, size; /* in struct sample */
    const struct cell_name *names;
};

/* The columns of a kind, ended by a row without a name; time_us is among them. */
const struct sample_column *sample_columns(enum sample_kind kind);

/* The column of that name, or NULL. */
const struct sample_column *sample_column_find(enum sample_kind kind, const char *name);

/* Reads one cell into its member. STATUS_INPUT with a message about the value. */
enum status sample_cell_read(const struct sample_column *column, const char *cell,
                             struct sample *out, struct error *e);

#endif
