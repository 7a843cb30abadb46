#include "parallelism/weight_bytes.h"

static bool in_fp8(const struct scenario *scenario)
{
    return scenario->stack.fp8_weights && scenario->job.precision == DTYPE_FP8;
}

double weight_memory_bytes(const struct scenario *scenario)
{
    if (!in_fp8(scenario))
        return scenario->stack.weight_bytes;
    bool any_layout = architecture_is_blackwell(scenario->system.gpu.architecture);
    return dtype_bytes(DTYPE_FP8) * (any_layout ? 1 : 2);
}

double weight_gather_bytes(const struct scenario *scenario)
{
    return in_fp8(scenario) ? dtype_bytes(DTYPE_FP8) : scenario->stack.param_gather_bytes;
}
