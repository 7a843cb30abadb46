#ifndef CLI_STRICT_H
#define CLI_STRICT_H
#include "cli/arguments.h"
#include "parallelism/provenance.h"

/* --strict: STATUS_NO, naming the first, where constants were used outside their calibrated range.
 */
enum status strict_check(const struct arguments *a, const struct provenance *p, struct error *e);

#endif
