#ifndef BASE_ARRAY_H
#define BASE_ARRAY_H
#include <stddef.h>

/* Room for one more item behind the `count` of an array of *capacity items, `size` bytes each: the
 * array, which may have moved, its capacity doubled where it was full. NULL when out of memory; the
 * array is then as it was. */
void *array_grow(void *items, size_t count, size_t *capacity, size_t size);

#endif
