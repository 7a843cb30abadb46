#include "calibrate/bench/cpu_device.h"
#include "calibrate/bench/sweep.h"
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Bandwidth by the kernels of STREAM [McCalpin95] and one like a layer's norm: bytes are those read
 * and written. Arrays lie at moving places of a pool, so that small ones do not stay in the caches.
 */

enum { ARRAY_FLOATS = 64 << 20, ROW_FLOATS = 4096, ALIGN_FLOATS = 1024 };
static const double LOW_BYTES = 64e3, HIGH_BYTES = 512e6; /* in steps of 2 */

/* y = x */
static void copy(float *y, const float *x, const float *z, size_t n)
{
    (void)z;
    memcpy(y, x, n * sizeof *y);
}

/* y = x + s z */
static void triad(float *restrict y, const float *restrict x, const float *restrict z, size_t n)
{
    for (size_t i = 0; i < n; i++)
        y[i] = x[i] + 0.5F * z[i];
}

/* y = x / rms(x), by rows of ROW_FLOATS: the second reading of a row comes from the cache. */
static void norm(float *restrict y, const float *restrict x, const float *restrict z, size_t n)
{
    (void)z;
    for (size_t start = 0; start < n; start += ROW_FLOATS) {
        size_t length = n - start < ROW_FLOATS ? n - start : ROW_FLOATS;
        float sums[8] = {0}, sum = 1e-6F;
        for (size_t i = 0; i + 8 <= length; i += 8)
            for (size_t j = 0; j < 8; j++)
                sums[j] += x[start + i + j] * x[start + i + j];
        for (size_t j = 0; j < 8; j++)
            sum += sums[j];
        float scale = 1.0F / sqrtf(sum / (float)length);
        for (size_t i = 0; i < length; i++)
            y[start + i] = x[start + i] * scale;
    }
}

struct kernel {
    const char *name;
    double arrays; /* that are read or written */
    void (*run)(float *y, const float *x, const float *z, size_t n);
};
static const struct kernel kernels[] = {
    {"copy",  2, copy },
    {"triad", 3, triad},
    {"norm",  2, norm }
};
enum { KERNELS = sizeof kernels / sizeof kernels[0], SIZES = 14 };

/* Threads that each run their part of an array; they meet before and after it. */
struct team;
struct member {
    struct team *team;
    pthread_t thread;
    int index;
};
struct team {
    struct member *member;
    int threads;
    pthread_barrier_t barrier;
    bool stop;
    float *array[3]; /* y, x, z */
    const struct kernel *kernel;
    size_t floats, offset; /* of the array in work; which place of the pool is next */
    struct measure_plan plan;
};

static size_t padded(size_t floats)
{
    return (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
}

static void run_part(const struct team *team, int index)
{
    size_t part = padded(team->floats / (size_t)team->threads + 1);
    size_t first = (size_t)index * part, places = ARRAY_FLOATS / padded(team->floats);
    if (first >= team->floats)
        return;
    size_t n = team->floats - first < part ? team->floats - first : part;
    size_t at = team->offset % places * padded(team->floats) + first;
    team->kernel->run(team->array[0] + at, team->array[1] + at, team->array[2] + at, n);
}

static void *member_main(void *context)
{
    const struct member *member = context;
    struct team *team = member->team;
    for (;;) {
        pthread_barrier_wait(&team->barrier);
        if (team->stop)
            return NULL;
        run_part(team, member->index);
        pthread_barrier_wait(&team->barrier);
    }
}

static void run_team(void *context)
{
    struct team *team = context;
    team->offset++;
    pthread_barrier_wait(&team->barrier);
    run_part(team, 0);
    pthread_barrier_wait(&team->barrier);
}

static enum status run_batch(void *context, int calls, double *seconds, struct error *e)
{
    (void)e;
    return cpu_time_batch(run_team, context, calls, seconds);
}

static enum status start_team(struct team *team, int threads, struct error *e)
{
    team->member = calloc((size_t)threads, sizeof *team->member);
    for (int a = 0; a < 3; a++)
        team->array[a] = cpu_random_floats(ARRAY_FLOATS);
    if (!team->member || !team->array[0] || !team->array[1] || !team->array[2])
        return error_set(e, STATUS_IO, "out of memory: the memory suite needs 768 MB");
    pthread_barrier_init(&team->barrier, NULL, (unsigned)threads);
    team->threads = threads;
    for (int i = 1; i < threads; i++) {
        team->member[i] = (struct member){.team = team, .index = i};
        int failed = pthread_create(&team->member[i].thread, NULL, member_main, &team->member[i]);
        if (failed)
            return error_set(e, STATUS_IO, "cannot start a thread: %s", strerror(failed));
    }
    return STATUS_OK;
}

static void stop_team(struct team *team)
{
    team->stop = true;
    if (team->threads > 0)
        pthread_barrier_wait(&team->barrier);
    for (int i = 1; i < team->threads; i++)
        pthread_join(team->member[i].thread, NULL);
    for (int a = 0; a < 3; a++)
        free(team->array[a]);
    free(team->member);
}

static const struct kernel *kernel_of(size_t i)
{
    return &kernels[i % KERNELS];
}

/* Sizes are whole floats of every array. */
static double bytes_of(size_t i)
{
    double arrays = kernel_of(i)->arrays;
    double bytes = fmin(ldexp(LOW_BYTES, (int)(i / KERNELS)), HIGH_BYTES);
    return 4 * arrays * floor(bytes / (4 * arrays));
}

static void point_key(const void *context, size_t i, char *key, size_t size)
{
    (void)context;
    snprintf(key, size, "%s,fp32,%.0f", kernel_of(i)->name, bytes_of(i));
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct team *team = context;
    const struct work work = {run_batch, team};
    team->kernel = kernel_of(i);
    team->floats = (size_t)(bytes_of(i) / (4 * team->kernel->arrays));
    return measure(&team->plan, &work, &out->timing, e);
}

enum status cpu_memory_suite(struct bench *bench, struct error *e)
{
    struct team team = {0};
    const struct sweep sweep = {.file = "memory",
                                .columns = "op,dtype,bytes",
                                .count = (size_t)KERNELS * SIZES,
                                .key = point_key,
                                .measure = measure_point,
                                .context = &team};
    enum status status = start_team(&team, cpu_threads(bench->options), e);
    team.plan = cpu_plan(bench, sweep.count);
    if (status == STATUS_OK)
        status = sweep_run(bench, &sweep, false, e);
    if (status == STATUS_OK || team.threads == 0)
        stop_team(&team);
    return status;
}
