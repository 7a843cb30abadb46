#ifndef REPORTS_EXPLAIN_EXPLAIN_H
#define REPORTS_EXPLAIN_EXPLAIN_H
#include "base/error.h"
#include "reports/result.h"

/* Derives the numbers of a forecast from their equations and inputs: each term down to the ops it
 * sums, the memory by kind, the model FLOP. */

/* What can be explained: the terms' names, then "memory" and "mfu"; NULL-ended. */
extern const char *const explain_topics[];

/* topic: one of those, or NULL for all. STATUS_USAGE if it is none. The strategy is legal. */
enum status explain_text(const struct result *result, const char *topic, struct text *out,
                         struct error *e);

#endif
