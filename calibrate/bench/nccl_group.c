#include "calibrate/bench/nccl_group.h"
#include "base/wall_clock.h"
#include <stdio.h>

enum { ELEMENT_BYTES = 2 }; /* bf16, as gradients and activations are */
static const double POLL_S = 20e-6;

enum status nccl_world(struct cuda_gpu *gpu, ncclComm_t *world, struct error *e)
{
    struct bench *bench = gpu->bench;
    struct peers *peers = &bench->peers;
    ncclUniqueId id = {{0}};
    *world = gpu->world;
    if (gpu->world)
        return STATUS_OK;
    if (peers->rank == 0 && NCCL_TRY(ncclGetUniqueId(&id), e) != STATUS_OK)
        return e->status;
    if (peers_broadcast(peers, &id, sizeof id, e) != STATUS_OK)
        return e->status;
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "ncclCommInitRank over %d ranks",
                 peers->size);
    enum status status = NCCL_TRY(ncclCommInitRank(&gpu->world, peers->size, id, peers->rank), e);
    watchdog_disarm(&bench->watchdog);
    *world = gpu->world;
    return status;
}

enum status nccl_split(struct cuda_gpu *gpu, const struct group_layout *layout, ncclComm_t *comm,
                       struct error *e)
{
    struct bench *bench = gpu->bench;
    struct group_place place;
    ncclComm_t world;
    *comm = NULL;
    if (group_place_of(&bench->peers, &place, e) != STATUS_OK ||
        nccl_world(gpu, &world, e) != STATUS_OK)
        return e->status;
    int group = group_of(layout, place.node, place.local, place.per_node);
    int color = group >= 0 ? group : NCCL_SPLIT_NOCOLOR;
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "ncclCommSplit into groups of %d",
                 layout->ranks);
    enum status status = NCCL_TRY(ncclCommSplit(world, color, bench->peers.rank, comm, NULL), e);
    watchdog_disarm(&bench->watchdog);
    return status;
}

/* After any failure the peers may never come to a common end. */
enum status nccl_release(struct cuda_gpu *gpu, ncclComm_t comm, struct error *e)
{
    struct bench *bench = gpu->bench;
    if (!comm)
        return STATUS_OK;
    if (gpu->nccl_failed || bench->failed || e->status != STATUS_OK)
        return NCCL_TRY(ncclCommAbort(comm), e);
    watchdog_arm(&bench->watchdog, bench->options->timeout_s, "ncclCommDestroy");
    enum status status = NCCL_TRY(ncclCommDestroy(comm), e);
    watchdog_disarm(&bench->watchdog);
    return status;
}

/* A call with what its communicator says of itself. */
struct resolved {
    const struct nccl_call *call;
    size_t count, part; /* elements; of one rank's share */
    int ranks, rank;
};

static ncclResult_t all_reduce(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    return ncclAllReduce(c->in, c->out, r->count, ncclBfloat16, ncclSum, c->comm, c->stream);
}

static ncclResult_t all_gather(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    return ncclAllGather(c->in, c->out, r->part, ncclBfloat16, c->comm, c->stream);
}

static ncclResult_t reduce_scatter(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    return ncclReduceScatter(c->in, c->out, r->part, ncclBfloat16, ncclSum, c->comm, c->stream);
}

#if NCCL_VERSION_CODE >= NCCL_VERSION(2, 28, 0)
static ncclResult_t all_to_all(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    return ncclAlltoAll(c->in, c->out, r->part, ncclBfloat16, c->comm, c->stream);
}
#else
static ncclResult_t all_to_all(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    const char *in = c->in;
    char *out = c->out;
    ncclResult_t code = ncclGroupStart();
    for (int peer = 0; peer < r->ranks && code == ncclSuccess; peer++) {
        size_t at = (size_t)peer * r->part * ELEMENT_BYTES;
        code = ncclSend(in + at, r->part, ncclBfloat16, peer, c->comm, c->stream);
        if (code == ncclSuccess)
            code = ncclRecv(out + at, r->part, ncclBfloat16, peer, c->comm, c->stream);
    }
    ncclResult_t end = ncclGroupEnd();
    return code == ncclSuccess ? end : code;
}
#endif

/* To the next rank, from the one before: as nccl-tests. */
static ncclResult_t send_recv(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    int next = (r->rank + 1) % r->ranks, before = (r->rank + r->ranks - 1) % r->ranks;
    ncclResult_t code = ncclGroupStart();
    if (code == ncclSuccess)
        code = ncclSend(c->in, r->count, ncclBfloat16, next, c->comm, c->stream);
    if (code == ncclSuccess)
        code = ncclRecv(c->out, r->count, ncclBfloat16, before, c->comm, c->stream);
    ncclResult_t end = ncclGroupEnd();
    return code == ncclSuccess ? end : code;
}

static ncclResult_t broadcast(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    return ncclBroadcast(c->in, c->out, r->count, ncclBfloat16, 0, c->comm, c->stream);
}

static ncclResult_t reduce(const struct resolved *r)
{
    const struct nccl_call *c = r->call;
    return ncclReduce(c->in, c->out, r->count, ncclBfloat16, ncclSum, 0, c->comm, c->stream);
}

static ncclResult_t (*const functions[COLLECTIVES])(const struct resolved *call) = {
    [COLLECTIVE_ALL_REDUCE] = all_reduce,
    [COLLECTIVE_ALL_GATHER] = all_gather,
    [COLLECTIVE_REDUCE_SCATTER] = reduce_scatter,
    [COLLECTIVE_ALL_TO_ALL] = all_to_all,
    [COLLECTIVE_SEND_RECV] = send_recv,
    [COLLECTIVE_BROADCAST] = broadcast,
    [COLLECTIVE_REDUCE] = reduce,
};

enum status nccl_enqueue(const struct nccl_call *call, struct error *e)
{
    struct resolved r = {.call = call, .count = call->bytes / ELEMENT_BYTES};
    if (NCCL_TRY(ncclCommCount(call->comm, &r.ranks), e) != STATUS_OK ||
        NCCL_TRY(ncclCommUserRank(call->comm, &r.rank), e) != STATUS_OK)
        return e->status;
    r.part = r.count / (size_t)r.ranks;
    if (r.part == 0)
        return error_set(e, STATUS_NO, "%zu bytes are less than one element for each of %d ranks",
                         call->bytes, r.ranks);
    return nccl_try(functions[call->op](&r), collective_names[call->op], e);
}

enum status nccl_wait(struct cuda_gpu *gpu, ncclComm_t comm, cudaEvent_t done, const char *what,
                      struct error *e)
{
    double timeout_s = gpu->bench->options->timeout_s, start_s = wall_clock_s();
    cudaError_t code;
    while ((code = cudaEventQuery(done)) == cudaErrorNotReady) {
        ncclResult_t asynchronous = ncclSuccess;
        (void)cudaGetLastError(); /* the query left its answer there: no launch's failure */
        if (comm && (NCCL_TRY(ncclCommGetAsyncError(comm, &asynchronous), e) != STATUS_OK ||
                     nccl_try(asynchronous, what, e) != STATUS_OK))
            gpu->nccl_failed = true;
        else if (timeout_s > 0 && wall_clock_s() - start_s > timeout_s) {
            error_set(e, STATUS_IO, "rank %d: %s: not finished after %g s", gpu->bench->peers.rank,
                      what, timeout_s);
            error_set_hint(e, "a peer died, a link is down, or the time is too short (--timeout)");
            gpu->nccl_failed = true;
        }
        if (gpu->nccl_failed)
            return e->status;
        wall_clock_sleep(POLL_S);
    }
    return cuda_try(code, "cudaEventQuery", e);
}
