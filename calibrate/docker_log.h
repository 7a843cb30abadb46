#ifndef CALIBRATE_DOCKER_LOG_H
#define CALIBRATE_DOCKER_LOG_H
#include "base/error.h"
#include "base/text.h"

/* Docker keeps what a container prints as JSON, an object a line: {"log": "...\n", "stream":
 * "stdout", "time": "..."} (its json-file driver). */

/* Where the n bytes of a text begin as such a file does, they become what was printed, which
 * `printed`, the caller's, holds; any other text stays as it is. A damaged line, and what the file's
 * end cuts off, is kept as it stands. STATUS_IO out of memory. */
enum status docker_log_open(const char **text, size_t *n, struct text *printed, struct error *e);

#endif
