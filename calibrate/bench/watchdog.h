#ifndef CALIBRATE_BENCH_WATCHDOG_H
#define CALIBRATE_BENCH_WATCHDOG_H
#include "base/error.h"
#include <pthread.h>
#include <stdbool.h>

/* Ends the process when a call that may hang (a collective whose peer died) does not return in
 * time, naming the rank and what it waited for: a hang is reported, not waited for. */
struct watchdog {
    pthread_t thread;
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    bool running, stop;
    double deadline_s; /* of wall_clock_s; 0: not armed */
    double timeout_s;
    char who[128], what[448];
};

/* `who` names this rank in the report: "rank 3 on host n7". */
enum status watchdog_start(struct watchdog *w, const char *who, struct error *e);
void watchdog_stop(struct watchdog *w);

/* From now until watchdog_disarm at most `seconds` (0: no limit) may pass, else exit 4. */
void watchdog_arm(struct watchdog *w, double seconds, const char *what, ...) STEPCAST_PRINTF(3, 4);
void watchdog_disarm(struct watchdog *w);

#endif
