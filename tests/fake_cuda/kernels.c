#include "tests/fake_cuda/fake.h"
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* The kernels of calibrate/bench/cuda_kernels.cu, element by element, known by the names that nvcc
 * registers them by. Every range is checked. */

/* A launch: where to, and its parameters. */
struct launch {
    const char *kernel;
    cudaStream_t stream;
    dim3 grid;
    void **arguments;
    bool computes;
};

static void *pointer(const struct launch *l, int i)
{
    void *p;
    memcpy(&p, l->arguments[i], sizeof p);
    return p;
}

static size_t count(const struct launch *l, int i)
{
    size_t n;
    memcpy(&n, l->arguments[i], sizeof n);
    return n;
}

static int whole(const struct launch *l, int i)
{
    int n;
    memcpy(&n, l->arguments[i], sizeof n);
    return n;
}

static bool aligned_inside(const void *p, size_t bytes)
{
    return (uintptr_t)p % 16 == 0 && fake_inside(p, bytes);
}

/* What is not as it should be is off by one and a half. */
static double answer(const struct launch *l, double value)
{
    return fake_wrong(l->kernel) ? value + 1.5 : value;
}

static cudaError_t done(const struct launch *l, double bytes)
{
    fake_enqueue(l->stream, fake_memory_cost(bytes));
    return cudaSuccess;
}

static uint64_t mixed(uint64_t z)
{
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
    return z ^ (z >> 31);
}

static cudaError_t fill(struct launch *l, cudaDataType type)
{
    void *out = pointer(l, 0);
    size_t n = count(l, 1), seed = count(l, 2);
    if (!aligned_inside(out, n * fake_type_bytes(type)))
        return cudaErrorIllegalAddress;
    for (size_t i = 0; i < n && l->computes; i++) {
        uint64_t bits = mixed(seed + (i + 1) * 0x9e3779b97f4a7c15ULL);
        double sum = 0;
        for (int part = 0; part < 4; part++)
            sum += (double)((bits >> (16 * part)) & 0xffff) / 65536;
        fake_store(type, out, i, answer(l, 1.7320508 * (sum - 2)));
    }
    return done(l,
                4 * (double)n * (double)fake_type_bytes(type)); /* computes more than it writes */
}

static cudaError_t fill_bf16(struct launch *l)
{
    return fill(l, CUDA_R_16BF);
}

static cudaError_t fill_fp16(struct launch *l)
{
    return fill(l, CUDA_R_16F);
}

static cudaError_t fill_e4m3(struct launch *l)
{
    return fill(l, CUDA_R_8F_E4M3);
}

static cudaError_t fill_e5m2(struct launch *l)
{
    return fill(l, CUDA_R_8F_E5M2);
}

static cudaError_t fill_fp32(struct launch *l)
{
    return fill(l, CUDA_R_32F);
}

static cudaError_t empty(struct launch *l)
{
    return done(l, 0);
}

static cudaError_t hold(struct launch *l)
{
    fake_enqueue(l->stream, (struct fake_cost){1e-9 * (double)count(l, 0), 0});
    return cudaSuccess;
}

/* y = x, or y = x + z / 2; n vectors of eight. */
static cudaError_t stream(struct launch *l, bool triad)
{
    char *y = pointer(l, 0), *x = pointer(l, 1), *z = triad ? pointer(l, 2) : x;
    size_t n = count(l, triad ? 3 : 2);
    if (!aligned_inside(y, 16 * n) || !aligned_inside(x, 16 * n) || !aligned_inside(z, 16 * n))
        return cudaErrorIllegalAddress;
    for (size_t i = 0; i < 8 * n && l->computes; i++) {
        double value = fake_value(CUDA_R_16BF, x, i);
        value += triad ? 0.5 * fake_value(CUDA_R_16BF, z, i) : 0;
        fake_store(CUDA_R_16BF, y, i, answer(l, value));
    }
    return done(l, (triad ? 48 : 32) * (double)n);
}

static cudaError_t copy(struct launch *l)
{
    return stream(l, false);
}

static cudaError_t triad(struct launch *l)
{
    return stream(l, true);
}

static cudaError_t norm(struct launch *l)
{
    char *y = pointer(l, 0), *x = pointer(l, 1);
    size_t columns = 8 * (size_t)whole(l, 2), rows = l->grid.x;
    if (!aligned_inside(y, 2 * rows * columns) || !aligned_inside(x, 2 * rows * columns))
        return cudaErrorIllegalAddress;
    for (size_t r = 0; r < rows && l->computes; r++) {
        double squares = 0;
        for (size_t i = r * columns; i < (r + 1) * columns; i++)
            squares += pow(fake_value(CUDA_R_16BF, x, i), 2);
        for (size_t i = r * columns; i < (r + 1) * columns; i++)
            fake_store(
                CUDA_R_16BF, y, i,
                answer(l, fake_value(CUDA_R_16BF, x, i) / sqrt(squares / (double)columns + 1e-6)));
    }
    return done(l, 4 * (double)rows * (double)columns);
}

static cudaError_t make_order(struct launch *l)
{
    int *order = pointer(l, 0);
    size_t rows = count(l, 1);
    if (!fake_inside(order, 4 * rows) || (rows & (rows - 1)) != 0)
        return cudaErrorIllegalAddress;
    for (size_t i = 0; i < rows && l->computes; i++)
        order[i] = (int)((i * 0x9e3779b1ULL + 12345) & (rows - 1));
    if (l->computes && fake_wrong("make_order"))
        order[0] = order[1];
    return done(l, 4 * (double)rows);
}

static cudaError_t permute(struct launch *l)
{
    char *y = pointer(l, 0), *x = pointer(l, 1);
    const int *order = pointer(l, 2);
    size_t row_bytes = 16 * (size_t)whole(l, 3), rows = l->grid.x;
    if (!aligned_inside(y, rows * row_bytes) || !aligned_inside(x, rows * row_bytes) ||
        !fake_inside(order, 4 * rows))
        return cudaErrorIllegalAddress;
    for (size_t r = 0; r < rows && l->computes; r++) {
        if (order[r] < 0 || (size_t)order[r] >= rows)
            return cudaErrorIllegalAddress;
        memcpy(y + r * row_bytes, x + (fake_wrong("permute") ? r : (size_t)order[r]) * row_bytes,
               row_bytes);
    }
    return done(l, 2 * (double)rows * (double)row_bytes);
}

static cudaError_t quantise(struct launch *l)
{
    char *y = pointer(l, 0), *x = pointer(l, 1);
    float scale;
    size_t n = 8 * count(l, 3);
    memcpy(&scale, l->arguments[2], sizeof scale);
    if (!fake_inside(y, n) || !aligned_inside(x, 2 * n) || (uintptr_t)y % 8 != 0)
        return cudaErrorIllegalAddress;
    for (size_t i = 0; i < n && l->computes; i++)
        fake_store(CUDA_R_8F_E4M3, y, i, answer(l, (double)scale * fake_value(CUDA_R_16BF, x, i)));
    return done(l, 3 * (double)n);
}

static cudaError_t adam(struct launch *l)
{
    float *p = pointer(l, 0), *m = pointer(l, 1), *v = pointer(l, 2), *g = pointer(l, 3);
    void *low = pointer(l, 4);
    size_t n = count(l, 5);
    if (!fake_inside(p, 4 * n) || !fake_inside(m, 4 * n) || !fake_inside(v, 4 * n) ||
        !fake_inside(g, 4 * n) || !fake_inside(low, 2 * n))
        return cudaErrorIllegalAddress;
    for (size_t i = 0; i < n && l->computes; i++) {
        m[i] = 0.9F * m[i] + 0.1F * g[i];
        v[i] = 0.95F * v[i] + 0.05F * g[i] * g[i];
        p[i] -= 1e-4F * m[i] / (sqrtf(fabsf(v[i])) + 1e-8F);
        p[i] = (float)answer(l, (double)p[i]);
        fake_store(CUDA_R_16BF, low, i, (double)p[i]);
    }
    return done(l, 30 * (double)n);
}

/* part: of the mangled name. */
static const struct kernel {
    const char *part, *name;
    cudaError_t (*run)(struct launch *l);
} kernels[] = {
    {"4fillI13__nv_bfloat16E", "fill",       fill_bf16 },
    {"4fillI6__halfE",         "fill",       fill_fp16 },
    {"4fillI13__nv_fp8_e4m3E", "fill",       fill_e4m3 },
    {"4fillI13__nv_fp8_e5m2E", "fill",       fill_e5m2 },
    {"4fillIfE",               "fill",       fill_fp32 },
    {"5emptyE",                "empty",      empty     },
    {"4holdE",                 "hold",       hold      },
    {"4copyE",                 "copy",       copy      },
    {"5triadE",                "triad",      triad     },
    {"4normE",                 "norm",       norm      },
    {"10make_orderE",          "make_order", make_order},
    {"7permuteE",              "permute",    permute   },
    {"8quantiseE",             "quantise",   quantise  },
    {"4adamE",                 "adam",       adam      },
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };
static bool loaded[KERNELS];

/* A kernel that is loaded while its stream is recorded would end the recording. */
cudaError_t fake_kernel(const char *name, dim3 grid, void **arguments, cudaStream_t stream_)
{
    for (int i = 0; i < KERNELS; i++) {
        struct launch l = {kernels[i].name, stream_, grid, arguments, fake_computes()};
        if (!strstr(name, kernels[i].part))
            continue;
        if (fake_capturing(stream_) && !loaded[i])
            return cudaErrorStreamCaptureUnsupported;
        loaded[i] = true;
        return grid.x == 0 ? cudaErrorInvalidConfiguration : kernels[i].run(&l);
    }
    fprintf(stderr, "fake_cuda: unknown kernel %s\n", name);
    return cudaErrorInvalidDeviceFunction;
}
