#include "calibrate/bench/cuda_measure.h"
#include "base/wall_clock.h"
#include "calibrate/bench/cuda_kernels.h"
#include <math.h>
#include <stdio.h>

/* A repetition is a graph of about 2 ms; at least ten repetitions and 20 ms (MODELLING 11.1). */
static const double BATCH_S = 2e-3;
/* The stream is held for half as long again as the last repetition took to issue. */
static const double HOLD_FACTOR = 1.5, HOLD_FLOOR_S = 20e-6, HOLD_MAX_S = 2e-3;
enum { BATCH_CALLS_MAX = 2048 };

const char *const cuda_condition_columns = "clock_mhz,power_w,temperature_c";

void cuda_condition(const struct cuda_gpu *gpu, char *cells, size_t size)
{
    struct nvml_reading r;
    struct error ignored;
    error_init(&ignored);
    nvml_read(&gpu->nvml, &r, &ignored);
    snprintf(cells, size, "%.0f,%.1f,%.0f", 1e-6 * r.clock_hz, r.power_w, r.temperature_c);
}

/* Ends a capture that failed half-way, so that the stream can be used again. */
static void give_up_capture(struct cuda_gpu *gpu)
{
    cudaGraph_t half = NULL;
    struct error ignored;
    error_init(&ignored);
    if (CUDA_TRY(cudaStreamEndCapture(gpu->stream, &half), &ignored) == STATUS_OK && half)
        CUDA_TRY(cudaGraphDestroy(half), &ignored);
}

enum status cuda_record(struct cuda_gpu *gpu, const struct cuda_work *work, int calls,
                        cudaGraphExec_t *graph, struct error *e)
{
    cudaGraph_t recorded = NULL;
    *graph = NULL;
    if (work->enqueue(work->context, 0, gpu->stream, e) != STATUS_OK ||
        CUDA_TRY(cudaStreamSynchronize(gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaStreamBeginCapture(gpu->stream, cudaStreamCaptureModeThreadLocal), e) !=
            STATUS_OK)
        return e->status;
    for (int call = 0; call < calls; call++)
        if (work->enqueue(work->context, call, gpu->stream, e) != STATUS_OK) {
            give_up_capture(gpu);
            return e->status;
        }
    if (CUDA_TRY(cudaStreamEndCapture(gpu->stream, &recorded), e) != STATUS_OK)
        return e->status;
    enum status status = CUDA_TRY(cudaGraphInstantiate(graph, recorded, 0), e);
    struct error ignored;
    error_init(&ignored);
    CUDA_TRY(cudaGraphDestroy(recorded), status == STATUS_OK ? e : &ignored);
    return e->status;
}

static enum status elapsed(struct cuda_gpu *gpu, double *seconds, struct error *e)
{
    float milliseconds = 0;
    if (CUDA_TRY(cudaEventRecord(gpu->end, gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaEventSynchronize(gpu->end), e) != STATUS_OK ||
        CUDA_TRY(cudaEventElapsedTime(&milliseconds, gpu->start, gpu->end), e) != STATUS_OK)
        return e->status;
    *seconds = 1e-3 * (double)milliseconds;
    return STATUS_OK;
}

enum status cuda_replay(struct cuda_gpu *gpu, cudaGraphExec_t graph, double *seconds,
                        struct error *e)
{
    if (CUDA_TRY(cudaEventRecord(gpu->start, gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaGraphLaunch(graph, gpu->stream), e) != STATUS_OK)
        return e->status;
    return elapsed(gpu, seconds, e);
}

enum status cuda_replay_held(struct cuda_gpu *gpu, cudaGraphExec_t graph, double hold_s,
                             double *seconds, struct error *e)
{
    if (CUDA_TRY(kernel_wait((uint64_t)(1e9 * hold_s), gpu->stream), e) != STATUS_OK)
        return e->status;
    return cuda_replay(gpu, graph, seconds, e);
}

/* Directly, without a graph: loads the kernels, and tells how long a call takes. */
static enum status first_calls(struct cuda_gpu *gpu, const struct cuda_work *work, double *call_s,
                               struct error *e)
{
    for (int call = 0; call < 2; call++) {
        if (CUDA_TRY(cudaEventRecord(gpu->start, gpu->stream), e) != STATUS_OK ||
            work->enqueue(work->context, call, gpu->stream, e) != STATUS_OK ||
            elapsed(gpu, call_s, e) != STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}

/* A repetition in the making: the graph, or the calls themselves. */
struct batch {
    struct cuda_gpu *gpu;
    const struct cuda_work *work;
    cudaGraphExec_t graph; /* NULL: none */
    double issue_s;        /* of the last repetition, on the processor */
};

static enum status issue(const struct batch *b, int calls, struct error *e)
{
    if (b->graph)
        return CUDA_TRY(cudaGraphLaunch(b->graph, b->gpu->stream), e);
    for (int call = 0; call < calls; call++)
        if (b->work->enqueue(b->work->context, call, b->gpu->stream, e) != STATUS_OK)
            return e->status;
    return STATUS_OK;
}

/* `calls` are the graph's. A GPU that waits for the processor would be timed with its waiting. */
static enum status run_batch(void *context, int calls, double *seconds, struct error *e)
{
    struct batch *b = context;
    double hold_s = fmin(HOLD_FLOOR_S + HOLD_FACTOR * b->issue_s, HOLD_MAX_S);
    if (CUDA_TRY(kernel_wait((uint64_t)(1e9 * hold_s), b->gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaEventRecord(b->gpu->start, b->gpu->stream), e) != STATUS_OK)
        return e->status;
    double start_s = wall_clock_s();
    if (issue(b, calls, e) != STATUS_OK)
        return e->status;
    b->issue_s = wall_clock_s() - start_s;
    return elapsed(b->gpu, seconds, e);
}

enum status cuda_measure(struct cuda_gpu *gpu, const struct cuda_work *work, struct timing *out,
                         struct error *e)
{
    double call_s = 0;
    struct batch batch = {gpu, work, NULL, 0};
    if (first_calls(gpu, work, &call_s, e) != STATUS_OK)
        return e->status;
    double wanted = fmax(fmax(ceil(BATCH_S / fmax(call_s, 1e-6)), work->sets), 1);
    int calls = (int)fmin(wanted, BATCH_CALLS_MAX);
    if (!work->no_graph && cuda_record(gpu, work, calls, &batch.graph, e) != STATUS_OK)
        return e->status;
    const struct work repetition = {run_batch, &batch};
    const struct measure_plan plan = {
        .warmup_calls = 2, .calls = calls, .min_repetitions = 10, .min_s = 20e-3, .max_s = 0.5};
    enum status status = measure(&plan, &repetition, out, e);
    struct error ignored;
    error_init(&ignored);
    if (batch.graph)
        CUDA_TRY(cudaGraphExecDestroy(batch.graph), status == STATUS_OK ? e : &ignored);
    return e->status;
}
