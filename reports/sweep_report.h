#ifndef REPORTS_SWEEP_REPORT_H
#define REPORTS_SWEEP_REPORT_H
#include "base/text.h"
#include "parallelism/sweep/sweep.h"

/* What a sweep found, as text, JSON or CSV. */
struct sweep_report {
    const struct sweep_request *request;
    const struct sweep *sweep;
};

enum status sweep_text(const struct sweep_report *report, struct text *out, struct error *e);
enum status sweep_json(const struct sweep_report *report, struct text *out, struct error *e);
enum status sweep_csv(const struct sweep_report *report, struct text *out, struct error *e);

/* The value of one input at a point: its number, or its name. */
void sweep_value_text(const struct axis *axis, const struct sweep_point *point, int a, int knob,
                      struct text *out);

#endif
