#ifndef CALIBRATE_BENCH_CUDA_GPU_H
#define CALIBRATE_BENCH_CUDA_GPU_H
#include "calibrate/bench/bench.h"
#include "calibrate/bench/cuda_try.h"
#include "calibrate/bench/nvml.h"
#include <cublasLt.h>
#include <cuda_runtime_api.h>

/* The one GPU that this process drives. */
struct cuda_gpu {
    struct bench *bench;
    int index; /* CUDA device */
    char name[128];
    int major, minor, sm_count; /* compute capability */
    size_t l2_bytes, memory_bytes;
    cudaStream_t stream, side_stream;
    cudaEvent_t start, end;
    cublasLtHandle_t lt;
    void *workspace; /* of cuBLAS */
    struct nvml nvml;
    ncclComm_t world; /* of all ranks; NULL until it is needed */
    bool nccl_failed; /* communicators are aborted, not waited for */
};
enum { CUDA_WORKSPACE_BYTES = 32 << 20 }; /* what cuBLAS recommends for Hopper and later */

/* GPUs that this host shows, counted in a process of its own, so that this one may still fork. */
enum status cuda_count(int *count, struct error *e);

enum status cuda_gpu_open(struct cuda_gpu *gpu, struct bench *bench, struct error *e);
void cuda_gpu_close(struct cuda_gpu *gpu);

/* Keeps it busy until its clocks are those of work: an idle one runs at a fifth of them. Every
 * suite that times begins with it. */
enum status cuda_gpu_wake(struct cuda_gpu *gpu, struct error *e);

/* Device memory that calls walk through, so that none finds its data in the L2 cache. Each of
 * `sets` sets lies `set_bytes` after the one before. */
struct cuda_arena {
    char *base;
    size_t bytes, set_bytes;
    int sets;
};

/* Takes `share` of the free memory, at most max_bytes. */
enum status cuda_arena_open(struct cuda_arena *arena, double share, double max_bytes,
                            struct error *e);
void cuda_arena_close(struct cuda_arena *arena);

/* Lays out as many sets of set_bytes as are needed for twice the L2 cache (2048 at most). STATUS_NO
 * if one does not fit. */
enum status cuda_arena_divide(struct cuda_arena *arena, const struct cuda_gpu *gpu,
                              double set_bytes, struct error *e);
char *cuda_arena_set(const struct cuda_arena *arena, int call);

#endif
