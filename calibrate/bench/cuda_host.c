#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include <stdio.h>

/* Pinned host memory to the device and back, on one GPU of the node and on all of them at once:
 * they share the host's memory and its PCIe switches. */

enum { LOW_BYTES = 65536, SIZES = 14 }; /* 64 KiB to 512 MiB in steps of 2 */

enum direction { TO_DEVICE, TO_HOST, BOTH, DIRECTIONS };
static const char *const direction_names[DIRECTIONS] = {"h2d", "d2h", "h2d_d2h"};

struct host_run {
    struct cuda_gpu *gpu;
    char *host[2], *device[2]; /* [0] to the device, [1] back */
    cudaEvent_t side_done;
    size_t bytes;
    enum direction direction;
    bool takes_part;
};

/* The same on every rank, also where hosts have different numbers of them. */
static int modes(const struct host_run *run)
{
    const struct peers *peers = &run->gpu->bench->peers;
    return peers->size > peers->nodes ? 2 : 1;
}

/* GPUs of a node that copy at once: one, or all. */
static bool together(size_t i)
{
    return i / DIRECTIONS / SIZES > 0;
}

static int concurrent(const struct host_run *run, size_t i)
{
    return together(i) ? run->gpu->bench->peers.local_size : 1;
}

static size_t bytes_of(size_t i)
{
    return (size_t)LOW_BYTES << (i / DIRECTIONS % SIZES);
}

static void point_key(const void *context, size_t i, char *key, size_t size)
{
    snprintf(key, size, "%s,int8,%d,%zu", direction_names[i % DIRECTIONS], concurrent(context, i),
             bytes_of(i));
}

static enum status copy_once(struct host_run *run, struct error *e)
{
    struct cuda_gpu *gpu = run->gpu;
    if (run->direction != TO_HOST &&
        CUDA_TRY(cudaMemcpyAsync(run->device[0], run->host[0], run->bytes, cudaMemcpyHostToDevice,
                                 gpu->stream),
                 e) != STATUS_OK)
        return e->status;
    if (run->direction == TO_DEVICE)
        return STATUS_OK;
    cudaStream_t stream = run->direction == BOTH ? gpu->side_stream : gpu->stream;
    return CUDA_TRY(
        cudaMemcpyAsync(run->host[1], run->device[1], run->bytes, cudaMemcpyDeviceToHost, stream),
        e);
}

/* The side stream starts with the main one, and the end waits for both. */
static enum status copy_calls(struct host_run *run, int calls, struct error *e)
{
    struct cuda_gpu *gpu = run->gpu;
    if (CUDA_TRY(cudaEventRecord(gpu->start, gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaStreamWaitEvent(gpu->side_stream, gpu->start, 0), e) != STATUS_OK)
        return e->status;
    for (int i = 0; i < calls; i++)
        if (copy_once(run, e) != STATUS_OK)
            return e->status;
    if (CUDA_TRY(cudaEventRecord(run->side_done, gpu->side_stream), e) != STATUS_OK ||
        CUDA_TRY(cudaStreamWaitEvent(gpu->stream, run->side_done, 0), e) != STATUS_OK ||
        CUDA_TRY(cudaEventRecord(gpu->end, gpu->stream), e) != STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaEventSynchronize(gpu->end), e);
}

static enum status run_batch(void *context, int calls, double *seconds, struct error *e)
{
    struct host_run *run = context;
    struct peers *peers = &run->gpu->bench->peers;
    float milliseconds = 0;
    if (peers_barrier(peers, false, e) != STATUS_OK)
        return e->status;
    if (run->takes_part &&
        (copy_calls(run, calls, e) != STATUS_OK ||
         CUDA_TRY(cudaEventElapsedTime(&milliseconds, run->gpu->start, run->gpu->end), e) !=
             STATUS_OK))
        return e->status;
    *seconds = 1e-3 * (double)milliseconds;
    return peers_max(peers, seconds, e);
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct host_run *run = context;
    const struct work work = {run_batch, run};
    const struct measure_plan plan = {
        .warmup_calls = 2, .batch_s = 2e-3, .min_repetitions = 7, .min_s = 10e-3, .max_s = 0.5};
    run->bytes = bytes_of(i);
    run->direction = (enum direction)(i % DIRECTIONS);
    run->takes_part = together(i) || run->gpu->bench->peers.rank == 0;
    return measure(&plan, &work, &out->timing, e);
}

static enum status allocate(struct host_run *run, struct error *e)
{
    size_t bytes = (size_t)LOW_BYTES << (SIZES - 1);
    if (CUDA_TRY(cudaEventCreate(&run->side_done), e) != STATUS_OK)
        return e->status;
    for (int i = 0; i < 2; i++) {
        void *host = NULL, *device = NULL;
        if (CUDA_TRY(cudaHostAlloc(&host, bytes, cudaHostAllocDefault), e) != STATUS_OK)
            return e->status;
        run->host[i] = host;
        if (CUDA_TRY(cudaMalloc(&device, bytes), e) != STATUS_OK)
            return e->status;
        run->device[i] = device;
        if (CUDA_TRY(kernel_fill(device, ELEMENT_BF16, bytes / 2, (uint64_t)i, run->gpu->stream),
                     e) != STATUS_OK ||
            CUDA_TRY(cudaMemcpyAsync(host, device, bytes, cudaMemcpyDeviceToHost, run->gpu->stream),
                     e) != STATUS_OK)
            return e->status;
    }
    return CUDA_TRY(cudaStreamSynchronize(run->gpu->stream), e);
}

static void release(struct host_run *run, struct error *e)
{
    for (int i = 0; i < 2; i++) {
        if (run->device[i])
            CUDA_TRY(cudaFree(run->device[i]), e);
        if (run->host[i])
            CUDA_TRY(cudaFreeHost(run->host[i]), e);
    }
    if (run->side_done)
        CUDA_TRY(cudaEventDestroy(run->side_done), e);
}

enum status cuda_host_suite(struct bench *bench, struct error *e)
{
    struct host_run run = {.gpu = cuda_gpu_of(bench)};
    const struct sweep sweep = {.file = "host",
                                .columns = "op,dtype,gpus,bytes",
                                .count = (size_t)DIRECTIONS * SIZES * (size_t)modes(&run),
                                .key = point_key,
                                .measure = measure_point,
                                .context = &run};
    if (allocate(&run, e) == STATUS_OK && cuda_gpu_wake(run.gpu, e) == STATUS_OK)
        sweep_run(bench, &sweep, bench->peers.size > 1, e);
    release(&run, e);
    return e->status;
}
