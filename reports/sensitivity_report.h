#ifndef REPORTS_SENSITIVITY_REPORT_H
#define REPORTS_SENSITIVITY_REPORT_H
#include "base/text.h"
#include "parallelism/sweep/sensitivity.h"
#include "reports/table.h"

/* How the step time moves with every constant, as text, JSON or CSV. */
struct sensitivity_report {
    const struct scenario *scenario;
    const struct strategy *fixed;
    const struct sensitivities *found;
    double range_frac; /* of the ends */
    int top;           /* rows of the text; 0: all */
};

/* The rows as a table, `top` of them. */
struct sensitivity_table {
    struct table table; /* freed by the caller */
    char low[16], high[16];
    struct table_column columns[8];
};
void sensitivity_table(const struct sensitivity_report *report, struct sensitivity_table *out);
/* What the columns and the marks mean. */
extern const char sensitivity_legend[];

void sensitivity_text(const struct sensitivity_report *report, struct text *out);
void sensitivity_json(const struct sensitivity_report *report, struct text *out);
void sensitivity_csv(const struct sensitivity_report *report, struct text *out);

#endif
