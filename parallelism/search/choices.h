#ifndef PARALLELISM_SEARCH_CHOICES_H
#define PARALLELISM_SEARCH_CHOICES_H
#include "base/json_read.h"
#include "parallelism/search/search.h"

/* What a search may choose from, read from a question or from an earlier answer. */

/* The choices of an earlier search: {"restricted": {"tp": [4, 8]}, "fixed": {"attention":
 * "flash"}}. fixed: by row of strategy_fields, set for the keys of options->base that were given.
 */
enum status choices_read(const struct json *json, const struct json_value *space,
                         struct search_options *options, bool *fixed, struct error *e);

/* The dimensions that an earlier search opened: {"open": ["schedule"]}. */
enum status openings_read(const struct json *json, const struct json_value *space,
                          struct search_options *options, struct error *e);

/* Adds a value of a dimension, as a flag or JSON gives it. */
enum status choices_add(enum search_dimension dimension, const char *word, struct choices *choices,
                        struct error *e);

#endif
