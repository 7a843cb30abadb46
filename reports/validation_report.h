#ifndef REPORTS_VALIDATION_REPORT_H
#define REPORTS_VALIDATION_REPORT_H
#include "base/text.h"
#include "calibrate/validate.h"

/* Predicted against measured training runs, as text (by family, with the worst cases), JSON or CSV.
 */
struct validation_report {
    const struct cases *cases;
    const struct prediction *predictions; /* one a case */
};

enum status validation_text(const struct validation_report *report, struct text *out,
                            struct error *e);
enum status validation_json(const struct validation_report *report, struct text *out,
                            struct error *e);
enum status validation_csv(const struct validation_report *report, struct text *out,
                           struct error *e);

#endif
