#include "calibrate/bench/cuda_kernels.h"
#include <cuda_bf16.h>
#include <cuda_fp16.h>
#include <cuda_fp8.h>

namespace
{

constexpr int kThreads = 256;

/* Blocks for n items of work, each thread taking several: enough to fill any GPU, few enough to be
 * cheap to start. */
unsigned blocks_for(size_t n)
{
    size_t blocks = (n + kThreads - 1) / kThreads;
    return static_cast<unsigned>(blocks < 1 ? 1 : blocks > 65536 ? 65536 : blocks);
}

__device__ size_t first_item()
{
    return blockIdx.x * static_cast<size_t>(blockDim.x) + threadIdx.x;
}

__device__ size_t item_step()
{
    return gridDim.x * static_cast<size_t>(blockDim.x);
}

/* splitmix64's mixer. [Steele14] */
__device__ uint64_t mixed(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

/* Sum of four uniform numbers, scaled to variance 1: sqrt(12 / 4) (u1 + u2 + u3 + u4 - 2). */
__device__ float random_normal(uint64_t seed, size_t i)
{
    uint64_t bits = mixed(seed + (i + 1) * 0x9e3779b97f4a7c15ULL);
    float sum = 0;
    for (int part = 0; part < 4; part++)
        sum += static_cast<float>((bits >> (16 * part)) & 0xffff) * (1.0F / 65536.0F);
    return 1.7320508F * (sum - 2.0F);
}

template <typename T> __device__ T converted(float x)
{
    return T(x);
}

template <typename T> __global__ void fill(T *out, size_t n, uint64_t seed)
{
    for (size_t i = first_item(); i < n; i += item_step())
        out[i] = converted<T>(random_normal(seed, i));
}

/* A launch tells its failure through the thread's last error alone; what a query
 * (cudaErrorNotReady) or a refused call left there before is not the launch's. */
void forget_last_error()
{
    static_cast<void>(cudaGetLastError());
}

template <typename T>
cudaError_t launch_fill(void *out, size_t n, uint64_t seed, cudaStream_t stream)
{
    fill<<<blocks_for(n), kThreads, 0, stream>>>(static_cast<T *>(out), n, seed);
    return cudaGetLastError();
}

__global__ void empty()
{
}

__device__ uint64_t nanoseconds_now()
{
    uint64_t now;
    asm volatile("mov.u64 %0, %globaltimer;" : "=l"(now));
    return now;
}

__global__ void hold(uint64_t nanoseconds)
{
    uint64_t start = nanoseconds_now();
    while (nanoseconds_now() - start < nanoseconds)
        __nanosleep(100);
}

__global__ void copy(uint4 *y, const uint4 *x, size_t n)
{
    for (size_t i = first_item(); i < n; i += item_step())
        y[i] = x[i];
}

/* Eight bf16 in one load or store of 16 bytes. */
union eight {
    uint4 all;
    __nv_bfloat162 pair[4];
};

__global__ void triad(uint4 *y, const uint4 *x, const uint4 *z, size_t n)
{
    for (size_t i = first_item(); i < n; i += item_step()) {
        eight a, b;
        a.all = x[i];
        b.all = z[i];
        for (int p = 0; p < 4; p++) {
            float2 u = __bfloat1622float2(a.pair[p]), v = __bfloat1622float2(b.pair[p]);
            a.pair[p] = __floats2bfloat162_rn(u.x + 0.5F * v.x, u.y + 0.5F * v.y);
        }
        y[i] = a.all;
    }
}

/* Sum over the block, known to all its threads. */
__device__ float block_sum(float value)
{
    __shared__ float part[kThreads / 32];
    for (int lane = 16; lane > 0; lane /= 2)
        value += __shfl_xor_sync(0xffffffffU, value, lane);
    if (threadIdx.x % 32 == 0)
        part[threadIdx.x / 32] = value;
    __syncthreads();
    float sum = 0;
    for (int w = 0; w < kThreads / 32; w++)
        sum += part[w];
    return sum;
}

/* A block a row; the row stays in registers between the two passes over it. */
constexpr int kRowMax = 8; /* vectors of 8 elements a thread: rows of 16384 */
__global__ void norm(uint4 *y, const uint4 *x, int vectors)
{
    eight kept[kRowMax];
    const uint4 *row = x + blockIdx.x * static_cast<size_t>(vectors);
    uint4 *out = y + blockIdx.x * static_cast<size_t>(vectors);
    float sum = 0;
    for (int k = 0; k < kRowMax; k++) {
        int i = k * kThreads + static_cast<int>(threadIdx.x);
        if (i >= vectors)
            break;
        kept[k].all = row[i];
        for (int p = 0; p < 4; p++) {
            float2 u = __bfloat1622float2(kept[k].pair[p]);
            sum += u.x * u.x + u.y * u.y;
        }
    }
    float scale = rsqrtf(block_sum(sum) / (8.0F * static_cast<float>(vectors)) + 1e-6F);
    for (int k = 0; k < kRowMax; k++) {
        int i = k * kThreads + static_cast<int>(threadIdx.x);
        if (i >= vectors)
            break;
        for (int p = 0; p < 4; p++) {
            float2 u = __bfloat1622float2(kept[k].pair[p]);
            kept[k].pair[p] = __floats2bfloat162_rn(u.x * scale, u.y * scale);
        }
        out[i] = kept[k].all;
    }
}

/* Odd multiplier and offset modulo a power of two: a permutation without locality. */
__global__ void make_order(int *order, size_t rows)
{
    for (size_t i = first_item(); i < rows; i += item_step())
        order[i] = static_cast<int>((i * 0x9e3779b1ULL + 12345) & (rows - 1));
}

__global__ void permute(uint4 *y, const uint4 *x, const int *order, int vectors)
{
    const uint4 *row = x + static_cast<size_t>(order[blockIdx.x]) * static_cast<size_t>(vectors);
    uint4 *out = y + blockIdx.x * static_cast<size_t>(vectors);
    for (int i = static_cast<int>(threadIdx.x); i < vectors; i += kThreads)
        out[i] = row[i];
}

__global__ void quantise(uint2 *y, const uint4 *x, float scale, size_t n)
{
    union {
        uint2 all;
        __nv_fp8_e4m3 one[8];
    } out;
    for (size_t i = first_item(); i < n; i += item_step()) {
        eight a;
        a.all = x[i];
        for (int p = 0; p < 4; p++) {
            float2 u = __bfloat1622float2(a.pair[p]);
            out.one[2 * p] = __nv_fp8_e4m3(scale * u.x);
            out.one[2 * p + 1] = __nv_fp8_e4m3(scale * u.y);
        }
        y[i] = out.all;
    }
}

/* m = b1 m + (1 - b1) g;  v = b2 v + (1 - b2) g^2;  p -= lr m / (sqrt(|v|) + eps)
 * |v|: what is timed starts from random numbers of either sign, and must not end in NaN. */
__global__ void adam(float *p, float *m, float *v, const float *g, __nv_bfloat16 *low, size_t n)
{
    for (size_t i = first_item(); i < n; i += item_step()) {
        float moment = 0.9F * m[i] + 0.1F * g[i];
        float variance = 0.95F * v[i] + 0.05F * g[i] * g[i];
        float value = p[i] - 1e-4F * moment / (sqrtf(fabsf(variance)) + 1e-8F);
        m[i] = moment;
        v[i] = variance;
        p[i] = value;
        low[i] = __float2bfloat16(value);
    }
}

} // namespace

extern "C" cudaError_t kernel_fill(void *out, enum cuda_element element, size_t n, uint64_t seed,
                                   cudaStream_t stream)
{
    static cudaError_t (*const launches[])(void *, size_t, uint64_t, cudaStream_t) = {
        launch_fill<__nv_bfloat16>, launch_fill<__half>, launch_fill<__nv_fp8_e4m3>,
        launch_fill<__nv_fp8_e5m2>, launch_fill<float>,
    };
    forget_last_error();
    return launches[element](out, n, seed, stream);
}

extern "C" cudaError_t kernel_empty(cudaStream_t stream)
{
    forget_last_error();
    empty<<<1, 32, 0, stream>>>();
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_wait(uint64_t nanoseconds, cudaStream_t stream)
{
    forget_last_error();
    hold<<<1, 1, 0, stream>>>(nanoseconds);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_copy(void *y, const void *x, size_t n, cudaStream_t stream)
{
    forget_last_error();
    copy<<<blocks_for(n / 8), kThreads, 0, stream>>>(static_cast<uint4 *>(y),
                                                     static_cast<const uint4 *>(x), n / 8);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_triad(void *y, const void *x, const void *z, size_t n,
                                    cudaStream_t stream)
{
    forget_last_error();
    triad<<<blocks_for(n / 8), kThreads, 0, stream>>>(static_cast<uint4 *>(y),
                                                      static_cast<const uint4 *>(x),
                                                      static_cast<const uint4 *>(z), n / 8);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_norm(void *y, const void *x, size_t rows, int columns,
                                   cudaStream_t stream)
{
    if (columns % 8 != 0 || columns > 8 * kRowMax * kThreads)
        return cudaErrorInvalidValue;
    forget_last_error();
    norm<<<static_cast<unsigned>(rows), kThreads, 0, stream>>>(
        static_cast<uint4 *>(y), static_cast<const uint4 *>(x), columns / 8);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_order(int *order, size_t rows, cudaStream_t stream)
{
    forget_last_error();
    make_order<<<blocks_for(rows), kThreads, 0, stream>>>(order, rows);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_permute(void *y, const void *x, const int *order, size_t rows,
                                      int columns, cudaStream_t stream)
{
    if (columns % 8 != 0)
        return cudaErrorInvalidValue;
    forget_last_error();
    permute<<<static_cast<unsigned>(rows), kThreads, 0, stream>>>(
        static_cast<uint4 *>(y), static_cast<const uint4 *>(x), order, columns / 8);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_quantise(void *y, const void *x, float scale, size_t n,
                                       cudaStream_t stream)
{
    forget_last_error();
    quantise<<<blocks_for(n / 8), kThreads, 0, stream>>>(
        static_cast<uint2 *>(y), static_cast<const uint4 *>(x), scale, n / 8);
    return cudaGetLastError();
}

extern "C" cudaError_t kernel_adam(float *parameter, float *moment, float *variance,
                                   const float *gradient, void *parameter_bf16, size_t n,
                                   cudaStream_t stream)
{
    forget_last_error();
    adam<<<blocks_for(n), kThreads, 0, stream>>>(parameter, moment, variance, gradient,
                                                 static_cast<__nv_bfloat16 *>(parameter_bf16), n);
    return cudaGetLastError();
}
