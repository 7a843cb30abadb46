#include "calibrate/bench/watchdog.h"
#include "base/wall_clock.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

/* A rank that hangs inside a library can run no clean-up: the report, then _exit. */
static void report_and_exit(const struct watchdog *w)
{
    fprintf(stderr,
            "stepcast-bench: %s: %s: not finished after %g s\n"
            "  hint: a peer died, a link is down, or the time is too short (--timeout)\n",
            w->who, w->what, w->timeout_s);
    fflush(stderr);
    _exit(STATUS_IO);
}

static void *watch(void *context)
{
    struct watchdog *w = context;
    pthread_mutex_lock(&w->mutex);
    while (!w->stop) {
        if (w->deadline_s > 0 && wall_clock_s() >= w->deadline_s)
            report_and_exit(w);
        if (w->deadline_s > 0) {
            struct timespec t = {(time_t)w->deadline_s,
                                 (long)(1e9 * (w->deadline_s - (double)(time_t)w->deadline_s))};
            pthread_cond_timedwait(&w->changed, &w->mutex, &t);
        } else {
            pthread_cond_wait(&w->changed, &w->mutex);
        }
    }
    pthread_mutex_unlock(&w->mutex);
    return NULL;
}

/* The condition's clock is wall_clock_s's. */
enum status watchdog_start(struct watchdog *w, const char *who, struct error *e)
{
    pthread_condattr_t attributes;
    *w = (struct watchdog){.running = false};
    snprintf(w->who, sizeof w->who, "%s", who);
    pthread_mutex_init(&w->mutex, NULL);
    pthread_condattr_init(&attributes);
    pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    pthread_cond_init(&w->changed, &attributes);
    pthread_condattr_destroy(&attributes);
    int failed = pthread_create(&w->thread, NULL, watch, w);
    if (failed)
        return error_set(e, STATUS_IO, "cannot start a thread: %s", strerror(failed));
    w->running = true;
    return STATUS_OK;
}

void watchdog_stop(struct watchdog *w)
{
    if (!w->running)
        return;
    pthread_mutex_lock(&w->mutex);
    w->stop = true;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    pthread_join(w->thread, NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->mutex);
    w->running = false;
}

void watchdog_arm(struct watchdog *w, double seconds, const char *what, ...)
{
    va_list args;
    if (!w->running || seconds <= 0)
        return;
    va_start(args, what);
    pthread_mutex_lock(&w->mutex);
    vsnprintf(w->what, sizeof w->what, what, args);
    w->timeout_s = seconds;
    w->deadline_s = wall_clock_s() + seconds;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
    va_end(args);
}

void watchdog_disarm(struct watchdog *w)
{
    if (!w->running)
        return;
    pthread_mutex_lock(&w->mutex);
    w->deadline_s = 0;
    pthread_cond_signal(&w->changed);
    pthread_mutex_unlock(&w->mutex);
}
