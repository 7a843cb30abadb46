#include "calibrate/bench/cuda_matmul.h"
#include "calibrate/bench/cuda_measure.h"
#include "calibrate/bench/cuda_suites.h"
#include <cublas_v2.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Products of experts: one for each of `groups` experts, with different numbers of tokens, in the
 * three passes of a linear layer. cuBLAS has a grouped call (since 12.5); where it has no kernel
 * for the datatypes (fp8, an fp32 gradient) the experts are called one after the other, as
 * frameworks do then. The column `method` says which. */

static const struct {
    int hidden, ffn;
} layers[] = {
    {2048, 768  },
    {4096, 14336},
    {7168, 2048 },
    {2880, 2880 }
};
static const int group_counts[] = {4, 8, 16, 32, 64};
static const int token_counts[] = {16, 64, 160, 384, 1024, 4096}; /* mean of an expert */
static const double skews[] = {1, 2};                             /* largest over mean */
static const struct {
    enum dtype dtype;
    enum phase phase;
} passes[] = {
    {DTYPE_BF16, PHASE_FORWARD        },
    {DTYPE_BF16, PHASE_BACKWARD_INPUT },
    {DTYPE_BF16, PHASE_BACKWARD_WEIGHT},
    {DTYPE_FP8,  PHASE_FORWARD        },
    {DTYPE_FP8,  PHASE_BACKWARD_WEIGHT},
};
#define COUNT(array) (sizeof(array) / sizeof(array)[0])
/* Of the passes, the first so many are what cuBLAS has a grouped call for. */
enum { GROUPED_PASSES = 2 };
enum { GROUPS_MAX = 64, TOKEN_MULTIPLE = 16, SETS_MAX = 8 };
static const double ARENA_SHARE = 0.6, ARENA_BYTES = 26e9;

struct point {
    enum dtype dtype;
    enum phase phase;
    int groups, tokens, hidden, ffn;
    double skew;
};

/* Arrays of pointers on the device, one row of GROUPS_MAX for each of A, B and C of a set. */
struct pointers {
    void **host, **device;
};

struct grouped_run {
    struct cuda_gpu *gpu;
    cublasHandle_t blas;
    struct cuda_arena arena;
    float *one;
    struct pointers pointers;
    struct point point;
    struct cuda_product product[GROUPS_MAX];
    struct cuda_operands operands[GROUPS_MAX];
    struct cuda_matmul matmul[GROUPS_MAX];
    bool grouped; /* one call for all groups */
};

static struct point point_of(size_t i)
{
    size_t layer, groups, tokens, skew, pass;
    layer = i % COUNT(layers), i /= COUNT(layers);
    groups = i % COUNT(group_counts), i /= COUNT(group_counts);
    tokens = i % COUNT(token_counts), i /= COUNT(token_counts);
    skew = i % COUNT(skews), i /= COUNT(skews);
    pass = i;
    return (struct point){passes[pass].dtype,   passes[pass].phase,   group_counts[groups],
                          token_counts[tokens], layers[layer].hidden, layers[layer].ffn,
                          skews[skew]};
}

/* Tokens of expert g: from `skew` times the mean falling linearly, the mean kept; multiples of 16.
 */
static int tokens_of(const struct point *p, int g)
{
    double slope = p->groups > 1 ? 1 - 2.0 * g / (p->groups - 1) : 0;
    double tokens = p->tokens * (1 + (p->skew - 1) * slope);
    int multiple = TOKEN_MULTIPLE * (int)lround(tokens / TOKEN_MULTIPLE);
    return multiple > TOKEN_MULTIPLE ? multiple : TOKEN_MULTIPLE;
}

static struct cuda_product product_of(const struct point *p, int g)
{
    int tokens = tokens_of(p, g);
    if (p->phase == PHASE_BACKWARD_INPUT)
        return (struct cuda_product){p->dtype, p->phase, tokens, p->hidden, p->ffn};
    if (p->phase == PHASE_BACKWARD_WEIGHT)
        return (struct cuda_product){p->dtype, p->phase, p->ffn, p->hidden, tokens};
    return (struct cuda_product){p->dtype, p->phase, tokens, p->ffn, p->hidden};
}

/* m, n, k: of the mean expert. */
static void point_key(const void *context, size_t i, char *key, size_t size)
{
    struct point p = point_of(i), mean = p;
    (void)context;
    mean.groups = 1;
    struct cuda_product product = product_of(&mean, 0);
    snprintf(key, size, "%s,%s,%d,%d,%d,%d,%g", phase_names[p.phase], dtype_names[p.dtype],
             p.groups, product.m, product.n, product.k, p.skew);
}

/* Experts lie one after the other in a set. */
static char *expert_of(const struct grouped_run *run, int call, int group)
{
    char *at = cuda_arena_set(&run->arena, call);
    for (int g = 0; g < group; g++)
        at += (size_t)cuda_operand_set_bytes(&run->operands[g]);
    return at;
}

static enum status loop(struct grouped_run *run, int call, cudaStream_t stream, struct error *e)
{
    for (int g = 0; g < run->point.groups; g++) {
        struct cuda_operand_places at =
            cuda_operand_places(expert_of(run, call, g), &run->operands[g]);
        if (cuda_matmul_enqueue(&run->matmul[g], run->gpu, &at, stream, e) != STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}

#if CUBLAS_VERSION >= 120500
/* In cuBLAS's column-major eyes: see cuda_matmul.h. Each expert is a group of one product. */
static enum status one_call(struct grouped_run *run, int call, cudaStream_t stream, struct error *e)
{
    int m[GROUPS_MAX], n[GROUPS_MAX], k[GROUPS_MAX], left[GROUPS_MAX], right[GROUPS_MAX];
    int ones[GROUPS_MAX], groups = run->point.groups;
    float alpha[GROUPS_MAX], beta[GROUPS_MAX];
    cublasOperation_t op_left[GROUPS_MAX], op_right[GROUPS_MAX];
    bool weight = run->point.phase == PHASE_BACKWARD_WEIGHT;
    bool forward = run->point.phase == PHASE_FORWARD;
    for (int g = 0; g < groups; g++) {
        const struct cuda_product *p = &run->product[g];
        m[g] = p->n, n[g] = p->m, k[g] = p->k;
        op_left[g] = forward ? CUBLAS_OP_T : CUBLAS_OP_N;
        op_right[g] = weight ? CUBLAS_OP_T : CUBLAS_OP_N;
        left[g] = forward ? p->k : p->n;
        right[g] = weight ? p->m : p->k;
        alpha[g] = 1, beta[g] = weight ? 1 : 0, ones[g] = 1;
    }
    int set = call % run->arena.sets;
    void **base = run->pointers.device + (size_t)set * 3 * GROUPS_MAX;
    const void *const *a = (const void *const *)base;
    const void *const *b = (const void *const *)(base + GROUPS_MAX);
    void *const *c = base + 2 * (size_t)GROUPS_MAX;
    if (CUBLAS_TRY(cublasSetStream(run->blas, stream), e) != STATUS_OK || /* resets the workspace */
        CUBLAS_TRY(cublasSetWorkspace(run->blas, run->gpu->workspace, CUDA_WORKSPACE_BYTES), e) !=
            STATUS_OK)
        return e->status;
    return CUBLAS_TRY(cublasGemmGroupedBatchedEx(run->blas, op_left, op_right, m, n, k, alpha, b,
                                                 CUDA_R_16BF, left, a, CUDA_R_16BF, right, beta, c,
                                                 weight ? CUDA_R_32F : CUDA_R_16BF, m, groups, ones,
                                                 CUBLAS_COMPUTE_32F),
                      e);
}
#else
static enum status one_call(struct grouped_run *run, int call, cudaStream_t stream, struct error *e)
{
    (void)run, (void)call, (void)stream;
    return error_set(e, STATUS_NO, "this cuBLAS has no grouped call");
}
#endif

static enum status enqueue(void *context, int call, cudaStream_t stream, struct error *e)
{
    struct grouped_run *run = context;
    return run->grouped ? one_call(run, call, stream, e) : loop(run, call, stream, e);
}

/* Whether the grouped call takes these types: asked by a call of it. Whatever the library refuses
 * it for, the loop remains; what breaks the GPU shows when the stream is waited for. */
static enum status choose_method(struct grouped_run *run, struct error *e)
{
    struct error refused;
    error_init(&refused);
    run->grouped = false;
    if (run->point.dtype != DTYPE_BF16)
        return STATUS_OK;
    run->grouped = one_call(run, 0, run->gpu->stream, &refused) == STATUS_OK;
    return CUDA_TRY(cudaStreamSynchronize(run->gpu->stream), e);
}

static enum status lay_out(struct grouped_run *run, struct error *e)
{
    double bytes = 0;
    for (int g = 0; g < run->point.groups; g++) {
        run->product[g] = product_of(&run->point, g);
        if (!cuda_operands_of(&run->product[g], &run->operands[g]))
            return error_set(e, STATUS_NO, "no such datatype");
        bytes += cuda_operand_set_bytes(&run->operands[g]);
    }
    if (cuda_arena_divide(&run->arena, run->gpu, bytes, e) != STATUS_OK)
        return e->status;
    if (run->arena.sets > SETS_MAX)
        run->arena.sets = SETS_MAX;
    for (int set = 0; set < run->arena.sets; set++)
        for (int g = 0; g < run->point.groups; g++) {
            struct cuda_operand_places at =
                cuda_operand_places(expert_of(run, set, g), &run->operands[g]);
            void **base = run->pointers.host + (size_t)set * 3 * GROUPS_MAX;
            base[g] = at.a, base[GROUPS_MAX + g] = at.b, base[2 * GROUPS_MAX + g] = at.c;
            const struct cuda_arena expert = {at.a, 0, 0, 1};
            if (cuda_operands_fill(&expert, &run->operands[g], run->gpu->stream, e) != STATUS_OK)
                return e->status;
        }
    return CUDA_TRY(cudaMemcpyAsync(run->pointers.device, run->pointers.host,
                                    (size_t)SETS_MAX * 3 * GROUPS_MAX * sizeof(void *),
                                    cudaMemcpyHostToDevice, run->gpu->stream),
                    e);
}

static enum status open_products(struct grouped_run *run, struct error *e)
{
    enum status status = choose_method(run, e);
    for (int g = 0; g < run->point.groups && !run->grouped && status == STATUS_OK; g++)
        status = cuda_matmul_open(&run->matmul[g], run->gpu, &run->product[g], run->one, e);
    return status;
}

static enum status measure_point(void *context, size_t i, struct sample *out, struct error *e)
{
    struct grouped_run *run = context;
    run->point = point_of(i);
    if (lay_out(run, e) != STATUS_OK)
        return e->status;
    if (open_products(run, e) == STATUS_OK) {
        /* the grouped call may copy its arrays of sizes from the host when it runs */
        const struct cuda_work work = {enqueue, run, run->grouped, run->arena.sets};
        cuda_measure(run->gpu, &work, &out->timing, e);
    }
    snprintf(out->extra, sizeof out->extra, "%s", run->grouped ? "grouped" : "loop");
    for (int g = 0; g < run->point.groups; g++)
        cuda_matmul_close(&run->matmul[g]);
    return e->status;
}

static enum status allocate(struct grouped_run *run, struct error *e)
{
    size_t bytes = (size_t)SETS_MAX * 3 * GROUPS_MAX * sizeof(void *);
    void *device = NULL;
    run->pointers.host = calloc(1, bytes);
    if (!run->pointers.host)
        return error_set(e, STATUS_IO, "out of memory");
    if (CUDA_TRY(cudaMalloc(&device, bytes), e) != STATUS_OK)
        return e->status;
    run->pointers.device = device;
    if (cuda_one(&run->one, e) != STATUS_OK || CUBLAS_TRY(cublasCreate(&run->blas), e) != STATUS_OK)
        return e->status;
    return cuda_arena_open(&run->arena, ARENA_SHARE, ARENA_BYTES, e);
}

static void release(struct grouped_run *run, struct error *e)
{
    cuda_arena_close(&run->arena);
    if (run->blas)
        CUBLAS_TRY(cublasDestroy(run->blas), e);
    if (run->one)
        CUDA_TRY(cudaFree(run->one), e);
    if (run->pointers.device)
        CUDA_TRY(cudaFree(run->pointers.device), e);
    free(run->pointers.host);
}

enum status cuda_grouped_suite(struct bench *bench, struct error *e)
{
    struct grouped_run *run = calloc(1, sizeof *run);
    if (!run)
        return error_set(e, STATUS_IO, "out of memory");
    run->gpu = cuda_gpu_of(bench);
    const struct sweep sweep = {.file = "grouped",
                                .columns = "pass,dtype,groups,m,n,k,skew",
                                .extra = "method",
                                .count = COUNT(layers) * COUNT(group_counts) * COUNT(token_counts) *
                                         COUNT(skews) * COUNT(passes),
                                .first = COUNT(layers) * COUNT(group_counts) * COUNT(token_counts) *
                                         COUNT(skews) * GROUPED_PASSES,
                                .key = point_key,
                                .measure = measure_point,
                                .context = run};
    if (allocate(run, e) == STATUS_OK && cuda_gpu_wake(run->gpu, e) == STATUS_OK)
        sweep_run(bench, &sweep, false, e);
    release(run, e);
    free(run);
    return e->status;
}
