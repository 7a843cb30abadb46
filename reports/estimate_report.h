#ifndef REPORTS_ESTIMATE_REPORT_H
#define REPORTS_ESTIMATE_REPORT_H
#include "reports/result.h"

/* One strategy's forecast as text, JSON or CSV. */
void estimate_text(const struct result *result, struct text *out);
void estimate_json(const struct result *result, struct text *out);
void estimate_csv(const struct result *result, struct text *out);

#endif
