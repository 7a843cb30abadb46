#include "parallelism/optimizer.h"
#include "hardware/roofline.h"

/* Bytes of moments a parameter. Adam keeps two in 32 bit, or in 16 bit (DeepSeek-V3,
 * arXiv:2412.19437, 3.3.3), Muon and SGD one momentum. Muon leaves vocabulary matrices and vectors
 * to Adam; they are counted like the rest. [Jordan24] */
static const double moment_bytes[OPTIMIZERS] = {
    [OPTIMIZER_ADAM] = 8, [OPTIMIZER_ADAM_BF16] = 4, [OPTIMIZER_MUON] = 4, [OPTIMIZER_SGD] = 4};

/* How many bytes of moments fewer than Adam's. */
static double saved_bytes(const struct scenario *scenario)
{
    return moment_bytes[OPTIMIZER_ADAM] - moment_bytes[scenario->job.optimizer];
}

static double no_less_than_0(double x)
{
    return x > 0 ? x : 0;
}

double optimizer_state_bytes(const struct scenario *scenario)
{
    return no_less_than_0(scenario->stack.optimizer_bytes - saved_bytes(scenario));
}

/* Moments are read and written. */
double optimizer_traffic_bytes(const struct scenario *scenario)
{
    return no_less_than_0(scenario->stack.optimizer_traffic_bytes - 2 * saved_bytes(scenario));
}

/* Newton-Schulz on a square matrix of n columns, five iterations of three products each:
 *     FLOP = 5 * 3 * 2 n^3, 30 n a parameter,
 * at the rate of one such product. Wider matrices of as many rows take less a parameter. [Jordan24]
 */
static double newton_schulz_s(const struct scenario *scenario, double n, double parameters)
{
    const double iterations = 5, products = 3;
    const struct gpu *gpu = &scenario->system.gpu;
    bool has_bf16 = gpu->peak_flop_per_s[DTYPE_BF16] > 0;
    struct gemm g = {.m = n, .n = n, .k = n, .batch = 1, .output_bytes = 2, .skew = 1};
    if (n < 1 || parameters <= 0)
        return 0;
    return iterations * products * parameters / (n * n) *
           gemm_s(gpu, has_bf16 ? DTYPE_BF16 : scenario->job.precision, &g) *
           scenario->stack.constant[STACK_COMPUTE].value;
}

double optimizer_orthogonalise_s(const struct scenario *scenario, double dense, double expert)
{
    const struct model *m = &scenario->model;
    if (scenario->job.optimizer != OPTIMIZER_MUON)
        return 0;
    double io = expert_hidden_size(m);
    double narrow = m->moe_intermediate_size > 0 && m->moe_intermediate_size < io
                        ? m->moe_intermediate_size
                        : io;
    return newton_schulz_s(scenario, m->hidden_size, dense) +
           newton_schulz_s(scenario, narrow, expert);
}
