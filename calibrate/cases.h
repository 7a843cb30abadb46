#ifndef CALIBRATE_CASES_H
#define CALIBRATE_CASES_H
#include "base/error.h"
#include "parallelism/memory.h"
#include "parallelism/step.h"
#include <stdbool.h>
#include <stddef.h>

/* Measured training runs. One object a case:
 *     {"id", "source", "model", "system", "job", "strategy", "stack", "sweep",
 *      "measured": {"step_time_s", "memory_gib", "memory_of", "oom"}}
 * memory_of is "device" (what is taken where nothing is said), "reserved" or "allocated". An unknown
 * key or value never stops a file: where the nearest meaning is clear it is taken and noted in
 * `assumed`, otherwise that case alone has `skipped` set. */
enum { CASE_ASSUMED_MAX = 8 };

struct run_case {
    char id[160];
    char family[64];             /* the file's name without its extension */
    char sweep[96];              /* runs that differ in strategy alone; "": none named */
    char stack[STACK_NAME_SIZE]; /* as the case names it, default if nobody knows it; "": none */
    char skipped[256];           /* why it cannot be predicted; "": it can */
    int assumed_count;
    char assumed[CASE_ASSUMED_MAX][160]; /* what was read as its nearest meaning */
    struct scenario scenario;
    struct strategy strategy; /* complete */
    double step_s;            /* measured; 0: not known */
    double memory_bytes;      /* measured peak; 0: not known */
    enum memory_measure memory_of; /* what that counts */
    bool oom;                 /* ran out of memory */
};

struct cases {
    struct run_case *items;
    size_t count, capacity;
};

struct cases_options {
    const char *catalog; /* NULL: none */
    const char *stack;   /* for every case; NULL: each its own */
};

/* Reads a file of cases and appends them. STATUS_INPUT: not JSON, not an array, empty, or a member
 * that is no object; nothing is appended then. */
enum status cases_load(const char *path, const struct cases_options *options, struct cases *out,
                       struct error *e);
/* The same from a text in memory; `family` names it. */
enum status cases_parse(const char *text, size_t n, const char *family,
                        const struct cases_options *options, struct cases *out, struct error *e);
void cases_free(struct cases *cases);

#endif
