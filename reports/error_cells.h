#ifndef REPORTS_ERROR_CELLS_H
#define REPORTS_ERROR_CELLS_H
#include "base/json_write.h"
#include "calibrate/error_summary.h"
#include "reports/table.h"

/* A summary of errors as members of the open object, and as cells of a table: mean, median, 90th
 * percentile, worst, bias. */
void error_members(struct json_writer *w, const struct error_summary *error);
void error_cells(struct table *t, const struct error_summary *error);

#endif
