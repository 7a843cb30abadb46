#ifndef PARALLELISM_SCENARIO_READ_H
#define PARALLELISM_SCENARIO_READ_H
#include "base/json_read.h"
#include "parallelism/search.h"

/* Scenarios, strategies and a search's choices from the JSON of a question or of an earlier answer.
 */

/* {"model", "system", "gpus", "job", "stack"}: model, system and stack by catalog name or whole;
 * "gpus" overrides the system's own; the stack may be left out. catalog: folder of descriptions
 * that come first; NULL: none. */
enum status scenario_read(const struct json *json, const struct json_value *object,
                          const char *catalog, struct scenario *out, struct error *e);

/* Keys of a strategy over what `strategy` holds. asked: the list of those keys that count, where it
 * is given (an estimate's "given"; NULL: all of the object). given: by row of strategy_fields, set
 * for those that were taken. What was not taken is for strategy_complete. */
enum status strategy_read(const struct json *json, const struct json_value *object,
                          const struct json_value *asked, struct strategy *strategy, bool *given,
                          struct error *e);

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
