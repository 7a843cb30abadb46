#ifndef CLI_FROM_FILE_H
#define CLI_FROM_FILE_H
#include "base/json_read.h"
#include "calibrate/runlog/run_log.h"
#include "cli/arguments.h"
#include "parallelism/frameworks/import.h"

/* The scenario and the strategy of an existing run's configuration (--from FILE), as a document
 * that
 * --scenario could have read; NULL where the option is not given. What was understood is told on
 * standard error. STATUS_USAGE where a value that matters is not in the file and no flag gives it.
 */
enum status from_file_read(const struct arguments *a, struct json **document, struct error *e);

/* The same of what a run's log says of itself: the arguments that the program printed, or else its
 * sizes alone. own: the import of the arguments, to be freed by framework_import_free; its
 * framework is NULL where the log prints none. */
enum status from_log_read(const struct arguments *a, const struct run_log *log, const char *file,
                          struct framework_import *own, struct json **document, struct error *e);

#endif
