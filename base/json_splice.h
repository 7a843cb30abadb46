#ifndef BASE_JSON_SPLICE_H
#define BASE_JSON_SPLICE_H
#include "base/text.h"

/* Copies the text of a JSON object to `out` (cleared first) with member `key` of its outermost
 * level set to `value` (JSON text), added at the end where it is missing; every other byte stays.
 * False where the text is no object: parse it first. */
bool json_splice(const char *text, const char *key, const char *value, struct text *out);

#endif
