#ifndef CLI_FROM_FILE_H
#define CLI_FROM_FILE_H
#include "base/json_read.h"
#include "cli/arguments.h"

/* The scenario and the strategy of an existing run's configuration (--from FILE), as a document that
 * --scenario could have read; NULL where the option is not given. What was understood is told on
 * standard error. STATUS_USAGE where a value that matters is not in the file and no flag gives it.
 */
enum status from_file_read(const struct arguments *a, struct json **document, struct error *e);

#endif
