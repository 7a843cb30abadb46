#ifndef BASE_TEXT_H
#define BASE_TEXT_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* A growable text. Zero-initialise or text_init; text_free when done. After an allocation failure
 * `failed` is true, and every later call does nothing. */
struct text {
    char *data; /* terminated, or NULL while empty */
    size_t length, capacity;
    bool failed;
};

void text_init(struct text *t);
void text_free(struct text *t);
void text_clear(struct text *t);
void text_add(struct text *t, const char *s);
void text_add_n(struct text *t, const char *s, size_t n);
void text_addf(struct text *t, const char *format, ...) STEPCAST_PRINTF(2, 3);
/* Pads the current line with blanks to `column` (0-based, counted in characters, UTF-8 aware). */
void text_pad(struct text *t, size_t column);
/* Its characters, terminated; "" while it is empty. Good until the text changes. */
const char *text_string(const struct text *t);

/* The next line of *rest, ended in place (its "\n" or "\r\n" removed); NULL at the end. */
char *text_next_line(char **rest);

/* True if the string ends with `end`. */
bool text_ends_with(const char *s, const char *end);

#endif
