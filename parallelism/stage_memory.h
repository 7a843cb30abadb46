#ifndef PARALLELISM_STAGE_MEMORY_H
#define PARALLELISM_STAGE_MEMORY_H
#include "parallelism/step_parts.h"

/* Memory of a GPU of every pipeline rank when it holds most, by kind. The fullest is what the
 * step's cost tells. */
struct stage_memory {
    int ranks;
    double bytes[PIPELINE_MAX_RANKS][MEMORY_KINDS];
    double total_bytes[PIPELINE_MAX_RANKS];
    double capacity_bytes;
};

/* parts: of that scenario and strategy. */
void stage_memory_find(const struct scenario *scenario, const struct strategy *s,
                       const struct step_parts *parts, struct stage_memory *out);

/* A stage holds some of that kind. */
bool stage_memory_has(const struct stage_memory *m, int kind);

#endif
