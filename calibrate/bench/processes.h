#ifndef CALIBRATE_BENCH_PROCESSES_H
#define CALIBRATE_BENCH_PROCESSES_H
#include "calibrate/bench/launch.h"

/* Copies of this process on this host, one a GPU: the field's way (a rank drives one GPU) from one
 * command. The first process is rank 0; the others meet it over the loopback. */
enum { PROCESSES_MAX = 64 };
struct processes {
    int count;
    int pid[PROCESSES_MAX]; /* of the copies; in rank 0 alone */
};

/* Forks count - 1 copies and sets `launch` in each process; count 1: does nothing. To be called
 * before any library keeps state. */
enum status processes_start(struct processes *processes, int count, struct launch *launch,
                            struct error *e);

/* In rank 0: waits for the copies (ends them when `status` is a failure), and returns the first
 * failure of all. In a copy: returns `status`. */
enum status processes_end(struct processes *processes, enum status status, struct error *e);

#endif
