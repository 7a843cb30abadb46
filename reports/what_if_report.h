#ifndef REPORTS_WHAT_IF_REPORT_H
#define REPORTS_WHAT_IF_REPORT_H
#include "base/json_write.h"
#include "parallelism/sweep/what_if.h"

/* What faster kernels or parts are worth, under the estimate they change. */
void what_if_text(const struct what_if_result *what_if, struct text *out);

/* The member "what_if" of the open object. */
void what_if_json(struct json_writer *w, const struct what_if_result *what_if);

#endif
