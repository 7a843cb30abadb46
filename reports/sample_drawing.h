#ifndef REPORTS_SAMPLE_DRAWING_H
#define REPORTS_SAMPLE_DRAWING_H
#include "reports/sample_report.h"

/* Measured (across) against predicted time (up) in characters, both logarithmic: the denser the
 * rows the darker, the diagonal dotted. Nothing where no row was predicted. */
void sample_drawing_text(const struct sample_report *report, struct text *out);

#endif
