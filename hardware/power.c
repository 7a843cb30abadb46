#include "hardware/power.h"

/* Dynamic energy of a tensor-core FLOP at full clock, its operands fetched through the caches. measured:
 * from what published training runs on A100, H100 and B200 lose against short bursts of the same kernels
 * (fitted together with the stacks' constants, flat to 0.2 pJ for 16 bit); the narrower types scale about as
 * their datasheet rates at one power cap. */
static const double flop_j[DTYPES] = {
    [DTYPE_BF16] = 2.0e-12,       [DTYPE_FP16] = 2.0e-12,   [DTYPE_FP8] = 0.82e-12,
    [DTYPE_FP8_BLOCK] = 0.82e-12, [DTYPE_MXFP8] = 0.82e-12, [DTYPE_NVFP4] = 0.5e-12,
    [DTYPE_FP32] = 10e-12,        [DTYPE_TF32] = 4e-12,     [DTYPE_INT8] = 0.82e-12,
};

double power_flop_j(enum dtype d)
{
    return flop_j[d];
}

/* HBM2e and HBM3: about 4 to 5 pJ a bit at the device and its interface. assumed */
double power_byte_j(void)
{
    return 40e-12;
}

static double power_w(const struct gpu *gpu, const struct power_load *l, double f)
{
    return gpu->idle_power_w + (f * f * l->math_j + l->other_j) / (l->clocked_s / f + l->fixed_s);
}

double power_clock_frac(const struct gpu *gpu, const struct power_load *load)
{
    double low = 0.3, high = 1;
    if (!(gpu->power_cap_w > gpu->idle_power_w) || !(gpu->idle_power_w > 0) ||
        !(load->clocked_s > 0) || power_w(gpu, load, 1) <= gpu->power_cap_w)
        return 1;
    for (int i = 0; i < 30; i++) {
        double f = (low + high) / 2;
        *(power_w(gpu, load, f) <= gpu->power_cap_w ? &low : &high) = f;
    }
    return low;
}
