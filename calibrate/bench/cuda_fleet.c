#include "base/values.h"
#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_matmul.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/nccl_group.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Is every GPU and every link as good as the others? All GPUs do the same at once, then each link
 * between neighbours carries messages alone. fleet.csv has a row each; what stands out is told by
 * name. */

enum { SIZE = 8192, REPETITIONS = 5, LINK_CALLS = 10 };
static const double ARENA_BYTES = 4e9, COPY_BYTES = 1e9;
static const size_t LINK_BYTES = (size_t)64 << 20, HOST_BYTES = (size_t)256 << 20;
/* An outlier is over 4 standard deviations and 5 % slower; GPUs of one kind differ by 1 to 3 %
 * (MODELLING 11.2). */
static const double OUTLIER_SCORE = 4, FLOOR_FRAC = 0.0125;

struct fleet_run {
    struct cuda_gpu *gpu;
    struct cuda_arena arena;
    void *pinned;
    struct cuda_matmul matmul;
    struct cuda_operands operands;
    ncclComm_t world;
    struct sample_file file;
    double *seconds;  /* of all ranks, or of the links that begin there */
    double *compared; /* those of a group, and whose they are */
    int *who;
};

static enum status enqueue_gemm(void *context, int call, cudaStream_t stream, struct error *e)
{
    const struct fleet_run *run = context;
    struct cuda_operand_places at =
        cuda_operand_places(cuda_arena_set(&run->arena, call), &run->operands);
    return cuda_matmul_enqueue(&run->matmul, run->gpu, &at, stream, e);
}

static enum status enqueue_copy(void *context, int call, cudaStream_t stream, struct error *e)
{
    const struct fleet_run *run = context;
    size_t half = (size_t)COPY_BYTES / 2;
    (void)call;
    return CUDA_TRY(kernel_copy(run->arena.base, run->arena.base + half, half / 2, stream), e);
}

static enum status enqueue_h2d(void *context, int call, cudaStream_t stream, struct error *e)
{
    const struct fleet_run *run = context;
    (void)call;
    return CUDA_TRY(
        cudaMemcpyAsync(run->arena.base, run->pinned, HOST_BYTES, cudaMemcpyHostToDevice, stream),
        e);
}

static const struct {
    const char *name;
    enum status (*enqueue)(void *context, int call, cudaStream_t stream, struct error *e);
} checks[] = {
    {"gemm", enqueue_gemm},
    {"copy", enqueue_copy},
    {"h2d",  enqueue_h2d }
};
enum { CHECKS = sizeof checks / sizeof checks[0] };

/* The link from rank r: to the next GPU of its node, else to the first GPU of the next node. */
static int link_end(const struct peers *peers, int r)
{
    return (r + 1) % peers->size;
}

static void row_key(const struct peers *peers, const char *check, int r, int to, char *key,
                    size_t size)
{
    snprintf(key, size, "%s,%d,%s,%d,%s", check, r, peers->host[r], to, peers->host[to]);
}

static enum status write_row(struct fleet_run *run, const char *check, int r, int to,
                             struct error *e)
{
    char key[256], values[64];
    row_key(&run->gpu->bench->peers, check, r, to, key, sizeof key);
    snprintf(values, sizeof values, "%.4f", 1e6 * run->seconds[r]);
    if (sample_file_has(&run->file, key))
        return STATUS_OK;
    return sample_file_add(&run->file, key, values, e);
}

/* What is compared with each other: GPUs; links inside a node; links between nodes. */
enum peer_group { GROUP_GPUS, GROUP_INSIDE, GROUP_BETWEEN };
static const char *const group_names[] = {"GPUs", "links in a node", "links between nodes"};

static bool belongs(const struct peers *peers, enum peer_group group, int r)
{
    bool inside = strcmp(peers->host[r], peers->host[link_end(peers, r)]) == 0;
    return group == GROUP_GPUS || inside == (group == GROUP_INSIDE);
}

static void tell_outlier(const struct fleet_run *run, const char *check, enum peer_group group,
                         int r, double score)
{
    const struct peers *peers = &run->gpu->bench->peers;
    int to = link_end(peers, r);
    bool link = group != GROUP_GPUS;
    char other[96] = "";
    if (link)
        snprintf(other, sizeof other, " to rank %d on %s", to, peers->host[to]);
    bench_say(run->gpu->bench, "fleet: %s: rank %d on %s%s is slow: %.0f us, %.1f deviations off",
              check, r, peers->host[r], other, 1e6 * run->seconds[r], score);
}

/* Rank 0: rows, and who stands out in the group. */
static enum status judge(struct fleet_run *run, const char *check, enum peer_group group,
                         struct error *e)
{
    const struct peers *peers = &run->gpu->bench->peers;
    int n = 0, outliers = 0;
    for (int r = 0; r < peers->size; r++) {
        if (!belongs(peers, group, r))
            continue;
        if (write_row(run, check, r, group == GROUP_GPUS ? r : link_end(peers, r), e) != STATUS_OK)
            return e->status;
        run->compared[n] = run->seconds[r];
        run->who[n++] = r;
    }
    for (int i = 0; i < n; i++) {
        double score = outlier_score(run->compared, (size_t)n, (size_t)i, FLOOR_FRAC);
        if (score >= OUTLIER_SCORE)
            tell_outlier(run, check, group, run->who[i], score);
        outliers += score >= OUTLIER_SCORE;
    }
    if (n > 0 && outliers == 0)
        bench_say(run->gpu->bench, "fleet: %s: %d %s alike", check, n, group_names[group]);
    return STATUS_OK;
}

static enum status run_check(struct fleet_run *run, size_t check, struct error *e)
{
    struct peers *peers = &run->gpu->bench->peers;
    const struct cuda_work work = {.enqueue = checks[check].enqueue, .context = run};
    struct timing timing = {0};
    if (peers_barrier(peers, false, e) != STATUS_OK ||
        cuda_measure(run->gpu, &work, &timing, e) != STATUS_OK ||
        peers_gather(peers, &timing.median_s, sizeof timing.median_s, run->seconds, e) != STATUS_OK)
        return e->status;
    return peers->rank == 0 ? judge(run, checks[check].name, GROUP_GPUS, e) : STATUS_OK;
}

static enum status exchange(struct fleet_run *run, int with, struct error *e)
{
    struct cuda_gpu *gpu = run->gpu;
    char *out = run->arena.base, *in = run->arena.base + LINK_BYTES;
    if (CUDA_TRY(cudaEventRecord(gpu->start, gpu->stream), e) != STATUS_OK)
        return e->status;
    for (int i = 0; i < LINK_CALLS; i++)
        if (NCCL_TRY(ncclGroupStart(), e) != STATUS_OK ||
            NCCL_TRY(ncclSend(out, LINK_BYTES, ncclUint8, with, run->world, gpu->stream), e) !=
                STATUS_OK ||
            NCCL_TRY(ncclRecv(in, LINK_BYTES, ncclUint8, with, run->world, gpu->stream), e) !=
                STATUS_OK ||
            NCCL_TRY(ncclGroupEnd(), e) != STATUS_OK)
            return e->status;
    if (CUDA_TRY(cudaEventRecord(gpu->end, gpu->stream), e) != STATUS_OK)
        return e->status;
    return nccl_wait(gpu, run->world, gpu->end, "message between two ranks", e);
}

/* Seconds of a message both ways between r and its neighbour, the others idle. */
static enum status time_link(struct fleet_run *run, int r, double *seconds, struct error *e)
{
    struct bench *bench = run->gpu->bench;
    int to = link_end(&bench->peers, r), me = bench->peers.rank;
    double values[REPETITIONS] = {0};
    for (int i = -1; i < REPETITIONS; i++) { /* the first connects */
        float milliseconds = 0;
        if (peers_barrier(&bench->peers, false, e) != STATUS_OK)
            return e->status;
        watchdog_arm(&bench->watchdog, bench->options->timeout_s,
                     "messages between ranks %d and %d", r, to);
        if ((me == r || me == to) &&
            (exchange(run, me == r ? to : r, e) != STATUS_OK ||
             CUDA_TRY(cudaEventElapsedTime(&milliseconds, run->gpu->start, run->gpu->end), e) !=
                 STATUS_OK))
            return e->status;
        watchdog_disarm(&bench->watchdog);
        double call_s = 1e-3 * (double)milliseconds / LINK_CALLS;
        if (peers_max(&bench->peers, &call_s, e) != STATUS_OK)
            return e->status;
        values[i < 0 ? 0 : i] = call_s;
    }
    *seconds = values_median(values, REPETITIONS);
    return STATUS_OK;
}

static enum status run_links(struct fleet_run *run, struct error *e)
{
    const struct peers *peers = &run->gpu->bench->peers;
    for (int r = 0; r < peers->size; r++)
        if (time_link(run, r, &run->seconds[r], e) != STATUS_OK)
            return e->status;
    if (peers->rank != 0)
        return STATUS_OK;
    enum status status = judge(run, "link", GROUP_INSIDE, e);
    return status == STATUS_OK ? judge(run, "link", GROUP_BETWEEN, e) : status;
}

/* Whether an earlier run got as far as the last link: rank 0 knows. */
static enum status ask_whether_done(struct fleet_run *run, bool *done, struct error *e)
{
    struct peers *peers = &run->gpu->bench->peers;
    int last = peers->size - 1, to = link_end(peers, last);
    char key[256];
    row_key(peers, "link", last, to, key, sizeof key);
    *done = peers->rank == 0 && sample_file_has(&run->file, key);
    return peers_broadcast(peers, done, sizeof *done, e);
}

static enum status prepare(struct fleet_run *run, struct error *e)
{
    struct cuda_gpu *gpu = run->gpu;
    const struct cuda_product product = {DTYPE_BF16, PHASE_FORWARD, SIZE, SIZE, SIZE};
    run->seconds = calloc((size_t)gpu->bench->peers.size, sizeof *run->seconds);
    run->compared = calloc((size_t)gpu->bench->peers.size, sizeof *run->compared);
    run->who = calloc((size_t)gpu->bench->peers.size, sizeof *run->who);
    if (!run->seconds || !run->compared || !run->who)
        return error_set(e, STATUS_IO, "out of memory");
    if (!cuda_operands_of(&product, &run->operands) ||
        cuda_arena_open(&run->arena, 0.5, ARENA_BYTES, e) != STATUS_OK ||
        cuda_arena_divide(&run->arena, gpu, cuda_operand_set_bytes(&run->operands), e) !=
            STATUS_OK ||
        cuda_matmul_open(&run->matmul, gpu, &product, NULL, e) != STATUS_OK ||
        cuda_operands_fill(&run->arena, &run->operands, gpu->stream, e) != STATUS_OK ||
        CUDA_TRY(cudaHostAlloc(&run->pinned, HOST_BYTES, cudaHostAllocDefault), e) != STATUS_OK ||
        CUDA_TRY(cudaMemcpyAsync(run->pinned, run->arena.base, HOST_BYTES, cudaMemcpyDeviceToHost,
                                 gpu->stream),
                 e) != STATUS_OK ||
        CUDA_TRY(cudaStreamSynchronize(gpu->stream), e) != STATUS_OK)
        return e->status;
    if (gpu->bench->peers.rank == 0 &&
        bench_open_samples(gpu->bench, "fleet", "check,rank,host,to_rank,to_host,time_us", 5,
                           &run->file, e) != STATUS_OK)
        return e->status;
    return nccl_world(gpu, &run->world, e);
}

static void release(struct fleet_run *run, struct error *e)
{
    sample_file_close(&run->file);
    if (run->pinned)
        CUDA_TRY(cudaFreeHost(run->pinned), e);
    cuda_matmul_close(&run->matmul);
    cuda_arena_close(&run->arena);
    free(run->seconds);
    free(run->compared);
    free(run->who);
}

enum status cuda_fleet_suite(struct bench *bench, struct error *e)
{
    struct fleet_run run = {.gpu = cuda_gpu_of(bench), .file = {.fd = -1}};
    enum status status = prepare(&run, e);
    if (status == STATUS_OK)
        status = cuda_gpu_wake(run.gpu, e);
    bool done = false;
    if (status == STATUS_OK)
        status = ask_whether_done(&run, &done, e);
    for (size_t i = 0; i < CHECKS && status == STATUS_OK && !done; i++)
        status = run_check(&run, i, e);
    if (status == STATUS_OK && !done)
        run_links(&run, e);
    if (done)
        bench_say(bench, "fleet: all links were there");
    release(&run, e);
    return e->status;
}
