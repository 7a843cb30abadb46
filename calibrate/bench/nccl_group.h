#ifndef CALIBRATE_BENCH_NCCL_GROUP_H
#define CALIBRATE_BENCH_NCCL_GROUP_H
#include "base/op.h"
#include "calibrate/bench/cuda_gpu.h"
#include "calibrate/bench/group_layout.h"
#include <nccl.h>

/* All ranks' communicator, made at the first call. Guarded by the watchdog. */
enum status nccl_world(struct cuda_gpu *gpu, ncclComm_t *world, struct error *e);

/* The group's communicator; *comm is NULL for ranks that belong to none. Every rank calls it. */
enum status nccl_split(struct cuda_gpu *gpu, const struct group_layout *layout, ncclComm_t *comm,
                       struct error *e);
enum status nccl_release(struct cuda_gpu *gpu, ncclComm_t comm, struct error *e);

/* One collective of `bytes` (nccl-tests' "size", base/op.h), bf16, out of place. */
struct nccl_call {
    enum collective op;
    const void *in;
    void *out;
    size_t bytes;
    ncclComm_t comm;
    cudaStream_t stream;
};
/* Enqueues it. STATUS_NO if there is less than one element a rank. */
enum status nccl_enqueue(const struct nccl_call *call, struct error *e);

/* Waits for an event behind a collective. A peer's failure and a time-out are errors that name this
 * rank and what it waited for; the communicators are then aborted, not waited for. */
enum status nccl_wait(struct cuda_gpu *gpu, ncclComm_t comm, cudaEvent_t done, const char *what,
                      struct error *e);

#endif
