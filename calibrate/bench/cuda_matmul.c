#include "calibrate/bench/cuda_matmul.h"

enum { ALIGN_BYTES = 256, FP8_MULTIPLE = 16 };

/* What cuBLAS calls a datatype. fp8: weights and activations are e4m3, gradients e5m2. Fast
 * accumulation (fewer bits between tensor-core steps) is what training stacks use forward, not
 * backward. */
struct types {
    bool known;
    cudaDataType_t value, gradient, output;
    enum cuda_element value_element, gradient_element;
    cublasComputeType_t compute;
    size_t bytes;
};
static const struct types types_of[DTYPES] = {
    [DTYPE_BF16] = {true, CUDA_R_16BF,    CUDA_R_16BF,    CUDA_R_16BF, ELEMENT_BF16, ELEMENT_BF16,
                    CUBLAS_COMPUTE_32F,           2},
    [DTYPE_FP16] = {true, CUDA_R_16F,     CUDA_R_16F,     CUDA_R_16F,  ELEMENT_FP16, ELEMENT_FP16,
                    CUBLAS_COMPUTE_32F,           2},
    [DTYPE_FP8] = {true, CUDA_R_8F_E4M3, CUDA_R_8F_E5M2, CUDA_R_16BF, ELEMENT_E4M3, ELEMENT_E5M2,
                    CUBLAS_COMPUTE_32F,           1},
    [DTYPE_FP32] = {true, CUDA_R_32F,     CUDA_R_32F,     CUDA_R_32F,  ELEMENT_FP32, ELEMENT_FP32,
                    CUBLAS_COMPUTE_32F,           4},
    [DTYPE_TF32] = {true, CUDA_R_32F,     CUDA_R_32F,     CUDA_R_32F,  ELEMENT_FP32, ELEMENT_FP32,
                    CUBLAS_COMPUTE_32F_FAST_TF32, 4},
};

/* In cuBLAS's column-major eyes C^T[n,m] = L R, L from B, R from A. How L and R lie in memory by
 * pass, and whether A is a gradient (backward input: A = dy, B = w; backward weight: A = dy^T, B =
 * x). */
struct pass {
    bool known;
    cublasOperation_t left, right;
    bool a_gradient, accumulate;
};
static const struct pass passes[PHASES] = {
    [PHASE_FORWARD] = {true, CUBLAS_OP_T, CUBLAS_OP_N, false, false},
    [PHASE_BACKWARD_INPUT] = {true, CUBLAS_OP_N, CUBLAS_OP_N, true,  false},
    [PHASE_BACKWARD_WEIGHT] = {true, CUBLAS_OP_N, CUBLAS_OP_T, true,  true },
};
static const struct pass pass_fp8[PHASES] = {
    [PHASE_FORWARD] = {true, CUBLAS_OP_T, CUBLAS_OP_N, false, false},
    [PHASE_BACKWARD_INPUT] = {true, CUBLAS_OP_T, CUBLAS_OP_N, true,  false},
    [PHASE_BACKWARD_WEIGHT] = {true, CUBLAS_OP_T, CUBLAS_OP_N, true,  true },
};

static const struct pass *pass_of(const struct cuda_product *p)
{
    return p->dtype == DTYPE_FP8 ? &pass_fp8[p->phase] : &passes[p->phase];
}

bool cuda_operands_of(const struct cuda_product *p, struct cuda_operands *operands)
{
    const struct types *t = &types_of[p->dtype];
    const struct pass *pass = pass_of(p);
    size_t m = (size_t)p->m, n = (size_t)p->n, k = (size_t)p->k;
    if (!t->known || !pass->known)
        return false;
    size_t out = pass->accumulate ? 4 : t->output == CUDA_R_32F ? 4 : 2;
    *operands = (struct cuda_operands){
        m * k * t->bytes, k * n * t->bytes,
        m * n * out,      pass->a_gradient ? t->gradient_element : t->value_element,
        t->value_element,
    };
    return true;
}

/* Each matrix as it lies in memory: `rows` of op(X), unless it is stored transposed. */
static enum status make_layout(cublasLtMatrixLayout_t *layout, cudaDataType_t type,
                               cublasOperation_t op, int rows, int columns, struct error *e)
{
    uint64_t r = (uint64_t)(op == CUBLAS_OP_N ? rows : columns);
    uint64_t c = (uint64_t)(op == CUBLAS_OP_N ? columns : rows);
    return CUBLAS_TRY(cublasLtMatrixLayoutCreate(layout, type, r, c, (int64_t)r), e);
}

static enum status set_attribute(struct cuda_matmul *matmul,
                                 cublasLtMatmulDescAttributes_t attribute, const void *value,
                                 size_t bytes, struct error *e)
{
    return CUBLAS_TRY(cublasLtMatmulDescSetAttribute(matmul->operation, attribute, value, bytes),
                      e);
}

static enum status set_fp8(struct cuda_matmul *matmul, enum phase phase, const float *scale,
                           struct error *e)
{
    const int8_t fast = phase == PHASE_FORWARD;
    if (set_attribute(matmul, CUBLASLT_MATMUL_DESC_FAST_ACCUM, &fast, sizeof fast, e) !=
            STATUS_OK ||
        set_attribute(matmul, CUBLASLT_MATMUL_DESC_A_SCALE_POINTER, &scale, sizeof scale, e) !=
            STATUS_OK)
        return e->status;
    return set_attribute(matmul, CUBLASLT_MATMUL_DESC_B_SCALE_POINTER, &scale, sizeof scale, e);
}

static enum status describe(struct cuda_matmul *matmul, const struct cuda_product *p,
                            const float *scale, struct error *e)
{
    const struct types *t = &types_of[p->dtype];
    const struct pass *pass = pass_of(p);
    cudaDataType_t a = pass->a_gradient ? t->gradient : t->value;
    cudaDataType_t c = pass->accumulate ? CUDA_R_32F : t->output;
    if (CUBLAS_TRY(cublasLtMatmulDescCreate(&matmul->operation, t->compute, CUDA_R_32F), e) !=
            STATUS_OK ||
        set_attribute(matmul, CUBLASLT_MATMUL_DESC_TRANSA, &pass->left, sizeof pass->left, e) !=
            STATUS_OK ||
        set_attribute(matmul, CUBLASLT_MATMUL_DESC_TRANSB, &pass->right, sizeof pass->right, e) !=
            STATUS_OK ||
        make_layout(&matmul->left, t->value, pass->left, p->n, p->k, e) != STATUS_OK ||
        make_layout(&matmul->right, a, pass->right, p->k, p->m, e) != STATUS_OK ||
        make_layout(&matmul->output, c, CUBLAS_OP_N, p->n, p->m, e) != STATUS_OK)
        return e->status;
    return p->dtype == DTYPE_FP8 ? set_fp8(matmul, p->phase, scale, e) : STATUS_OK;
}

/* The algorithm that the library's heuristic puts first, with the workspace that frameworks give. A
 * product that it answers with an error is one that it has no kernel for: others go on. */
static enum status choose(struct cuda_matmul *matmul, const struct cuda_gpu *gpu, struct error *e)
{
    cublasLtMatmulHeuristicResult_t best = {.state = CUBLAS_STATUS_NOT_SUPPORTED};
    size_t workspace = CUDA_WORKSPACE_BYTES;
    int found = 0;
    struct error refused;
    error_init(&refused);
    if (CUBLAS_TRY(cublasLtMatmulPreferenceCreate(&matmul->preference), e) != STATUS_OK ||
        CUBLAS_TRY(cublasLtMatmulPreferenceSetAttribute(matmul->preference,
                                                        CUBLASLT_MATMUL_PREF_MAX_WORKSPACE_BYTES,
                                                        &workspace, sizeof workspace),
                   e) != STATUS_OK)
        return e->status;
    if (CUBLAS_TRY(cublasLtMatmulAlgoGetHeuristic(gpu->lt, matmul->operation, matmul->left,
                                                  matmul->right, matmul->output, matmul->output,
                                                  matmul->preference, 1, &best, &found),
                   &refused) != STATUS_OK ||
        found == 0 || CUBLAS_TRY(best.state, &refused) != STATUS_OK)
        return error_set(e, STATUS_NO, "cuBLASLt has no kernel for this product%s%s",
                         *refused.message ? ": " : "", refused.message);
    matmul->algorithm = best.algo;
    return STATUS_OK;
}

enum status cuda_matmul_open(struct cuda_matmul *matmul, const struct cuda_gpu *gpu,
                             const struct cuda_product *product, const float *scale,
                             struct error *e)
{
    struct cuda_operands operands;
    *matmul = (struct cuda_matmul){0};
    if (!cuda_operands_of(product, &operands))
        return error_set(e, STATUS_NO, "cuBLASLt has no %s products here",
                         dtype_names[product->dtype]);
    if (product->dtype == DTYPE_FP8 &&
        (product->m % FP8_MULTIPLE || product->n % FP8_MULTIPLE || product->k % FP8_MULTIPLE))
        return error_set(e, STATUS_NO, "fp8 products need multiples of %d", FP8_MULTIPLE);
    matmul->accumulate = pass_of(product)->accumulate;
    if (describe(matmul, product, scale, e) != STATUS_OK || choose(matmul, gpu, e) != STATUS_OK)
        cuda_matmul_close(matmul);
    return e->status;
}

void cuda_matmul_close(struct cuda_matmul *matmul)
{
    struct error ignored;
    error_init(&ignored);
    if (matmul->preference)
        CUBLAS_TRY(cublasLtMatmulPreferenceDestroy(matmul->preference), &ignored);
    if (matmul->output)
        CUBLAS_TRY(cublasLtMatrixLayoutDestroy(matmul->output), &ignored);
    if (matmul->right)
        CUBLAS_TRY(cublasLtMatrixLayoutDestroy(matmul->right), &ignored);
    if (matmul->left)
        CUBLAS_TRY(cublasLtMatrixLayoutDestroy(matmul->left), &ignored);
    if (matmul->operation)
        CUBLAS_TRY(cublasLtMatmulDescDestroy(matmul->operation), &ignored);
    *matmul = (struct cuda_matmul){0};
}

enum status cuda_matmul_enqueue(const struct cuda_matmul *matmul, const struct cuda_gpu *gpu,
                                const struct cuda_operand_places *at, cudaStream_t stream,
                                struct error *e)
{
    const float alpha = 1, beta = matmul->accumulate ? 1 : 0;
    return CUBLAS_TRY(cublasLtMatmul(gpu->lt, matmul->operation, &alpha, at->b, matmul->left, at->a,
                                     matmul->right, &beta, at->c, matmul->output, at->c,
                                     matmul->output, &matmul->algorithm, gpu->workspace,
                                     CUDA_WORKSPACE_BYTES, stream),
                      e);
}

static size_t aligned(size_t bytes)
{
    return (bytes + ALIGN_BYTES - 1) / ALIGN_BYTES * ALIGN_BYTES;
}

struct cuda_operand_places cuda_operand_places(char *set, const struct cuda_operands *operands)
{
    char *b = set + aligned(operands->a_bytes);
    return (struct cuda_operand_places){set, b, b + aligned(operands->b_bytes)};
}

double cuda_operand_set_bytes(const struct cuda_operands *o)
{
    return (double)aligned(o->a_bytes) + (double)aligned(o->b_bytes) + (double)aligned(o->c_bytes);
}

static const size_t element_bytes[] = {[ELEMENT_BF16] = 2,
                                       [ELEMENT_FP16] = 2,
                                       [ELEMENT_E4M3] = 1,
                                       [ELEMENT_E5M2] = 1,
                                       [ELEMENT_FP32] = 4};

enum status cuda_operands_fill(const struct cuda_arena *arena, const struct cuda_operands *o,
                               cudaStream_t stream, struct error *e)
{
    for (int s = 0; s < arena->sets; s++) {
        struct cuda_operand_places at = cuda_operand_places(cuda_arena_set(arena, s), o);
        uint64_t seed = 3 * (uint64_t)s;
        if (CUDA_TRY(kernel_fill(at.a, o->a_element, o->a_bytes / element_bytes[o->a_element], seed,
                                 stream),
                     e) != STATUS_OK ||
            CUDA_TRY(kernel_fill(at.b, o->b_element, o->b_bytes / element_bytes[o->b_element],
                                 seed + 1, stream),
                     e) != STATUS_OK ||
            CUDA_TRY(kernel_fill(at.c, ELEMENT_FP32, o->c_bytes / 4, seed + 2, stream), e) !=
                STATUS_OK)
            return e->status;
    }
    return STATUS_OK;
}
