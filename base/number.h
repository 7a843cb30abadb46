#ifndef BASE_NUMBER_H
#define BASE_NUMBER_H
#include "base/error.h"
#include <stddef.h>

/* Locale-independent number reading and writing: the whole of s must be a finite number. "8k" is none,
 * and the hint says so. */
enum status number_parse(const char *s, double *value, struct error *e);
/* A hint for a count that an "8k" or "1M" stands for: 8000 to some, 8192 to others. */
void number_hint_suffix(const char *s, struct error *e);
/* Shortest text that reads back as the same double ("0.1", "1e+21"). buffer: at least 32 bytes. */
void number_format(double value, char *buffer, size_t size);

/* A decimal number at the start of a text: [+-] digits [. digits] [e [+-] digits]. An 'E' that no
 * digit follows is a unit's prefix (exa). */
struct decimal {
    size_t mantissa_length, length; /* length 0: no number */
    int exponent;
};

struct decimal decimal_scan(const char *s);

/* The decimal at s times 10^power, rounded once: "3.35 TB" is the double nearest to 3.35e12. */
double decimal_value(const char *s, const struct decimal *d, int power);

#endif
