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

#endif
