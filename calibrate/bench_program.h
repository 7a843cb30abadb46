#ifndef CALIBRATE_BENCH_PROGRAM_H
#define CALIBRATE_BENCH_PROGRAM_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* The program stepcast-bench, as another program starts it. */
struct bench_options {
    const char *device;  /* "cpu", "cuda" */
    const char *folder;  /* where the samples go */
    const char *seconds; /* as the user gave it; NULL: its default */
    const char *suites;  /* NULL: its default ones */
    const char *shapes;  /* CSV of GEMM shapes; NULL: none */
    int mpi_ranks;       /* over 1: under mpirun -np */
    bool quiet;
};

/* The program's path: $STEPCAST_BENCH, beside this executable, in its build tree, or in $PATH.
 * STATUS_IO with a hint if it is in none. */
enum status bench_program_find(char *path, size_t size, struct error *e);

/* Runs it and waits; its talk goes to our stderr. An error carries its exit status. */
enum status bench_program_run(const char *path, const struct bench_options *options,
                              struct error *e);

/* True if a program of that name is in $PATH. */
bool program_exists(const char *name);

#endif
