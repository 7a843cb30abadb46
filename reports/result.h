#ifndef REPORTS_RESULT_H
#define REPORTS_RESULT_H
#include "base/json_write.h"
#include "parallelism/provenance.h"
#include "parallelism/step.h"

/* One forecast as the reports see it. */
struct result {
    const struct scenario *scenario;
    const struct strategy *strategy;
    const struct step_cost *cost;
    const struct provenance *provenance;
    const bool *given; /* by row of strategy_fields: what was asked for, the rest follows; NULL: not
                          known */
    double simulated_s; /* step time by events of the schedule; 0: not asked for */
};

/* What `mfu` counts, in words. */
extern const char result_flop_convention[];

/* The members of a result without its scenario, into the open object. */
void result_json(struct json_writer *w, const struct result *result);

/* Titles and one row of CSV: strategy, figures, terms, memory. Rank 0 leaves the column out. */
void result_csv_titles(struct text *out, bool ranked);
void result_csv_row(struct text *out, const struct result *result, int rank);

#endif
