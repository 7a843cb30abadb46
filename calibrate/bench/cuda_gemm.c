#include "base/wall_clock.h"
#include "calibrate/bench/cuda_matmul.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/gemm_shapes.h"
#include <stdio.h>
#include <stdlib.h>

/* Products of linear layers. Forward rows go to gemm.csv, both backward passes to
 * gemm_backward.csv, whose first column names the pass. */

enum { DEFAULT_POINTS = 250 };
/* MODELLING 11.1: M 16 to 16384, N and K 512 to 32768. The largest product takes about 20 ms. */
static const struct gemm_space space = {
    {16,    512,   512  },
    {16384, 32768, 32768},
    16, 1.5e13
};
/* Output and operands of 32768 x 32768 with an fp32 gradient are 8.6 GB, of the largest
 * vocabularies 12.6 GB. */
static const double ARENA_SHARE = 0.6, ARENA_BYTES = 16e9;

/* Shapes that every datatype and pass gets first: small products tell the launch, flat ones the
 * bandwidth, deep ones the split of K, large ones the peak. */
static const struct gemm_shape corners[] = {
    {16,    512,   512  },
    {32,    512,   1024 },
    {64,    512,   1024 },
    {16,    1024,  1024 },
    {128,   512,   512  },
    {64,    768,   768  },
    {16,    8192,  8192 },
    {32,    4096,  14336},
    {64,    16384, 4096 },
    {48,    8192,  8192 },
    {16,    14336, 4096 },
    {512,   512,   8192 },
    {256,   1024,  16384},
    {1024,  896,   4096 },
    {128,   2048,  8192 },
    {512,   1024,  32768},
    {4096,  4096,  4096 },
    {2048,  8192,  2048 },
    {16384, 4096,  4096 },
    {8192,  8192,  8192 },
    {4096,  14336, 4096 },
};
enum { CORNERS = sizeof corners / sizeof corners[0] };

/* What is measured: datatype, pass, and how many shapes of all. */
struct kind {
    enum dtype dtype;
    enum phase phase;
    double share;
};
static const struct kind forward_kinds[] = {
    {DTYPE_BF16, PHASE_FORWARD, 1   },
    {DTYPE_FP8,  PHASE_FORWARD, 0.7 },
    {DTYPE_FP16, PHASE_FORWARD, 0.25},
    {DTYPE_TF32, PHASE_FORWARD, 0.25},
    {DTYPE_FP32, PHASE_FORWARD, 0.25},
};
static const struct kind backward_kinds[] = {
    {DTYPE_BF16, PHASE_BACKWARD_INPUT,  0.6},
    {DTYPE_BF16, PHASE_BACKWARD_WEIGHT, 0.8},
    {DTYPE_FP8,  PHASE_BACKWARD_INPUT,  0.4},
    {DTYPE_FP8,  PHASE_BACKWARD_WEIGHT, 0.5},
};

struct gemm_run {
    struct cuda_gpu *gpu;
    struct cuda_arena arena;
    float *one;
    struct cuda_product *product;
    size_t count;
    struct cuda_matmul matmul; /* of the point in work */
    struct cuda_operands operands;
};

/* A forward shape (tokens, out-features, in-features) as the product of its pass. */
static struct cuda_product product_of(const struct kind *kind, struct gemm_shape s)
{
    if (kind->phase == PHASE_BACKWARD_INPUT)
        return (struct cuda_product){kind->dtype, kind->phase, s.m, s.k, s.n};
    if (kind->phase == PHASE_BACKWARD_WEIGHT)
        return (struct cuda_product){kind->dtype, kind->phase, s.n, s.k, s.m};
    return (struct cuda_product){kind->dtype, kind->phase, s.m, s.n, s.k};
}

static enum status add_shapes(struct gemm_run *run, const struct kind *kind,
                              const struct gemm_shape *shape, size_t n, struct error *e)
{
    struct cuda_product *grown = realloc(run->product, (run->count + n + 1) * sizeof *grown);
    if (!grown)
        return error_set(e, STATUS_IO, "out of memory for %zu products", n);
    run->product = grown;
    for (size_t i = 0; i < n; i++)
        run->product[run->count++] = product_of(kind, shape[i]);
    return STATUS_OK;
}

static enum status add_sampled(struct gemm_run *run, const struct kind *kind,
                               const struct options *options, struct error *e)
{
    struct gemm_shapes shapes;
    char name[64];
    gemm_shapes_init(&shapes);
    snprintf(name, sizeof name, "%s %s", dtype_names[kind->dtype], phase_names[kind->phase]);
    struct random random = random_from(options->seed, name);
    double points = kind->share * (options->points > 0 ? options->points : DEFAULT_POINTS);
    bool from_file = *options->shapes && (kind->dtype == DTYPE_BF16 || kind->dtype == DTYPE_FP8);
    enum status status = STATUS_OK;
    if (from_file)
        status = gemm_shapes_add_file(&shapes, options->shapes, e);
    if (status == STATUS_OK)
        status = gemm_shapes_add_hypercube(&shapes, &space, (size_t)(points + 0.5), &random, e);
    if (status == STATUS_OK)
        status = add_shapes(run, kind, shapes.shape, shapes.count, e);
    gemm_shapes_free(&shapes);
    return status;
}

static void forward_key(const void *context, size_t i, char *key, size_t size)
{
    const struct cuda_product *p = &((const struct gemm_run *)context)->product[i];
    snprintf(key, size, "%s,%d,%d,%d", dtype_names[p->dtype], p->m, p->n, p->k);
}

static void backward_key(const void *context, size_t i, char *key, size_t size)
{
    const struct cuda_product *p = &((const struct gemm_run *)context)->product[i];
    snprintf(key, size, "%s,%s,%d,%d,%d", phase_names[p->phase], dtype_names[p->dtype], p->m, p->n,
             p->k);
}

static enum status enqueue(void *context, int call, cudaStream_t stream, struct error *e)
{
    const struct gemm_run *run = context;
    struct cuda_operand_places at =
        cuda_operand_places(cuda_arena_set(&run->arena, call), &run->operands);
    return cuda_matmul_enqueue(&run->matmul, run->gpu, &at, stream, e);
}

static enum status measure_product(void *context, size_t i, struct sample *out, struct error *e)
{
    struct gemm_run *run = context;
    const struct cuda_product *p = &run->product[i];
    if (!cuda_operands_of(p, &run->operands))
        return error_set(e, STATUS_NO, "no such datatype");
    if (cuda_arena_divide(&run->arena, run->gpu, cuda_operand_set_bytes(&run->operands), e) !=
            STATUS_OK ||
        cuda_matmul_open(&run->matmul, run->gpu, p, run->one, e) != STATUS_OK)
        return e->status;
    enum status status = cuda_operands_fill(&run->arena, &run->operands, run->gpu->stream, e);
    const struct cuda_work work = {enqueue, run, false, run->arena.sets};
    if (status == STATUS_OK)
        status = cuda_measure(run->gpu, &work, &out->timing, e);
    cuda_condition(run->gpu, out->extra, sizeof out->extra);
    cuda_matmul_close(&run->matmul);
    return status;
}

static enum status run_kinds(struct gemm_run *run, const struct kind *kinds, size_t n, bool forward,
                             struct error *e)
{
    struct bench *bench = run->gpu->bench;
    run->count = 0;
    for (size_t i = 0; i < n; i++)
        if (add_shapes(run, &kinds[i], corners, CORNERS, e) != STATUS_OK)
            return e->status;
    for (size_t i = 0; i < n; i++)
        if (add_sampled(run, &kinds[i], bench->options, e) != STATUS_OK)
            return e->status;
    const struct sweep sweep = {.file = forward ? "gemm" : "gemm_backward",
                                .columns = forward ? "dtype,m,n,k" : "pass,dtype,m,n,k",
                                .extra = cuda_condition_columns,
                                .count = run->count,
                                .first = n * CORNERS,
                                .key = forward ? forward_key : backward_key,
                                .measure = measure_product,
                                .context = run};
    return sweep_run(bench, &sweep, false, e);
}

/* Forward first, for half of the suite's time. */
static enum status run_both(struct gemm_run *run, struct error *e)
{
    struct bench *bench = run->gpu->bench;
    double end_s = bench->suite_end_s;
    bench->suite_end_s = 0.5 * (end_s + wall_clock_s());
    enum status status =
        run_kinds(run, forward_kinds, sizeof forward_kinds / sizeof forward_kinds[0], true, e);
    bench->suite_end_s = end_s;
    if (status == STATUS_OK)
        status = run_kinds(run, backward_kinds, sizeof backward_kinds / sizeof backward_kinds[0],
                           false, e);
    return status;
}

enum status cuda_gemm_suite(struct bench *bench, struct error *e)
{
    struct gemm_run run = {.gpu = cuda_gpu_of(bench)};
    if (cuda_one(&run.one, e) == STATUS_OK &&
        cuda_arena_open(&run.arena, ARENA_SHARE, ARENA_BYTES, e) == STATUS_OK &&
        cuda_gpu_wake(run.gpu, e) == STATUS_OK)
        run_both(&run, e);
    cuda_arena_close(&run.arena);
    if (run.one)
        CUDA_TRY(cudaFree(run.one), e);
    free(run.product);
    return e->status;
}
