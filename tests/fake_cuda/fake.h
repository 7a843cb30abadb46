#ifndef TESTS_FAKE_CUDA_FAKE_H
#define TESTS_FAKE_CUDA_FAKE_H
#include <cuda_runtime_api.h>
#include <library_types.h>
#include <stdbool.h>
#include <stddef.h>

/* A GPU that is none: one library, loaded before the real ones (LD_PRELOAD), that has the calls of
 * CUDA, cuBLASLt, cuBLAS, NCCL and NVML that stepcast-bench makes. "Device" memory lies in host
 * memory; kernels and products take their time by a roofline of an H200, and are computed while
 * less than 256 MB are in use (the selftest); arguments are checked against the libraries'
 * documented rules. Environment:
 *
 *     FAKE_CUDA_WRONG=copy          what this kernel, "product" or "nccl" computes is wrong
 *     FAKE_CUDA_FAIL=cudaMalloc:3   the third call of cudaMalloc fails
 *     FAKE_CUDA_KILL=cudaMalloc:3   the process is killed in it
 *     FAKE_CUDA_CALLS=FILE          lines "FUNCTION CALLS", and "left WHAT COUNT": never freed
 *     FAKE_CUDA_CLOCK=real          the machine's clock; else time passes only as it is used
 *     FAKE_CUDA_GPUS=2              how many (1)
 *     FAKE_CUDA_SLOW=1              rank 1 runs at two thirds of the speed
 *     FAKE_CUDA_NAME=NAME           what the driver calls the part ("NVIDIA H200") */

/* ---- calls: counted, and failing on demand ---- */

/* Counts a call of `function`; true if it is the one that shall fail. */
bool fake_fails(const char *function);
bool fake_wrong(const char *what);
/* Objects and allocations that are alive, for the report at the end. */
void fake_alive(const char *what, int change);

/* ---- time ---- */

double fake_now_s(void);
/* The calling thread's processor works for so long; no time passes by the machine's clock. */
void fake_host_s(double seconds);
/* The calling thread waits until then. */
void fake_wait_until(double at_s);
/* 1, more or less a hundredth: repetitions differ. */
double fake_noise(void);
/* Factor of the work of the process's GPU: 1, or 1.5 for FAKE_CUDA_SLOW's rank. */
void fake_set_rank(int rank);
double fake_slowness(void);

/* ---- the device ---- */

enum {
    FAKE_SMS = 132,
    FAKE_CLOCK_MHZ = 1980,
    FAKE_LAUNCH_NS = 2500, /* on the processor */
    FAKE_KERNEL_NS = 1800  /* on the GPU: the least that a kernel takes */
};
static const double FAKE_MEMORY_BYTES = 143771.0 * 1024 * 1024, FAKE_BYTES_PER_S = 4.3e12;

/* Work of one kernel or copy. */
struct fake_cost {
    double seconds, joules;
};
struct fake_cost fake_memory_cost(double bytes);

/* Puts work on the stream, or into the graph that it is recorded into. */
void fake_enqueue(cudaStream_t stream, struct fake_cost cost);
bool fake_capturing(cudaStream_t stream);
/* Work behind a collective that peers have yet to join: nobody may go past it. */
void fake_depend(cudaStream_t stream, bool (*arrived)(void *context, long sequence), void *context,
                 long sequence);
/* True if the bytes lie within one allocation. */
bool fake_inside(const void *start, size_t bytes);
bool fake_computes(void);
/* What the next cudaGetLastError tells. */
cudaError_t fake_remember(cudaError_t code);
double fake_joules(void);

/* A kernel by the name that nvcc registered; it checks and runs its arguments. */
cudaError_t fake_kernel(const char *name, dim3 grid, void **arguments, cudaStream_t stream);

/* ---- numbers ---- */

double fake_value(cudaDataType type, const void *array, size_t i);
void fake_store(cudaDataType type, void *array, size_t i, double value);
size_t fake_type_bytes(cudaDataType type);

#endif
