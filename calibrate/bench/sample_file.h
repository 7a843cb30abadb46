#ifndef CALIBRATE_BENCH_SAMPLE_FILE_H
#define CALIBRATE_BENCH_SAMPLE_FILE_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* A sample CSV that grows row by row, each row written and synced whole, so that a run that is
 * killed loses the row in work at most. The first `key_columns` columns say what was measured:
 * opened again, the file tells which keys it holds, and nothing is measured twice. */
struct sample_file {
    int fd;
    char path[512];
    size_t key_columns, columns;
    char **key; /* keys of the rows found and added */
    size_t key_count, key_capacity;
};

struct sample_header {
    const char *columns;    /* "dtype,m,n,k,time_us,..." */
    size_t key_columns;     /* 4 */
    const char *machine;    /* what was measured on: rows of another machine are never added to */
    const char *provenance; /* lines, each "# key: value\n" */
};

/* Opens DIR/samples/NAME.csv (folders are made); folder NULL: stdout, which holds nothing. A row
 * cut off in the middle is removed. Fails when the file was measured on another machine, has other
 * columns, or is being written by another process. */
enum status sample_file_open(struct sample_file *file, const char *folder, const char *name,
                             const struct sample_header *header, struct error *e);
void sample_file_close(struct sample_file *file);

bool sample_file_has(const struct sample_file *file, const char *key);

/* Appends "KEY,VALUES\n"; the counts of cells must be the header's. */
enum status sample_file_add(struct sample_file *file, const char *key, const char *values,
                            struct error *e);

#endif
