#ifndef PARALLELISM_SCENARIO_READ_H
#define PARALLELISM_SCENARIO_READ_H
#include "base/json_read.h"
#include "parallelism/step.h"

/* Scenarios and strategies from the JSON of a question or of an earlier answer. */

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

#endif
