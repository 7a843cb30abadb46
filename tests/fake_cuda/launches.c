#include "tests/fake_cuda/fake.h"

/* What nvcc's code calls to register and to start kernels (crt/host_runtime.h declares it to nvcc
 * alone): of CUDA 13 by handle, of CUDA 12 by the host function's address. */

enum { KERNELS_MAX = 64 };
static struct {
    const void *host;
    const char *name;
} kernels[KERNELS_MAX];
static int kernel_count;
static struct {
    dim3 grid, block;
    size_t shared_bytes;
    void *stream;
} pushed;

void **__cudaRegisterFatBinary(void *binary);
void __cudaRegisterFatBinaryEnd(void **handle);
void __cudaUnregisterFatBinary(void **handle);
void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name,
                            int thread_limit, uint3 *tid, uint3 *bid, dim3 *block, dim3 *grid,
                            int *warp_size);
unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, void *stream);
cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared_bytes, void *stream);
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *host);
cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments,
                               size_t shared_bytes, cudaStream_t stream);

void **__cudaRegisterFatBinary(void *binary)
{
    static void *handle;
    handle = binary;
    return &handle;
}

void __cudaRegisterFatBinaryEnd(void **handle)
{
    (void)handle;
}

void __cudaUnregisterFatBinary(void **handle)
{
    (void)handle;
}

void __cudaRegisterFunction(void **handle, const char *host, char *device, const char *name,
                            int thread_limit, uint3 *tid, uint3 *bid, dim3 *block, dim3 *grid,
                            int *warp_size)
{
    (void)handle, (void)device, (void)thread_limit, (void)tid, (void)bid, (void)block, (void)grid,
        (void)warp_size;
    if (kernel_count == KERNELS_MAX)
        return;
    kernels[kernel_count].host = host;
    kernels[kernel_count++].name = name;
}

unsigned __cudaPushCallConfiguration(dim3 grid, dim3 block, size_t shared_bytes, void *stream)
{
    pushed.grid = grid;
    pushed.block = block;
    pushed.shared_bytes = shared_bytes;
    pushed.stream = stream;
    return 0;
}

cudaError_t __cudaPopCallConfiguration(dim3 *grid, dim3 *block, size_t *shared_bytes, void *stream)
{
    *grid = pushed.grid;
    *block = pushed.block;
    *shared_bytes = pushed.shared_bytes;
    *(void **)stream = pushed.stream;
    return cudaSuccess;
}

static cudaError_t launch(int kernel, dim3 grid, dim3 block, void **arguments, cudaStream_t stream)
{
    fake_host_s(1e-9 * FAKE_LAUNCH_NS);
    if (fake_fails("cudaLaunchKernel"))
        return fake_remember(cudaErrorLaunchOutOfResources);
    if (kernel < 0 || kernel >= kernel_count || block.x == 0 || block.x > 1024)
        return fake_remember(cudaErrorInvalidConfiguration);
    return fake_remember(fake_kernel(kernels[kernel].name, grid, arguments, stream));
}

static int index_of(const void *host)
{
    int i = 0;
    while (i < kernel_count && kernels[i].host != host)
        i++;
    return i;
}

/* A handle is an entry's address. */
cudaError_t __cudaGetKernel(cudaKernel_t *kernel, const void *host)
{
    *kernel = (cudaKernel_t)(void *)&kernels[index_of(host)];
    return cudaSuccess;
}

cudaError_t __cudaLaunchKernel(cudaKernel_t kernel, dim3 grid, dim3 block, void **arguments,
                               size_t shared_bytes, cudaStream_t stream)
{
    (void)shared_bytes;
    long at = (long)((const char *)(const void *)kernel - (const char *)kernels) /
              (long)sizeof kernels[0];
    return launch((int)at, grid, block, arguments, stream);
}

cudaError_t cudaLaunchKernel(const void *host, dim3 grid, dim3 block, void **arguments,
                             size_t shared_bytes, cudaStream_t stream)
{
    (void)shared_bytes;
    return launch(index_of(host), grid, block, arguments, stream);
}
