#include "tests/fake_cuda/fake.h"
#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <unistd.h>

/* Time that passes only as it is used: the main thread's calls and waiting move the clock, and a
 * second thread that sleeps (NVML's readings) runs when the clock comes past its hour. */

static const double LOOK_S = 50e-9; /* what looking at the clock takes */
enum { PATIENCE_NS = 20000000 };    /* real time that a woken sleeper has until it sleeps again */

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static double now_s, sleeper_s; /* sleeper_s: when the sleeper wants to wake; 0: none */
static int joins;               /* threads that the main thread waits for: nobody moves the clock */
static bool newborn;            /* a thread has been made that may sleep at once */
static double slowness = 1;

static double real_s(void)
{
    struct timespec t;
    syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static bool real_clock(void)
{
    const char *kind = getenv("FAKE_CUDA_CLOCK");
    return kind && strcmp(kind, "real") == 0;
}

__attribute__((constructor)) static void start_clock(void)
{
    now_s = real_s();
}

static bool is_main(void)
{
    return syscall(SYS_gettid) == (long)getpid();
}

/* Until a thread beside sleeps, or real time is over: it may have ended, or never sleep. */
static void wait_for_sleeper(void)
{
    struct timespec limit;
    clock_gettime(CLOCK_REALTIME, &limit);
    limit.tv_nsec += PATIENCE_NS;
    limit.tv_sec += limit.tv_nsec / 1000000000;
    limit.tv_nsec %= 1000000000;
    while (sleeper_s <= 0)
        if (pthread_cond_timedwait(&changed, &mutex, &limit) != 0)
            return;
}

/* Lets the sleeper run at its hour, before the clock goes further. */
static void wake_sleeper(void)
{
    now_s = sleeper_s > now_s ? sleeper_s : now_s;
    sleeper_s = 0;
    pthread_cond_broadcast(&changed);
    wait_for_sleeper();
}

static void advance_to(double at_s)
{
    if (newborn) {
        newborn = false;
        wait_for_sleeper();
    }
    while (sleeper_s > 0 && sleeper_s <= at_s)
        wake_sleeper();
    if (at_s > now_s)
        now_s = at_s;
}

double fake_now_s(void)
{
    if (real_clock())
        return real_s();
    pthread_mutex_lock(&mutex);
    double now = now_s;
    pthread_mutex_unlock(&mutex);
    return now;
}

void fake_wait_until(double at_s)
{
    if (real_clock())
        return;
    pthread_mutex_lock(&mutex);
    if (is_main())
        advance_to(at_s);
    pthread_mutex_unlock(&mutex);
}

void fake_host_s(double seconds)
{
    if (!real_clock())
        fake_wait_until(fake_now_s() + seconds);
}

double fake_noise(void)
{
    static _Thread_local unsigned long long state = 1;
    state = state * 6364136223846793005ULL + 1442695040888963407ULL;
    return 0.99 + 0.02 * (double)(state >> 40) / (double)(1 << 24);
}

void fake_set_rank(int rank)
{
    const char *slow = getenv("FAKE_CUDA_SLOW");
    if (slow && atoi(slow) == rank)
        slowness = 1.5;
}

double fake_slowness(void)
{
    return slowness;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_MONOTONIC || real_clock())
        return (int)syscall(SYS_clock_gettime, id, t);
    fake_host_s(LOOK_S);
    double now = fake_now_s();
    t->tv_sec = (time_t)now;
    t->tv_nsec = (long)(1e9 * (now - (double)t->tv_sec));
    return 0;
}

/* A thread beside the main one sleeps until the clock has come so far. */
static void sleep_beside(double seconds)
{
    pthread_mutex_lock(&mutex);
    sleeper_s = now_s + seconds;
    pthread_cond_broadcast(&changed);
    while (sleeper_s > 0 && joins == 0)
        pthread_cond_wait(&changed, &mutex);
    sleeper_s = 0;
    pthread_mutex_unlock(&mutex);
}

int nanosleep(const struct timespec *t, struct timespec *rest)
{
    double seconds = (double)t->tv_sec + 1e-9 * (double)t->tv_nsec;
    if (real_clock())
        return (int)syscall(SYS_nanosleep, t, rest);
    if (is_main())
        fake_host_s(seconds);
    else
        sleep_beside(seconds);
    return 0;
}

/* Rows go to the disk in about this time. */
int fsync(int fd)
{
    (void)fd;
    fake_host_s(1e-3);
    return 0;
}

int pthread_create(pthread_t *thread, const pthread_attr_t *attributes, void *(*run)(void *),
                   void *context)
{
    int (*next)(pthread_t *, const pthread_attr_t *, void *(*)(void *), void *) = NULL;
    void *symbol = dlsym(RTLD_NEXT, "pthread_create");
    memcpy(&next, &symbol, sizeof next);
    pthread_mutex_lock(&mutex);
    newborn = true;
    pthread_mutex_unlock(&mutex);
    return next(thread, attributes, run, context);
}

/* ISO C has no cast from an object to a function pointer; POSIX gives both one representation. */
int pthread_join(pthread_t thread, void **result)
{
    int (*next)(pthread_t, void **) = NULL;
    void *symbol = dlsym(RTLD_NEXT, "pthread_join");
    memcpy(&next, &symbol, sizeof next);
    pthread_mutex_lock(&mutex);
    joins++;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&mutex);
    int code = next(thread, result);
    pthread_mutex_lock(&mutex);
    joins--;
    pthread_mutex_unlock(&mutex);
    return code;
}
