#include "tests/fake_cuda/fake.h"
#include <cublasLt.h>
#include <cublas_v2.h>
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cuBLASLt's products and cuBLAS's grouped ones, with the rules that their documentation has for
 * layouts, types, alignment and workspace. */

enum { ALGORITHM = 0x5c, ALIGN_BYTES = 256, FP8_BYTES = 16 };

struct layout {
    cudaDataType type;
    size_t rows, columns;
    int64_t leading;
};
struct description {
    cublasComputeType_t compute;
    cublasOperation_t left, right;
    const void *left_scale, *right_scale;
};

#define COUNTED(seconds, code)                                                                     \
    do {                                                                                           \
        fake_host_s(seconds);                                                                      \
        if (fake_fails(__func__))                                                                  \
            return code;                                                                           \
    } while (0)

/* Full-rate share of the datasheet's peak, and energy of a FLOP. */
static const struct rate {
    double flop_per_s, joules;
} rate_fp32 = {55e12, 4e-12}, rate_tf32 = {380e12, 1e-12}, rate_16 = {770e12, 0.5e-12},
  rate_8 = {1400e12, 0.3e-12};

static struct rate rate_of(cudaDataType type, cublasComputeType_t compute)
{
    if (type == CUDA_R_32F)
        return compute == CUBLAS_COMPUTE_32F_FAST_TF32 ? rate_tf32 : rate_fp32;
    return fake_type_bytes(type) == 1 ? rate_8 : rate_16;
}

/* Tiles of 128 x 256, and seconds that an SM takes for one. */
static double tiles_of(double m, double n)
{
    return ceil(m / 128) * ceil(n / 256);
}

static double tile_s(double k, struct rate rate)
{
    return 2 * 128 * 256 * (k + 256) / (rate.flop_per_s / FAKE_SMS);
}

/* SM seconds of tiles in whole waves, or the memory. */
static struct fake_cost product_cost(double busy_s, double flop, double bytes, struct rate rate)
{
    struct fake_cost cost = fake_memory_cost(bytes);
    cost.seconds = 2.5e-6 + fmax(busy_s, bytes / FAKE_BYTES_PER_S);
    cost.joules += flop * rate.joules;
    return cost;
}

static struct fake_cost one_product_cost(double m, double n, double k, double bytes,
                                         struct rate rate)
{
    double waves = ceil(tiles_of(m, n) / FAKE_SMS);
    return product_cost(waves * tile_s(k, rate), 2 * m * n * k, bytes, rate);
}

static size_t bytes_of(const struct layout *l)
{
    return fake_type_bytes(l->type) * (size_t)l->leading * l->columns;
}

/* ---- descriptions ---- */

size_t cublasLtGetVersion(void)
{
    return CUBLAS_VERSION;
}

const char *cublasLtGetStatusString(cublasStatus_t status)
{
    return status == CUBLAS_STATUS_NOT_SUPPORTED ? "the requested functionality is not supported"
           : status == CUBLAS_STATUS_EXECUTION_FAILED ? "the GPU program failed to execute"
                                                      : "an unsupported value or parameter";
}

cublasStatus_t cublasLtCreate(cublasLtHandle_t *handle)
{
    COUNTED(50e-3, CUBLAS_STATUS_NOT_INITIALIZED);
    *handle = calloc(1, 8);
    fake_alive("cublasLt", 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtDestroy(cublasLtHandle_t handle)
{
    COUNTED(1e-3, CUBLAS_STATUS_NOT_INITIALIZED);
    free(handle);
    fake_alive("cublasLt", -1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescCreate(cublasLtMatmulDesc_t *made, cublasComputeType_t compute,
                                        cudaDataType_t scale)
{
    COUNTED(1e-6, CUBLAS_STATUS_ALLOC_FAILED);
    struct description *d = calloc(1, sizeof *d);
    if (scale != CUDA_R_32F)
        return CUBLAS_STATUS_INVALID_VALUE;
    d->compute = compute;
    d->left = d->right = CUBLAS_OP_N;
    *made = (cublasLtMatmulDesc_t)(void *)d;
    fake_alive("matmul description", 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulDescDestroy(cublasLtMatmulDesc_t made)
{
    COUNTED(1e-6, CUBLAS_STATUS_INVALID_VALUE);
    free(made);
    fake_alive("matmul description", -1);
    return CUBLAS_STATUS_SUCCESS;
}

/* Attributes that are used, with the size that their type has. */
cublasStatus_t cublasLtMatmulDescSetAttribute(cublasLtMatmulDesc_t made,
                                              cublasLtMatmulDescAttributes_t attribute,
                                              const void *value, size_t bytes)
{
    struct description *d = (struct description *)(void *)made;
    COUNTED(1e-6, CUBLAS_STATUS_INVALID_VALUE);
    int8_t fast;
    const struct {
        cublasLtMatmulDescAttributes_t attribute;
        void *place;
        size_t bytes;
    } known[] = {
        {CUBLASLT_MATMUL_DESC_TRANSA,          &d->left,        sizeof d->left       },
        {CUBLASLT_MATMUL_DESC_TRANSB,          &d->right,       sizeof d->right      },
        {CUBLASLT_MATMUL_DESC_FAST_ACCUM,      &fast,           sizeof fast          },
        {CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &d->left_scale,  sizeof d->left_scale },
        {CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &d->right_scale, sizeof d->right_scale},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++)
        if (known[i].attribute == attribute && known[i].bytes == bytes) {
            memcpy(known[i].place, value, bytes);
            return CUBLAS_STATUS_SUCCESS;
        }
    return CUBLAS_STATUS_INVALID_VALUE;
}

cublasStatus_t cublasLtMatrixLayoutCreate(cublasLtMatrixLayout_t *made, cudaDataType type,
                                          uint64_t rows, uint64_t columns, int64_t leading)
{
    COUNTED(1e-6, CUBLAS_STATUS_ALLOC_FAILED);
    if (rows == 0 || columns == 0 || leading < (int64_t)rows)
        return CUBLAS_STATUS_INVALID_VALUE;
    struct layout *l = calloc(1, sizeof *l);
    *l = (struct layout){type, rows, columns, leading};
    *made = (cublasLtMatrixLayout_t)(void *)l;
    fake_alive("layout", 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatrixLayoutDestroy(cublasLtMatrixLayout_t made)
{
    COUNTED(1e-6, CUBLAS_STATUS_INVALID_VALUE);
    free(made);
    fake_alive("layout", -1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceCreate(cublasLtMatmulPreference_t *made)
{
    COUNTED(1e-6, CUBLAS_STATUS_ALLOC_FAILED);
    *made = calloc(1, sizeof(size_t));
    fake_alive("preference", 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceDestroy(cublasLtMatmulPreference_t made)
{
    COUNTED(1e-6, CUBLAS_STATUS_INVALID_VALUE);
    free(made);
    fake_alive("preference", -1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasLtMatmulPreferenceSetAttribute(cublasLtMatmulPreference_t made,
                                                    cublasLtMatmulPreferenceAttributes_t attribute,
                                                    const void *value, size_t bytes)
{
    COUNTED(1e-6, CUBLAS_STATUS_INVALID_VALUE);
    if (attribute != CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES || bytes != sizeof(size_t))
        return CUBLAS_STATUS_INVALID_VALUE;
    memcpy(made, value, bytes);
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- products ---- */

/* As the documentation's tables of types have it. fp8: "TN" alone, both scales' pointers, sizes and
 * leading dimensions of 16 bytes, no two operands of e5m2. */
static bool supported(const struct description *d, const struct layout *l, const struct layout *r,
                      const struct layout *c)
{
    if (fake_type_bytes(l->type) > 1)
        return l->type == r->type && (c->type == l->type || c->type == CUDA_R_32F);
    return d->left == CUBLAS_OP_T && d->right == CUBLAS_OP_N && d->left_scale && d->right_scale &&
           !(l->type == CUDA_R_8F_E5M2 && r->type == CUDA_R_8F_E5M2) &&
           (c->type == CUDA_R_16BF || c->type == CUDA_R_16F || c->type == CUDA_R_32F) &&
           l->rows % FP8_BYTES == 0 && l->columns % FP8_BYTES == 0 && r->columns % FP8_BYTES == 0 &&
           l->leading % FP8_BYTES == 0 && r->leading % FP8_BYTES == 0 &&
           (size_t)c->leading * fake_type_bytes(c->type) % FP8_BYTES == 0;
}

/* Sizes: op(L) is m x k, op(R) k x n, C m x n, in cuBLAS's columns. */
static bool fits(const struct description *d, const struct layout *l, const struct layout *r,
                 const struct layout *c)
{
    size_t m = d->left == CUBLAS_OP_N ? l->rows : l->columns;
    size_t k = d->left == CUBLAS_OP_N ? l->columns : l->rows;
    size_t k2 = d->right == CUBLAS_OP_N ? r->rows : r->columns;
    size_t n = d->right == CUBLAS_OP_N ? r->columns : r->rows;
    return k == k2 && m == c->rows && n == c->columns;
}

cublasStatus_t cublasLtMatmulAlgoGetHeuristic(cublasLtHandle_t handle,
                                              cublasLtMatmulDesc_t description,
                                              cublasLtMatrixLayout_t left,
                                              cublasLtMatrixLayout_t right,
                                              cublasLtMatrixLayout_t c, cublasLtMatrixLayout_t out,
                                              cublasLtMatmulPreference_t preference, int requested,
                                              cublasLtMatmulHeuristicResult_t results[], int *found)
{
    const struct description *d = (const void *)description;
    const struct layout *l = (const void *)left, *r = (const void *)right, *o = (const void *)out;
    COUNTED(60e-6, CUBLAS_STATUS_NOT_SUPPORTED);
    if (!handle || !preference || requested < 1 || c != out || !fits(d, l, r, o))
        return CUBLAS_STATUS_INVALID_VALUE;
    *found = supported(d, l, r, o) ? 1 : 0;
    if (*found == 0)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    results[0] = (cublasLtMatmulHeuristicResult_t){.state = CUBLAS_STATUS_SUCCESS};
    results[0].algo.data[0] = ALGORITHM;
    return CUBLAS_STATUS_SUCCESS;
}

/* A matrix as numbers, element (i, j) of op(X) at i + j rows. */
static double *decoded(const struct layout *l, cublasOperation_t op, const void *p)
{
    size_t rows = op == CUBLAS_OP_N ? l->rows : l->columns;
    double *value = calloc(l->rows * l->columns, sizeof *value);
    for (size_t c = 0; c < l->columns; c++)
        for (size_t r = 0; r < l->rows; r++)
            value[op == CUBLAS_OP_N ? r + c * rows : c + r * rows] =
                fake_value(l->type, p, r + c * (size_t)l->leading);
    return value;
}

static void multiply(const struct description *d, const struct layout *l, const void *left,
                     const struct layout *r, const void *right, double beta, const struct layout *o,
                     void *out)
{
    size_t m = o->rows, k = d->left == CUBLAS_OP_N ? l->columns : l->rows;
    double *x = decoded(l, d->left, left), *y = decoded(r, d->right, right);
    for (size_t i = 0; i < m; i++)
        for (size_t j = 0; j < o->columns; j++) {
            size_t at = i + j * (size_t)o->leading;
            double sum = beta > 0 ? beta * fake_value(o->type, out, at) : 0;
            for (size_t at_k = 0; at_k < k; at_k++)
                sum += x[i + at_k * m] * y[at_k + j * k];
            fake_store(o->type, out, at, fake_wrong("product") ? sum + 30 : sum);
        }
    free(x);
    free(y);
}

static bool aligned(const void *p)
{
    return (uintptr_t)p % ALIGN_BYTES == 0;
}

cublasStatus_t cublasLtMatmul(cublasLtHandle_t handle, cublasLtMatmulDesc_t description,
                              const void *alpha, const void *left, cublasLtMatrixLayout_t left_at,
                              const void *right, cublasLtMatrixLayout_t right_at, const void *beta,
                              const void *c, cublasLtMatrixLayout_t c_at, void *out,
                              cublasLtMatrixLayout_t out_at, const cublasLtMatmulAlgo_t *algorithm,
                              void *workspace, size_t workspace_bytes, cudaStream_t stream)
{
    const struct description *d = (const void *)description;
    const struct layout *l = (const void *)left_at, *r = (const void *)right_at,
                        *o = (const void *)out_at;
    float scale = 0;
    COUNTED(4e-6, CUBLAS_STATUS_EXECUTION_FAILED);
    memcpy(&scale, beta, sizeof scale);
    if (!handle || !alpha || algorithm->data[0] != ALGORITHM || c != out || c_at != out_at ||
        !aligned(left) || !aligned(right) || !aligned(out) || !aligned(workspace) ||
        !fake_inside(workspace, workspace_bytes))
        return CUBLAS_STATUS_INVALID_VALUE;
    if (!fake_inside(left, bytes_of(l)) || !fake_inside(right, bytes_of(r)) ||
        !fake_inside(out, bytes_of(o)))
        return CUBLAS_STATUS_EXECUTION_FAILED;
    size_t k = d->left == CUBLAS_OP_N ? l->columns : l->rows;
    double m = (double)o->rows, n = (double)o->columns;
    if (!fake_capturing(stream) && fake_computes())
        multiply(d, l, left, r, right, (double)scale, o, out);
    double bytes =
        (double)bytes_of(l) + (double)bytes_of(r) + (scale > 0 ? 2 : 1) * (double)bytes_of(o);
    fake_enqueue(stream, one_product_cost(m, n, (double)k, bytes, rate_of(l->type, d->compute)));
    return CUBLAS_STATUS_SUCCESS;
}

/* ---- grouped ---- */

struct cublasContext {
    cudaStream_t stream;
    void *workspace;
};

cublasStatus_t cublasCreate(cublasHandle_t *handle)
{
    COUNTED(50e-3, CUBLAS_STATUS_NOT_INITIALIZED);
    *handle = calloc(1, sizeof **handle);
    fake_alive("cublas", 1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasDestroy(cublasHandle_t handle)
{
    COUNTED(1e-3, CUBLAS_STATUS_NOT_INITIALIZED);
    free(handle);
    fake_alive("cublas", -1);
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetStream(cublasHandle_t handle, cudaStream_t stream)
{
    COUNTED(0.2e-6, CUBLAS_STATUS_NOT_INITIALIZED);
    handle->stream = stream;
    handle->workspace = NULL; /* as the library does */
    return CUBLAS_STATUS_SUCCESS;
}

cublasStatus_t cublasSetWorkspace(cublasHandle_t handle, void *workspace, size_t bytes)
{
    COUNTED(0.2e-6, CUBLAS_STATUS_NOT_INITIALIZED);
    if (!fake_inside(workspace, bytes))
        return CUBLAS_STATUS_INVALID_VALUE;
    handle->workspace = workspace;
    return CUBLAS_STATUS_SUCCESS;
}

/* One type for all; the arrays of pointers lie on the device. */
cublasStatus_t cublasGemmGroupedBatchedEx(
    cublasHandle_t handle, const cublasOperation_t left[], const cublasOperation_t right[],
    const int m[], const int n[], const int k[], const void *alpha, const void *const a[],
    cudaDataType_t a_type, const int lda[], const void *const b[], cudaDataType_t b_type,
    const int ldb[], const void *beta, void *const c[], cudaDataType_t c_type, const int ldc[],
    int groups, const int sizes[], cublasComputeType_t compute)
{
    struct rate rate = rate_of(a_type, compute);
    double busy_s = 0, flop = 0, bytes = 0;
    COUNTED(15e-6 + 0.5e-6 * groups, CUBLAS_STATUS_EXECUTION_FAILED);
    if (a_type != b_type || a_type != c_type || fake_type_bytes(a_type) == 1)
        return CUBLAS_STATUS_NOT_SUPPORTED;
    if (!alpha || !beta || !handle->workspace || !fake_inside(a, sizeof *a * (size_t)groups))
        return CUBLAS_STATUS_INVALID_VALUE;
    for (int g = 0; g < groups; g++) {
        size_t two = fake_type_bytes(a_type);
        size_t a_bytes = two * (size_t)lda[g] * (size_t)(left[g] == CUBLAS_OP_N ? k[g] : m[g]);
        size_t b_bytes = two * (size_t)ldb[g] * (size_t)(right[g] == CUBLAS_OP_N ? n[g] : k[g]);
        size_t c_bytes = two * (size_t)ldc[g] * (size_t)n[g];
        if (sizes[g] != 1 || lda[g] < (left[g] == CUBLAS_OP_N ? m[g] : k[g]) ||
            ldb[g] < (right[g] == CUBLAS_OP_N ? k[g] : n[g]) || ldc[g] < m[g])
            return CUBLAS_STATUS_INVALID_VALUE;
        if (!fake_inside(a[g], a_bytes) || !fake_inside(b[g], b_bytes) ||
            !fake_inside(c[g], c_bytes))
            return CUBLAS_STATUS_EXECUTION_FAILED;
        busy_s += tiles_of(m[g], n[g]) * tile_s(k[g], rate) / FAKE_SMS;
        flop += 2.0 * m[g] * n[g] * k[g];
        bytes += (double)(a_bytes + b_bytes + c_bytes);
    }
    fake_enqueue(handle->stream, product_cost(busy_s, flop, bytes, rate));
    return CUBLAS_STATUS_SUCCESS;
}
