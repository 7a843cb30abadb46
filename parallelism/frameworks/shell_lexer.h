#ifndef PARALLELISM_FRAMEWORKS_SHELL_LEXER_H
#define PARALLELISM_FRAMEWORKS_SHELL_LEXER_H
#include "parallelism/frameworks/shell.h"
#include "parallelism/frameworks/shell_branch.h"

/* A script while it is read: of shell.c (commands) and shell_quotes.c (what characters make a
 * word) alone. */
struct lexer {
    struct shell *shell;
    const char *s;
    size_t n, at;
    int line, command_line, depth;
    struct words words; /* of the command so far */
    struct text word;
    bool in_word;
    char name[64]; /* of the variable that the word assigns; "": none */
    bool append;   /* NAME+=value */
    bool skip;     /* the word is the target of a redirection */
    bool loop;     /* the command is the head of a `for` */
    bool chooses;  /* of a `case` */
    bool assigned; /* the command assigns a variable */
    struct shell_branches branches;
    char delimiter[64]; /* of a here-document that begins on the next line; "": none */
    char reads[64];     /* `read NAME <<EOF`: the variable that takes it; "": none */
    bool strip_tabs;    /* <<- */
    bool literal;       /* <<'EOF': nothing in it is expanded */
};

/* The end of a word: it assigns, is a keyword, or joins the command. */
void lexer_end_word(struct lexer *x);
void lexer_add_char(struct lexer *x, char c);
/* The character `ahead` of the next; '\0' past the end. */
char lexer_peek(const struct lexer *x, size_t ahead);

/* Takes what stands at x->at, at least one character. */
void lexer_step(struct lexer *x);
/* The word that ended is the value of x->name; a '=' that may make the word before it a name. */
void lexer_assign(struct lexer *x);
void lexer_equals(struct lexer *x);
/* The head of a `case`, whose words have been read; the patterns that c ends. */
void lexer_open_case(struct lexer *x);
void lexer_take_patterns(struct lexer *x, char c);

/* Each takes what begins at x->at. */
void lexer_single_quoted(struct lexer *x);
void lexer_double_quoted(struct lexer *x);
void lexer_backslash(struct lexer *x);
/* A '$' or a back quote. Unquoted, a value is split at blanks; an array gives its words. */
void lexer_dollar(struct lexer *x, bool quoted);

#endif
