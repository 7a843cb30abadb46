#ifndef REPORTS_PROFILE_REPORT_H
#define REPORTS_PROFILE_REPORT_H
#include "base/text.h"
#include "hardware/gpu.h"

/* The fitted constants of a GPU as text: each group with its source, range and cross-validated
 * error, each constant with its standard error. Groups that are built-in defaults are named in a
 * line. */
void profile_report_text(const struct gpu *gpu, struct text *out);

#endif
