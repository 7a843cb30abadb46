#ifndef BASE_FIELDS_H
#define BASE_FIELDS_H
#include "base/json_read.h"
#include "base/json_write.h"
#include "base/units.h"
#include <stdbool.h>
#include <stddef.h>

/* Field tables: one row a key. The same rows drive reading, range checks, unknown and duplicate keys
 * with a suggestion, writing, `show` and the documentation. */
enum field_kind {
    FIELD_NUMBER, /* double, in the row's unit: a number (SI) or a string with a unit */
    FIELD_INT,    /* int */
    FIELD_BOOL,   /* bool */
    FIELD_STRING, /* char[size] */
    FIELD_ENUM,   /* int-sized enum by names[] */
    FIELD_SET,    /* unsigned bit mask by names[]: a JSON list of names */
};

struct field {
    const char *key;
    enum field_kind kind;
    enum unit unit;
    size_t offset; /* offsetof(struct ..., member) */
    size_t size;   /* sizeof the member; checked for strings */
    double min, max; /* inclusive, in SI; both 0: any value */
    bool required;
    const char *const *names; /* FIELD_ENUM, FIELD_SET: ended by NULL */
    const char *help;         /* one line, with the unit and the meaning */
};

/* A row of struct `type`: offset and size are the member's. */
#define FIELD_MEMBER(type, member) offsetof(struct type, member), sizeof(((struct type *)0)->member)
#define FIELD_ROW(type, key, kind, unit, member, min, max, required, names, help)                  \
    {                                                                                              \
        key, kind, unit, FIELD_MEMBER(type, member), min, max, required, names, help               \
    }

/* Where a figure comes from. */
enum source_kind { SOURCE_NONE, SOURCE_DATASHEET, SOURCE_MEASURED, SOURCE_ASSUMED, SOURCE_TRANSFERRED, SOURCE_KINDS };
extern const char *const source_kind_names[SOURCE_KINDS + 1];
struct source {
    enum source_kind kind;
    double standard_error; /* relative (fraction of the value); 0: not stated */
    char text[160];        /* document, link or data set */
};

/* Reads the members of `object` into `out` (which holds the defaults, and is partly written on error).
 * A value may be plain or an object {"value": .., "source": "datasheet: NVIDIA H100 datasheet",
 * "standard_error": .., "note": ..}: the kind before the colon is one of datasheet, measured, assumed,
 * transferred. A null value counts as not given.
 * sources: NULL, or n rows that receive the provenance of each row; with require_source a numeric row
 * without one is an error. given: NULL, or n flags set for rows that were present.
 * extra: keys handled by the caller, NULL-ended list or NULL; "*" allows every unknown key. */
struct fields_options {
    struct source *sources;
    bool *given;
    bool require_source;
    const char *const *extra;
};
struct fields {
    const struct field *rows;
    size_t n;
};
enum status fields_read(const struct json *json, const struct json_value *object,
                        struct fields fields, void *out, const struct fields_options *options,
                        struct error *e);

/* Sets one row from text, as a command-line flag gives it (lists with commas; "none" is the empty
 * list). An error has no path: the caller adds the flag's name by error_set_path. */
enum status field_set(const struct field *row, const char *text, void *out, struct error *e);

/* Appends one row's value as field_set takes it: numbers in SI, lists with commas. */
void field_get(const struct field *row, const void *in, struct text *out);

/* Copies one row's member. */
void field_copy(const struct field *row, const void *in, void *out);

/* Writes the rows of `in` as members (SI numbers; sources too where given). */
void fields_write(struct json_writer *w, const struct field *rows, size_t n, const void *in,
                  const struct source *sources);

/* Index of name in a NULL-ended names table (any case, '_' like '-'), or -1. */
int names_find(const char *const *names, const char *name);

#endif
