#ifndef REPORTS_CRITIQUE_REPORT_H
#define REPORTS_CRITIQUE_REPORT_H
#include "base/json_write.h"
#include "parallelism/search/critique.h"

/* What the search would change in a run and gain, under its forecast. */
void critique_text(const struct scenario *scenario, const struct strategy *own,
                   const struct critique *critique, struct text *out);
/* The member "critique" of the open object. */
void critique_json(struct json_writer *w, const struct scenario *scenario,
                   const struct strategy *own, const struct critique *critique);

#endif
