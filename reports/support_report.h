#ifndef REPORTS_SUPPORT_REPORT_H
#define REPORTS_SUPPORT_REPORT_H
#include "base/text.h"
#include "hardware/support.h"

/* What the catalogs' machines are calibrated for: a row a machine and datatype. */
struct support_row {
    char machine[64]; /* a gpu's name, or a system's */
    char gpu[64];
    enum dtype dtype;
    struct support part[SUPPORT_PARTS];
};

struct support_report {
    const struct support_row *rows;
    size_t count;
    bool sources; /* as text: where each part comes from, too */
};

void support_text(const struct support_report *report, struct text *out);
void support_json(const struct support_report *report, struct text *out);
void support_csv(const struct support_report *report, struct text *out);

#endif
