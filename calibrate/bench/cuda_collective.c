#include "base/wall_clock.h"
#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/nccl_group.h"
#include "calibrate/bench/sweep.h"
#include <math.h>
#include <stdio.h>

/* Every collective on every layout of a group, alone and with all its sibling groups at once: alone
 * it shows latency and the links, together it shows what groups share (NICs, switches). */

enum { LOW_BYTES = 1024, SIZES = 24 };  /* 1 KiB to 8 GiB in steps of 2 */
static const double MEMORY_SHARE = 0.4; /* of the free memory, for each of two buffers */

struct collective_run {
    struct cuda_gpu *gpu;
    struct cuda_arena in, out;
    struct group_layout layout;
    ncclComm_t comm; /* NULL: not a member */
    int group;       /* this rank's; -1: none */
    int at_once;     /* groups that run together: 1 or all */
    size_t max_bytes;
    struct nccl_call call; /* of the point in work */
    char what[128];
};

static size_t bytes_of(size_t i)
{
    return (size_t)LOW_BYTES << (i / COLLECTIVES);
}

static void point_key(const void *context, size_t i, char *key, size_t size)
{
    const struct collective_run *run = context;
    int n = snprintf(key, size, "%s,bf16,%d,%d,%zu", collective_names[i % COLLECTIVES],
                     run->layout.ranks, run->layout.per_node, bytes_of(i));
    if (run->at_once > 1 && n > 0 && (size_t)n < size)
        snprintf(key + n, size - (size_t)n, ",%d", run->at_once);
}

/* A small all-reduce first: no rank is through it before all have come, so that what is timed
 * behind it waits for nobody's processor. */
static enum status enqueue_calls(struct collective_run *run, int calls, struct error *e)
{
    struct cuda_gpu *gpu = run->gpu;
    struct nccl_call line_up = run->call;
    line_up.op = COLLECTIVE_ALL_REDUCE;
    line_up.bytes = 2 * (size_t)run->layout.ranks;
    if (nccl_enqueue(&line_up, e) != STATUS_OK ||
        CUDA_TRY(cudaEventRecord(gpu->start, gpu->stream), e) != STATUS_OK)
        return e->status;
    for (int i = 0; i < calls; i++)
        if (nccl_enqueue(&run->call, e) != STATUS_OK)
            return e->status;
    return CUDA_TRY(cudaEventRecord(gpu->end, gpu->stream), e);
}

/* All ranks start together; the slowest member's time on the GPU counts. Groups that sit out wait.
 */
static enum status run_batch(void *context, int calls, double *seconds, struct error *e)
{
    struct collective_run *run = context;
    struct bench *bench = run->gpu->bench;
    float milliseconds = 0;
    if (peers_barrier(&bench->peers, false, e) != STATUS_OK)
        return e->status;
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "%s", run->what);
    if (run->comm && run->group < run->at_once &&
        (enqueue_calls(run, calls, e) != STATUS_OK ||
         nccl_wait(run->gpu, run->comm, run->gpu->end, run->what, e) != STATUS_OK ||
         CUDA_TRY(cudaEventElapsedTime(&milliseconds, run->gpu->start, run->gpu->end), e) !=
             STATUS_OK))
        return e->status;
    watchdog_disarm(&bench->watchdog);
    *seconds = 1e-3 * (double)milliseconds;
    return peers_max(&bench->peers, seconds, e);
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct collective_run *run = context;
    const struct work work = {run_batch, run};
    const struct measure_plan plan = {
        .warmup_calls = 4, .batch_s = 2e-3, .min_repetitions = 7, .min_s = 20e-3, .max_s = 0.5};
    enum collective op = (enum collective)(i % COLLECTIVES);
    size_t bytes = bytes_of(i);
    if (bytes > run->max_bytes)
        return error_set(e, STATUS_NO, "more than the %.1f GB that every rank has free",
                         1e-9 * (double)run->max_bytes);
    if (bytes / 2 < (size_t)run->layout.ranks)
        return error_set(e, STATUS_NO, "less than one element a rank");
    run->call =
        (struct nccl_call){op, run->in.base, run->out.base, bytes, run->comm, run->gpu->stream};
    snprintf(run->what, sizeof run->what, "%s of %zu bytes over %d ranks", collective_names[op],
             bytes, run->layout.ranks);
    return measure(&plan, &work, &out->timing, e);
}

static enum status sweep_layout(struct collective_run *run, struct error *e)
{
    bool shared = run->at_once > 1;
    const struct sweep sweep = {.file = shared ? "collective_shared" : "collective",
                                .columns = shared ? "op,dtype,ranks,ranks_per_node,bytes,groups"
                                                  : "op,dtype,ranks,ranks_per_node,bytes",
                                .count = (size_t)COLLECTIVES * SIZES,
                                .key = point_key,
                                .measure = measure_point,
                                .context = run};
    bench_say(run->gpu->bench, "collective: %d ranks, %d a node, %d groups at once",
              run->layout.ranks, run->layout.per_node, run->at_once);
    return sweep_run(run->gpu->bench, &sweep, true, e);
}

static enum status run_layout(struct collective_run *run, const struct group_place *place,
                              struct error *e)
{
    run->group = group_of(&run->layout, place->node, place->local, place->per_node);
    if (nccl_split(run->gpu, &run->layout, &run->comm, e) != STATUS_OK)
        return e->status;
    run->at_once = 1;
    if (sweep_layout(run, e) == STATUS_OK && run->layout.groups > 1) {
        run->at_once = run->layout.groups;
        sweep_layout(run, e);
    }
    nccl_release(run->gpu, run->comm, e);
    return e->status;
}

/* The time is shared among the layouts; those that need less leave it to the next. */
static enum status run_layouts(struct collective_run *run, struct error *e)
{
    struct bench *bench = run->gpu->bench;
    struct group_layout layouts[GROUP_LAYOUTS_MAX];
    struct group_place place;
    if (group_place_of(&bench->peers, &place, e) != STATUS_OK)
        return e->status;
    int n = group_layouts(place.nodes, place.per_node, layouts);
    double end_s = bench->suite_end_s;
    enum status status = STATUS_OK;
    for (int i = 0; i < n && status == STATUS_OK; i++) {
        double now_s = wall_clock_s();
        bench->suite_end_s = now_s + (end_s - now_s) / (n - i);
        run->layout = layouts[i];
        status = run_layout(run, &place, e);
    }
    bench->suite_end_s = end_s;
    return status;
}

/* Every rank takes as much memory as the one that has least. */
static enum status open_buffers(struct collective_run *run, struct error *e)
{
    struct cuda_gpu *gpu = run->gpu;
    size_t free_bytes = 0, all_bytes = 0;
    if (CUDA_TRY(cudaMemGetInfo(&free_bytes, &all_bytes), e) != STATUS_OK)
        return e->status;
    double least = -(double)free_bytes, largest = (double)LOW_BYTES * exp2(SIZES - 1);
    if (peers_max(&gpu->bench->peers, &least, e) != STATUS_OK)
        return e->status;
    double bytes = fmin(MEMORY_SHARE * -least, largest);
    run->max_bytes = (size_t)bytes;
    if (cuda_arena_open(&run->in, 1, bytes, e) != STATUS_OK ||
        cuda_arena_open(&run->out, 1, bytes, e) != STATUS_OK)
        return e->status;
    if (CUDA_TRY(kernel_fill(run->in.base, ELEMENT_BF16, run->max_bytes / 2, 1, gpu->stream), e) !=
        STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaStreamSynchronize(gpu->stream), e);
}

enum status cuda_collective_suite(struct bench *bench, struct error *e)
{
    struct collective_run run = {.gpu = cuda_gpu_of(bench)};
    if (open_buffers(&run, e) == STATUS_OK && cuda_gpu_wake(run.gpu, e) == STATUS_OK)
        run_layouts(&run, e);
    cuda_arena_close(&run.in);
    cuda_arena_close(&run.out);
    return e->status;
}
