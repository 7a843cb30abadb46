#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include <math.h>
#include <stdio.h>

/* Memory-bound kernels over 64 KB to 4 GB read and written, each call on memory that left the L2
 * cache. */

enum { COLUMNS = 4096, SIZES = 17 };
static const double LOW_BYTES = 64 * 1024; /* in steps of 2, to 4 GiB */
static const double ARENA_SHARE = 0.6, ARENA_BYTES = 10e9;

/* Where the arrays of one call lie: parts of the set, in elements of the kernel. */
struct arrays {
    char *set;
    size_t n; /* elements */
    cudaStream_t stream;
};

static cudaError_t run_copy(const struct arrays *a)
{
    return kernel_copy(a->set, a->set + 2 * a->n, a->n, a->stream);
}

static cudaError_t run_triad(const struct arrays *a)
{
    return kernel_triad(a->set, a->set + 2 * a->n, a->set + 4 * a->n, a->n, a->stream);
}

static cudaError_t run_norm(const struct arrays *a)
{
    return kernel_norm(a->set, a->set + 2 * a->n, a->n / COLUMNS, COLUMNS, a->stream);
}

/* The order of the rows lies after them. */
static cudaError_t run_permute(const struct arrays *a)
{
    const void *order = a->set + 4 * a->n;
    return kernel_permute(a->set, a->set + 2 * a->n, order, a->n / COLUMNS, COLUMNS, a->stream);
}

static cudaError_t run_quantise(const struct arrays *a)
{
    return kernel_quantise(a->set, a->set + a->n, 1.0F, a->n, a->stream);
}

static cudaError_t run_adam(const struct arrays *a)
{
    void *p = a->set, *m = a->set + 4 * a->n, *v = a->set + 8 * a->n, *g = a->set + 12 * a->n;
    return kernel_adam(p, m, v, g, a->set + 16 * a->n, a->n, a->stream);
}

/* Names as the classes of base/op.h have them, where there is one. bytes: read and written an
 * element; room: memory an element; unit: elements come in multiples of it. */
struct kernel {
    const char *name;
    enum cuda_element element;
    double bytes, room;
    size_t unit;
    cudaError_t (*run)(const struct arrays *arrays);
};
static const struct kernel kernels[] = {
    {"copy",      ELEMENT_BF16, 4,  4,  8,       run_copy    },
    {"triad",     ELEMENT_BF16, 6,  6,  8,       run_triad   },
    {"norm",      ELEMENT_BF16, 4,  4,  COLUMNS, run_norm    },
    {"permute",   ELEMENT_BF16, 4,  4,  COLUMNS, run_permute },
    {"quantise",  ELEMENT_BF16, 3,  3,  16,      run_quantise},
    {"optimizer", ELEMENT_FP32, 30, 18, 128,     run_adam    },
};
enum { KERNELS = sizeof kernels / sizeof kernels[0] };

struct memory_run {
    struct cuda_gpu *gpu;
    struct cuda_arena arena;
    const struct kernel *kernel;
    size_t n;
};

static const struct kernel *kernel_of(size_t i)
{
    return &kernels[i % KERNELS];
}

static size_t elements_of(size_t i)
{
    const struct kernel *k = kernel_of(i);
    double units = ldexp(LOW_BYTES, (int)(i / KERNELS)) / (k->bytes * (double)k->unit);
    return (size_t)fmax(floor(units), 1) * k->unit;
}

static void point_key(const void *context, size_t i, char *key, size_t size)
{
    const struct kernel *k = kernel_of(i);
    (void)context;
    snprintf(key, size, "%s,%s,%.0f", k->name, k->element == ELEMENT_FP32 ? "fp32" : "bf16",
             k->bytes * (double)elements_of(i));
}

static enum status enqueue(void *context, int call, cudaStream_t stream, struct error *e)
{
    const struct memory_run *run = context;
    const struct arrays arrays = {cuda_arena_set(&run->arena, call), run->n, stream};
    return CUDA_TRY(run->kernel->run(&arrays), e);
}

/* The largest power of two that is at most n: rows beyond it keep order 0 .. and are a few at most.
 */
static size_t power_of_two(size_t n)
{
    size_t power = 1;
    while (2 * power <= n)
        power *= 2;
    return power;
}

static enum status fill(struct memory_run *run, size_t room_bytes, struct error *e)
{
    const struct kernel *k = run->kernel;
    size_t element_bytes = k->element == ELEMENT_FP32 ? 4 : 2;
    for (int s = 0; s < run->arena.sets; s++) {
        char *set = cuda_arena_set(&run->arena, s);
        if (CUDA_TRY(kernel_fill(set, k->element, room_bytes / element_bytes, (uint64_t)s,
                                 run->gpu->stream),
                     e) != STATUS_OK)
            return e->status;
        if (k->run == run_permute &&
            CUDA_TRY(kernel_order((int *)(void *)(set + 4 * run->n), power_of_two(run->n / COLUMNS),
                                  run->gpu->stream),
                     e) != STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct memory_run *run = context;
    run->kernel = kernel_of(i);
    run->n = elements_of(i);
    if (run->kernel->run == run_permute)
        run->n = power_of_two(run->n / COLUMNS) * COLUMNS;
    double room = run->kernel->room * (double)run->n;
    double order = run->kernel->run == run_permute ? 4.0 * (double)run->n / COLUMNS : 0;
    if (cuda_arena_divide(&run->arena, run->gpu, room + order, e) != STATUS_OK ||
        fill(run, (size_t)room, e) != STATUS_OK)
        return e->status;
    const struct cuda_work work = {enqueue, run, false, run->arena.sets};
    return cuda_measure(run->gpu, &work, &out->timing, e);
}

enum status cuda_memory_suite(struct bench *bench, struct error *e)
{
    struct memory_run run = {.gpu = cuda_gpu_of(bench)};
    const struct sweep sweep = {.file = "memory",
                                .columns = "op,dtype,bytes",
                                .count = (size_t)KERNELS * SIZES,
                                .key = point_key,
                                .measure = measure_point,
                                .context = &run};
    if (cuda_arena_open(&run.arena, ARENA_SHARE, ARENA_BYTES, e) == STATUS_OK &&
        cuda_gpu_wake(run.gpu, e) == STATUS_OK)
        sweep_run(bench, &sweep, false, e);
    cuda_arena_close(&run.arena);
    return e->status;
}
