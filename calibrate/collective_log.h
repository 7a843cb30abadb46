#ifndef CALIBRATE_COLLECTIVE_LOG_H
#define CALIBRATE_COLLECTIVE_LOG_H
#include "calibrate/collective_run.h"

/* Logs of collective benchmarks as sample CSV: nccl-tests and rccl-tests (text in any wrapping, and
 * the JSON of -J), nccom-test (text). */

/* The CSV's first line, without provenance: "op,dtype,ranks,bytes,time_us,ranks_per_node\n". */
extern const char collective_sample_columns[];

struct log_file {
    const char *text; /* `length` bytes */
    size_t length;
    const char *name;
};

/* Appends the rows of one log, each run led by '#' lines of provenance, and what the log did not
 * tell to warnings (a line each). Rows stay in order, repeated sizes too. STATUS_INPUT, with the
 * line, for a damaged row inside a table and for a log without one readable row; then csv is as
 * before. */
enum status collective_log_import(const struct log_file *log, const struct log_hints *hints,
                                  struct text *csv, struct text *warnings, struct error *e);

#endif
