#include "base/wall_clock.h"
#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include <stdio.h>

/* What a kernel costs that does nothing: on the processor, on the GPU between two kernels, in a
 * graph. */

enum { KERNELS = 1000 };
static const double GRAPH_ISSUE_S = 1e-3; /* assumed: far longer than issuing a graph of KERNELS */

struct launch_run {
    struct cuda_gpu *gpu;
    cudaGraphExec_t graph; /* of KERNELS empty kernels */
};

static enum status enqueue_empty(void *context, int call, cudaStream_t stream, struct error *e)
{
    (void)context, (void)call;
    return CUDA_TRY(kernel_empty(stream), e);
}

static enum status enqueue_all(struct launch_run *run, struct error *e)
{
    enum status status = STATUS_OK;
    for (int i = 0; i < KERNELS && status == STATUS_OK; i++)
        status = enqueue_empty(NULL, i, run->gpu->stream, e);
    return status;
}

/* Processor time to issue kernels that the GPU has not yet caught up with. */
static enum status issue(struct launch_run *run, double *seconds, struct error *e)
{
    double start_s = wall_clock_s();
    if (enqueue_all(run, e) != STATUS_OK)
        return e->status;
    *seconds = (wall_clock_s() - start_s) / KERNELS;
    return CUDA_TRY(cudaStreamSynchronize(run->gpu->stream), e);
}

/* GPU time from one kernel of a stream to the next: the larger of issue and gap. */
static enum status stream(struct launch_run *run, double *seconds, struct error *e)
{
    float milliseconds = 0;
    struct cuda_gpu *gpu = run->gpu;
    if (CUDA_TRY(cudaEventRecord(gpu->start, gpu->stream), e) != STATUS_OK ||
        enqueue_all(run, e) != STATUS_OK ||
        CUDA_TRY(cudaEventRecord(gpu->end, gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaEventSynchronize(gpu->end), e) != STATUS_OK ||
        CUDA_TRY(cudaEventElapsedTime(&milliseconds, gpu->start, gpu->end), e) != STATUS_OK)
        return e->status;
    *seconds = 1e-3 * (double)milliseconds / KERNELS;
    return STATUS_OK;
}

static enum status graph_node(struct launch_run *run, double *seconds, struct error *e)
{
    enum status status = cuda_replay_held(run->gpu, run->graph, GRAPH_ISSUE_S, seconds, e);
    *seconds /= KERNELS;
    return status;
}

static enum status graph_launch(struct launch_run *run, double *seconds, struct error *e)
{
    double start_s = wall_clock_s();
    if (CUDA_TRY(cudaGraphLaunch(run->graph, run->gpu->stream), e) != STATUS_OK)
        return e->status;
    *seconds = wall_clock_s() - start_s;
    return CUDA_TRY(cudaStreamSynchronize(run->gpu->stream), e);
}

/* Issue of one kernel until the processor knows that it is done. */
static enum status round_trip(struct launch_run *run, double *seconds, struct error *e)
{
    double start_s = wall_clock_s();
    if (enqueue_empty(NULL, 0, run->gpu->stream, e) != STATUS_OK ||
        CUDA_TRY(cudaStreamSynchronize(run->gpu->stream), e) != STATUS_OK)
        return e->status;
    *seconds = wall_clock_s() - start_s;
    return STATUS_OK;
}

static const struct {
    const char *name;
    enum status (*run)(struct launch_run *run, double *seconds, struct error *e);
} kinds[] = {
    {"kernel_issue",      issue       },
    {"kernel_gap",        stream      },
    {"graph_kernel_gap",  graph_node  },
    {"graph_launch",      graph_launch},
    {"kernel_round_trip", round_trip  },
};
enum { KINDS = sizeof kinds / sizeof kinds[0] };

struct one_kind {
    struct launch_run *run;
    size_t kind;
};

static enum status run_kind(void *context, int calls, double *seconds, struct error *e)
{
    const struct one_kind *one = context;
    double sum_s = 0;
    for (int i = 0; i < calls; i++) {
        double call_s = 0;
        if (kinds[one->kind].run(one->run, &call_s, e) != STATUS_OK)
            return e->status;
        sum_s += call_s;
    }
    *seconds = sum_s;
    return STATUS_OK;
}

static void kind_key(const void *context, size_t i, char *key, size_t size)
{
    (void)context;
    snprintf(key, size, "%s", kinds[i].name);
}

static enum status measure_kind(void *context, size_t i, struct sample *out, struct error *e)
{
    struct one_kind one = {context, i};
    const struct work work = {run_kind, &one};
    const struct measure_plan plan = {.warmup_calls = 3, .min_repetitions = 30, .max_s = 1};
    return measure(&plan, &work, &out->timing, e);
}

enum status cuda_launch_suite(struct bench *bench, struct error *e)
{
    struct launch_run run = {.gpu = cuda_gpu_of(bench)};
    const struct cuda_work work = {.enqueue = enqueue_empty};
    const struct sweep sweep = {.file = "launch",
                                .columns = "op",
                                .count = KINDS,
                                .key = kind_key,
                                .measure = measure_kind,
                                .context = &run};
    if (cuda_gpu_wake(run.gpu, e) == STATUS_OK &&
        cuda_record(run.gpu, &work, KERNELS, &run.graph, e) == STATUS_OK)
        sweep_run(bench, &sweep, false, e);
    if (run.graph)
        CUDA_TRY(cudaGraphExecDestroy(run.graph), e);
    return e->status;
}
