#include "tests/fake_cuda/fake.h"
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/* Memory of the device and pinned memory of the host: pages that exist once they are touched. */

enum { ALLOCATIONS_MAX = 64 };
static const size_t COPIED_BYTES = (size_t)1 << 22; /* larger copies take their time alone */
static const size_t COMPUTED_BYTES = (size_t)256 << 20;
static const double PCIE_BYTES_PER_S = 55e9, PCIE_S = 6e-6;

static struct allocation {
    char *base;
    size_t bytes;
    bool pinned;
} allocations[ALLOCATIONS_MAX];
static size_t used_bytes;

bool fake_inside(const void *start, size_t bytes)
{
    const char *p = start;
    for (int i = 0; i < ALLOCATIONS_MAX; i++) {
        const struct allocation *a = &allocations[i];
        if (a->base && p >= a->base && bytes <= a->bytes && p - a->base <= (long)(a->bytes - bytes))
            return true;
    }
    return false;
}

bool fake_computes(void)
{
    return used_bytes < COMPUTED_BYTES;
}

static cudaError_t allocate(void **p, size_t bytes, bool pinned)
{
    int i = 0;
    while (i < ALLOCATIONS_MAX && allocations[i].base)
        i++;
    if (i == ALLOCATIONS_MAX || bytes == 0 ||
        (!pinned && (double)(used_bytes + bytes) > FAKE_MEMORY_BYTES))
        return fake_remember(cudaErrorMemoryAllocation);
    void *base = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return fake_remember(cudaErrorMemoryAllocation);
    allocations[i] = (struct allocation){base, bytes, pinned};
    used_bytes += pinned ? 0 : bytes;
    fake_alive(pinned ? "pinned memory" : "memory", 1);
    *p = base;
    return cudaSuccess;
}

static cudaError_t release(void *p, bool pinned)
{
    for (int i = 0; i < ALLOCATIONS_MAX; i++)
        if (p && allocations[i].base == p && allocations[i].pinned == pinned) {
            munmap(p, allocations[i].bytes);
            used_bytes -= pinned ? 0 : allocations[i].bytes;
            allocations[i] = (struct allocation){0};
            fake_alive(pinned ? "pinned memory" : "memory", -1);
            return cudaSuccess;
        }
    return fake_remember(cudaErrorInvalidValue);
}

cudaError_t cudaMalloc(void **p, size_t bytes)
{
    fake_host_s(100e-6);
    if (fake_fails(__func__))
        return fake_remember(cudaErrorMemoryAllocation);
    return allocate(p, bytes, false);
}

cudaError_t cudaFree(void *p)
{
    fake_host_s(100e-6);
    return fake_fails(__func__) ? fake_remember(cudaErrorInvalidValue) : release(p, false);
}

cudaError_t cudaHostAlloc(void **p, size_t bytes, unsigned flags)
{
    (void)flags;
    fake_host_s(1e-3 + (double)bytes / 4e9);
    if (fake_fails(__func__))
        return fake_remember(cudaErrorMemoryAllocation);
    return allocate(p, bytes, true);
}

cudaError_t cudaFreeHost(void *p)
{
    fake_host_s(1e-3);
    return fake_fails(__func__) ? fake_remember(cudaErrorInvalidValue) : release(p, true);
}

cudaError_t cudaMemGetInfo(size_t *free_bytes, size_t *all_bytes)
{
    fake_host_s(10e-6);
    if (fake_fails(__func__))
        return fake_remember(cudaErrorInvalidValue);
    *all_bytes = (size_t)FAKE_MEMORY_BYTES;
    *free_bytes = *all_bytes - used_bytes - ((size_t)500 << 20); /* a context's own */
    return cudaSuccess;
}

/* The side that is the device's must lie in its memory. */
static cudaError_t check(const void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
    const void *device = kind == cudaMemcpyHostToDevice ? to : from;
    return fake_inside(device, bytes) ? cudaSuccess : fake_remember(cudaErrorIllegalAddress);
}

cudaError_t cudaMemcpy(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind)
{
    fake_host_s(10e-6);
    if (fake_fails(__func__))
        return fake_remember(cudaErrorIllegalAddress);
    if (check(to, from, bytes, kind) != cudaSuccess)
        return cudaErrorIllegalAddress;
    memcpy(to, from, bytes < COPIED_BYTES ? bytes : COPIED_BYTES);
    return cudaSuccess;
}

cudaError_t cudaMemcpyAsync(void *to, const void *from, size_t bytes, enum cudaMemcpyKind kind,
                            cudaStream_t stream)
{
    fake_host_s(4e-6);
    if (fake_fails(__func__))
        return fake_remember(cudaErrorIllegalAddress);
    if (check(to, from, bytes, kind) != cudaSuccess)
        return cudaErrorIllegalAddress;
    /* large buffers keep their zeros: nothing reads them */
    if (bytes <= COPIED_BYTES && !fake_capturing(stream))
        memcpy(to, from, bytes);
    fake_enqueue(stream, (struct fake_cost){PCIE_S + (double)bytes / PCIE_BYTES_PER_S, 0});
    return cudaSuccess;
}
