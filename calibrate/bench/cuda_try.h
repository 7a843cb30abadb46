#ifndef CALIBRATE_BENCH_CUDA_TRY_H
#define CALIBRATE_BENCH_CUDA_TRY_H
#include "base/error.h"
#include <cublasLt.h>
#include <cuda_runtime_api.h>
#include <nccl.h>

/* Every return code of CUDA, cuBLAS and NCCL goes through one of these: STATUS_OK, or an error that
 * names the call. A product that the library has no kernel for is STATUS_NO. */
#define CUDA_TRY(call, e) cuda_try((call), #call, (e))
#define CUBLAS_TRY(call, e) cublas_try((call), #call, (e))
#define NCCL_TRY(call, e) nccl_try((call), #call, (e))

enum status cuda_try(cudaError_t code, const char *call, struct error *e);
enum status cublas_try(cublasStatus_t code, const char *call, struct error *e);
enum status nccl_try(ncclResult_t code, const char *call, struct error *e);

#endif
