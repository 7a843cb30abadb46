#ifndef CALIBRATE_BENCH_CUDA_MATMUL_H
#define CALIBRATE_BENCH_CUDA_MATMUL_H
#include "base/op.h"
#include "calibrate/bench/cuda_gpu.h"
#include "calibrate/bench/cuda_kernels.h"

/* A product of a linear layer, C[m,n] = A[m,k] B[k,n], in the layout that its pass has (T tokens, K
 * in-features, N out-features; activations and weights row-major):
 *
 *     forward          y[T,N]   = x[T,K] w[N,K]^T     m = T, n = N, k = K     output 16 bit
 *     backward_input   dx[T,K]  = dy[T,N] w[N,K]      m = T, n = K, k = N     output 16 bit
 *     backward_weight  dw[N,K] += dy[T,N]^T x[T,K]    m = N, n = K, k = T     output fp32
 *
 * fp8 operands lie with k contiguous in every pass, as Hopper's tensor cores demand. */
struct cuda_product {
    enum dtype dtype;
    enum phase phase;
    int m, n, k;
};

/* Bytes of the operands and of the output; the element types of the operands. */
struct cuda_operands {
    size_t a_bytes, b_bytes, c_bytes;
    enum cuda_element a_element, b_element;
};
/* False where cuBLAS has no such type here. */
bool cuda_operands_of(const struct cuda_product *product, struct cuda_operands *operands);

/* A product ready to run: cuBLASLt's first choice of algorithm, as frameworks take it. */
struct cuda_matmul {
    cublasLtMatmulDesc_t operation;
    cublasLtMatrixLayout_t left, right,
        output; /* as cuBLAS sees them: column-major, C transposed */
    cublasLtMatmulAlgo_t algorithm;
    cublasLtMatmulPreference_t preference;
    bool accumulate;
};

/* STATUS_NO, with a message, if there is no kernel for it. scale: device pointer to the fp32 number
 * 1, which fp8 needs; may be NULL otherwise. */
enum status cuda_matmul_open(struct cuda_matmul *matmul, const struct cuda_gpu *gpu,
                             const struct cuda_product *product, const float *scale,
                             struct error *e);
void cuda_matmul_close(struct cuda_matmul *matmul);

/* Where the operands of a set are: A, then B, then C, each aligned to 256 bytes. */
struct cuda_operand_places {
    char *a, *b, *c;
};
enum status cuda_matmul_enqueue(const struct cuda_matmul *matmul, const struct cuda_gpu *gpu,
                                const struct cuda_operand_places *at, cudaStream_t stream,
                                struct error *e);

struct cuda_operand_places cuda_operand_places(char *set, const struct cuda_operands *operands);
double cuda_operand_set_bytes(const struct cuda_operands *operands);
enum status cuda_operands_fill(const struct cuda_arena *arena, const struct cuda_operands *operands,
                               cudaStream_t stream, struct error *e);

#endif
