#ifndef CALIBRATE_BENCH_CUDA_MEASURE_H
#define CALIBRATE_BENCH_CUDA_MEASURE_H
#include "calibrate/bench/cuda_gpu.h"
#include "calibrate/bench/sweep.h"

/* Kernels to time: `enqueue` puts call number `call` on the stream and returns at once. Calls of
 * different numbers use different memory (struct cuda_arena). */
struct cuda_work {
    enum status (*enqueue)(void *context, int call, cudaStream_t stream, struct error *e);
    void *context;
    bool no_graph; /* the call reads host memory that is gone when a graph is replayed */
    int sets; /* calls that walk through all their memory: a repetition makes as many at least */
};

/* Seconds of one call on the GPU: the calls are captured into a graph, so that the time is the
 * kernels' and not that of issuing them, and the graph is replayed between two events. With
 * no_graph they are issued between the events. Either way the stream is held until all is issued,
 * or 2 ms at most. */
enum status cuda_measure(struct cuda_gpu *gpu, const struct cuda_work *work, struct timing *out,
                         struct error *e);

/* The same calls as a graph of `calls` nodes, for those that replay it themselves. Makes one call
 * outside of it first: loading a kernel is no part of a graph. */
enum status cuda_record(struct cuda_gpu *gpu, const struct cuda_work *work, int calls,
                        cudaGraphExec_t *graph, struct error *e);
enum status cuda_replay(struct cuda_gpu *gpu, cudaGraphExec_t graph, double *seconds,
                        struct error *e);
/* The same behind a stream that is held for hold_s, in which the graph can be issued. */
enum status cuda_replay_held(struct cuda_gpu *gpu, cudaGraphExec_t graph, double hold_s,
                             double *seconds, struct error *e);

/* Clock, power and temperature now, as the cells "clock_mhz,power_w,temperature_c"; zeros where
 * they cannot be read: no reason to lose a time. */
extern const char *const cuda_condition_columns;
void cuda_condition(const struct cuda_gpu *gpu, char *cells, size_t size);

#endif
