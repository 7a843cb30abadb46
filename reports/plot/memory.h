#ifndef REPORTS_PLOT_MEMORY_H
#define REPORTS_PLOT_MEMORY_H
#include "parallelism/stage_memory.h"
#include "reports/plot/figure.h"

/* Memory of a GPU of every pipeline stage by kind, against what it has. */
void plot_memory(struct figure *f, const struct scenario *scenario, const struct strategy *strategy,
                 const struct stage_memory *memory);

#endif
