#ifndef BASE_JSON_READ_H
#define BASE_JSON_READ_H
#include "base/error.h"
#include <stdbool.h>
#include <stddef.h>

/* JSON in (RFC 8259). The only place that knows cJSON. Stricter than it: duplicate keys, non-finite
 * numbers, leading zeros, numbers of more than 63 characters, text that is not UTF-8, \u0000, trailing
 * text, depth over 64 and text over 256 MiB are errors with line and column (in characters). A byte
 * order mark is passed over. A document is const once parsed; documents may be parsed in threads. */
struct json;       /* a document and its text */
struct json_value; /* a value in it; lives as long as the document */

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

/* Parses n bytes; `file` names the source in errors (kept as a copy). NULL on error. */
struct json *json_parse(const char *text, size_t n, const char *file, struct error *e);
struct json *json_load(const char *path, struct error *e);
void json_free(struct json *json);

const struct json_value *json_root(const struct json *json);
const char *json_file(const struct json *json);
enum json_kind json_kind(const struct json_value *v);
const char *json_key(const struct json_value *v); /* of a member of an object; else NULL */
/* First child of an array or object, next sibling; NULL at the end. */
const struct json_value *json_first(const struct json_value *v);
const struct json_value *json_next(const struct json_value *v);
size_t json_count(const struct json_value *v);
/* Member of that exact key, or NULL (also when v is NULL or no object). */
const struct json_value *json_member(const struct json_value *v, const char *key);
/* Of the matching kind; "", 0, false of another, or of NULL. */
const char *json_string(const struct json_value *v);
double json_number(const struct json_value *v);
double json_number_or(const struct json_value *v, double otherwise);
bool json_bool(const struct json_value *v);
const char *json_kind_name(enum json_kind kind); /* "a string" ... */

/* Sets an error that points at v: file, line, column, JSON path. Returns the status. */
enum status json_error(const struct json *json, const struct json_value *v, struct error *e,
                       enum status status, const char *format, ...) STEPCAST_PRINTF(5, 6);
/* The same, pointing at v's key. */
enum status json_key_error(const struct json *json, const struct json_value *v, struct error *e,
                           enum status status, const char *format, ...) STEPCAST_PRINTF(5, 6);

#endif
