#include "hardware/scan.h"
#include "hardware/tiles.h"
#include <math.h>

const char scan_source[] =
    "FLA 0.5.1, H200: QwenLM/FlashQLA benchmark_results_H200.txt, gated delta rule, 72 times 5.6 % "
    "off forward, 32 back 5.0 %; assumed of other GPUs (its GB200: 17, 14 % too fast) and mixers";

/* Two FLOP a multiply-add: of a state's products, of keys and of values within a chunk, of chunk by
 * chunk, and of keys once a group. */
struct work {
    double state, key, value, square, group_key;
};

/* SSD forward: C B' once a group, (L o C B') X by half, the chunk's state B' X, C times the state
 * before. Backward: C B' and the states again; their gradients; dX of both; dB, dC; d(C B') by half
 * and its two products. [mamba_ssm ssd_combined.py]
 * Delta forward: K K', the inverse of its triangle, W and U; U - W S and the state's update; Q K'
 * and both outputs. Backward: W, U, S and Q K' again, the recurrence back, gradients of all of it.
 * [flash-linear-attention, fla/ops/gated_delta_rule/chunk.py] */
static const struct work works[SCAN_FORMS][2] = {
    [SCAN_SSD] = {{4, 0, 1, 0, 2},       {10, 0, 3, 0, 6}  },
    [SCAN_DELTA] = {{6, 6, 4, 2.0 / 3, 0}, {16, 18, 10, 4, 0}},
};

/* Bytes an element: of keys and values, of the state at each chunk's end, of a row of a chunk; of
 * keys and such rows once a group. */
struct traffic {
    double key, value, state, row, group_key, group_row;
};
static const struct traffic traffics[SCAN_FORMS][2] = {
    [SCAN_SSD] = {{0, 6, 12, 0, 8, 8},   {0, 22, 26, 0, 32, 28}},
    [SCAN_DELTA] = {{14, 12, 4, 12, 0, 0}, {36, 30, 8, 4, 0, 0}  },
};

/* Triton's products of 64 to 128 a side run at the pace of the SMs: GB200 takes 0.84 to 1.14 of
 * H200's time [FlashQLA, benchmark_results_GB200.txt]. SSD's are of the same kind and tool, and of
 * five kernels each is bound by its products or its bytes. */
static const struct scan_constants constants[SCAN_FORMS][2] = {
    [SCAN_SSD] = {{464, 0, true},       {360, 0, true}      },
    [SCAN_DELTA] = {{464, 1.6e-6, false}, {360, 4.6e-6, false}},
};

/* SMs are not alike: of the widest seen (8192 FLOP per SM and clock) a scan reaches this share, and
 * no less of the peak is taken for cores that are few and wide. */
static const double widest_flop_per_sm_clock = 8192;

const struct scan_constants *scan_constants_of(bool backward, enum scan_form form)
{
    return &constants[form][backward];
}

static double tokens_of(const struct scan *s)
{
    return s->batch * s->tokens;
}

double scan_flop(bool backward, const struct scan *s)
{
    const struct work *w = &works[s->form][backward];
    double n = s->key_dim, p = s->value_dim, q = s->chunk;
    double head = w->state * n * p + w->key * q * n + w->value * q * p + w->square * q * q;
    return tokens_of(s) * (s->heads * head + s->groups * w->group_key * q * n);
}

double scan_bytes(bool backward, const struct scan *s)
{
    const struct traffic *t = &traffics[s->form][backward];
    double n = s->key_dim, p = s->value_dim, q = s->chunk;
    double head = t->key * n + t->value * p + t->state * n * p / q + t->row * q;
    double group = t->group_key * n + t->group_row * q;
    return tokens_of(s) * (s->heads * head + s->groups * group);
}

static double rate_flop_per_s(const struct gpu *gpu, const struct scan_constants *c, double peak)
{
    double rate = gpu->sm_count * gpu->clock_hz * c->flop_per_sm_clock;
    return fmin(peak, fmax(rate, peak * c->flop_per_sm_clock / widest_flop_per_sm_clock));
}

double scan_s(const struct gpu *gpu, bool backward, const struct scan *s)
{
    const struct scan_constants *c = scan_constants_of(backward, s->form);
    double flop = scan_flop(backward, s);
    if (!(flop > 0))
        return 0;
    double products_s = flop / rate_flop_per_s(gpu, c, gpu_peak_16bit_flop_per_s(gpu));
    double chain_s = ceil(s->tokens / s->chunk) * c->chunk_s;
    double bytes_s =
        scan_bytes(backward, s) / (gpu->memory_bandwidth_bytes_per_s *
                                   gpu->calibration.memory[MEMORY_ELEMENTWISE].bandwidth_frac);
    double compute_s = chain_s > 0 ? join_s(products_s, chain_s, 2) : products_s;
    return c->adds_bytes ? compute_s + bytes_s : fmax(compute_s, bytes_s);
}
