#ifndef PARALLELISM_FRAMEWORKS_SHELL_BRANCH_H
#define PARALLELISM_FRAMEWORKS_SHELL_BRANCH_H
#include "parallelism/frameworks/shell_test.h"
#include "parallelism/frameworks/words.h"

/* Which commands of a script run: `if`, `elif`, `else`, `case`, `while`, `&&` and `||` behind tests
 * of values that the script itself tells (shell_test.h). What it does not tell decides nothing: all
 * of it is read. The body of a loop is read once, or not at all. */
enum shell_link { LINK_NONE, LINK_AND, LINK_OR, LINK_PIPE };

enum { BRANCHES_MAX = 32 };
struct shell_branch {
    bool brace;              /* `{ ... }`, not an `if` */
    bool active;             /* what is read now may run */
    bool taken;              /* an earlier condition was true */
    bool loop, turns, until; /* `while`; `for`; `until` */
    /* of a `case` */
    bool chooses, pattern; /* it is one; its patterns are read, no commands */
    bool decided, matched; /* the script tells its word; a pattern of the next body is the word's */
    char subject[128];
};

struct shell_branches {
    struct shell_branch open[BRANCHES_MAX];
    int depth;            /* beyond BRANCHES_MAX nothing is decided */
    enum truth result;    /* of the list of commands so far */
    enum shell_link link; /* what stands before the command that is read */
    bool negated;         /* `!` before it */
    bool passed_over;     /* it does not run: `false && command` */
    bool in_test;         /* inside of [[ ... */
    bool sourced;         /* a file was read that may set any variable */
    bool assumed;         /* a variable that the script never sets was taken as empty */
};

/* A keyword where a command begins; true: an `if` or a `while` was not decided. */
bool shell_branch_keyword(struct shell_branches *b, const char *word);
/* The head of a `for` has been read, and it goes over nothing. */
void shell_branch_no_turn(struct shell_branches *b);
/* `case WORD in`: opens it. True: what the script does not tell decides it. */
bool shell_branch_case(struct shell_branches *b, const char *subject);
/* Patterns are read; one of them; the ')' behind them. True: undecided, the body is read. */
bool shell_branch_in_pattern(struct shell_branches *b);
void shell_branch_pattern(struct shell_branches *b, const char *pattern);
bool shell_branch_body(struct shell_branches *b);
/* The ";;" behind a body; false: no `case` is open here. */
bool shell_branch_next(struct shell_branches *b);
/* True if the command that is read does not run. */
bool shell_branch_dead(const struct shell_branches *b);
/* The end of a command of these words, none where it assigns alone, and what links the next. */
void shell_branch_end(struct shell_branches *b, const struct words *words, enum shell_link next);

#endif
