#include "hardware/host.h"
#include <math.h>

const double host_core_bytes_per_s = 10e9;
const double host_memory_frac = 0.8;

double host_memory_bytes_per_s(const struct system *system, double cores)
{
    double node = system->gpus_per_node, used = fmin(node, system->gpus);
    double share = system->gpu.host_memory_bandwidth_bytes_per_s * (used > 0 ? node / used : 1);
    if (share <= 0)
        return fmax(cores, 1) * host_core_bytes_per_s;
    double all = host_memory_frac * share;
    return cores > 0 ? fmin(cores * host_core_bytes_per_s, all) : all;
}
