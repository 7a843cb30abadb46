#include "parallelism/stage_memory.h"

void stage_memory_find(const struct scenario *scenario, const struct strategy *s,
                       const struct step_parts *parts, struct stage_memory *out)
{
    struct schedule_shape shape = layout_shape(scenario, s);
    out->ranks = parts->split.ranks;
    out->capacity_bytes = memory_capacity(scenario);
    for (int r = 0; r < out->ranks; r++) {
        struct peak peak = {.rank = r};
        pipeline_in_flight(&shape, r, &peak.live);
        struct rank_load load = layout_load(scenario, &parts->shard, &parts->stages, &peak);
        out->total_bytes[r] = rank_memory(scenario, &load, &parts->zero, s, out->bytes[r]);
    }
}

bool stage_memory_has(const struct stage_memory *m, int kind)
{
    for (int r = 0; r < m->ranks; r++)
        if (m->bytes[r][kind] > 0)
            return true;
    return false;
}
