#include "calibrate/bench/cpu_device.h"
#include "calibrate/bench/gemm_shapes.h"
#include "calibrate/bench/sweep.h"
#include <stdio.h>
#include <stdlib.h>
#ifdef BENCH_OPENBLAS
#include <cblas.h>
#include <math.h>
#include <string.h>

enum { DEFAULT_POINTS = 120 };
/* Besides the sampled shapes: large ones, which tell the peak, and flat ones, which tell the
 * bandwidth. */
static const struct gemm_shape corners[] = {
    {1024, 1024, 1024},
    {1024, 1536, 1024},
    {1536, 1024, 1024},
    {1024, 1024, 1792},
    {1152, 1280, 1152},
    {1280, 1024, 1408},
    {32,   2048, 2048},
    {48,   4096, 1024},
    {64,   2048, 2048},
    {32,   3072, 1536},
    {64,   4096, 1280},
    {16,   2048, 3072},
};

/* Largest product: 20 ms at 200 GFLOP/s, so that a slow machine still gets through. */
static const struct gemm_space space = {
    {32,   64,   64  },
    {4096, 4096, 4096},
    16, 4e9
};

/* Operands lie at moving places of one pool that is larger than most caches, as a layer's weights
 * and activations are not where the last product left them. */
enum { POOL_FLOATS = 32 << 20, ALIGN_FLOATS = 64 };

struct gemm_run {
    struct gemm_shapes shapes;
    float *pool, *output;
    size_t offset;
    struct gemm_shape now;
    struct measure_plan plan;
};

/* Its configuration begins with "OpenBLAS 0.3.21 ". */
bool cpu_blas_open(int threads, char *name, size_t size)
{
    const char *config = openblas_get_config();
    size_t word = strcspn(config, " ");
    size_t version = word + strspn(config + word, " ");
    openblas_set_num_threads(threads);
    snprintf(name, size, "%.*s, %s kernels", (int)(version + strcspn(config + version, " ")),
             config, openblas_get_corename());
    return true;
}

static const float *next_operand(struct gemm_run *run, size_t floats)
{
    if (run->offset + floats > POOL_FLOATS)
        run->offset = 0;
    const float *operand = run->pool + run->offset;
    run->offset += (floats + ALIGN_FLOATS - 1) / ALIGN_FLOATS * ALIGN_FLOATS;
    return operand;
}

/* A linear layer's forward pass, row-major: C[m,n] = A[m,k] W[n,k]^T. */
static void multiply(void *context)
{
    struct gemm_run *run = context;
    const struct gemm_shape *s = &run->now;
    const float *a = next_operand(run, (size_t)s->m * (size_t)s->k);
    const float *w = next_operand(run, (size_t)s->n * (size_t)s->k);
    cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, s->m, s->n, s->k, 1.0F, a, s->k, w, s->k,
                0.0F, run->output, s->n);
}

static enum status run_batch(void *context, int calls, double *seconds, struct error *e)
{
    (void)e;
    return cpu_time_batch(multiply, context, calls, seconds);
}

static void shape_key(const void *context, size_t i, char *key, size_t size)
{
    const struct gemm_shape *s = &((const struct gemm_run *)context)->shapes.shape[i];
    snprintf(key, size, "fp32,%d,%d,%d", s->m, s->n, s->k);
}

static enum status measure_shape(void *context, size_t i, struct sample *out, struct error *e)
{
    struct gemm_run *run = context;
    const struct work work = {run_batch, run};
    run->now = run->shapes.shape[i];
    double m = run->now.m, n = run->now.n, k = run->now.k;
    if (fmax(fmax(m, n) * k, m * n) > POOL_FLOATS)
        return error_set(e, STATUS_NO, "an operand is larger than the %d MB pool",
                         POOL_FLOATS >> 18);
    return measure(&run->plan, &work, &out->timing, e);
}

static enum status make_shapes(struct gemm_run *run, const struct options *options, struct error *e)
{
    struct random random = random_from(options->seed, "cpu gemm");
    size_t points = options->points > 0 ? (size_t)options->points : DEFAULT_POINTS;
    for (size_t i = 0; i < sizeof corners / sizeof corners[0]; i++)
        if (gemm_shapes_add(&run->shapes, corners[i], e) != STATUS_OK)
            return e->status;
    if (*options->shapes && gemm_shapes_add_file(&run->shapes, options->shapes, e) != STATUS_OK)
        return e->status;
    return gemm_shapes_add_hypercube(&run->shapes, &space, points, &random, e);
}

enum status cpu_gemm_suite(struct bench *bench, struct error *e)
{
    struct gemm_run run = {0};
    enum status status = make_shapes(&run, bench->options, e);
    if (status == STATUS_OK) {
        run.pool = cpu_random_floats(POOL_FLOATS);
        run.output = cpu_random_floats(POOL_FLOATS);
        if (!run.pool || !run.output)
            status = error_set(e, STATUS_IO, "out of memory: the gemm suite needs 256 MB");
    }
    const struct sweep sweep = {.file = "gemm",
                                .columns = "dtype,m,n,k",
                                .count = run.shapes.count,
                                .first = sizeof corners / sizeof corners[0],
                                .key = shape_key,
                                .measure = measure_shape,
                                .context = &run};
    run.plan = cpu_plan(bench, run.shapes.count);
    if (status == STATUS_OK)
        status = sweep_run(bench, &sweep, false, e);
    free(run.pool);
    free(run.output);
    gemm_shapes_free(&run.shapes);
    return status;
}
#else

bool cpu_blas_open(int threads, char *name, size_t size)
{
    (void)threads, (void)name, (void)size;
    return false;
}

enum status cpu_gemm_suite(struct bench *bench, struct error *e)
{
    (void)bench;
    return error_set(e, STATUS_IO, "built without OpenBLAS");
}
#endif
