#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_matmul.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/nccl_group.h"
#include <math.h>
#include <stdio.h>

/* A product on one stream beside a copy or a collective on another. Each is timed alone, then while
 * the other runs for longer than it does: the ratio is how much the other slows it. */

static const struct gemm_size {
    int m, n, k;
} sizes[] = {
    {1024, 4096,  4096},
    {4096, 4096,  4096},
    {8192, 8192,  4096},
    {8192, 14336, 4096},
    {4096, 8192,  8192},
};
enum side_kind { SIDE_COPY, SIDE_H2D, SIDE_ALL_REDUCE, SIDE_ALL_TO_ALL, SIDES };
static const char *const side_names[SIDES] = {"copy", "h2d", "all_reduce", "alltoall"};
static const size_t side_bytes[] = {(size_t)8 << 20, (size_t)64 << 20, (size_t)512 << 20};
enum {
    GEMMS = sizeof sizes / sizeof sizes[0],
    SIDE_SIZES = sizeof side_bytes / sizeof side_bytes[0],
    REPETITIONS = 7,
    CALLS_ALONE = 10,
    CALLS_MAX = 450 /* of each: the driver queues about 1024 launches before it makes one wait */
};
static const double WINDOW_S = 10e-3, ARENA_BYTES = 6e9;
static const double OUTLAST = 3;
static const double ISSUE_S = 10e-6, HOLD_MAX_S = 10e-3; /* assumed: of one call, NCCL's included */

struct overlap_run {
    struct cuda_gpu *gpu;
    struct cuda_arena gemm, side; /* side: two halves, from and to */
    void *pinned;
    ncclComm_t world; /* NULL: one GPU */
    cudaEvent_t side_start, side_end, gate;
    struct cuda_matmul matmul;
    struct cuda_operands operands;
    enum side_kind kind;
    size_t bytes;
};

/* Something that is enqueued `calls` times between its two events. */
struct load {
    int calls;
    cudaStream_t stream;
    cudaEvent_t start, end;
    enum status (*enqueue)(struct overlap_run *run, int call, cudaStream_t stream, struct error *e);
};

static enum status enqueue_gemm(struct overlap_run *run, int call, cudaStream_t stream,
                                struct error *e)
{
    struct cuda_operand_places at =
        cuda_operand_places(cuda_arena_set(&run->gemm, call), &run->operands);
    return cuda_matmul_enqueue(&run->matmul, run->gpu, &at, stream, e);
}

static enum status enqueue_side(struct overlap_run *run, int call, cudaStream_t stream,
                                struct error *e)
{
    size_t half = run->side.bytes / 2, place = (size_t)call % (half / run->bytes) * run->bytes;
    char *from = run->side.base + place, *to = from + half;
    if (run->kind == SIDE_COPY)
        return CUDA_TRY(kernel_copy(to, from, run->bytes / 2, stream), e);
    if (run->kind == SIDE_H2D)
        return CUDA_TRY(
            cudaMemcpyAsync(to, run->pinned, run->bytes, cudaMemcpyHostToDevice, stream), e);
    const struct nccl_call collective = {run->kind == SIDE_ALL_REDUCE ? COLLECTIVE_ALL_REDUCE
                                                                      : COLLECTIVE_ALL_TO_ALL,
                                         from,
                                         to,
                                         run->bytes,
                                         run->world,
                                         stream};
    return nccl_enqueue(&collective, e);
}

static struct load gemm_load(const struct overlap_run *run, int calls)
{
    return (struct load){calls, run->gpu->stream, run->gpu->start, run->gpu->end, enqueue_gemm};
}

static struct load side_load(const struct overlap_run *run, int calls)
{
    return (struct load){calls, run->gpu->side_stream, run->side_start, run->side_end,
                         enqueue_side};
}

static enum status enqueue_load(struct overlap_run *run, const struct load *load, struct error *e)
{
    if (CUDA_TRY(cudaEventRecord(load->start, load->stream), e) != STATUS_OK)
        return e->status;
    for (int call = 0; call < load->calls; call++)
        if (load->enqueue(run, call, load->stream, e) != STATUS_OK)
            return e->status;
    return CUDA_TRY(cudaEventRecord(load->end, load->stream), e);
}

/* The two streams start together, when both have their calls: the second's would else be issued
 * while the first runs, and find it done. */
static enum status hold_both(struct overlap_run *run, const struct load *timed,
                             const struct load *other, struct error *e)
{
    double issue_s = fmin(ISSUE_S * (timed->calls + other->calls), HOLD_MAX_S);
    if (CUDA_TRY(kernel_wait((uint64_t)(1e9 * issue_s), other->stream), e) != STATUS_OK ||
        CUDA_TRY(cudaEventRecord(run->gate, other->stream), e) != STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaStreamWaitEvent(timed->stream, run->gate, 0), e);
}

/* Seconds a call of `timed` while `other` (NULL: nothing) runs for longer. */
static enum status time_once(struct overlap_run *run, const struct load *timed,
                             const struct load *other, double *call_s, struct error *e)
{
    struct bench *bench = run->gpu->bench;
    float milliseconds = 0;
    if (peers_barrier(&bench->peers, false, e) != STATUS_OK)
        return e->status;
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "overlap with %s of %zu bytes",
                 side_names[run->kind], run->bytes);
    if ((other && (hold_both(run, timed, other, e) != STATUS_OK ||
                   enqueue_load(run, other, e) != STATUS_OK)) ||
        enqueue_load(run, timed, e) != STATUS_OK ||
        nccl_wait(run->gpu, run->world, timed->end, side_names[run->kind], e) != STATUS_OK ||
        (other &&
         nccl_wait(run->gpu, run->world, other->end, side_names[run->kind], e) != STATUS_OK) ||
        CUDA_TRY(cudaEventElapsedTime(&milliseconds, timed->start, timed->end), e) != STATUS_OK)
        return e->status;
    watchdog_disarm(&bench->watchdog);
    *call_s = 1e-3 * (double)milliseconds / timed->calls;
    return peers_max(&bench->peers, call_s, e);
}

static enum status time_load(struct overlap_run *run, const struct load *timed,
                             const struct load *other, struct timing *out, struct error *e)
{
    double values[REPETITIONS] = {0};
    for (int i = -1; i < REPETITIONS; i++) { /* the first warms up */
        double call_s = 0;
        if (time_once(run, timed, other, &call_s, e) != STATUS_OK)
            return e->status;
        if (i >= 0)
            values[i] = call_s;
    }
    *out = timing_of(values, REPETITIONS);
    return STATUS_OK;
}

static int calls_for(double seconds, double call_s)
{
    return (int)fmin(fmax(ceil(seconds / fmax(call_s, 1e-6)), 1), CALLS_MAX);
}

/* Calls of what is timed: WINDOW_S, or as little as CALLS_MAX calls of the other outlast. */
static int timed_calls(double call_s, double other_s)
{
    return calls_for(fmin(WINDOW_S, CALLS_MAX * other_s / OUTLAST), call_s);
}

/* Alone both, then each beside the other, which has OUTLAST times its work. */
static enum status time_point(struct overlap_run *run, struct sample *out, struct error *e)
{
    struct load gemm = gemm_load(run, CALLS_ALONE), side = side_load(run, CALLS_ALONE);
    struct timing gemm_alone = {0}, side_alone = {0}, side_beside = {0};
    if (time_load(run, &gemm, NULL, &gemm_alone, e) != STATUS_OK ||
        time_load(run, &side, NULL, &side_alone, e) != STATUS_OK)
        return e->status;
    gemm.calls = timed_calls(gemm_alone.median_s, side_alone.median_s);
    side.calls = calls_for(OUTLAST * gemm.calls * gemm_alone.median_s, side_alone.median_s);
    if (time_load(run, &gemm, &side, &out->timing, e) != STATUS_OK)
        return e->status;
    side.calls = timed_calls(side_alone.median_s, gemm_alone.median_s);
    gemm.calls = calls_for(OUTLAST * side.calls * side_alone.median_s, gemm_alone.median_s);
    if (time_load(run, &side, &gemm, &side_beside, e) != STATUS_OK)
        return e->status;
    snprintf(out->extra, sizeof out->extra, "%.4f,%.4f,%.4f", 1e6 * gemm_alone.median_s,
             1e6 * side_alone.median_s, 1e6 * side_beside.median_s);
    return STATUS_OK;
}

static void decode(size_t i, struct gemm_size *size, enum side_kind *kind, size_t *bytes)
{
    *size = sizes[i % GEMMS];
    *bytes = side_bytes[i / GEMMS % SIDE_SIZES];
    *kind = (enum side_kind)(i / GEMMS / SIDE_SIZES);
}

static void point_key(const void *context, size_t i, char *key, size_t n)
{
    const struct overlap_run *run = context;
    struct gemm_size s;
    enum side_kind kind;
    size_t bytes;
    decode(i, &s, &kind, &bytes);
    snprintf(key, n, "%s,%zu,%d,bf16,%d,%d,%d", side_names[kind], bytes,
             run->gpu->bench->peers.size, s.m, s.n, s.k);
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct overlap_run *run = context;
    struct gemm_size s;
    decode(i, &s, &run->kind, &run->bytes);
    const struct cuda_product product = {DTYPE_BF16, PHASE_FORWARD, s.m, s.n, s.k};
    if (!cuda_operands_of(&product, &run->operands) ||
        cuda_arena_divide(&run->gemm, run->gpu, cuda_operand_set_bytes(&run->operands), e) !=
            STATUS_OK ||
        cuda_matmul_open(&run->matmul, run->gpu, &product, NULL, e) != STATUS_OK)
        return e->status;
    enum status status = cuda_operands_fill(&run->gemm, &run->operands, run->gpu->stream, e);
    if (status == STATUS_OK)
        status = time_point(run, out, e);
    cuda_matmul_close(&run->matmul);
    return status;
}

static enum status allocate(struct overlap_run *run, struct error *e)
{
    size_t largest = side_bytes[SIDE_SIZES - 1];
    struct cuda_gpu *gpu = run->gpu;
    if (gpu->bench->peers.size > 1 && nccl_world(gpu, &run->world, e) != STATUS_OK)
        return e->status;
    if (cuda_arena_open(&run->gemm, 0.5, ARENA_BYTES, e) != STATUS_OK ||
        cuda_arena_open(&run->side, 1, 2.0 * (double)largest, e) != STATUS_OK ||
        CUDA_TRY(cudaHostAlloc(&run->pinned, largest, cudaHostAllocDefault), e) != STATUS_OK ||
        CUDA_TRY(cudaEventCreate(&run->side_start), e) != STATUS_OK ||
        CUDA_TRY(cudaEventCreate(&run->side_end), e) != STATUS_OK ||
        CUDA_TRY(cudaEventCreate(&run->gate), e) != STATUS_OK ||
        CUDA_TRY(kernel_fill(run->side.base, ELEMENT_BF16, largest, 1, gpu->stream), e) !=
            STATUS_OK ||
        CUDA_TRY(cudaMemcpyAsync(run->pinned, run->side.base, largest, cudaMemcpyDeviceToHost,
                                 gpu->stream),
                 e) != STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaStreamSynchronize(gpu->stream), e);
}

static void release(struct overlap_run *run, struct error *e)
{
    if (run->gate)
        CUDA_TRY(cudaEventDestroy(run->gate), e);
    if (run->side_end)
        CUDA_TRY(cudaEventDestroy(run->side_end), e);
    if (run->side_start)
        CUDA_TRY(cudaEventDestroy(run->side_start), e);
    if (run->pinned)
        CUDA_TRY(cudaFreeHost(run->pinned), e);
    cuda_arena_close(&run->side);
    cuda_arena_close(&run->gemm);
}

enum status cuda_overlap_suite(struct bench *bench, struct error *e)
{
    struct overlap_run run = {.gpu = cuda_gpu_of(bench)};
    bool several = bench->peers.size > 1;
    const struct sweep sweep = {.file = "overlap",
                                .columns = "side,side_bytes,ranks,dtype,m,n,k",
                                .extra = "alone_us,side_alone_us,side_beside_us",
                                .count = (size_t)GEMMS * SIDE_SIZES *
                                         (several ? SIDES : SIDE_ALL_REDUCE),
                                .key = point_key,
                                .measure = measure_point,
                                .context = &run};
    if (allocate(&run, e) == STATUS_OK && cuda_gpu_wake(run.gpu, e) == STATUS_OK)
        sweep_run(bench, &sweep, several, e);
    release(&run, e);
    return e->status;
}
