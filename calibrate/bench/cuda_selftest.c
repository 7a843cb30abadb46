#include "calibrate/bench/cuda_kernels.h"
#include "calibrate/bench/cuda_matmul.h"
#include "calibrate/bench/cuda_suites.h"
#include "calibrate/bench/nccl_group.h"
#include "calibrate/bench/small_floats.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The kernels, the layouts of the products and NCCL's answers against a host reference, before
 * anything is timed. Errors are compared with what rounding to the output's datatype allows. */

enum { COLUMNS = 512, ROWS = 64, M = 96, N = 160, K = 224 };
static const size_t ELEMENTS = (size_t)COLUMNS * ROWS, BYTES = (size_t)32 * COLUMNS * ROWS;
static const double BF16_FRAC = 0x1p-7; /* two units in the last place of 8 bits */

struct selftest {
    struct cuda_gpu *gpu;
    char *device, *host; /* BYTES each */
    float *one;
};

static double value_at(enum cuda_element element, const void *array, size_t i)
{
    uint16_t two;
    uint8_t byte;
    float four;
    if (element == ELEMENT_FP32) {
        memcpy(&four, (const char *)array + 4 * i, sizeof four);
        return (double)four;
    }
    if (element == ELEMENT_E4M3 || element == ELEMENT_E5M2) {
        memcpy(&byte, (const char *)array + i, sizeof byte);
        return element == ELEMENT_E4M3 ? value_e4m3(byte) : value_e5m2(byte);
    }
    memcpy(&two, (const char *)array + 2 * i, sizeof two);
    return element == ELEMENT_BF16 ? value_bf16(two) : value_fp16(two);
}

static enum status fetch(struct selftest *t, size_t bytes, struct error *e)
{
    if (CUDA_TRY(cudaMemcpyAsync(t->host, t->device, bytes, cudaMemcpyDeviceToHost, t->gpu->stream),
                 e) != STATUS_OK)
        return e->status;
    return CUDA_TRY(cudaStreamSynchronize(t->gpu->stream), e);
}

static enum status wrong(const char *what, size_t i, double got, double want, struct error *e)
{
    return error_set(e, STATUS_IO, "%s: element %zu is %g, the host has %g", what, i, got, want);
}

static bool differs(double got, double want, double frac, double floor)
{
    return !(fabs(got - want) <= frac * fabs(want) + floor);
}

/* Mean 0 within 6 standard errors; variance 1, to which rounding to 8 bits adds under a hundredth.
 */
static enum status check_fill(struct selftest *t, struct error *e)
{
    static const char *const names[] = {"bf16", "fp16", "e4m3", "e5m2", "fp32"};
    for (int element = ELEMENT_BF16; element <= ELEMENT_FP32; element++) {
        double sum = 0, squares = 0;
        if (CUDA_TRY(
                kernel_fill(t->device, (enum cuda_element)element, ELEMENTS, 7, t->gpu->stream),
                e) != STATUS_OK ||
            fetch(t, 4 * ELEMENTS, e) != STATUS_OK)
            return e->status;
        for (size_t i = 0; i < ELEMENTS; i++) {
            double x = value_at((enum cuda_element)element, t->host, i);
            sum += x;
            squares += x * x;
        }
        double n = (double)ELEMENTS, mean = sum / n, variance = squares / n;
        if (fabs(mean) > 6 / sqrt(n) || fabs(variance - 1) > 0.1)
            return error_set(e, STATUS_IO, "fill %s: mean %g, variance %g", names[element], mean,
                             variance);
    }
    return STATUS_OK;
}

/* x and z lie behind y: [y | x | z], ELEMENTS bf16 each. */
static enum status prepare_arrays(struct selftest *t, struct error *e)
{
    return CUDA_TRY(kernel_fill(t->device, ELEMENT_BF16, 3 * ELEMENTS, 11, t->gpu->stream), e);
}

static enum status check_streaming(struct selftest *t, bool triad, struct error *e)
{
    char *x = t->device + 2 * ELEMENTS, *z = x + 2 * ELEMENTS;
    if (prepare_arrays(t, e) != STATUS_OK ||
        CUDA_TRY(triad ? kernel_triad(t->device, x, z, ELEMENTS, t->gpu->stream)
                       : kernel_copy(t->device, x, ELEMENTS, t->gpu->stream),
                 e) != STATUS_OK ||
        fetch(t, 6 * ELEMENTS, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < ELEMENTS; i++) {
        double want = value_at(ELEMENT_BF16, t->host, ELEMENTS + i);
        if (triad)
            want += 0.5 * value_at(ELEMENT_BF16, t->host, 2 * ELEMENTS + i);
        double got = value_at(ELEMENT_BF16, t->host, i);
        if (differs(got, want, triad ? BF16_FRAC : 0, 0))
            return wrong(triad ? "triad" : "copy", i, got, want, e);
    }
    return STATUS_OK;
}

static enum status check_norm(struct selftest *t, struct error *e)
{
    if (prepare_arrays(t, e) != STATUS_OK ||
        CUDA_TRY(kernel_norm(t->device, t->device + 2 * ELEMENTS, ROWS, COLUMNS, t->gpu->stream),
                 e) != STATUS_OK ||
        fetch(t, 4 * ELEMENTS, e) != STATUS_OK)
        return e->status;
    for (size_t row = 0; row < ROWS; row++) {
        double squares = 0;
        for (size_t i = 0; i < COLUMNS; i++) {
            double x = value_at(ELEMENT_BF16, t->host, ELEMENTS + row * COLUMNS + i);
            squares += x * x;
        }
        for (size_t i = row * COLUMNS; i < (row + 1) * COLUMNS; i++) {
            double want = value_at(ELEMENT_BF16, t->host, ELEMENTS + i) / sqrt(squares / COLUMNS);
            double got = value_at(ELEMENT_BF16, t->host, i);
            if (differs(got, want, BF16_FRAC, 0))
                return wrong("norm", i, got, want, e);
        }
    }
    return STATUS_OK;
}

/* Every row arrives once, from the place that the order names. */
static enum status check_permute(struct selftest *t, struct error *e)
{
    int *order = (int *)(void *)(t->device + 4 * ELEMENTS), met[ROWS] = {0};
    if (prepare_arrays(t, e) != STATUS_OK ||
        CUDA_TRY(kernel_order(order, ROWS, t->gpu->stream), e) != STATUS_OK ||
        CUDA_TRY(kernel_permute(t->device, t->device + 2 * ELEMENTS, order, ROWS, COLUMNS,
                                t->gpu->stream),
                 e) != STATUS_OK ||
        fetch(t, 4 * (ELEMENTS + ROWS), e) != STATUS_OK)
        return e->status;
    for (size_t row = 0; row < ROWS; row++) {
        int from;
        memcpy(&from, t->host + 4 * ELEMENTS + 4 * row, sizeof from);
        if (from < 0 || from >= ROWS || met[from]++)
            return error_set(e, STATUS_IO, "order: row %zu comes from %d", row, from);
        if (memcmp(t->host + 2 * row * COLUMNS, t->host + 2 * (ELEMENTS + (size_t)from * COLUMNS),
                   (size_t)2 * COLUMNS) != 0)
            return error_set(e, STATUS_IO, "permute: row %zu is not row %d", row, from);
    }
    return STATUS_OK;
}

static enum status check_quantise(struct selftest *t, struct error *e)
{
    if (prepare_arrays(t, e) != STATUS_OK ||
        CUDA_TRY(
            kernel_quantise(t->device, t->device + 2 * ELEMENTS, 2.0F, ELEMENTS, t->gpu->stream),
            e) != STATUS_OK ||
        fetch(t, 4 * ELEMENTS, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < ELEMENTS; i++) {
        double want = 2 * value_at(ELEMENT_BF16, t->host, ELEMENTS + i);
        double got = value_at(ELEMENT_E4M3, t->host, i);
        if (differs(got, want, 0x1p-4, 0x1p-10)) /* half a unit of 4 bits; of a subnormal */
            return wrong("quantise", i, got, want, e);
    }
    return STATUS_OK;
}

/* One update from moments that are the absolute of random numbers. */
static enum status check_adam(struct selftest *t, struct error *e)
{
    float *p = (float *)(void *)t->device, *m = p + ELEMENTS, *v = m + ELEMENTS, *g = v + ELEMENTS;
    if (CUDA_TRY(kernel_fill(p, ELEMENT_FP32, 4 * ELEMENTS, 3, t->gpu->stream), e) != STATUS_OK ||
        fetch(t, 16 * ELEMENTS, e) != STATUS_OK)
        return e->status;
    char *before = malloc(16 * ELEMENTS);
    if (!before)
        return error_set(e, STATUS_IO, "out of memory");
    memcpy(before, t->host, 16 * ELEMENTS);
    enum status status =
        CUDA_TRY(kernel_adam(p, m, v, g, g + ELEMENTS, ELEMENTS, t->gpu->stream), e);
    if (status == STATUS_OK)
        status = fetch(t, 18 * ELEMENTS, e);
    for (size_t i = 0; i < ELEMENTS && status == STATUS_OK; i++) {
        double gradient = value_at(ELEMENT_FP32, before, 3 * ELEMENTS + i);
        double moment = 0.9 * value_at(ELEMENT_FP32, before, ELEMENTS + i) + 0.1 * gradient;
        double variance =
            0.95 * value_at(ELEMENT_FP32, before, 2 * ELEMENTS + i) + 0.05 * gradient * gradient;
        double want = value_at(ELEMENT_FP32, before, i) - 1e-4 * moment / (sqrt(variance) + 1e-8);
        double got = value_at(ELEMENT_FP32, t->host, i);
        if (variance > 1e-3 && differs(got, want, 1e-5, 1e-6))
            status = wrong("adam", i, got, want, e);
        double low = value_at(ELEMENT_BF16, t->host, 8 * ELEMENTS + i);
        if (variance > 1e-3 && status == STATUS_OK && differs(low, got, BF16_FRAC, 0))
            status = wrong("adam in bf16", i, low, got, e);
    }
    free(before);
    return status;
}

/* Where element (r, c) of a matrix lies: as the pass has it in memory (cuda_matmul.h). */
static size_t place_a(const struct cuda_product *p, size_t row, size_t k)
{
    bool transposed = p->phase == PHASE_BACKWARD_WEIGHT && p->dtype != DTYPE_FP8;
    return transposed ? k * (size_t)p->m + row : row * (size_t)p->k + k;
}

static size_t place_b(const struct cuda_product *p, size_t k, size_t column)
{
    bool rows_of_k = p->phase != PHASE_FORWARD && p->dtype != DTYPE_FP8;
    return rows_of_k ? k * (size_t)p->n + column : column * (size_t)p->k + k;
}

/* A as numbers by rows, or B by columns: k lies together in both. */
static double *decoded(const struct cuda_product *p, const struct cuda_operands *o, bool a,
                       const void *array)
{
    size_t lines = (size_t)(a ? p->m : p->n), k = (size_t)p->k;
    double *value = malloc(lines * k * sizeof *value);
    for (size_t i = 0; value && i < lines; i++)
        for (size_t j = 0; j < k; j++)
            value[i * k + j] = value_at(a ? o->a_element : o->b_element, array,
                                        a ? place_a(p, i, j) : place_b(p, j, i));
    return value;
}

/* A row of A, a column of B, and what the output should and does hold there. */
struct element {
    const double *a, *b;
    double before, got;
};

static enum status compare_element(const struct cuda_product *p, size_t c, const struct element *at,
                                   struct error *e)
{
    /* tf32 multiplies with 10 bits; fp8 adds with about 14 */
    double frac = p->dtype == DTYPE_FP32 ? 1e-5 : BF16_FRAC;
    double want = at->before, size = fabs(want);
    for (int k = 0; k < p->k; k++) {
        want += at->a[k] * at->b[k];
        size += fabs(at->a[k] * at->b[k]);
    }
    if (differs(at->got, want, frac, (p->dtype == DTYPE_FP32 ? 1e-6 : 1e-3) * size))
        return error_set(e, STATUS_IO, "%s %s: element %zu is %g, the host has %g",
                         dtype_names[p->dtype], phase_names[p->phase], c, at->got, want);
    return STATUS_OK;
}

static enum status compare_product(const struct selftest *t, const struct cuda_product *p,
                                   const struct cuda_operands *o, const char *before,
                                   struct error *e)
{
    struct cuda_operand_places at = cuda_operand_places(t->host, o);
    size_t m = (size_t)p->m, n = (size_t)p->n, k = (size_t)p->k;
    bool accumulate = p->phase == PHASE_BACKWARD_WEIGHT;
    enum cuda_element out = o->c_bytes == 4 * m * n  ? ELEMENT_FP32
                            : p->dtype == DTYPE_FP16 ? ELEMENT_FP16
                                                     : ELEMENT_BF16;
    double *a = decoded(p, o, true, at.a), *b = decoded(p, o, false, at.b);
    if (!a || !b)
        error_set(e, STATUS_IO, "out of memory");
    for (size_t c = 0; c < m * n && e->status == STATUS_OK; c++) {
        const struct element element = {a + c / n * k, b + c % n * k,
                                        accumulate ? value_at(out, before, c) : 0,
                                        value_at(out, at.c, c)};
        compare_element(p, c, &element, e);
    }
    free(a);
    free(b);
    return e->status;
}

/* A product that this GPU has no kernel for (fp8 before Ada) is told and passed over; bf16 it has.
 */
static enum status check_product(struct selftest *t, const struct cuda_product *p, struct error *e)
{
    struct cuda_matmul matmul;
    struct cuda_operands o;
    struct cuda_arena arena = {t->device, BYTES, BYTES, 1};
    struct error refused;
    error_init(&refused);
    if (!cuda_operands_of(p, &o))
        return STATUS_OK;
    if (cuda_matmul_open(&matmul, t->gpu, p, t->one, &refused) == STATUS_NO &&
        p->dtype != DTYPE_BF16) {
        bench_say(t->gpu->bench, "selftest: %s %s: left out: %s", dtype_names[p->dtype],
                  phase_names[p->phase], refused.message);
        return STATUS_OK;
    }
    if (refused.status != STATUS_OK)
        return error_set(e, STATUS_IO, "%s %s: %s", dtype_names[p->dtype], phase_names[p->phase],
                         refused.message);
    size_t bytes = (size_t)cuda_operand_set_bytes(&o);
    char *before = malloc(o.c_bytes);
    struct cuda_operand_places device = cuda_operand_places(t->device, &o);
    struct cuda_operand_places host = cuda_operand_places(t->host, &o);
    if (!before)
        error_set(e, STATUS_IO, "out of memory");
    else if (cuda_operands_fill(&arena, &o, t->gpu->stream, e) == STATUS_OK &&
             fetch(t, bytes, e) == STATUS_OK) {
        memcpy(before, host.c, o.c_bytes);
        if (cuda_matmul_enqueue(&matmul, t->gpu, &device, t->gpu->stream, e) == STATUS_OK &&
            fetch(t, bytes, e) == STATUS_OK)
            compare_product(t, p, &o, before, e);
    }
    free(before);
    cuda_matmul_close(&matmul);
    return e->status;
}

static enum status check_products(struct selftest *t, struct error *e)
{
    static const enum dtype dtypes[] = {DTYPE_BF16, DTYPE_FP16, DTYPE_FP8, DTYPE_FP32, DTYPE_TF32};
    enum status status = STATUS_OK;
    for (size_t d = 0; d < sizeof dtypes / sizeof dtypes[0]; d++)
        for (int phase = PHASE_FORWARD; phase <= PHASE_BACKWARD_WEIGHT && status == STATUS_OK;
             phase++) {
            const struct cuda_product product = {dtypes[d], (enum phase)phase, M, N, K};
            status = check_product(t, &product, e);
        }
    return status;
}

/* All-reduce of small whole numbers, which bf16 adds exactly: rank r gives (i + r) mod 8. */
static enum status check_nccl(struct selftest *t, struct error *e)
{
    struct cuda_gpu *gpu = t->gpu;
    int ranks = gpu->bench->peers.size, rank = gpu->bench->peers.rank;
    static const uint16_t small[8] = {0, 0x3f80, 0x4000, 0x4040, 0x4080, 0x40a0, 0x40c0, 0x40e0};
    struct nccl_call call = {COLLECTIVE_ALL_REDUCE, t->device, t->device + 2 * ELEMENTS,
                             2 * ELEMENTS,          NULL,      gpu->stream};
    if (ranks == 1 || ranks > 16) /* sums over 128 are no longer exact */
        return STATUS_OK;
    for (size_t i = 0; i < ELEMENTS; i++)
        memcpy(t->host + 2 * i, &small[(i + (size_t)rank) % 8], 2);
    if (nccl_world(gpu, &call.comm, e) != STATUS_OK ||
        CUDA_TRY(
            cudaMemcpyAsync(t->device, t->host, 2 * ELEMENTS, cudaMemcpyHostToDevice, gpu->stream),
            e) != STATUS_OK ||
        nccl_enqueue(&call, e) != STATUS_OK ||
        CUDA_TRY(cudaEventRecord(gpu->end, gpu->stream), e) != STATUS_OK ||
        nccl_wait(gpu, call.comm, gpu->end, "all_reduce of the selftest", e) != STATUS_OK ||
        fetch(t, 4 * ELEMENTS, e) != STATUS_OK)
        return e->status;
    for (size_t i = 0; i < ELEMENTS; i++) {
        double want = 0, got = value_at(ELEMENT_BF16, t->host, ELEMENTS + i);
        for (int r = 0; r < ranks; r++)
            want += (double)((i + (size_t)r) % 8);
        if (got != want)
            return wrong("all_reduce", i, got, want, e);
    }
    return STATUS_OK;
}

static enum status check_all(struct selftest *t, struct error *e)
{
    if (check_fill(t, e) != STATUS_OK || check_streaming(t, false, e) != STATUS_OK ||
        check_streaming(t, true, e) != STATUS_OK || check_norm(t, e) != STATUS_OK ||
        check_permute(t, e) != STATUS_OK || check_quantise(t, e) != STATUS_OK ||
        check_adam(t, e) != STATUS_OK || check_products(t, e) != STATUS_OK)
        return e->status;
    return check_nccl(t, e);
}

enum status cuda_selftest_suite(struct bench *bench, struct error *e)
{
    struct selftest t = {.gpu = cuda_gpu_of(bench), .host = malloc(BYTES)};
    void *device = NULL;
    if (!t.host)
        error_set(e, STATUS_IO, "out of memory");
    else if (CUDA_TRY(cudaMalloc(&device, BYTES), e) == STATUS_OK &&
             cuda_one(&t.one, e) == STATUS_OK) {
        t.device = device;
        if (check_all(&t, e) == STATUS_OK)
            bench_say(bench, "selftest: kernels, products%s agree with the host reference",
                      bench->peers.size > 1 ? " and NCCL" : "");
    }
    if (t.one)
        CUDA_TRY(cudaFree(t.one), e);
    if (device)
        CUDA_TRY(cudaFree(device), e);
    free(t.host);
    return e->status;
}
