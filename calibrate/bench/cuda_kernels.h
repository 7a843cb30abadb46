#ifndef CALIBRATE_BENCH_CUDA_KERNELS_H
#define CALIBRATE_BENCH_CUDA_KERNELS_H
#include <cuda_runtime_api.h>
#include <stddef.h>
#include <stdint.h>

/* Kernels that no library has. Each only enqueues; the returned code is the launch's own. Arrays
 * are aligned to 16 bytes and hold multiples of 16 bytes. */
#ifdef __cplusplus
extern "C" {
#endif

/* Element types that are filled. */
enum cuda_element { ELEMENT_BF16, ELEMENT_FP16, ELEMENT_E4M3, ELEMENT_E5M2, ELEMENT_FP32 };

/* Normally distributed numbers of standard deviation 1, from a hash of seed and position: never
 * zeros or a pattern, on which tensor cores draw less power and run faster. */
cudaError_t kernel_fill(void *out, enum cuda_element element, size_t n, uint64_t seed,
                        cudaStream_t stream);

cudaError_t kernel_empty(cudaStream_t stream);

/* Keeps the stream waiting for so long, that the processor can issue what comes behind it. */
cudaError_t kernel_wait(uint64_t nanoseconds, cudaStream_t stream);

/* y = x; y = x + z / 2, in bf16. n elements. */
cudaError_t kernel_copy(void *y, const void *x, size_t n, cudaStream_t stream);
cudaError_t kernel_triad(void *y, const void *x, const void *z, size_t n, cudaStream_t stream);

/* y = x / rms(x) by rows of `columns` bf16 (a multiple of 8, at most 16384); one read, one write.
 */
cudaError_t kernel_norm(void *y, const void *x, size_t rows, int columns, cudaStream_t stream);

/* y[r] = x[order[r]], rows of `columns` bf16: what permutes tokens to experts. */
cudaError_t kernel_permute(void *y, const void *x, const int *order, size_t rows, int columns,
                           cudaStream_t stream);
/* order = a permutation of 0 .. rows-1, rows a power of two. */
cudaError_t kernel_order(int *order, size_t rows, cudaStream_t stream);

/* y (e4m3) = scale x (bf16), saturated. */
cudaError_t kernel_quantise(void *y, const void *x, float scale, size_t n, cudaStream_t stream);

/* One Adam update: fp32 parameters, two fp32 moments, fp32 gradients read, bf16 parameters written.
 * 30 bytes a parameter. */
cudaError_t kernel_adam(float *parameter, float *moment, float *variance, const float *gradient,
                        void *parameter_bf16, size_t n, cudaStream_t stream);

#ifdef __cplusplus
}
#endif
#endif
