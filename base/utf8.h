#ifndef BASE_UTF8_H
#define BASE_UTF8_H
#include <stddef.h>

/* Bytes of the well-formed UTF-8 character that starts at s (n bytes are there), 0 if there is
 * none: overlong forms, surrogates and values above U+10FFFF are not well-formed. */
size_t utf8_char_length(const char *s, size_t n);

/* Makes a text one that steers no terminal, in place: control characters other than those of `kept`,
 * and bytes that are not UTF-8, become '?'. */
void utf8_tame(char *s, const char *kept);

/* Bytes of the byte order mark that a text begins with: 3 or 0. */
size_t utf8_mark_length(const char *s, size_t n);

#endif
