#include "tests/fake_cuda/fake.h"
#include <fcntl.h>
#include <math.h>
#include <nccl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

/* Collectives between processes: a communicator is a file in /dev/shm (or /tmp) that all ranks map.
 * A rank arrives at a collective when it enqueues it; the collective is done when all have arrived.
 * The first of a communicator, if it is an all-reduce, is computed. */

enum { RANKS_MAX = 64, SHARED_BYTES = 1 << 16, SPLITS_MAX = 64 };
static const double LINK_BYTES_PER_S = 370e9, LATENCY_S = 9e-6;

struct shared {
    atomic_int came, left;
    atomic_long arrived[RANKS_MAX];
    atomic_long sent[RANKS_MAX][RANKS_MAX]; /* messages from a rank to another */
    atomic_int split_came[SPLITS_MAX];
    int color[SPLITS_MAX][RANKS_MAX];
    unsigned char data[RANKS_MAX][SHARED_BYTES];
};
struct ncclComm {
    struct shared *shared;
    char path[160];
    int rank, ranks, splits;
    long sequence, posted[RANKS_MAX];
    void *out; /* of the first all-reduce, while it is to be computed */
    size_t bytes;
};
static _Thread_local struct {
    int depth;
    struct ncclComm *comm;
    cudaStream_t stream;
    size_t bytes;
} group;

#define COUNTED(seconds)                                                                           \
    do {                                                                                           \
        fake_host_s(seconds);                                                                      \
        if (fake_fails(__func__))                                                                  \
            return ncclSystemError;                                                                \
    } while (0)

static void nap(void)
{
    struct timespec t = {0, 200000};
    nanosleep(&t, NULL);
}

static ncclResult_t join(ncclComm_t *made, const char *name, int ranks, int rank)
{
    struct ncclComm *comm = calloc(1, sizeof *comm);
    if (!comm || ranks > RANKS_MAX)
        return ncclInvalidArgument;
    comm->rank = rank;
    comm->ranks = ranks;
    snprintf(comm->path, sizeof comm->path, "%s/fake_nccl_%.100s",
             access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp", name);
    int fd = open(comm->path, O_RDWR | O_CREAT, 0600);
    void *map = MAP_FAILED;
    if (fd >= 0 && ftruncate(fd, sizeof(struct shared)) == 0)
        map = mmap(NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (map == MAP_FAILED) {
        free(comm);
        return ncclSystemError;
    }
    comm->shared = map;
    atomic_fetch_add(&comm->shared->came, 1);
    while (atomic_load(&comm->shared->came) < ranks)
        nap();
    *made = comm;
    fake_alive("communicator", 1);
    return ncclSuccess;
}

const char *ncclGetErrorString(ncclResult_t code)
{
    return code == ncclSystemError ? "unhandled system error" : "invalid usage";
}

ncclResult_t ncclGetVersion(int *version)
{
    COUNTED(1e-6);
    *version = NCCL_VERSION_CODE;
    return ncclSuccess;
}

ncclResult_t ncclGetUniqueId(ncclUniqueId *id)
{
    COUNTED(1e-3);
    snprintf(id->internal, sizeof id->internal, "%ld_%ld", (long)getpid(), (long)time(NULL));
    return ncclSuccess;
}

ncclResult_t ncclCommInitRank(ncclComm_t *comm, int ranks, ncclUniqueId id, int rank)
{
    COUNTED(1);
    return join(comm, id.internal, ranks, rank);
}

/* All ranks say their colour; those of one colour, by rank, are a communicator. */
ncclResult_t ncclCommSplit(ncclComm_t comm, int color, int key, ncclComm_t *made,
                           ncclConfig_t *config)
{
    char name[140];
    int split = comm->splits++, ranks = 0, rank = 0;
    (void)key, (void)config;
    COUNTED(0.1);
    comm->shared->color[split][comm->rank] = color;
    atomic_fetch_add(&comm->shared->split_came[split], 1);
    while (atomic_load(&comm->shared->split_came[split]) < comm->ranks)
        nap();
    *made = NULL;
    if (color == NCCL_SPLIT_NOCOLOR)
        return ncclSuccess;
    for (int r = 0; r < comm->ranks; r++) {
        rank += r < comm->rank && comm->shared->color[split][r] == color;
        ranks += comm->shared->color[split][r] == color;
    }
    snprintf(name, sizeof name, "%.80s_%d_%d", strrchr(comm->path, '/') + 11, split, color);
    return join(made, name, ranks, rank);
}

static ncclResult_t leave(ncclComm_t comm)
{
    if (atomic_fetch_add(&comm->shared->left, 1) == 0)
        unlink(comm->path);
    munmap(comm->shared, sizeof(struct shared));
    comm->shared = NULL; /* streams may still name it */
    fake_alive("communicator", -1);
    return ncclSuccess;
}

ncclResult_t ncclCommDestroy(ncclComm_t comm)
{
    COUNTED(10e-3);
    return leave(comm);
}

ncclResult_t ncclCommAbort(ncclComm_t comm)
{
    COUNTED(10e-3);
    return leave(comm);
}

ncclResult_t ncclCommCount(const ncclComm_t comm, int *ranks)
{
    COUNTED(50e-9);
    *ranks = comm->ranks;
    return ncclSuccess;
}

ncclResult_t ncclCommUserRank(const ncclComm_t comm, int *rank)
{
    COUNTED(50e-9);
    *rank = comm->rank;
    return ncclSuccess;
}

ncclResult_t ncclCommGetAsyncError(ncclComm_t comm, ncclResult_t *code)
{
    (void)comm;
    *code = ncclSuccess;
    COUNTED(50e-9);
    return ncclSuccess;
}

/* ---- collectives ---- */

/* Sums of bf16 by their upper halves as fp32. */
static float bf16_value(const unsigned char *p)
{
    unsigned bits = (unsigned)p[0] << 16 | (unsigned)p[1] << 24;
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static void compute(struct ncclComm *comm)
{
    unsigned char *out = comm->out;
    for (size_t i = 0; i < comm->bytes; i += 2) {
        float sum = fake_wrong("nccl") ? 1 : 0;
        unsigned bits;
        for (int r = 0; r < comm->ranks; r++)
            sum += bf16_value(&comm->shared->data[r][i]);
        memcpy(&bits, &sum, sizeof bits);
        out[i] = (unsigned char)(bits >> 16 & 0xff);
        out[i + 1] = (unsigned char)(bits >> 24);
    }
    comm->out = NULL;
}

static bool all_came(void *context, long sequence)
{
    struct ncclComm *comm = context;
    for (int r = 0; comm->shared && r < comm->ranks; r++)
        if (atomic_load(&comm->shared->arrived[r]) < sequence)
            return false;
    if (comm->out)
        compute(comm);
    return true;
}

static ncclResult_t collective(ncclComm_t comm, cudaStream_t stream, const void *in, void *out,
                               size_t bytes, double volume)
{
    if (!fake_inside(in, 2) || !fake_inside(out, 2))
        return ncclInvalidArgument;
    comm->sequence++;
    if (comm->sequence == 1 && volume > 1.5 && bytes <= SHARED_BYTES) {
        memcpy(comm->shared->data[comm->rank], in, bytes);
        comm->out = out;
        comm->bytes = bytes;
    }
    atomic_store(&comm->shared->arrived[comm->rank], comm->sequence);
    fake_depend(stream, all_came, comm, comm->sequence);
    double moved = volume * (double)bytes * (comm->ranks - 1) / comm->ranks;
    fake_enqueue(stream,
                 (struct fake_cost){LATENCY_S + 1.5e-6 * comm->ranks + moved / LINK_BYTES_PER_S,
                                    moved * 60e-12});
    return ncclSuccess;
}

ncclResult_t ncclAllReduce(const void *in, void *out, size_t count, ncclDataType_t type,
                           ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
    (void)op;
    COUNTED(6e-6);
    return type == ncclBfloat16 ? collective(comm, stream, in, out, 2 * count, 2)
                                : ncclInvalidArgument;
}

ncclResult_t ncclAllGather(const void *in, void *out, size_t count, ncclDataType_t type,
                           ncclComm_t comm, cudaStream_t stream)
{
    (void)type;
    COUNTED(6e-6);
    return collective(comm, stream, in, out, 2 * count * (size_t)comm->ranks, 1);
}

ncclResult_t ncclReduceScatter(const void *in, void *out, size_t count, ncclDataType_t type,
                               ncclRedOp_t op, ncclComm_t comm, cudaStream_t stream)
{
    (void)type, (void)op;
    COUNTED(6e-6);
    return collective(comm, stream, in, out, 2 * count * (size_t)comm->ranks, 1);
}

ncclResult_t ncclAlltoAll(const void *in, void *out, size_t count, ncclDataType_t type,
                          ncclComm_t comm, cudaStream_t stream)
{
    (void)type;
    COUNTED(6e-6);
    return collective(comm, stream, in, out, 2 * count * (size_t)comm->ranks, 1);
}

ncclResult_t ncclBroadcast(const void *in, void *out, size_t count, ncclDataType_t type, int root,
                           ncclComm_t comm, cudaStream_t stream)
{
    (void)type, (void)root;
    COUNTED(6e-6);
    return collective(comm, stream, in, out, 2 * count, 1);
}

ncclResult_t ncclReduce(const void *in, void *out, size_t count, ncclDataType_t type,
                        ncclRedOp_t op, int root, ncclComm_t comm, cudaStream_t stream)
{
    (void)type, (void)op, (void)root;
    COUNTED(6e-6);
    return collective(comm, stream, in, out, 2 * count, 1);
}

/* ---- messages: done when the sender has enqueued as many as the receiver expects ---- */

ncclResult_t ncclGroupStart(void)
{
    COUNTED(0.1e-6);
    group.depth++;
    return ncclSuccess;
}

/* sequence: 64 times the message's number, plus whose it is. */
static bool message_came(void *context, long sequence)
{
    const struct ncclComm *comm = context;
    return !comm->shared || atomic_load(&comm->shared->sent[sequence % RANKS_MAX][comm->rank]) >=
                                sequence / RANKS_MAX;
}

ncclResult_t ncclSend(const void *in, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
    COUNTED(2e-6);
    if (group.depth == 0 || !fake_inside(in, count))
        return ncclInvalidUsage;
    atomic_fetch_add(&comm->shared->sent[comm->rank][peer], 1);
    group.comm = comm;
    group.stream = stream;
    group.bytes = count * (type == ncclBfloat16 ? 2 : 1);
    return ncclSuccess;
}

ncclResult_t ncclRecv(void *out, size_t count, ncclDataType_t type, int peer, ncclComm_t comm,
                      cudaStream_t stream)
{
    (void)type;
    COUNTED(2e-6);
    if (group.depth == 0 || !fake_inside(out, count))
        return ncclInvalidUsage;
    fake_depend(stream, message_came, comm, ++comm->posted[peer] * RANKS_MAX + peer);
    return ncclSuccess;
}

ncclResult_t ncclGroupEnd(void)
{
    COUNTED(3e-6);
    if (--group.depth == 0 && group.comm) {
        fake_enqueue(group.stream,
                     (struct fake_cost){LATENCY_S + (double)group.bytes / LINK_BYTES_PER_S,
                                        (double)group.bytes * 60e-12});
        group.comm = NULL;
    }
    return ncclSuccess;
}
