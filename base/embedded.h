#ifndef BASE_EMBEDDED_H
#define BASE_EMBEDDED_H
#include <stddef.h>

/* A file compiled into the program. A table ends with a row whose name is NULL. */
struct embedded_file {
    const char *name; /* file name without its extension */
    const unsigned char *text;
    size_t length;
};

/* The row whose name equals `name` (any case, `_` for `-`), or NULL. */
const struct embedded_file *embedded_find(const struct embedded_file *table, const char *name);

#endif
