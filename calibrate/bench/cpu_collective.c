#include "base/op.h"
#include "base/wall_clock.h"
#include "calibrate/bench/cpu_device.h"
#include "calibrate/bench/sweep.h"
#include <stdio.h>
#include <stdlib.h>
#ifdef BENCH_MPI
#include <mpi.h>

/* Sizes as nccl-tests counts them (base/op.h): 1 KB to 32 MB. */
enum { LOW_BYTES = 1024, SIZES = 16, PARTS = 4, FLOAT_BYTES = 4 };

struct collective_run {
    struct bench *bench;
    float *in, *out;
    enum collective op;
    int bytes;
    struct measure_plan plan;
};

static int all_reduce(const struct collective_run *r, int count)
{
    return MPI_Allreduce(r->in, r->out, count, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static int all_gather(const struct collective_run *r, int count)
{
    int part = count / r->bench->peers.size;
    return MPI_Allgather(r->in, part, MPI_FLOAT, r->out, part, MPI_FLOAT, MPI_COMM_WORLD);
}

static int reduce_scatter(const struct collective_run *r, int count)
{
    int part = count / r->bench->peers.size;
    return MPI_Reduce_scatter_block(r->in, r->out, part, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD);
}

static int all_to_all(const struct collective_run *r, int count)
{
    int part = count / r->bench->peers.size;
    return MPI_Alltoall(r->in, part, MPI_FLOAT, r->out, part, MPI_FLOAT, MPI_COMM_WORLD);
}

/* To the next rank, from the one before: as nccl-tests. */
static int send_recv(const struct collective_run *r, int count)
{
    int ranks = r->bench->peers.size, rank = r->bench->peers.rank;
    return MPI_Sendrecv(r->in, count, MPI_FLOAT, (rank + 1) % ranks, 0, r->out, count, MPI_FLOAT,
                        (rank + ranks - 1) % ranks, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static int broadcast(const struct collective_run *r, int count)
{
    return MPI_Bcast(r->out, count, MPI_FLOAT, 0, MPI_COMM_WORLD);
}

static int reduce(const struct collective_run *r, int count)
{
    return MPI_Reduce(r->in, r->out, count, MPI_FLOAT, MPI_SUM, 0, MPI_COMM_WORLD);
}

static int (*const calls_by_op[COLLECTIVES])(const struct collective_run *run, int count) = {
    [COLLECTIVE_ALL_REDUCE] = all_reduce,
    [COLLECTIVE_ALL_GATHER] = all_gather,
    [COLLECTIVE_REDUCE_SCATTER] = reduce_scatter,
    [COLLECTIVE_ALL_TO_ALL] = all_to_all,
    [COLLECTIVE_SEND_RECV] = send_recv,
    [COLLECTIVE_BROADCAST] = broadcast,
    [COLLECTIVE_REDUCE] = reduce,
};

/* Seconds of back-to-back calls after a barrier, on the slowest rank. */
static enum status run_part(const struct collective_run *run, int calls, double *seconds,
                            struct error *e)
{
    const char *name = collective_names[run->op];
    if (MPI_Barrier(MPI_COMM_WORLD) != MPI_SUCCESS)
        return error_set(e, STATUS_IO, "MPI_Barrier failed before %s", name);
    double start_s = wall_clock_s();
    for (int i = 0; i < calls; i++)
        if (calls_by_op[run->op](run, run->bytes / FLOAT_BYTES) != MPI_SUCCESS)
            return error_set(e, STATUS_IO, "%s of %d bytes failed", name, run->bytes);
    *seconds = wall_clock_s() - start_s;
    return peers_max(&run->bench->peers, seconds, e);
}

/* The fastest of a few parts stands for all: see cpu_time_batch. */
static enum status run_batch(void *context, int calls, double *seconds, struct error *e)
{
    const struct collective_run *run = context;
    struct bench *bench = run->bench;
    int part = calls / PARTS > 0 ? calls / PARTS : 1;
    double best_s = 0;
    enum status status = STATUS_OK;
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "%s of %d bytes over %d ranks",
                 collective_names[run->op], run->bytes, bench->peers.size);
    for (int done = 0; done + part <= calls && status == STATUS_OK; done += part) {
        double part_s = 0;
        status = run_part(run, part, &part_s, e);
        best_s = done == 0 || part_s < best_s ? part_s : best_s;
    }
    watchdog_disarm(&bench->watchdog);
    *seconds = best_s / part * calls;
    return status;
}

static void point_key(const void *context, size_t i, char *key, size_t size)
{
    const struct collective_run *run = context;
    const struct peers *peers = &run->bench->peers;
    snprintf(key, size, "%s,fp32,%d,%d,%d", collective_names[i % COLLECTIVES], peers->size,
             peers->local_size, LOW_BYTES << (i / COLLECTIVES));
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct collective_run *run = context;
    const struct work work = {run_batch, run};
    run->op = (enum collective)(i % COLLECTIVES);
    run->bytes = LOW_BYTES << (i / COLLECTIVES);
    return measure(&run->plan, &work, &out->timing, e);
}

static enum status run_all(struct collective_run *run, struct error *e)
{
    const struct sweep sweep = {.file = "collective",
                                .columns = "op,dtype,ranks,ranks_per_node,bytes",
                                .count = (size_t)COLLECTIVES * SIZES,
                                .key = point_key,
                                .measure = measure_point,
                                .context = run};
    size_t floats = ((size_t)LOW_BYTES << (SIZES - 1)) / FLOAT_BYTES;
    run->in = cpu_random_floats(floats);
    run->out = cpu_random_floats(floats);
    if (!run->in || !run->out)
        return error_set(e, STATUS_IO, "out of memory: the collective suite needs 128 MB a rank");
    run->plan = cpu_plan(run->bench, sweep.count); /* rank 0's clock decides for all */
    run->plan.wall_clock = false;
    if (peers_broadcast(&run->bench->peers, &run->plan, sizeof run->plan, e) != STATUS_OK)
        return e->status;
    return sweep_run(run->bench, &sweep, true, e);
}

enum status cpu_collective_suite(struct bench *bench, struct error *e)
{
    struct collective_run run = {.bench = bench};
    int up = 0;
    MPI_Initialized(&up);
    if (!up) {
        bench_say(bench, "collective: left out: the ranks were not started by mpirun");
        return STATUS_OK;
    }
    enum status status = run_all(&run, e);
    free(run.in);
    free(run.out);
    return status;
}
#else

enum status cpu_collective_suite(struct bench *bench, struct error *e)
{
    (void)e;
    bench_say(bench, "collective: left out: built without MPI (install libopenmpi-dev)");
    return STATUS_OK;
}
#endif
