#ifndef CLI_HELP_H
#define CLI_HELP_H
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

/* Help as the tables tell it. */
void help_overview(struct text *out);
/* The manual page, mdoc. */
void help_manual(const struct option_table *table, struct text *out);

#endif
