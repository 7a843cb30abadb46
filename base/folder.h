#ifndef BASE_FOLDER_H
#define BASE_FOLDER_H
#include "base/error.h"
#include <stddef.h>

/* The names in a folder. Owned by the caller. */
struct folder {
    char **names; /* sorted by bytes */
    size_t count, capacity;
};

/* Files whose names end in ".json", without it. A folder that is not there holds none. */
enum status folder_read(const char *path, struct folder *out, struct error *e);
void folder_free(struct folder *folder);

#endif
