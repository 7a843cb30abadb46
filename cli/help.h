#ifndef CLI_HELP_H
#define CLI_HELP_H
#include "base/text.h"
#include "cli/commands.h"
#include "cli/options.h"

/* Help as the tables tell it. */
void help_overview(struct text *out);
void help_of_command(const struct option_table *table, const struct command *command,
                     struct text *out);
/* The manual page, mdoc. */
void help_manual(const struct option_table *table, struct text *out);

/* "--tp N, --tensor-model-parallel-size N" */
void help_option_names(const struct option *option, struct text *out);

#endif
