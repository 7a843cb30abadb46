#ifndef CLI_COMPLETION_H
#define CLI_COMPLETION_H
#include "base/text.h"
#include "cli/options.h"

/* A completion script from the option and command tables and the names of the catalogs. */
struct shell {
    const char *name;
    void (*write)(const struct option_table *table, struct text *out);
};
extern const struct shell shells[]; /* ended by a NULL name */

#endif
