#ifndef REPORTS_SENSITIVITY_REPORT_H
#define REPORTS_SENSITIVITY_REPORT_H
#include "base/text.h"
#include "parallelism/sensitivity.h"

/* How the step time moves with every constant, as text, JSON or CSV. */
struct sensitivity_report {
    const struct scenario *scenario;
    const struct strategy *fixed;
    const struct sensitivities *found;
    double range_frac; /* of the ends */
    int top;           /* rows of the text; 0: all */
};

void sensitivity_text(const struct sensitivity_report *report, struct text *out);
void sensitivity_json(const struct sensitivity_report *report, struct text *out);
void sensitivity_csv(const struct sensitivity_report *report, struct text *out);

#endif
