#ifndef HARDWARE_FIGURES_H
#define HARDWARE_FIGURES_H
#include "base/fields.h"

/* Index of the row with that key; n if there is none. */
size_t figures_row(const struct field *rows, size_t n, const char *key);

/* Writes the rows of `in` that are stated, as members with their sources, so that a reader that
 * asks for a source on every figure takes them back: absent words and figures are left out, and a
 * figure that somebody changed without a source says so. sources: one a row. */
void figures_write(struct json_writer *w, const struct field *rows, size_t n, const void *in,
                   const struct source *sources);

#endif
