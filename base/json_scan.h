#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A strict pass over a JSON text (RFC 8259, UTF-8) that checks the grammar and notes where every
 * value stands. cJSON then builds the tree; it gives no positions and accepts more than JSON. */

enum {
    JSON_DEPTH_MAX = 64,        /* arrays and objects inside one another */
    JSON_BYTES_MAX = 256 << 20, /* so that an offset fits 32 bits */
    JSON_NUMBER_MAX = 63        /* characters of a number that cJSON reads */
};

struct json_mark {
    uint32_t offset;     /* first byte of the value */
    uint32_t key_offset; /* first byte of its key, a quote; the value's own offset if it has none */
};

/* The values in document order (a container before its members). free(marks) when done. */
struct json_marks {
    struct json_mark *marks;
    size_t count, capacity;
};

/* On error: the status, e with message (no place), and *bad the offset of the offending byte. */
enum status json_scan(const char *text, size_t n, struct json_marks *marks, size_t *bad,
                      struct error *e);

#endif
