#include "calibrate/bench/cuda_gpu.h"
#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/nccl_group.h"
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const double WAKE_S = 0.2; /* assumed: clocks rise within tens of milliseconds */
enum { SETS_MAX = 2048, ALIGN_BYTES = 256 };

enum status cuda_count(int *count, struct error *e)
{
    int ends[2];
    struct {
        int count;
        struct error error;
    } answer = {0};
    error_init(&answer.error);
    if (pipe(ends) != 0)
        return error_set(e, STATUS_IO, "cannot make a pipe: %s", strerror(errno));
    pid_t pid = fork();
    if (pid == 0) {
        CUDA_TRY(cudaGetDeviceCount(&answer.count), &answer.error);
        _exit(write(ends[1], &answer, sizeof answer) == (ssize_t)sizeof answer ? 0 : 1);
    }
    close(ends[1]);
    ssize_t got = pid > 0 ? read(ends[0], &answer, sizeof answer) : -1;
    close(ends[0]);
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (got != (ssize_t)sizeof answer)
        return error_set(e, STATUS_IO, "the process that counts GPUs failed");
    if (answer.error.status != STATUS_OK)
        *e = answer.error;
    *count = answer.count;
    return e->status;
}

/* torchrun's and mpirun's ranks see all GPUs of a host, srun's may see their own alone. */
static enum status choose_device(struct cuda_gpu *gpu, struct error *e)
{
    int count = 0;
    if (CUDA_TRY(cudaGetDeviceCount(&count), e) != STATUS_OK)
        return e->status;
    const struct peers *peers = &gpu->bench->peers;
    if (count < 1)
        return error_set(e, STATUS_IO, "this rank sees no GPU (CUDA_VISIBLE_DEVICES?)");
    if (count > 1 && peers->local_size > count)
        return error_set(e, STATUS_USAGE, "%d ranks on %s, but %d GPUs", peers->local_size,
                         peers->host[peers->rank], count);
    gpu->index = peers->local_rank % count;
    return CUDA_TRY(cudaSetDevice(gpu->index), e);
}

static enum status read_properties(struct cuda_gpu *gpu, struct error *e)
{
    struct cudaDeviceProp p;
    char bus_id[32];
    struct error no_nvml;
    error_init(&no_nvml);
    if (CUDA_TRY(cudaGetDeviceProperties(&p, gpu->index), e) != STATUS_OK ||
        CUDA_TRY(cudaDeviceGetPCIBusId(bus_id, sizeof bus_id, gpu->index), e) != STATUS_OK)
        return e->status;
    snprintf(gpu->name, sizeof gpu->name, "%.*s", (int)sizeof gpu->name - 1, p.name);
    gpu->major = p.major;
    gpu->minor = p.minor;
    gpu->sm_count = p.multiProcessorCount;
    gpu->l2_bytes = (size_t)p.l2CacheSize;
    gpu->memory_bytes = p.totalGlobalMem;
    if (nvml_open(&gpu->nvml, bus_id, &no_nvml) != STATUS_OK)
        bench_say(gpu->bench, "note: %s", no_nvml.message);
    return STATUS_OK;
}

enum status cuda_gpu_open(struct cuda_gpu *gpu, struct bench *bench, struct error *e)
{
    *gpu = (struct cuda_gpu){.bench = bench};
    if (choose_device(gpu, e) != STATUS_OK || read_properties(gpu, e) != STATUS_OK ||
        CUDA_TRY(cudaStreamCreateWithFlags(&gpu->stream, cudaStreamNonBlocking), e) != STATUS_OK ||
        CUDA_TRY(cudaStreamCreateWithFlags(&gpu->side_stream, cudaStreamNonBlocking), e) !=
            STATUS_OK ||
        CUDA_TRY(cudaEventCreate(&gpu->start), e) != STATUS_OK ||
        CUDA_TRY(cudaEventCreate(&gpu->end), e) != STATUS_OK ||
        CUBLAS_TRY(cublasLtCreate(&gpu->lt), e) != STATUS_OK ||
        CUDA_TRY(cudaMalloc(&gpu->workspace, CUDA_WORKSPACE_BYTES), e) != STATUS_OK)
        cuda_gpu_close(gpu);
    return e->status;
}

/* What fails now was told before, or fails because of it. */
void cuda_gpu_close(struct cuda_gpu *gpu)
{
    struct error ignored;
    error_init(&ignored);
    nccl_release(gpu, gpu->world, &ignored);
    if (gpu->workspace)
        CUDA_TRY(cudaFree(gpu->workspace), &ignored);
    if (gpu->lt)
        CUBLAS_TRY(cublasLtDestroy(gpu->lt), &ignored);
    if (gpu->end)
        CUDA_TRY(cudaEventDestroy(gpu->end), &ignored);
    if (gpu->start)
        CUDA_TRY(cudaEventDestroy(gpu->start), &ignored);
    if (gpu->side_stream)
        CUDA_TRY(cudaStreamDestroy(gpu->side_stream), &ignored);
    if (gpu->stream)
        CUDA_TRY(cudaStreamDestroy(gpu->stream), &ignored);
    nvml_close(&gpu->nvml);
    *gpu = (struct cuda_gpu){0};
}

enum status cuda_gpu_wake(struct cuda_gpu *gpu, struct error *e)
{
    if (CUDA_TRY(kernel_wait((uint64_t)(1e9 * WAKE_S), gpu->stream), e) != STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaStreamSynchronize(gpu->stream), e);
}

enum status cuda_arena_open(struct cuda_arena *arena, double share, double max_bytes,
                            struct error *e)
{
    size_t free_bytes = 0, all_bytes = 0;
    void *base = NULL;
    *arena = (struct cuda_arena){0};
    if (CUDA_TRY(cudaMemGetInfo(&free_bytes, &all_bytes), e) != STATUS_OK)
        return e->status;
    size_t bytes = (size_t)fmin(share * (double)free_bytes, max_bytes);
    if (CUDA_TRY(cudaMalloc(&base, bytes), e) != STATUS_OK)
        return e->status;
    arena->base = base;
    arena->bytes = bytes;
    return STATUS_OK;
}

void cuda_arena_close(struct cuda_arena *arena)
{
    struct error ignored;
    error_init(&ignored);
    if (arena->base)
        CUDA_TRY(cudaFree(arena->base), &ignored);
    *arena = (struct cuda_arena){0};
}

enum status cuda_arena_divide(struct cuda_arena *arena, const struct cuda_gpu *gpu,
                              double set_bytes, struct error *e)
{
    double aligned = ALIGN_BYTES * ceil(set_bytes / ALIGN_BYTES);
    if (aligned > (double)arena->bytes)
        return error_set(e, STATUS_NO, "needs %.1f GB, the arena has %.1f GB", 1e-9 * aligned,
                         1e-9 * (double)arena->bytes);
    double wanted = 1 + ceil(2 * (double)gpu->l2_bytes / aligned);
    double possible = floor((double)arena->bytes / aligned);
    arena->set_bytes = (size_t)aligned;
    arena->sets = (int)fmin(fmin(wanted, possible), SETS_MAX);
    return STATUS_OK;
}

char *cuda_arena_set(const struct cuda_arena *arena, int call)
{
    return arena->base + (size_t)(call % arena->sets) * arena->set_bytes;
}
