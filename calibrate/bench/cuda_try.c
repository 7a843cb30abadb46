#include "calibrate/bench/cuda_try.h"
#include <stdbool.h>
#include <string.h>

/* "cudaMalloc(&p, n)" is told as "cudaMalloc". */
static int name_length(const char *call)
{
    return (int)strcspn(call, "(");
}

enum status cuda_try(cudaError_t code, const char *call, struct error *e)
{
    if (code == cudaSuccess)
        return STATUS_OK;
    error_set(e, STATUS_IO, "%.*s: %s (%s)", name_length(call), call, cudaGetErrorString(code),
              cudaGetErrorName(code));
    if (code == cudaErrorInsufficientDriver || code == cudaErrorNoDevice)
        error_set_hint(e, "this machine has no NVIDIA driver or GPU that CUDA %d can use",
                       CUDART_VERSION / 1000);
    if (code == cudaErrorMemoryAllocation)
        error_set_hint(e, "another process uses the GPU's memory: see nvidia-smi");
    return e->status;
}

enum status cublas_try(cublasStatus_t code, const char *call, struct error *e)
{
    if (code == CUBLAS_STATUS_SUCCESS)
        return STATUS_OK;
    bool lacking = code == CUBLAS_STATUS_NOT_SUPPORTED || code == CUBLAS_STATUS_ARCH_MISMATCH;
    enum status status = lacking ? STATUS_NO : STATUS_IO;
    return error_set(e, status, "%.*s: %s", name_length(call), call, cublasLtGetStatusString(code));
}

enum status nccl_try(ncclResult_t code, const char *call, struct error *e)
{
    if (code == ncclSuccess)
        return STATUS_OK;
    error_set(e, STATUS_IO, "%.*s: %s", name_length(call), call, ncclGetErrorString(code));
    error_set_hint(e, "NCCL_DEBUG=WARN tells more");
    return e->status;
}
