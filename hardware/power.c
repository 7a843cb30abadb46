#include "hardware/power.h"

/* Energy of a FLOP over that of bf16: with half of the bits a little less than half; a gpu may
 * state its own for fp8. assumed: 0.41 to 0.5 predict runs of one precision equally well, the more
 * the better runs in bf16 of stacks that fp8 runs tell; MI300X's and MI325X's own are 0.55 */
static const double flop_frac[DTYPES] = {
    [DTYPE_BF16] = 1,         [DTYPE_FP16] = 1,     [DTYPE_FP8] = 0.45,
    [DTYPE_FP8_BLOCK] = 0.45, [DTYPE_MXFP8] = 0.45, [DTYPE_NVFP4] = 0.27,
    [DTYPE_FP32] = 5,         [DTYPE_TF32] = 2,     [DTYPE_INT8] = 0.45,
};

double power_flop_j(const struct gpu *gpu, enum dtype d)
{
    if (dtype_is_fp8(d) && gpu->flop_fp8_j > 0)
        return gpu->flop_fp8_j;
    return gpu->flop_j * flop_frac[d];
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

static bool has_cap(const struct gpu *gpu)
{
    return gpu->power_cap_w > gpu->idle_power_w && gpu->idle_power_w > 0 && gpu->flop_j > 0;
}

double power_clock_frac(const struct gpu *gpu, const struct power_load *load)
{
    double low = 0.3, high = 1;
    if (!has_cap(gpu) || !(load->clocked_s > 0) || power_w(gpu, load, 1) <= gpu->power_cap_w)
        return 1;
    for (int i = 0; i < 30; i++) {
        double f = (low + high) / 2;
        *(power_w(gpu, load, f) <= gpu->power_cap_w ? &low : &high) = f;
    }
    return low;
}

bool power_is_known(const struct gpu *gpu, enum dtype d)
{
    return has_cap(gpu) && power_flop_j(gpu, d) * gpu->peak_flop_per_s[d] > 0;
}

double power_slow_down(const struct gpu *gpu, enum dtype d)
{
    struct power_load load = {.math_j = power_flop_j(gpu, d) * gpu->peak_flop_per_s[d],
                              .clocked_s = 1};
    return 1 / power_clock_frac(gpu, &load) - 1;
}
