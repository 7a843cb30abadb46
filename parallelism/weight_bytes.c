#include "parallelism/weight_bytes.h"
#include <string.h>

static bool in_fp8(const struct scenario *scenario)
{
    return scenario->stack.fp8_weights && scenario->job.precision == DTYPE_FP8;
}

static bool any_layout(const struct gpu *gpu)
{
    return strncmp(gpu->architecture, "blackwell", strlen("blackwell")) == 0;
}

double weight_memory_bytes(const struct scenario *scenario)
{
    if (!in_fp8(scenario))
        return scenario->stack.weight_bytes;
    return dtype_bytes(DTYPE_FP8) * (any_layout(&scenario->system.gpu) ? 1 : 2);
}

double weight_gather_bytes(const struct scenario *scenario)
{
    return in_fp8(scenario) ? dtype_bytes(DTYPE_FP8) : scenario->stack.param_gather_bytes;
}
