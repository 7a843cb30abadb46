#include "hardware/roofline.h"
#include <math.h>

/* Matrix products of a pass: forward S = Q K' and O = P V; backward recomputes S and makes dV, dP,
 * dQ, dK: 3 of width d_qk, 2 of width d_v. [FlashAttention-2] */
struct products {
    double qk, v;
};
static const struct products pass_products[ATTENTION_PASSES] = {
    [ATTENTION_FORWARD] = {1, 1},
    [ATTENTION_BACKWARD] = {3, 2},
    [ATTENTION_DECODE] = {1, 1},
};

/* Tensors of q, kv and v heads moved once: forward Q, O | K | V; backward Q, O, dO, dQ | K, dK | V,
 * dV. */
struct tensors {
    double query_qk, query_v, key, value;
};
static const struct tensors pass_tensors[ATTENTION_PASSES] = {
    [ATTENTION_FORWARD] = {1, 1, 1, 1},
    [ATTENTION_BACKWARD] = {2, 2, 2, 2},
    [ATTENTION_DECODE] = {1, 1, 1, 1},
};

/* Exponentials per SM and clock where a gpu file does not say: 16 from Ampere to Blackwell. */
static const double exp_per_sm_clock = 16;

static double scores(const struct attention *a)
{
    return a->batch * a->heads * a->seq_q * a->seq_kv * a->visible_frac;
}

static double flop_per_score(enum attention_pass pass, const struct attention *a)
{
    return 2 * (pass_products[pass].qk * a->head_dim_qk + pass_products[pass].v * a->head_dim_v);
}

double attention_flop(enum attention_pass pass, const struct attention *a)
{
    return scores(a) * flop_per_score(pass, a);
}

double attention_bytes(enum dtype dtype, enum attention_pass pass, const struct attention *a)
{
    const struct tensors *t = &pass_tensors[pass];
    double query = a->batch * a->heads * a->seq_q;
    double key = a->batch * a->kv_heads * a->seq_kv;
    double query_bytes = 2 * query * (t->query_qk * a->head_dim_qk + t->query_v * a->head_dim_v);
    return query_bytes +
           dtype_bytes(dtype) * key * (t->key * a->head_dim_qk + t->value * a->head_dim_v);
}

/* Matmul rate: fp8 where asked for and had, else 16 bit; V100 has fp16 and no bf16. */
static double math_flop_per_s(const struct gpu *gpu, bool fp8)
{
    const double *peak = gpu->peak_flop_per_s;
    return fp8 && peak[DTYPE_FP8] > 0 ? peak[DTYPE_FP8] : fmax(peak[DTYPE_BF16], peak[DTYPE_FP16]);
}

/* Three roofs: tensor cores, exponential unit, memory:
 *     T = t0 + max(N [(f / (R e_a))^p + (1 / (e_x X))^p]^(1/p) (1 + s0 / s), bytes / (BW eb))
 * N scores of f flop, X = SMs clock x exponentials a second. Backward computes one exponential a
 * score too. Decode has one row of scores a sequence: its s0 term says nothing, so it is left out.
 */
double attention_s(const struct gpu *gpu, enum dtype dtype, enum attention_pass pass,
                   const struct attention *a)
{
    double n = scores(a);
    if (n <= 0)
        return 0;
    int fp8 = dtype_bytes(dtype) < 2;
    const struct attention_constants *c = &gpu->calibration.attention[pass][fp8];
    double exp_rate = gpu->exp_per_sm_clock > 0 ? gpu->exp_per_sm_clock : exp_per_sm_clock;
    double math_s = flop_per_score(pass, a) / (math_flop_per_s(gpu, fp8) * c->math_frac);
    double exp_s = 1 / (gpu->sm_count * gpu->clock_hz * exp_rate * c->exp_frac);
    double ramp = pass == ATTENTION_DECODE ? 1 : 1 + c->s0 / a->seq_kv;
    double work_s = n * pow(pow(math_s, c->p) + pow(exp_s, c->p), 1 / c->p) * ramp;
    double bytes = attention_bytes(dtype, pass, a);
    return c->t0_s + fmax(work_s, bytes / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac));
}
