#ifndef REPORTS_MEMORY_REPORT_H
#define REPORTS_MEMORY_REPORT_H
#include "base/json_write.h"
#include "parallelism/memory_moments.h"

/* Memory of a GPU of every pipeline stage by kind when it holds most, and when that is. */
void memory_text(const struct memory_moments *m, struct text *out);
void memory_json(struct json_writer *w, const struct memory_moments *m); /* "memory_by_stage" */

#endif
