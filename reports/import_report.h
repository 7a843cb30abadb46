#ifndef REPORTS_IMPORT_REPORT_H
#define REPORTS_IMPORT_REPORT_H
#include "parallelism/frameworks/import.h"

/* What was made of an existing run's configuration, a line each: what was understood, what changes
 * no cost, what is not modelled, what is not known (with the nearest name), what was assumed. */
void import_text(const struct framework_import *import, const char *file, struct text *out);

#endif
