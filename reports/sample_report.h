#ifndef REPORTS_SAMPLE_REPORT_H
#define REPORTS_SAMPLE_REPORT_H
#include "base/text.h"
#include "calibrate/validate_samples.h"

/* Predicted against measured kernels and collectives, as text (by file, datatype and class, with
 * the worst rows), JSON or CSV. */
struct sample_report {
    const struct samples *samples;
    const struct sample_prediction *predictions; /* one a row */
    const struct sample_prediction *rooflines;   /* NULL, or a yardstick's, one a row */
};

enum status sample_report_text(const struct sample_report *report, struct text *out,
                               struct error *e);
enum status sample_report_json(const struct sample_report *report, struct text *out,
                               struct error *e);
enum status sample_report_csv(const struct sample_report *report, struct text *out,
                              struct error *e);

#endif
