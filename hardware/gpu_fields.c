#include "hardware/figures.h"
#include "hardware/gpu.h"
#include <math.h>

#define FIGURE(key, member, unit, least, required, help)                                           \
    FIELD_ROW(gpu, key, FIELD_NUMBER, unit, member, least, HUGE_VAL, required, NULL, help)
#define PEAK(key, dtype, help)                                                                     \
    FIGURE(key, peak_flop_per_s[dtype], UNIT_FLOP_PER_S, 1e9, false, help)
#define WORD(key, member, required, help)                                                          \
    FIELD_ROW(gpu, key, FIELD_STRING, UNIT_NONE, member, 0, 0, required, NULL, help)

const struct field gpu_fields[] = {
    WORD("name", name, true, "catalog name"),
    WORD("vendor", vendor, false, "nvidia, amd, intel, google ..."),
    WORD("architecture", architecture, true, "hopper, blackwell, cdna3 ..."),
    WORD("note", note, false, "what a reader must know"),
    PEAK("peak_bf16", DTYPE_BF16, "dense matrix peak in bf16, FLOP/s"),
    PEAK("peak_fp16", DTYPE_FP16, "dense matrix peak in fp16, FLOP/s"),
    PEAK("peak_fp8", DTYPE_FP8, "dense matrix peak in fp8 scaled by tensor, FLOP/s"),
    PEAK("peak_fp8_block", DTYPE_FP8_BLOCK, "dense matrix peak in fp8 scaled by block, FLOP/s"),
    PEAK("peak_mxfp8", DTYPE_MXFP8, "dense matrix peak in MXFP8, FLOP/s"),
    PEAK("peak_nvfp4", DTYPE_NVFP4, "dense matrix peak in NVFP4, FLOP/s"),
    PEAK("peak_fp32", DTYPE_FP32, "peak in fp32, not tf32, FLOP/s"),
    PEAK("peak_tf32", DTYPE_TF32, "dense matrix peak in tf32, FLOP/s"),
    PEAK("peak_int8", DTYPE_INT8, "dense matrix peak in int8, op/s"),
    FIGURE("memory", memory_bytes, UNIT_BYTES, 1e6, true, "device memory as the device reports it"),
    FIGURE("memory_bandwidth", memory_bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 1e6, true,
           "device memory bandwidth, datasheet"),
    FIGURE("l2", l2_bytes, UNIT_BYTES, 0, false, "last on-chip cache or scratchpad before memory"),
    FIGURE("sm_count", sm_count, UNIT_NONE, 1, true, "SMs, CUs or cores in use"),
    FIGURE("clock", clock_hz, UNIT_HERTZ, 1e6, true, "the clock that reproduces the peaks"),
    FIGURE("exp_per_sm_clock", exp_per_sm_clock, UNIT_NONE, 0, false,
           "exponentials per SM and clock"),
    FIGURE("power_cap", power_cap_w, UNIT_WATTS, 1, false, "board power limit"),
    FIGURE("idle_power", idle_power_w, UNIT_WATTS, 0, false, "board power when idle"),
    FIGURE("flop_energy", flop_j, UNIT_JOULES, 0, false,
           "energy of a bf16 matrix FLOP at full clock"),
    FIGURE("flop_energy_fp8", flop_fp8_j, UNIT_JOULES, 0, false,
           "energy of an fp8 matrix FLOP at full clock"),
    FIGURE("scale_up_bandwidth", scale_up_bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 1e6, true,
           "all scale-up links of a GPU, one direction"),
    FIGURE("scale_up_links", scale_up_links, UNIT_NONE, 0, false, "scale-up links of a GPU"),
    FIGURE("scale_up_domain", scale_up_domain_gpus, UNIT_NONE, 1, false,
           "usual GPUs of a scale-up domain"),
    WORD("scale_up_technology", scale_up_technology, false, "nvlink4, infinity-fabric4, ici ..."),
    FIELD_ROW(gpu, "scale_up_topology", FIELD_ENUM, UNIT_NONE, scale_up_topology, 0, 0, false,
              topology_names, "how the scale-up domain is joined"),
    FIGURE("host_bandwidth", host_bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 0, false,
           "copies to or from host memory, one direction, what is reached"),
    FIGURE("host_memory_bandwidth", host_memory_bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 0, false,
           "the host's own memory, peak, a GPU's share of a usual node"),
    FIGURE("gpus_per_node", gpus_per_node, UNIT_NONE, 1, false, "usual GPUs of one host"),
    FIGURE("nic_bandwidth", nic_bandwidth_bytes_per_s, UNIT_BYTES_PER_S, 1e6, false,
           "usual scale-out rate per GPU, one direction"),
    WORD("nic_technology", nic_technology, false, "infiniband-ndr, roce, efa-v2 ..."),
    FIGURE("price", price_usd_per_h, UNIT_USD_PER_H, 0, false, "list price of a GPU-hour"),
    WORD("like", like, false, "GPU whose calibration constants are taken"),
};
const size_t gpu_field_count = sizeof gpu_fields / sizeof gpu_fields[0];

_Static_assert(sizeof gpu_fields / sizeof gpu_fields[0] <= GPU_FIELDS_MAX,
               "a source for each row of gpu_fields");

const struct source *gpu_source(const struct gpu *gpu, const char *key)
{
    static const struct source none;
    size_t row = figures_row(gpu_fields, gpu_field_count, key);
    return row < gpu_field_count ? &gpu->source[row] : &none;
}
