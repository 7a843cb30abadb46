#ifndef CALIBRATE_BENCH_CPU_DEVICE_H
#define CALIBRATE_BENCH_CPU_DEVICE_H
#include "calibrate/bench/bench.h"
#include "calibrate/bench/timing.h"

/* Cores that this process may use, at most --threads. */
int cpu_threads(const struct options *options);

/* The suites of a machine without a GPU. */
enum status cpu_gemm_suite(struct bench *bench, struct error *e);
enum status cpu_memory_suite(struct bench *bench, struct error *e);
enum status cpu_collective_suite(struct bench *bench, struct error *e);

/* How long to measure each of `points` points, so that all get their turn before the suite's end.
 */
struct measure_plan cpu_plan(const struct bench *bench, size_t points);

/* Sets the library's threads and tells its name, "OpenBLAS 0.3.21, SkylakeX kernels"; false when
 * the program was built without it. */
bool cpu_blas_open(int threads, char *name, size_t size);

/* n floats, normal-like in -1 .. 1, or NULL. Freed by free(). Never zeros: hardware is faster on
 * them. */
float *cpu_random_floats(size_t n);

/* Times calls one by one; *seconds is `calls` times the fastest, because the time slices that other
 * programs took are not the kernel's (STREAM too reports its best). */
enum status cpu_time_batch(void (*call)(void *context), void *context, int calls, double *seconds);

#endif
