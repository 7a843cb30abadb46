#ifndef CALIBRATE_COLLECTIVE_RUN_H
#define CALIBRATE_COLLECTIVE_RUN_H
#include "base/text.h"
#include "calibrate/collective_row.h"

/* One run of a collective benchmark: what its talk says about the machine, and the rows of its
 * table. */

enum { LOG_HOSTS = 2 };
struct collective_run {
    char op[32];         /* as the log states it; empty: not stated */
    char program_op[32]; /* of the last program named before the table */
    char tests[64], library[64], gpu[64],
        origin[400];                   /* versions, device, "# source:" of the log */
    double lines;                      /* rank lines */
    double highest;                    /* rank that they name, counted from 1 */
    bool gaps;                         /* a line names a rank beyond the next: some were left out */
    double trimmed;                    /* rank lines that the log says were left out */
    double hosts;                      /* different hosts in the rank lines */
    double first_host;                 /* rank lines of the first */
    char host[64];                     /* of the last rank line */
    double stated_nodes, stated_ranks; /* "nodes: 2; gpus: 16" */
    struct collective_row *row;        /* owned */
    size_t rows, capacity;
};

void collective_run_free(struct collective_run *run);

/* Forgets devices and rows, keeps what holds for the whole file. */
void collective_run_next(struct collective_run *run);

/* Takes what a clean line of talk says. True: it opens a new run, and the rows so far are complete.
 */
bool collective_run_starts(const struct collective_run *run, const char *line);
void collective_run_note(struct collective_run *run, const char *line);
void collective_run_note_rank(struct collective_run *run, double rank, const char *host,
                              const char *gpu);

/* The row begins another table, of other ranks, whose header was left out: sizes begin anew, and
 * the bus bandwidth is another share of the algorithm's. */
bool collective_run_contradicts(const struct collective_run *run, const struct collective_row *row);

/* False: out of memory. */
bool collective_run_add(struct collective_run *run, const struct collective_row *row);

/* What the user says where the log says nothing; NULL or 0: nothing. */
struct log_hints {
    const char *op, *dtype;
    double ranks;
};

/* Appends '#' lines of provenance and the rows as sample CSV; what could not be told goes to
 * warnings, a line each. `file`: as the user gave it. */
void collective_run_write(const struct collective_run *run, const char *file,
                          const struct log_hints *hints, struct text *csv, struct text *warnings);

#endif
