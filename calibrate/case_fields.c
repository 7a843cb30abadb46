#include "base/c_locale.h"
#include "base/field_value.h"
#include "calibrate/case_reader.h"
#include <stdio.h>
#include <string.h>

enum { KEYS_MAX = 128 };

void case_assume(struct case_reader *r, const char *format, ...)
{
    struct run_case *out = r->out;
    if (out->assumed_count == CASE_ASSUMED_MAX)
        return;
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(out->assumed[out->assumed_count++], sizeof *out->assumed, format, args);
    va_end(args);
}

void case_skip(struct case_reader *r, const char *format, ...)
{
    if (case_is_skipped(r))
        return;
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(r->out->skipped, sizeof r->out->skipped, format, args);
    va_end(args);
}

void case_skip_for(struct case_reader *r, const char *part, const struct error *why)
{
    if (why->status == STATUS_IO)
        *r->e = r->e->status == STATUS_OK ? *why : *r->e;
    else
        case_skip(r, "%s: %s%s%s%s", part, why->message, why->hint[0] ? " (" : "", why->hint,
                  why->hint[0] ? ")" : "");
}

bool case_is_skipped(const struct case_reader *r)
{
    return r->out->skipped[0] != '\0';
}

/* Values that change nothing, whatever the key means. */
static bool is_neutral(const struct json_value *v)
{
    switch (json_kind(v)) {
    case JSON_NULL:
        return true;
    case JSON_BOOL:
        return !json_bool(v);
    case JSON_NUMBER:
        return json_number(v) <= 0;
    case JSON_STRING:
        return json_string(v)[0] == '\0' || strcmp(json_string(v), "none") == 0;
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_count(v) == 0;
    }
    return false;
}

static const struct field *row_of(const struct case_fields *fields, const char *key)
{
    for (size_t i = 0; key && i < fields->count; i++) {
        if (strcmp(fields->rows[i].key, key) == 0)
            return &fields->rows[i];
    }
    return NULL;
}

/* The row that a key means: its own, an alias's, or the nearest. NULL: none; noted or skipped. */
static const struct field *find_row(struct case_reader *r, const struct case_fields *fields,
                                    const struct json_value *member)
{
    const char *key = json_key(member), *keys[KEYS_MAX];
    const struct field *row = row_of(fields, key);
    if (row)
        return row;
    size_t n = fields->count < KEYS_MAX ? fields->count : KEYS_MAX;
    for (size_t i = 0; i < n; i++)
        keys[i] = fields->rows[i].key;
    row = row_of(fields, case_key_alias(key));
    if (!row)
        row = row_of(fields, case_nearest(key, keys, n));
    if (row)
        case_assume(r, "%s.%s read as %s", fields->part, key, row->key);
    else if (is_neutral(member))
        case_assume(r, "%s.%s is not known and changes nothing", fields->part, key);
    else
        case_skip(r, "%s.%s is not known", fields->part, key);
    return row;
}

/* A word as one of the row's names: itself, an alias, or the nearest. NULL: none. */
static const char *find_word(struct case_reader *r, const struct field *row, const char *word)
{
    size_t n = 0;
    if (names_find(row->names, word) >= 0)
        return word;
    while (row->names[n])
        n++;
    const char *found = case_value_alias(row->key, word);
    if (!found || names_find(row->names, found) < 0)
        found = case_nearest(word, row->names, n);
    if (found)
        case_assume(r, "%s \"%s\" read as %s", row->key, word, found);
    else
        case_skip(r, "%s \"%s\" is not known", row->key, word);
    return found;
}

static void set_word(struct case_reader *r, const struct field *row, const char *word, void *out)
{
    struct error e;
    error_init(&e);
    if (field_set(row, word, out, &e) != STATUS_OK)
        case_skip_for(r, row->key, &e);
}

/* A list of names, or one name with commas, as field_set takes it. */
static void set_list(struct case_reader *r, const struct field *row, const struct json_value *v,
                     void *out)
{
    struct text words = {0};
    for (const struct json_value *m = json_first(v); m; m = json_next(m)) {
        const char *word = json_kind(m) == JSON_STRING ? find_word(r, row, json_string(m)) : NULL;
        if (word)
            text_addf(&words, "%s%s", words.length > 0 ? "," : "", word);
        else
            case_skip(r, "%s holds what is no name", row->key);
    }
    if (words.failed)
        error_set(r->e, STATUS_IO, "out of memory");
    set_word(r, row, text_string(&words), out);
    text_free(&words);
}

/* A value of another JSON type than the row's whose meaning is clear: "8", 1 for true, one name for
 * a list. */
static void read_value(struct case_reader *r, const struct field *row, const struct json_value *v,
                       void *out)
{
    char number[32];
    struct error e;
    bool named = row->kind == FIELD_ENUM || row->kind == FIELD_SET;
    error_init(&e);
    if (json_kind(v) == JSON_STRING && named) {
        const char *word = find_word(r, row, json_string(v));
        if (word)
            set_word(r, row, word, out);
    } else if (json_kind(v) == JSON_ARRAY && row->kind == FIELD_SET) {
        set_list(r, row, v, out);
    } else if (json_kind(v) == JSON_STRING) {
        set_word(r, row, json_string(v), out);
    } else if (json_kind(v) == JSON_NUMBER && row->kind == FIELD_BOOL) {
        number_format(json_number(v), number, sizeof number);
        set_word(r, row, number, out);
    } else if (json_kind(v) == JSON_BOOL && row->kind == FIELD_ENUM && !json_bool(v)) {
        set_word(r, row, "none", out);
    } else if (field_read(row, r->json, v, out, &e) != STATUS_OK) {
        case_skip_for(r, row->key, &e);
    }
}

void case_read_fields(struct case_reader *r, const struct json_value *object,
                      const struct case_fields *fields, void *out)
{
    if (json_kind(object) != JSON_OBJECT) {
        case_skip(r, "%s is no object", fields->part);
        return;
    }
    for (const struct json_value *m = json_first(object); m; m = json_next(m)) {
        const struct field *row = find_row(r, fields, m);
        if (!row || json_kind(m) == JSON_NULL)
            continue;
        read_value(r, row, m, out);
        if (fields->given)
            fields->given[row - fields->rows] = true;
    }
}
