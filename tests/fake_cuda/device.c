#include "tests/fake_cuda/fake.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Streams, events and graphs: a stream is the hour at which its work is done. */

enum { DEPENDENCIES = 4 };
static const double EVENT_S = 1e-6, GRAPH_LAUNCH_S = 4e-6, NODE_LAUNCH_S = 20e-9,
                    NODE_GAP_S = 0.9e-6;

/* A collective that is done when its peers have come. */
struct dependency {
    bool (*arrived)(void *context, long sequence);
    void *context;
    long sequence;
};
struct CUstream_st {
    double done_s;
    bool capturing;
    struct CUgraph_st *graph;
    struct dependency waits[DEPENDENCIES];
};
struct CUevent_st {
    double at_s;
    bool recorded;
    struct dependency waits[DEPENDENCIES];
};
struct CUgraph_st {
    struct fake_cost cost;
    int nodes;
};
struct CUgraphExec_st {
    struct fake_cost cost;
    int nodes;
};

static _Thread_local cudaError_t last_error;
static bool any_capturing; /* of the main thread, which alone makes calls of CUDA */
static double joules;

cudaError_t fake_remember(cudaError_t code)
{
    if (code != cudaSuccess)
        last_error = code;
    return code;
}

#define COUNTED(seconds, code)                                                                     \
    do {                                                                                           \
        fake_host_s(seconds);                                                                      \
        if (fake_fails(__func__))                                                                  \
            return fake_remember(code);                                                            \
    } while (0)
/* What a stream that is being recorded does not allow. */
#define NOT_IN_CAPTURE()                                                                           \
    do {                                                                                           \
        if (any_capturing)                                                                         \
            return fake_remember(cudaErrorStreamCaptureUnsupported);                               \
    } while (0)

double fake_joules(void)
{
    return joules;
}

struct fake_cost fake_memory_cost(double bytes)
{
    static const double J_PER_BYTE = 40e-12;
    return (struct fake_cost){1e-9 * FAKE_KERNEL_NS + bytes / FAKE_BYTES_PER_S, J_PER_BYTE * bytes};
}

bool fake_capturing(cudaStream_t stream)
{
    return stream && stream->capturing;
}

static void run(cudaStream_t stream, struct fake_cost cost)
{
    double now_s = fake_now_s(), start_s = stream->done_s > now_s ? stream->done_s : now_s;
    stream->done_s = start_s + cost.seconds * fake_noise() * fake_slowness();
    joules += cost.joules;
}

void fake_enqueue(cudaStream_t stream, struct fake_cost cost)
{
    if (stream->capturing) {
        stream->graph->cost.seconds += cost.seconds;
        stream->graph->cost.joules += cost.joules;
        stream->graph->nodes++;
    } else {
        run(stream, cost);
    }
}

static void add_wait(struct dependency *list, const struct dependency *new)
{
    for (int i = 0; i < DEPENDENCIES && new->arrived; i++)
        if (!list[i].arrived || list[i].context == new->context) {
            if (!list[i].arrived || list[i].sequence < new->sequence)
                list[i] = *new;
            return;
        }
}

void fake_depend(cudaStream_t stream, bool (*arrived)(void *context, long sequence), void *context,
                 long sequence)
{
    add_wait(stream->waits, &(struct dependency){arrived, context, sequence});
}

static bool all_arrived(struct dependency *list)
{
    for (int i = 0; i < DEPENDENCIES; i++) {
        if (list[i].arrived && !list[i].arrived(list[i].context, list[i].sequence))
            return false;
        list[i] = (struct dependency){0};
    }
    return true;
}

static void wait_for(struct dependency *list, double done_s)
{
    while (!all_arrived(list))
        fake_host_s(10e-6);
    fake_wait_until(done_s);
}

/* ---- the device ---- */

cudaError_t cudaGetDeviceCount(int *count)
{
    const char *gpus = getenv("FAKE_CUDA_GPUS");
    COUNTED(1e-3, cudaErrorNoDevice);
    *count = gpus ? atoi(gpus) : 1;
    return cudaSuccess;
}

cudaError_t cudaSetDevice(int device)
{
    COUNTED(200e-3, cudaErrorInvalidDevice); /* makes the context */
    fake_set_rank(device);
    return cudaSuccess;
}

cudaError_t cudaGetDeviceProperties(struct cudaDeviceProp *p, int device)
{
    const char *name = getenv("FAKE_CUDA_NAME");
    (void)device;
    COUNTED(1e-3, cudaErrorInvalidDevice);
    *p = (struct cudaDeviceProp){.totalGlobalMem = (size_t)FAKE_MEMORY_BYTES,
                                 .major = 9,
                                 .minor = 0,
                                 .multiProcessorCount = FAKE_SMS,
                                 .l2CacheSize = 50 << 20};
    snprintf(p->name, sizeof p->name, "%s", name ? name : "NVIDIA H200");
    return cudaSuccess;
}

cudaError_t cudaDeviceGetPCIBusId(char *id, int size, int device)
{
    COUNTED(1e-6, cudaErrorInvalidDevice);
    snprintf(id, (size_t)size, "0000:%02X:00.0", 0x1b + device);
    return cudaSuccess;
}

cudaError_t cudaDriverGetVersion(int *version)
{
    COUNTED(1e-6, cudaErrorInvalidValue);
    *version = 13000;
    return cudaSuccess;
}

cudaError_t cudaRuntimeGetVersion(int *version)
{
    COUNTED(1e-6, cudaErrorInvalidValue);
    *version = CUDART_VERSION;
    return cudaSuccess;
}

cudaError_t cudaDeviceSynchronize(void)
{
    COUNTED(5e-6, cudaErrorIllegalAddress);
    NOT_IN_CAPTURE();
    return cudaSuccess;
}

const char *cudaGetErrorName(cudaError_t code)
{
    return code == cudaErrorMemoryAllocation ? "cudaErrorMemoryAllocation"
           : code == cudaErrorNotReady       ? "cudaErrorNotReady"
           : code == cudaErrorIllegalAddress ? "cudaErrorIllegalAddress"
           : code == cudaErrorNoDevice       ? "cudaErrorNoDevice"
           : code == cudaErrorInvalidValue   ? "cudaErrorInvalidValue"
                                             : "cudaErrorOther";
}

const char *cudaGetErrorString(cudaError_t code)
{
    return code == cudaSuccess ? "no error" : "a failure of the fake";
}

cudaError_t cudaGetLastError(void)
{
    cudaError_t code = last_error;
    last_error = cudaSuccess;
    return code;
}

/* ---- streams ---- */

cudaError_t cudaStreamCreateWithFlags(cudaStream_t *stream, unsigned flags)
{
    (void)flags;
    COUNTED(20e-6, cudaErrorInvalidValue);
    *stream = calloc(1, sizeof **stream);
    fake_alive("stream", 1);
    return cudaSuccess;
}

cudaError_t cudaStreamDestroy(cudaStream_t stream)
{
    COUNTED(20e-6, cudaErrorInvalidResourceHandle);
    free(stream);
    fake_alive("stream", -1);
    return cudaSuccess;
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream)
{
    COUNTED(2e-6, cudaErrorIllegalAddress);
    NOT_IN_CAPTURE();
    wait_for(stream->waits, stream->done_s);
    return cudaSuccess;
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned flags)
{
    (void)flags;
    COUNTED(1e-6, cudaErrorInvalidResourceHandle);
    if (event->recorded && event->at_s > stream->done_s)
        stream->done_s = event->at_s;
    for (int i = 0; i < DEPENDENCIES; i++)
        add_wait(stream->waits, &event->waits[i]);
    return cudaSuccess;
}

/* ---- events ---- */

cudaError_t cudaEventCreate(cudaEvent_t *event)
{
    COUNTED(1e-6, cudaErrorInvalidValue);
    *event = calloc(1, sizeof **event);
    fake_alive("event", 1);
    return cudaSuccess;
}

cudaError_t cudaEventDestroy(cudaEvent_t event)
{
    COUNTED(1e-6, cudaErrorInvalidResourceHandle);
    free(event);
    fake_alive("event", -1);
    return cudaSuccess;
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream)
{
    COUNTED(EVENT_S, cudaErrorInvalidResourceHandle);
    double now_s = fake_now_s();
    event->at_s = stream->done_s > now_s ? stream->done_s : now_s;
    event->recorded = true;
    memcpy(event->waits, stream->waits, sizeof event->waits);
    return cudaSuccess;
}

cudaError_t cudaEventSynchronize(cudaEvent_t event)
{
    COUNTED(2e-6, cudaErrorIllegalAddress);
    NOT_IN_CAPTURE();
    wait_for(event->waits, event->at_s);
    return cudaSuccess;
}

/* As the library does: the answer "not ready" is the thread's last error too. */
cudaError_t cudaEventQuery(cudaEvent_t event)
{
    COUNTED(1e-6, cudaErrorIllegalAddress);
    NOT_IN_CAPTURE();
    bool done = all_arrived(event->waits) && event->at_s <= fake_now_s();
    return done ? cudaSuccess : fake_remember(cudaErrorNotReady);
}

cudaError_t cudaEventElapsedTime(float *milliseconds, cudaEvent_t start, cudaEvent_t end)
{
    COUNTED(1e-6, cudaErrorInvalidResourceHandle);
    if (!start->recorded || !end->recorded)
        return fake_remember(cudaErrorInvalidResourceHandle);
    *milliseconds = (float)(1e3 * (end->at_s - start->at_s));
    return cudaSuccess;
}

/* ---- graphs ---- */

cudaError_t cudaStreamBeginCapture(cudaStream_t stream, enum cudaStreamCaptureMode mode)
{
    (void)mode;
    COUNTED(5e-6, cudaErrorIllegalState);
    NOT_IN_CAPTURE();
    stream->graph = calloc(1, sizeof *stream->graph);
    stream->capturing = any_capturing = true;
    fake_alive("graph", 1);
    return cudaSuccess;
}

cudaError_t cudaStreamEndCapture(cudaStream_t stream, cudaGraph_t *graph)
{
    bool was = stream->capturing;
    stream->capturing = any_capturing = false;
    *graph = stream->graph;
    stream->graph = NULL;
    fake_host_s(5e-6);
    if (fake_fails(__func__)) {
        free(*graph);
        *graph = NULL;
        fake_alive("graph", -1);
        return fake_remember(cudaErrorStreamCaptureInvalidated);
    }
    return was ? cudaSuccess : fake_remember(cudaErrorIllegalState);
}

cudaError_t cudaGraphInstantiate(cudaGraphExec_t *exec, cudaGraph_t graph, unsigned long long flags)
{
    (void)flags;
    COUNTED(10e-6 + 1e-6 * graph->nodes, cudaErrorMemoryAllocation);
    *exec = calloc(1, sizeof **exec);
    (*exec)->cost = graph->cost;
    (*exec)->nodes = graph->nodes;
    fake_alive("graph exec", 1);
    return cudaSuccess;
}

cudaError_t cudaGraphDestroy(cudaGraph_t graph)
{
    COUNTED(5e-6, cudaErrorInvalidValue);
    free(graph);
    fake_alive("graph", -1);
    return cudaSuccess;
}

cudaError_t cudaGraphExecDestroy(cudaGraphExec_t exec)
{
    COUNTED(5e-6, cudaErrorInvalidValue);
    free(exec);
    fake_alive("graph exec", -1);
    return cudaSuccess;
}

cudaError_t cudaGraphLaunch(cudaGraphExec_t exec, cudaStream_t stream)
{
    COUNTED(GRAPH_LAUNCH_S + NODE_LAUNCH_S * exec->nodes, cudaErrorIllegalAddress);
    struct fake_cost cost = exec->cost;
    cost.seconds += NODE_GAP_S * exec->nodes;
    run(stream, cost);
    return cudaSuccess;
}
