#ifndef PARALLELISM_FRAMEWORKS_SHELL_H
#define PARALLELISM_FRAMEWORKS_SHELL_H
#include "parallelism/frameworks/shell_variables.h"

/* A shell script read for the commands that it would start, without running any of them: words with
 * quotes, line continuations, assignments, arrays, ${NAME:-default}, $(( )), here-documents. A
 * branch whose test the script itself decides is taken or left (shell_branch.h); any other is taken
 * in order, and of a loop the first turn. A function is
 * read where it is called, with what it is given; at the end where nothing calls it. */
struct shell {
    struct shell_variables variables;
    struct shell_function *functions; /* shell_function.h */
    size_t function_count, function_capacity;
    int calls;
    /* A simple command: its words, the line it begins on. */
    void (*command)(void *context, const struct words *words, int line);
    /* The body of a here-document. */
    void (*document)(void *context, const char *body, size_t n, int line);
    /* A comment line, without its '#'. */
    void (*comment)(void *context, const char *text, int line);
    void *context;
    bool branches;  /* an `if` or a case was not decided, or a loop's body was read */
    bool assumed;   /* a test was decided by a variable that is never set, taken as empty */
    bool sourced;   /* a file that is not followed may set variables */
    bool too_large; /* something grew beyond what is kept */
};

void shell_read(struct shell *shell, const char *text, size_t n);
/* One script inside another, n characters that begin on `line`. */
void shell_run(struct shell *shell, const char *text, size_t n, int line, int depth);
void shell_free(struct shell *shell);

#endif
