#ifndef REPORTS_SEARCH_REPORT_H
#define REPORTS_SEARCH_REPORT_H
#include "parallelism/provenance.h"
#include "parallelism/search/search.h"
#include "reports/search_answers.h"
#include "reports/table.h"

/* What a search found, as text, JSON or CSV. */
struct search_report {
    const struct scenario *scenario;
    const struct search_options *options;
    const struct search_result *result;
    const bool *fixed; /* by row of strategy_fields: keys of options->base that flags set */
    const struct provenance *provenance;  /* of each of result->results; NULL: none */
    const struct search_answers *answers; /* NULL: none */
};

/* The columns of the published tables that differ between results, and what a reader asks next: one
 * row a result, `rows` at most. The caller frees the table. */
void search_table(const struct search_report *report, int rows, struct table *out);

/* Why the first is first: what it gains on the second, and what it pays for that. At least two. */
void search_against_next(const struct model *model, const struct search_result *result,
                         struct text *out);

/* Appends the rules by how many strategies they rejected, most first: "schedule 2,275,
 * batch-divides 105"; nothing where there are none. */
void search_rejected_text(const struct search_result *r, struct text *out);

void search_text(const struct search_report *report, struct text *out);
void search_json(const struct search_report *report, struct text *out);
void search_csv(const struct search_report *report, struct text *out);

#endif
