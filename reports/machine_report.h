#ifndef REPORTS_MACHINE_REPORT_H
#define REPORTS_MACHINE_REPORT_H
#include "base/text.h"
#include "calibrate/machine_review.h"

/* A machine that was brought up: its figures against the datasheet, its times against the
 * forecasts, what stands out. */
void machine_report_text(const struct machine *machine, const struct machine_review *review,
                         struct text *out);
void machine_report_json(const struct machine *machine, const struct machine_review *review,
                         struct text *out);

#endif
