#ifndef REPORTS_WHAT_IF_REPORT_H
#define REPORTS_WHAT_IF_REPORT_H
#include "parallelism/what_if.h"
#include "reports/result.h"

/* What faster kernels or parts are worth, under the estimate they change. */
void what_if_text(const struct what_if_result *what_if, struct text *out);

/* The estimate's JSON with the member "what_if". */
void what_if_json(const struct result *result, const struct what_if_result *what_if,
                  struct text *out);

#endif
