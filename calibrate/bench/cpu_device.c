#include "calibrate/bench/cpu_device.h"
#include "base/wall_clock.h"
#include "calibrate/bench/device.h"
#include "calibrate/bench/random.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int cpu_threads(const struct options *options)
{
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    int cores = online > 0 ? (int)online : 1;
    return options->threads > 0 && options->threads < cores ? options->threads : cores;
}

float *cpu_random_floats(size_t n)
{
    enum { TABLE = 1 << 18 }; /* 1 MB of random values, repeated: more than the inner caches hold */
    float *values = malloc(n * sizeof *values);
    if (!values)
        return NULL;
    struct random random = random_from(1, "floats");
    for (size_t i = 0; i < n && i < TABLE; i++)
        values[i] = (float)(random_unit(&random) + random_unit(&random) - 1.0);
    for (size_t filled = TABLE; filled < n; filled += TABLE)
        memcpy(values + filled, values, (n - filled < TABLE ? n - filled : TABLE) * sizeof *values);
    return values;
}

/* Half of a point's time goes into warm-up and a second attempt; more than 0.3 s tells nothing new.
 */
struct measure_plan cpu_plan(const struct bench *bench, size_t points)
{
    double point_s = (bench->suite_end_s - wall_clock_s()) / (double)(points ? points : 1);
    double min_s = fmin(fmax(point_s / 4, 0.02), 0.3);
    return (struct measure_plan){.warmup_calls = 2,
                                 .batch_s = 3e-3,
                                 .min_calls = 3,
                                 .min_repetitions = 7,
                                 .min_s = min_s,
                                 .max_s = 2 * min_s,
                                 .wall_clock = true};
}

enum status cpu_time_batch(void (*call)(void *context), void *context, int calls, double *seconds)
{
    double best_s = 0;
    for (int i = 0; i < calls; i++) {
        double start_s = wall_clock_s();
        call(context);
        double call_s = wall_clock_s() - start_s;
        best_s = i == 0 || call_s < best_s ? call_s : best_s;
    }
    *seconds = best_s * calls;
    return STATUS_OK;
}

/* "model name : Intel(R) Xeon(R) ..." of the first processor; `otherwise` where nothing is told. */
static void processor_says(const char *key, const char *otherwise, char *out, size_t size)
{
    char line[256];
    FILE *f = fopen("/proc/cpuinfo", "r");
    snprintf(out, size, "%s", otherwise);
    while (f && fgets(line, sizeof line, f)) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, key, strlen(key)) == 0 && colon && colon[1] != '\0') {
            snprintf(out, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (f)
        fclose(f);
}

static enum status cpu_processes(const struct options *options, int *count, struct error *e)
{
    (void)options, (void)e;
    *count = 1;
    return STATUS_OK;
}

/* Of the caches, what one core sees as its last level. */
static long last_level_bytes(void)
{
#ifdef _SC_LEVEL3_CACHE_SIZE
    long bytes = sysconf(_SC_LEVEL3_CACHE_SIZE);
    if (bytes > 0)
        return bytes;
    return sysconf(_SC_LEVEL2_CACHE_SIZE);
#else
    return 0;
#endif
}

static enum status cpu_open(struct bench *bench, struct error *e)
{
    char processor[160], clock_mhz[32];
    int threads = cpu_threads(bench->options);
    long pages = sysconf(_SC_PHYS_PAGES), page_bytes = sysconf(_SC_PAGE_SIZE);
    char blas[96];
    if (!cpu_blas_open(threads, blas, sizeof blas)) {
        error_set(e, STATUS_IO,
                  "--device cpu needs OpenBLAS, and this program was built without it");
        error_set_hint(e, "install libopenblas-dev and build again");
        return e->status;
    }
    processor_says("model name", "processor", processor, sizeof processor);
    processor_says("cpu MHz", "0", clock_mhz, sizeof clock_mhz);
    snprintf(bench->machine, sizeof bench->machine, "cpu, %s, %d threads", processor, threads);
    bench_note(bench, "device", "cpu");
    bench_note(bench, "processor", "%s", processor);
    bench_note(bench, "threads", "%d", threads);
    bench_note(bench, "clock_mhz", "%s", clock_mhz);
    bench_note(bench, "memory_bytes", "%.0f", (double)pages * (double)page_bytes);
    bench_note(bench, "cache_bytes", "%ld", last_level_bytes());
    bench_note(bench, "library", "%s", blas);
    bench_note(bench, "source", "stepcast-bench %s, %s, %s", STEPCAST_VERSION, bench->machine,
               blas);
    return peers_agree(&bench->peers, "processor", bench->machine, e);
}

static void cpu_close(struct bench *bench)
{
    (void)bench;
}

static const struct suite suites[] = {
    {"gemm",       "fp32 products by OpenBLAS",          3, cpu_gemm_suite,       SUITE_ALONE, false},
    {"memory",     "copy, triad, norm: 64 KB to 512 MB", 2, cpu_memory_suite,     SUITE_ALONE, false},
    {"collective", "MPI between mpirun's ranks",         2, cpu_collective_suite, SUITE_ALL,   false},
};

const struct device cpu_device = {
    .name = "cpu",
    .help = "this machine's processor",
    .seconds = 100,
    .suites = suites,
    .suite_count = sizeof suites / sizeof suites[0],
    .processes = cpu_processes,
    .open = cpu_open,
    .close = cpu_close,
};
