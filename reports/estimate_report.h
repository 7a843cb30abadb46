#ifndef REPORTS_ESTIMATE_REPORT_H
#define REPORTS_ESTIMATE_REPORT_H
#include "parallelism/memory_moments.h"
#include "parallelism/search/critique.h"
#include "parallelism/sweep/what_if.h"
#include "reports/result.h"

/* What stands under a forecast; NULL, as a member or as a whole: nothing. */
struct estimate_more {
    const struct what_if_result *what_if;
    const struct critique *critique;
    const struct memory_moments *memory;
};

/* One strategy's forecast as text, JSON or CSV. */
void estimate_text(const struct result *result, const struct estimate_more *more,
                   struct text *out);
void estimate_json(const struct result *result, const struct estimate_more *more,
                   struct text *out);
void estimate_csv(const struct result *result, const struct estimate_more *more, struct text *out);

#endif
