#ifndef CLI_DESCRIBE_H
#define CLI_DESCRIBE_H
#include "base/error.h"
#include "reports/description.h"

/* The kind of description a word of the command line names; NULL with a hint. */
const struct description_kind *describe_kind(const char *noun, struct error *e);

#endif
