#ifndef REPORTS_COMPARE_REPORT_H
#define REPORTS_COMPARE_REPORT_H
#include "calibrate/runlog/comparison.h"

/* A real run against its forecast, as text (a waterfall and the likely causes) or JSON. */
struct compare_report {
    const char *log_file;
    const struct compare_input *input;
    const struct comparison *comparison;
};

void compare_text(const struct compare_report *report, struct text *out);
void compare_json(const struct compare_report *report, struct text *out);

#endif
