#include "hardware/roofline.h"

/* T = t0 + bytes / (BW eb), eb by class of kernel. */
double memory_op_s(const struct gpu *gpu, const struct memory_op *op)
{
    if (op->bytes <= 0)
        return 0;
    const struct memory_constants *c = &gpu->calibration.memory[op->class_];
    return c->t0_s + op->bytes / (gpu->memory_bandwidth_bytes_per_s * c->bandwidth_frac);
}
