#ifndef PARALLELISM_FRAMEWORKS_SHELL_FUNCTION_H
#define PARALLELISM_FRAMEWORKS_SHELL_FUNCTION_H
#include "parallelism/frameworks/shell_lexer.h"

/* Functions of a script: NAME() { ... }. Each call reads the body again, with $1, $2 ..., $@ and $#
 * as they are given there. */
struct shell_function {
    char name[64];
    struct text body;
    int line; /* of the body's first character */
    bool called;
};

/* x->at is at a '(' behind the word of a command: true, and the definition taken, if it is that of
 * a function whose end is found: a '}' that begins a line no deeper than the name's, or ends this
 * one. */
bool shell_function_define(struct lexer *x);
/* The words of a command: true, and the body read, if the first is a function's name. */
bool shell_function_call(struct shell *shell, const struct words *words, int depth);
/* Reads the functions that nothing called. */
void shell_functions_finish(struct shell *shell);
void shell_functions_free(struct shell *shell);

#endif
