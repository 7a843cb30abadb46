#include "base/json_read.h"
#include "base/c_locale.h"
#include "base/file.h"
#include "base/json_scan.h"
#include "base/text.h"
#include "base/utf8.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* A value in document order: the first child of values[i] is values[i + 1]. Indices, not pointers,
 * keep a row at 32 bytes: a trace has millions. */
struct json_value {
    const cJSON *node;
    uint32_t offset, key_offset, parent;
    uint32_t next; /* distance to the next sibling; 0: none */
    uint32_t count;
};

struct json {
    char *file;
    struct text text;
    cJSON *tree;
    struct json_value *values;
    size_t count;
};

static const char *const kind_names[] = {
    [JSON_NULL] = "null",       [JSON_BOOL] = "a boolean", [JSON_NUMBER] = "a number",
    [JSON_STRING] = "a string", [JSON_ARRAY] = "an array", [JSON_OBJECT] = "an object",
};

/* ---- places ---- */

/* Line and column (in characters) of a byte, both from 1. */
static void set_place(const char *text, size_t offset, const char *file, struct error *e)
{
    int line = 1, column = 1;
    for (size_t i = utf8_mark_length(text, offset); i < offset; i++) {
        if (text[i] == '\n') {
            line++;
            column = 1;
        } else if (((unsigned char)text[i] & 0xC0) != 0x80)
            column++;
    }
    error_set_file(e, file, line, column);
}

static bool plain_key(const char *key)
{
    for (const char *p = key; *p; p++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", *p))
            return false;
    return *key != '\0';
}

static const struct json_value *parent_of(const struct json *json, const struct json_value *v)
{
    return v == json->values ? NULL : &json->values[v->parent];
}

static size_t index_in_parent(const struct json *json, const struct json_value *v)
{
    size_t index = 0;
    for (const struct json_value *s = json_first(parent_of(json, v)); s && s != v; s = json_next(s))
        index++;
    return index;
}

/* "tiers[1].bandwidth": keys after a point, or quoted in brackets where they hold other characters.
 */
static void set_path(const struct json *json, const struct json_value *v, struct error *e)
{
    const struct json_value *way[JSON_DEPTH_MAX + 1];
    size_t n = 0;
    struct text path = {0};
    for (; parent_of(json, v) && n < JSON_DEPTH_MAX + 1; v = parent_of(json, v))
        way[n++] = v;
    while (n-- > 0) {
        const char *key = json_key(way[n]);
        if (!key)
            text_addf(&path, "[%zu]", index_in_parent(json, way[n]));
        else if (!plain_key(key))
            text_addf(&path, "[\"%s\"]", key);
        else
            text_addf(&path, "%s%s", path.length > 0 ? "." : "", key);
    }
    if (path.length > 0 && !path.failed)
        error_set_path(e, path.data);
    text_free(&path);
}

static enum status error_at(const struct json *json, const struct json_value *v, size_t offset,
                            struct error *e, enum status status, const char *message)
{
    if (e->status != STATUS_OK)
        return e->status;
    error_set(e, status, "%s", message);
    set_place(json->text.data, offset, json->file, e);
    set_path(json, v, e);
    return status;
}

enum status json_error(const struct json *json, const struct json_value *v, struct error *e,
                       enum status status, const char *format, ...)
{
    char message[sizeof e->message];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_at(json, v, v->offset, e, status, message);
}

enum status json_key_error(const struct json *json, const struct json_value *v, struct error *e,
                           enum status status, const char *format, ...)
{
    char message[sizeof e->message];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    return error_at(json, v, v->key_offset, e, status, message);
}

/* ---- building ---- */

/* cJSON and the scan saw the same values in the same order: each node gets its mark. The depth is
 * at most JSON_DEPTH_MAX. Returns the index after v's last descendant. */
static size_t attach(struct json *json, const struct json_marks *marks, const cJSON *node, size_t i,
                     size_t parent)
{
    struct json_value *v = &json->values[i];
    size_t next = i + 1, previous = 0;
    *v = (struct json_value){
        node, marks->marks[i].offset, marks->marks[i].key_offset, (uint32_t)parent, 0, 0};
    for (const cJSON *child = node->child; child && next < marks->count; child = child->next) {
        if (previous > 0)
            json->values[previous].next = (uint32_t)(next - previous);
        previous = next;
        next = attach(json, marks, child, next, i);
        v->count++;
    }
    return next;
}

static int compare_keys(const void *a, const void *b)
{
    const struct json_value *x = *(const struct json_value *const *)a;
    const struct json_value *y = *(const struct json_value *const *)b;
    int order = strcmp(x->node->string, y->node->string);
    return order != 0 ? order : (x->offset > y->offset) - (x->offset < y->offset);
}

/* The first member, in document order, whose key an earlier one has. sorted: room for the members.
 */
static const struct json_value *find_duplicate(const struct json_value *object,
                                               const struct json_value **sorted)
{
    const struct json_value *found = NULL;
    size_t n = 0;
    for (const struct json_value *m = json_first(object); m; m = json_next(m))
        sorted[n++] = m;
    qsort(sorted, n, sizeof sorted[0], compare_keys); // NOLINT(bugprone-sizeof-expression)
    for (size_t i = 1; i < n; i++)
        if (strcmp(sorted[i - 1]->node->string, sorted[i]->node->string) == 0 &&
            (!found || sorted[i]->offset < found->offset))
            found = sorted[i];
    return found;
}

static enum status check_object(const struct json *json, const struct json_value *object,
                                struct error *e)
{
    enum { FEW = 64 };
    const struct json_value *few[FEW];
    const struct json_value **sorted = few;
    enum status status = STATUS_OK;
    if (object->count > FEW)
        sorted = malloc(object->count * sizeof *sorted); // NOLINT(bugprone-sizeof-expression)
    if (!sorted)
        return error_set(e, STATUS_IO, "out of memory");
    const struct json_value *duplicate = find_duplicate(object, sorted);
    if (duplicate)
        status = json_key_error(json, duplicate, e, STATUS_INPUT,
                                "the key \"%.100s\" is given twice", json_key(duplicate));
    if (sorted != few)
        free(sorted);
    return status;
}

/* What the grammar allows and we do not. */
static enum status check_values(const struct json *json, struct error *e)
{
    enum status status = STATUS_OK;
    for (size_t i = 0; i < json->count && status == STATUS_OK; i++) {
        const struct json_value *v = &json->values[i];
        if (cJSON_IsObject(v->node) && v->count > 1)
            status = check_object(json, v, e);
        else if (cJSON_IsNumber(v->node) && !isfinite(v->node->valuedouble))
            status = json_error(json, v, e, STATUS_INPUT,
                                "expected a finite number, got one beyond the range of a double");
    }
    return status;
}

/* cJSON reads numbers through the locale's decimal point and notes errors in a variable of its own:
 * one parse at a time. */
static cJSON *parse_tree(const char *text, size_t n)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    struct c_locale locale = c_locale_enter();
    pthread_mutex_lock(&lock);
    cJSON *tree = cJSON_ParseWithLength(text, n);
    pthread_mutex_unlock(&lock);
    c_locale_leave(locale);
    return tree;
}

static enum status build(struct json *json, const struct json_marks *marks, struct error *e)
{
    /* from the first value on: cJSON takes a byte order mark before a short text for the text */
    size_t start = marks->marks[0].offset;
    json->values = malloc(marks->count * sizeof *json->values);
    if (!json->values)
        return error_set(e, STATUS_IO, "out of memory");
    json->tree = parse_tree(json->text.data + start, json->text.length - start);
    if (!json->tree)
        return error_set(e, STATUS_IO, "out of memory");
    json->count = attach(json, marks, json->tree, 0, 0);
    if (json->count != marks->count)
        return error_set(e, STATUS_IO, "two readings of the text differ: a defect of this program");
    return check_values(json, e);
}

/* Owns json->text from the start. */
static enum status parse(struct json *json, struct error *e)
{
    struct json_marks marks = {NULL, 0, 0};
    size_t bad = 0;
    const char *text = text_string(&json->text);
    if (json->text.length > JSON_BYTES_MAX)
        return error_set(e, STATUS_INPUT, "the text is larger than 256 MiB");
    enum status status = json_scan(text, json->text.length, &marks, &bad, e);
    if (status == STATUS_INPUT)
        set_place(text, bad, json->file, e);
    if (status == STATUS_OK)
        status = build(json, &marks, e);
    free(marks.marks);
    return status;
}

static struct json *json_new(const char *file)
{
    struct json *json = calloc(1, sizeof *json);
    size_t size = file ? strlen(file) + 1 : 1;
    if (!json)
        return NULL;
    json->file = calloc(1, size);
    if (!json->file) {
        free(json);
        return NULL;
    }
    if (file)
        memcpy(json->file, file, size);
    return json;
}

/* Ends a reading: the document, or NULL with the error's file set. */
static struct json *finish(struct json *json, enum status status, struct error *e)
{
    if (status == STATUS_OK)
        return json;
    error_set_file(e, json->file, 0, 0);
    json_free(json);
    return NULL;
}

struct json *json_parse(const char *text, size_t n, const char *file, struct error *e)
{
    struct json *json = json_new(file);
    enum status status = STATUS_OK;
    if (!json) {
        error_set(e, STATUS_IO, "out of memory");
        return NULL;
    }
    if (n > JSON_BYTES_MAX)
        status = error_set(e, STATUS_INPUT, "the text is larger than 256 MiB");
    else
        text_add_n(&json->text, text, n);
    if (json->text.failed)
        status = error_set(e, STATUS_IO, "out of memory");
    if (status == STATUS_OK)
        status = parse(json, e);
    return finish(json, status, e);
}

struct json *json_load(const char *path, struct error *e)
{
    struct json *json = json_new(path);
    if (!json) {
        error_set(e, STATUS_IO, "out of memory");
        return NULL;
    }
    enum status status = file_read(path, JSON_BYTES_MAX, &json->text, e);
    if (status == STATUS_OK)
        status = parse(json, e);
    return finish(json, status, e);
}

void json_free(struct json *json)
{
    if (!json)
        return;
    cJSON_Delete(json->tree);
    free(json->values);
    text_free(&json->text);
    free(json->file);
    free(json);
}

/* ---- looking ---- */

const struct json_value *json_root(const struct json *json)
{
    return json->values;
}

const char *json_file(const struct json *json)
{
    return json->file;
}

enum json_kind json_kind(const struct json_value *v)
{
    static const struct {
        int type;
        enum json_kind kind;
    } kinds[] = {
        {cJSON_False,  JSON_BOOL  },
        {cJSON_True,   JSON_BOOL  },
        {cJSON_Number, JSON_NUMBER},
        {cJSON_String, JSON_STRING},
        {cJSON_Array,  JSON_ARRAY },
        {cJSON_Object, JSON_OBJECT},
    };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if ((v->node->type & 0xFF) == kinds[i].type)
            return kinds[i].kind;
    return JSON_NULL;
}

const char *json_kind_name(enum json_kind kind)
{
    return kind_names[kind];
}

const char *json_key(const struct json_value *v)
{
    return v->node->string;
}

const struct json_value *json_first(const struct json_value *v)
{
    return v && v->count > 0 ? v + 1 : NULL;
}

const struct json_value *json_next(const struct json_value *v)
{
    return v->next ? v + v->next : NULL;
}

size_t json_count(const struct json_value *v)
{
    return v->count;
}

const struct json_value *json_member(const struct json_value *v, const char *key)
{
    if (!v || !cJSON_IsObject(v->node))
        return NULL;
    for (const struct json_value *m = json_first(v); m; m = json_next(m))
        if (strcmp(m->node->string, key) == 0)
            return m;
    return NULL;
}

const char *json_string(const struct json_value *v)
{
    return v && cJSON_IsString(v->node) ? v->node->valuestring : "";
}

double json_number(const struct json_value *v)
{
    return json_number_or(v, 0);
}

double json_number_or(const struct json_value *v, double otherwise)
{
    return v && cJSON_IsNumber(v->node) ? v->node->valuedouble : otherwise;
}

bool json_bool(const struct json_value *v)
{
    return v && cJSON_IsTrue(v->node) != 0;
}
