#include "base/array.h"
#include <stdlib.h>

void *array_grow(void *items, size_t count, size_t *capacity, size_t size)
{
    size_t room = *capacity > 0 ? 2 * *capacity : 64;
    if (count < *capacity)
        return items;
    void *grown = realloc(items, room * size);
    if (grown)
        *capacity = room;
    return grown;
}
