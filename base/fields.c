#include "base/fields.h"
#include "base/field_value.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

const char *const source_kind_names[SOURCE_KINDS + 1] = {
    "none", "datasheet", "measured", "assumed", "transferred", NULL,
};

/* What one call reads from and with. */
struct reading {
    const struct json *json;
    const struct field *rows;
    size_t n;
    const struct fields_options *options;
    struct error *e;
};

static const struct field *find_row(const struct reading *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->rows[i].key, key) == 0)
            return &r->rows[i];
    return NULL;
}

static bool is_extra(const char *const *extra, const char *key)
{
    for (; extra && *extra; extra++)
        if (strcmp(*extra, key) == 0 || strcmp(*extra, "*") == 0)
            return true;
    return false;
}

/* Nearest of the rows' keys and the caller's own. */
static const char *nearest_key(const struct reading *r, const char *key)
{
    enum { KEYS = 256 };
    const char *keys[KEYS];
    size_t n = 0;
    for (size_t i = 0; i < r->n && n < KEYS; i++)
        keys[n++] = r->rows[i].key;
    for (const char *const *extra = r->options->extra; extra && *extra && n < KEYS; extra++)
        keys[n++] = *extra;
    return nearest_name(key, keys, n);
}

static enum status check_key(const struct reading *r, const struct json_value *member)
{
    const char *key = json_key(member);
    if (find_row(r, key) || is_extra(r->options->extra, key))
        return STATUS_OK;
    if (r->e->status != STATUS_OK)
        return r->e->status;
    json_key_error(r->json, member, r->e, STATUS_INPUT, "unknown key \"%.100s\"", key);
    const char *nearest = nearest_key(r, key);
    if (nearest)
        error_set_hint(r->e, "did you mean \"%s\"?", nearest);
    return r->e->status;
}

/* ---- sources ---- */

/* "datasheet: NVIDIA H100 datasheet". */
static enum status read_source_text(const struct reading *r, const struct json_value *v,
                                    struct source *source)
{
    char kind[16] = "";
    const char *text = json_kind(v) == JSON_STRING ? json_string(v) : "",
               *colon = strchr(text, ':');
    if (colon && (size_t)(colon - text) < sizeof kind)
        memcpy(kind, text, (size_t)(colon - text));
    int index = names_find(source_kind_names, kind);
    const char *words = colon ? colon + 1 + strspn(colon + 1, " ") : "";
    if (index <= SOURCE_NONE || *words == '\0')
        return json_error(
            r->json, v, r->e, STATUS_INPUT,
            "expected a source such as \"datasheet: NVIDIA H100 datasheet\" (datasheet, "
            "measured, assumed or transferred), got %s%.60s%s",
            *text ? "\"" : "", *text ? text : json_kind_name(json_kind(v)), *text ? "\"" : "");
    if (strlen(words) >= sizeof source->text)
        return json_error(r->json, v, r->e, STATUS_INPUT,
                          "expected a source of at most %zu bytes, got %zu",
                          sizeof source->text - 1, strlen(words));
    source->kind = (enum source_kind)index;
    memcpy(source->text, words, strlen(words) + 1);
    return STATUS_OK;
}

static enum status read_standard_error(const struct reading *r, const struct json_value *v,
                                       struct source *source)
{
    static const struct field row = {.key = "standard_error",
                                     .kind = FIELD_NUMBER,
                                     .unit = UNIT_FRACTION,
                                     .offset = offsetof(struct source, standard_error),
                                     .max = HUGE_VAL};
    return field_read(&row, r->json, v, source, r->e);
}

static enum status check_sourced_keys(const struct reading *r, const struct json_value *object)
{
    static const char *const keys[] = {"value", "source", "standard_error", "note", NULL};
    static const struct fields_options options = {.extra = keys};
    struct reading inner = {r->json, NULL, 0, &options, r->e};
    enum status status = STATUS_OK;
    for (const struct json_value *m = json_first(object); m && status == STATUS_OK;
         m = json_next(m))
        status = check_key(&inner, m);
    return status;
}

static bool is_null(const struct json_value *v)
{
    return json_kind(v) == JSON_NULL;
}

/* Takes an object {"value", "source", "standard_error", "note"} apart: its value, its provenance.
 */
static enum status read_sourced(const struct reading *r, const struct json_value *object,
                                const struct json_value **value, struct source *source)
{
    const struct json_value *text = json_member(object, "source");
    const struct json_value *standard_error = json_member(object, "standard_error");
    enum status status = check_sourced_keys(r, object);
    if (status != STATUS_OK)
        return status;
    *value = json_member(object, "value");
    if (!*value)
        return json_error(r->json, object, r->e, STATUS_INPUT, "the key \"value\" is missing");
    if (text && !is_null(text))
        status = read_source_text(r, text, source);
    if (status == STATUS_OK && standard_error && !is_null(standard_error))
        status = read_standard_error(r, standard_error, source);
    return status;
}

/* ---- objects ---- */

static bool is_numeric(const struct field *row)
{
    return row->kind == FIELD_NUMBER || row->kind == FIELD_INT;
}

/* A hint to copy: the value as it stands, with a source that is true of any. */
static enum status sourceless(const struct reading *r, const struct json_value *value)
{
    char number[32] = "...";
    bool quoted = json_kind(value) == JSON_STRING;
    if (json_kind(value) == JSON_NUMBER)
        number_format(json_number(value), number, sizeof number);
    json_error(r->json, value, r->e, STATUS_INPUT, "expected a figure with its source");
    error_set_hint(
        r->e,
        "write {\"value\": %s%.40s%s, \"source\": \"assumed: why\"}, or datasheet, or measured",
        quoted ? "\"" : "", quoted ? json_string(value) : number, quoted ? "\"" : "");
    return r->e->status;
}

static enum status read_member(const struct reading *r, const struct field *row,
                               const struct json_value *member, void *out)
{
    size_t i = (size_t)(row - r->rows);
    struct source source = {SOURCE_NONE, 0, ""};
    const struct json_value *value = member;
    enum status status = STATUS_OK;
    if (json_kind(member) == JSON_OBJECT)
        status = read_sourced(r, member, &value, &source);
    if (status != STATUS_OK || is_null(value))
        return status;
    status = field_read(row, r->json, value, out, r->e);
    if (status == STATUS_OK && r->options->require_source && is_numeric(row) &&
        source.kind == SOURCE_NONE) {
        status = sourceless(r, value);
    }
    if (status == STATUS_OK && r->options->sources)
        r->options->sources[i] = source;
    if (status == STATUS_OK && r->options->given)
        r->options->given[i] = true;
    return status;
}

static bool is_given(const struct json_value *object, const char *key)
{
    const struct json_value *v = json_member(object, key);
    if (v && json_kind(v) == JSON_OBJECT)
        v = json_member(v, "value");
    return v && !is_null(v);
}

/* Names all that are missing at once; of one alone, what it is. */
static enum status check_required(const struct reading *r, const struct json_value *object)
{
    char list[256] = "";
    size_t used = 0, missing = 0;
    const struct field *last = NULL;
    for (size_t i = 0; i < r->n; i++) {
        if (!r->rows[i].required || is_given(object, r->rows[i].key))
            continue;
        if (used < sizeof list)
            used += (size_t)snprintf(list + used, sizeof list - used, "%s\"%s\"",
                                     missing > 0 ? ", " : "", r->rows[i].key);
        missing++;
        last = &r->rows[i];
    }
    if (missing == 0)
        return STATUS_OK;
    json_error(r->json, object, r->e, STATUS_INPUT,
               missing == 1 ? "the key %s is missing" : "the keys %s are missing", list);
    if (missing == 1 && last->help)
        error_set_hint(r->e, "%s: %s", last->key, last->help);
    return r->e->status;
}

static void clear_options(const struct fields_options *options, size_t n)
{
    if (options->sources)
        memset(options->sources, 0, n * sizeof *options->sources);
    if (options->given)
        memset(options->given, 0, n * sizeof *options->given);
}

enum status fields_read(const struct json *json, const struct json_value *object,
                        struct fields fields, void *out, const struct fields_options *options,
                        struct error *e)
{
    static const struct fields_options no_options;
    struct reading r = {json, fields.rows, fields.n, options ? options : &no_options, e};
    enum status status = STATUS_OK;
    clear_options(r.options, fields.n);
    if (json_kind(object) != JSON_OBJECT)
        return json_error(json, object, e, STATUS_INPUT, "expected an object, got %s",
                          json_kind_name(json_kind(object)));
    for (const struct json_value *m = json_first(object); m && status == STATUS_OK;
         m = json_next(m)) {
        const struct field *row = find_row(&r, json_key(m));
        status = row ? read_member(&r, row, m, out) : check_key(&r, m);
    }
    return status == STATUS_OK ? check_required(&r, object) : status;
}

static void write_sourced(struct json_writer *w, const struct field *row, const void *in,
                          const struct source *source)
{
    struct text words = {0};
    text_addf(&words, "%s: %s", source_kind_names[source->kind], source->text);
    w->out->failed = w->out->failed || words.failed;
    json_open_object_compact(w, row->key);
    field_write(w, "value", row, in);
    json_put_string(w, "source", words.data);
    if (source->standard_error > 0)
        json_put_number(w, "standard_error", source->standard_error);
    json_close_object(w);
    text_free(&words);
}

void fields_write(struct json_writer *w, const struct field *rows, size_t n, const void *in,
                  const struct source *sources)
{
    for (size_t i = 0; i < n; i++) {
        if (sources && sources[i].kind != SOURCE_NONE)
            write_sourced(w, &rows[i], in, &sources[i]);
        else
            field_write(w, rows[i].key, &rows[i], in);
    }
}
