#ifndef BASE_FIELD_VALUE_H
#define BASE_FIELD_VALUE_H
#include "base/fields.h"

/* One value of a field table, by kind: what fields.c does for a whole object. */

/* Reads `value` into row's member of `out`; errors point at the value. */
enum status field_read(const struct field *row, const struct json *json,
                       const struct json_value *value, void *out, struct error *e);

/* Writes row's member of `in` under `key` (NULL: inside an array). */
void field_write(struct json_writer *w, const char *key, const struct field *row, const void *in);

#endif
