#ifndef REPORTS_DIFF_REPORT_H
#define REPORTS_DIFF_REPORT_H
#include "base/json_read.h"
#include "base/text.h"

/* Two answers side by side: what changed in the question, in the strategy, in the time and in the
 * memory. */
struct diff_side {
    const char *name;                  /* as the reader gave it */
    const struct json_value *scenario; /* of an estimate or a search */
    const struct json_value *result;   /* the estimate, or the search's first */
};

/* Finds scenario and result in an answer; STATUS_INPUT where it is none. */
enum status diff_side_find(const struct json *document, const char *name, struct diff_side *out,
                           struct error *e);

void diff_text(const struct diff_side *a, const struct diff_side *b, struct text *out);
void diff_page(const struct diff_side *a, const struct diff_side *b, struct text *out);

#endif
