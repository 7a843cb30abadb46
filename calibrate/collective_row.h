#ifndef CALIBRATE_COLLECTIVE_ROW_H
#define CALIBRATE_COLLECTIVE_ROW_H
#include <stdbool.h>
#include <stddef.h>

/* One line of a collective benchmark's output (nccl-tests, rccl-tests, nccom-test). */

enum log_line { LOG_TALK, LOG_ROW, LOG_DAMAGED };

struct collective_row {
    double bytes, count;
    char dtype[16];
    char operation[8];     /* "sum", "none" ...; empty: not printed */
    bool rooted;           /* one rank has or gets all: a root is named, not -1 */
    double time_us;        /* out of place; in place where that is the only one */
    double alg_bw, bus_bw; /* of the same, GB/s; 0: not printed */
    bool wrong;            /* the program found wrong results, in or out of place */
    bool checked;          /* it counted them out of place */
    bool in_place;         /* was run in place, too */
    bool checked_in_place; /* and they were counted */
};

/* What the lines so far say about the table they stand in. */
struct log_table {
    bool open;         /* after a header or a row, before the summary */
    int columns;       /* of its rows; 0: none yet */
    bool counts_wrong; /* its last columns count wrong results ("#wrong") */
    bool bitwise;      /* each group of its rows has a column of bits that differ */
    int time_column;   /* nccom-test: where the average time stands; 0: not nccom-test */
    int all_columns;   /* nccom-test: columns of its header */
};

/* Copies a line without carriage returns, ANSI escape codes, the bars of a Markdown table and the
 * "[1,0]<stdout>:" tags that mpirun puts before it or inside it; cut to size. */
void log_line_clean(const char *line, size_t n, char *out, size_t size);

/* Reads a clean line. A row is known by its shape, after any prefix: size, count, type, then
 * operation and root (either may be missing) and two groups of four columns, or one where only
 * in-place was run. Rows of one table have the same number of columns; what looks like a row and is
 * none is damaged. */
enum log_line collective_row_read(const char *line, struct log_table *table,
                                  struct collective_row *row);

#endif
