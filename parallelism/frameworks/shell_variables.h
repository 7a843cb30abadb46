#ifndef PARALLELISM_FRAMEWORKS_SHELL_VARIABLES_H
#define PARALLELISM_FRAMEWORKS_SHELL_VARIABLES_H
#include "parallelism/frameworks/words.h"

/* Variables that a script assigns: a name and its words (a plain variable has one). */
struct shell_variable {
    char name[64];
    bool array;
    bool hidden; /* not assigned now: $1 outside of its function */
    struct words words;
};

enum { SHELL_VARIABLES_MAX = 1024 };
struct shell_variables {
    struct shell_variable *items;
    size_t count, capacity;
    bool kept; /* what is read now does not run: ${NAME:=value} assigns nothing */
};

void shell_variables_free(struct shell_variables *v);
/* NULL: not assigned. n: length of the name. */
struct shell_variable *shell_variable_find(const struct shell_variables *v, const char *name,
                                           size_t n);
/* The variable of that name, made if need be; NULL: no room, or the name is too long. */
struct shell_variable *shell_variable_make(struct shell_variables *v, const char *name, size_t n);
/* Of an array: the word behind "[key]=", the last of them, or the key-th where the key is a number;
 * NULL: there is none. */
const char *shell_variable_element(const struct shell_variable *v, const char *key);
void shell_variable_set(struct shell_variables *v, const char *name, const char *value);
/* Its text: the words with blanks between them; "" where it is not assigned. */
void shell_variable_text(const struct shell_variables *v, const char *name, struct text *out);

#endif
