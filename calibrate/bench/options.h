#ifndef CALIBRATE_BENCH_OPTIONS_H
#define CALIBRATE_BENCH_OPTIONS_H
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>

struct options {
    char device[16];
    char suites[256]; /* names with commas; empty: the device's default ones */
    char output[384]; /* folder; empty: samples go to stdout */
    char shapes[384]; /* CSV of GEMM shapes to add to the sampled ones; empty: none */
    double seconds;   /* for all suites; 0: the device's default */
    double timeout_s; /* a collective or a peer that takes longer has failed */
    int points;       /* GEMM shapes sampled per datatype and pass; 0: the device's default */
    int seed;
    int threads; /* cpu; 0: all cores */
    int gpus;    /* cuda, one process: GPUs to use; 0: all */
    bool list, quiet, help, version;
};

/* Reads the command line over the defaults. STATUS_USAGE for an unknown option, a missing or bad
 * value. */
enum status options_read(int argc, char **argv, struct options *options, struct error *e);

/* The usage text. */
void options_help(struct text *out);

/* True if the comma list `suites` is empty or names `suite`. */
bool options_select(const struct options *options, const char *suite);

#endif
