#ifndef PARALLELISM_FRAMEWORKS_SHELL_EXPAND_H
#define PARALLELISM_FRAMEWORKS_SHELL_EXPAND_H
#include "parallelism/frameworks/shell_variables.h"

/* What stands at a '$' of a shell script. Nothing is run: the output of a command, and a variable
 * that the script does not assign, become a mark (SETTING_UNRESOLVED) and their own text. */
struct expansion {
    const struct words *array; /* ${NAME[@]}; NULL: none */
    size_t length;             /* characters of the script that it takes */
};

/* s[0] is '$' or a back quote, n characters are there. A text is appended to out. */
struct expansion shell_expand(const char *s, size_t n, struct shell_variables *variables,
                              struct text *out);

/* The body of a here-document: as a double-quoted string, but quotes stand for themselves. */
void shell_expand_document(const char *s, size_t n, struct shell_variables *variables,
                           struct text *out);

#endif
