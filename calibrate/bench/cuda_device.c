#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/device.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status cuda_processes(const struct options *options, int *count, struct error *e)
{
    if (cuda_count(count, e) != STATUS_OK)
        return e->status;
    if (*count < 1)
        return error_set(e, STATUS_IO, "--device cuda: this machine shows no GPU");
    if (options->gpus > *count)
        return error_set(e, STATUS_USAGE, "--gpus %d, but there are %d", options->gpus, *count);
    if (options->gpus > 0)
        *count = options->gpus;
    return STATUS_OK;
}

enum status cuda_one(float **one, struct error *e)
{
    const float value = 1;
    void *p = NULL;
    if (CUDA_TRY(cudaMalloc(&p, sizeof value), e) != STATUS_OK)
        return e->status;
    *one = p;
    /* From pageable memory the copy may still be under way when cudaMemcpy returns, and streams
     * that do not block would not wait for it. */
    if (CUDA_TRY(cudaMemcpy(p, &value, sizeof value, cudaMemcpyHostToDevice), e) != STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaDeviceSynchronize(), e);
}

static enum status note_versions(struct bench *bench, const struct cuda_gpu *gpu, struct error *e)
{
    int driver = 0, runtime = 0, nccl = 0;
    if (CUDA_TRY(cudaDriverGetVersion(&driver), e) != STATUS_OK ||
        CUDA_TRY(cudaRuntimeGetVersion(&runtime), e) != STATUS_OK ||
        NCCL_TRY(ncclGetVersion(&nccl), e) != STATUS_OK)
        return e->status;
    bench_note(bench, "driver", "%s, CUDA %d.%d", *gpu->nvml.driver ? gpu->nvml.driver : "unknown",
               driver / 1000, driver % 1000 / 10);
    bench_note(bench, "library", "CUDA runtime %d.%d, cuBLASLt %zu, NCCL %d.%d.%d", runtime / 1000,
               runtime % 1000 / 10, cublasLtGetVersion(), nccl / 10000, nccl / 100 % 100,
               nccl % 100);
    return STATUS_OK;
}

/* Ranks must have the same part and the same libraries, or their collective is nobody's figure. */
static enum status check_peers(struct bench *bench, const struct cuda_gpu *gpu, struct error *e)
{
    char versions[128];
    int nccl = 0;
    if (NCCL_TRY(ncclGetVersion(&nccl), e) != STATUS_OK)
        return e->status;
    snprintf(versions, sizeof versions, "NCCL %d, cuBLASLt %zu, CUDA %d", nccl,
             cublasLtGetVersion(), CUDART_VERSION);
    if (peers_agree(&bench->peers, "GPU", gpu->name, e) != STATUS_OK)
        return e->status;
    return peers_agree(&bench->peers, "library versions", versions, e);
}

static enum status describe(struct bench *bench, const struct cuda_gpu *gpu, struct error *e)
{
    snprintf(bench->machine, sizeof bench->machine, "cuda, %s, %.0f GB", gpu->name,
             1e-9 * (double)gpu->memory_bytes);
    bench_note(bench, "device", "cuda");
    bench_note(bench, "source", "stepcast-bench %s, %s, driver %s", STEPCAST_VERSION, gpu->name,
               *gpu->nvml.driver ? gpu->nvml.driver : "unknown");
    bench_note(bench, "gpu", "%s, compute capability %d.%d, %d SMs", gpu->name, gpu->major,
               gpu->minor, gpu->sm_count);
    bench_note(bench, "sm_count", "%d", gpu->sm_count);
    bench_note(bench, "memory_bytes", "%zu", gpu->memory_bytes);
    bench_note(bench, "l2_bytes", "%zu", gpu->l2_bytes);
    bench_note(bench, "power_cap_w", "%.0f", gpu->nvml.power_cap_w);
    bench_note(bench, "max_clock_mhz", "%.0f, memory %.0f", 1e-6 * gpu->nvml.max_clock_hz,
               1e-6 * gpu->nvml.max_memory_clock_hz);
    if (note_versions(bench, gpu, e) != STATUS_OK)
        return e->status;
    return check_peers(bench, gpu, e);
}

static void cuda_close(struct bench *bench)
{
    cuda_gpu_close(cuda_gpu_of(bench));
    free(bench->state);
    bench->state = NULL;
}

static enum status cuda_open(struct bench *bench, struct error *e)
{
    struct cuda_gpu *gpu = calloc(1, sizeof *gpu);
    if (!gpu)
        return error_set(e, STATUS_IO, "out of memory");
    bench->state = gpu;
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "opening the GPU");
    enum status status = cuda_gpu_open(gpu, bench, e);
    watchdog_disarm(&bench->watchdog);
    if (status == STATUS_OK)
        status = describe(bench, gpu, e);
    if (status != STATUS_OK) {
        error_set_path(e, "opening the GPU");
        cuda_close(bench);
    }
    return status;
}

static const struct suite suites[] = {
    {"selftest",   "kernels against a host reference", 0,   cuda_selftest_suite,   SUITE_ANY,   false},
    {"launch",     "kernel launch, gap, graph replay", 0.2, cuda_launch_suite,     SUITE_FIRST, false},
    {"memory",     "bandwidth by kind of kernel",      0.5, cuda_memory_suite,     SUITE_FIRST, false},
    {"gemm",       "products, forward and backward",   3,   cuda_gemm_suite,       SUITE_FIRST, false},
    {"grouped",    "products of experts",              0.8, cuda_grouped_suite,    SUITE_FIRST, false},
    {"attention",  "PyTorch's own kernels",            2,   cuda_attention_suite,  SUITE_FIRST, false},
    {"host",       "pinned host memory, both ways",    0.3, cuda_host_suite,       SUITE_ANY,   false},
    {"fleet",      "GPUs and links that stand out",    0.3, cuda_fleet_suite,      SUITE_ALL,   false},
    {"collective", "NCCL in and across nodes",         3,   cuda_collective_suite, SUITE_ALL,   false},
    {"overlap",    "a product beside other work",      0.5, cuda_overlap_suite,    SUITE_ANY,   false},
    {"sustained",  "30 s loads: clock, power, heat",   0,   cuda_sustained_suite,  SUITE_FIRST, false},
};

const struct device cuda_device = {
    .name = "cuda",
    .help = "NVIDIA GPUs",
    .seconds = 280, /* and over 4 minutes of sustained loads: ten in all are not to be reached */
    .suites = suites,
    .suite_count = sizeof suites / sizeof suites[0],
    .processes = cuda_processes,
    .open = cuda_open,
    .close = cuda_close,
};
