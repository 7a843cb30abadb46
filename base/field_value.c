#include "base/field_value.h"
#include "base/c_locale.h"
#include "base/file.h"
#include "base/utf8.h"
#include <limits.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

int names_find(const char *const *names, const char *name)
{
    for (int i = 0; names[i]; i++)
        if (names_equal(names[i], name))
            return i;
    return -1;
}

static size_t names_count(const char *const *names)
{
    size_t n = 0;
    while (names[n])
        n++;
    return n;
}

static void *member_of(void *out, const struct field *row)
{
    return (char *)out + row->offset;
}

static const void *const_member_of(const void *in, const struct field *row)
{
    return (const char *)in + row->offset;
}

/* ---- setting a member ---- */

/* Where a value stands, so that one set of checks serves files and flags: json NULL for a flag. */
struct place {
    const struct json *json;
    const struct json_value *value;
    struct error *e;
};

static enum status fail(const struct place *p, const char *format, ...) STEPCAST_PRINTF(2, 3);
static enum status fail(const struct place *p, const char *format, ...)
{
    char message[sizeof p->e->message];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (p->json)
        return json_error(p->json, p->value, p->e, STATUS_INPUT, "%s", message);
    return error_set(p->e, STATUS_INPUT, "%s", message);
}

/* Passes on an error of a reader that knew no place. */
static enum status fail_with(const struct place *p, const struct error *cause)
{
    fail(p, "%s", cause->message);
    if (cause->hint[0])
        error_set_hint(p->e, "%s", cause->hint);
    return p->e->status;
}

static void add_quantity(struct text *t, double value, enum unit unit)
{
    char buffer[32];
    number_format(value, buffer, sizeof buffer);
    if (unit == UNIT_NONE)
        text_add(t, buffer);
    else
        unit_format_limit(t, value, unit);
}

static bool has_range(const struct field *row)
{
    return row->min != 0 || row->max != 0;
}

/* "from 1 to 8", "at least 1", "at most 8". */
static void add_range(struct text *t, const struct field *row)
{
    bool low = row->min > -HUGE_VAL, high = row->max < HUGE_VAL;
    text_add(t, low && high ? "from " : low ? "at least " : "at most ");
    if (low)
        add_quantity(t, row->min, row->unit);
    if (low && high)
        text_add(t, " to ");
    if (high)
        add_quantity(t, row->max, row->unit);
}

static enum status check_range(const struct field *row, double value, const struct place *p)
{
    struct text expected = {0}, got = {0};
    if (!has_range(row) || (value >= row->min && value <= row->max))
        return STATUS_OK;
    add_range(&expected, row);
    add_quantity(&got, value, row->unit);
    fail(p, "expected a value %s, got %s", expected.data ? expected.data : "in range",
         got.data ? got.data : "another");
    if (row->unit != UNIT_NONE && value >= 0 && value < row->min)
        error_set_hint(p->e, "a number without a unit is in %s", unit_name(row->unit));
    text_free(&expected);
    text_free(&got);
    return p->e->status;
}

static enum status put_number(const struct field *row, double value, void *out,
                              const struct place *p)
{
    if (check_range(row, value, p) != STATUS_OK)
        return p->e->status;
    *(double *)member_of(out, row) = value;
    return STATUS_OK;
}

static enum status put_int(const struct field *row, double value, void *out, const struct place *p)
{
    char got[32];
    if (value != floor(value) || value < INT_MIN || value > INT_MAX) {
        number_format(value, got, sizeof got);
        return fail(p, "expected a whole number, got %s", got);
    }
    if (check_range(row, value, p) != STATUS_OK)
        return p->e->status;
    *(int *)member_of(out, row) = (int)value;
    return STATUS_OK;
}

static enum status put_string(const struct field *row, const char *value, void *out,
                              const struct place *p)
{
    size_t length = strlen(value);
    if (length >= row->size)
        return fail(p, "expected at most %zu bytes of text, got %zu", row->size - 1, length);
    memcpy(member_of(out, row), value, length + 1);
    utf8_tame(member_of(out, row), ""); /* names are printed */
    return STATUS_OK;
}

/* Index of the name, or -1 with an error that lists or suggests. */
static int find_name(const char *const *names, const char *name, const struct place *p)
{
    int index = names_find(names, name);
    if (index >= 0)
        return index;
    struct text list = {0};
    for (int i = 0; names[i]; i++)
        text_addf(&list, "%s%s", i > 0 ? ", " : "", names[i]);
    fail(p, "expected one of %.250s, got \"%.60s\"", list.data ? list.data : "the known names",
         name);
    const char *nearest = nearest_name(name, names, names_count(names));
    if (nearest)
        error_set_hint(p->e, "did you mean \"%s\"?", nearest);
    text_free(&list);
    return -1;
}

static enum status put_enum(const struct field *row, const char *name, void *out,
                            const struct place *p)
{
    int index = find_name(row->names, name, p);
    if (index < 0)
        return p->e->status;
    memcpy(member_of(out, row), &index, sizeof index);
    return STATUS_OK;
}

/* ---- reading JSON ---- */

static enum status wrong_kind(const char *expected, const struct place *p)
{
    return fail(p, "expected %s, got %s", expected, json_kind_name(json_kind(p->value)));
}

static enum status read_number(const struct field *row, void *out, const struct place *p)
{
    enum json_kind kind = json_kind(p->value);
    double value = json_number(p->value);
    if (kind == JSON_STRING && row->unit != UNIT_NONE) {
        struct error cause;
        error_init(&cause);
        if (unit_parse(json_string(p->value), row->unit, &value, &cause) != STATUS_OK)
            return fail_with(p, &cause);
    } else if (kind != JSON_NUMBER)
        return wrong_kind(row->unit == UNIT_NONE ? "a number" : "a number or a string with a unit",
                          p);
    return put_number(row, value, out, p);
}

static enum status read_int(const struct field *row, void *out, const struct place *p)
{
    if (json_kind(p->value) != JSON_NUMBER)
        return wrong_kind("a whole number", p);
    return put_int(row, json_number(p->value), out, p);
}

static enum status read_bool(const struct field *row, void *out, const struct place *p)
{
    if (json_kind(p->value) != JSON_BOOL)
        return wrong_kind("true or false", p);
    *(bool *)member_of(out, row) = json_bool(p->value);
    return STATUS_OK;
}

static enum status read_string(const struct field *row, void *out, const struct place *p)
{
    if (json_kind(p->value) != JSON_STRING)
        return wrong_kind("a string", p);
    return put_string(row, json_string(p->value), out, p);
}

static enum status read_enum(const struct field *row, void *out, const struct place *p)
{
    if (json_kind(p->value) != JSON_STRING)
        return wrong_kind("a string", p);
    return put_enum(row, json_string(p->value), out, p);
}

static enum status read_set(const struct field *row, void *out, const struct place *p)
{
    unsigned mask = 0;
    if (json_kind(p->value) != JSON_ARRAY)
        return wrong_kind("a list of names", p);
    for (const struct json_value *v = json_first(p->value); v; v = json_next(v)) {
        struct place item = {p->json, v, p->e};
        if (json_kind(v) != JSON_STRING)
            return wrong_kind("a string", &item);
        int index = find_name(row->names, json_string(v), &item);
        if (index < 0)
            return p->e->status;
        mask |= 1u << index;
    }
    *(unsigned *)member_of(out, row) = mask;
    return STATUS_OK;
}

/* ---- reading a flag ---- */

static enum status text_number(const struct field *row, const char *text, void *out,
                               const struct place *p)
{
    double value = 0;
    if (unit_parse(text, row->unit, &value, p->e) != STATUS_OK)
        return p->e->status;
    return put_number(row, value, out, p);
}

static enum status text_int(const struct field *row, const char *text, void *out,
                            const struct place *p)
{
    double value = 0;
    if (number_parse(text, &value, p->e) != STATUS_OK)
        return p->e->status;
    return put_int(row, value, out, p);
}

static enum status text_bool(const struct field *row, const char *text, void *out,
                             const struct place *p)
{
    static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1", NULL};
    int index = names_find(words, text);
    if (index < 0)
        return fail(p, "expected true or false, got \"%.60s\"", text);
    *(bool *)member_of(out, row) = index % 2 == 1;
    return STATUS_OK;
}

/* Names with commas; "" and "none" are the empty set. */
static enum status text_set(const struct field *row, const char *text, void *out,
                            const struct place *p)
{
    unsigned mask = 0;
    bool none = *text == '\0' || (names_equal(text, "none") && names_find(row->names, text) < 0);
    while (!none) {
        char name[64];
        size_t length = strcspn(text, ",");
        snprintf(name, sizeof name, "%.*s", (int)(length < sizeof name ? length : sizeof name - 1),
                 text);
        int index = find_name(row->names, name, p);
        if (index < 0)
            return p->e->status;
        mask |= 1u << index;
        if (text[length] == '\0')
            break;
        text += length + 1;
    }
    *(unsigned *)member_of(out, row) = mask;
    return STATUS_OK;
}

/* ---- writing ---- */

static void write_number(struct json_writer *w, const char *key, const struct field *row,
                         const void *in)
{
    json_put_number(w, key, *(const double *)const_member_of(in, row));
}

static void write_int(struct json_writer *w, const char *key, const struct field *row,
                      const void *in)
{
    json_put_number(w, key, *(const int *)const_member_of(in, row));
}

static void write_bool(struct json_writer *w, const char *key, const struct field *row,
                       const void *in)
{
    json_put_bool(w, key, *(const bool *)const_member_of(in, row));
}

static void write_string(struct json_writer *w, const char *key, const struct field *row,
                         const void *in)
{
    json_put_string(w, key, (const char *)const_member_of(in, row));
}

static void write_enum(struct json_writer *w, const char *key, const struct field *row,
                       const void *in)
{
    int index;
    memcpy(&index, const_member_of(in, row), sizeof index);
    json_put_string(w, key, row->names[index]);
}

static void write_set(struct json_writer *w, const char *key, const struct field *row,
                      const void *in)
{
    unsigned mask = *(const unsigned *)const_member_of(in, row);
    json_open_array_compact(w, key);
    for (int i = 0; row->names[i]; i++)
        if (mask & (1u << i))
            json_put_string(w, NULL, row->names[i]);
    json_close_array(w);
}

/* ---- as text ---- */

static void add_double(struct text *out, double value)
{
    char buffer[32];
    number_format(value, buffer, sizeof buffer);
    text_add(out, buffer);
}

static void get_number(const struct field *row, const void *in, struct text *out)
{
    add_double(out, *(const double *)const_member_of(in, row));
}

static void get_int(const struct field *row, const void *in, struct text *out)
{
    text_addf(out, "%d", *(const int *)const_member_of(in, row));
}

static void get_bool(const struct field *row, const void *in, struct text *out)
{
    text_add(out, *(const bool *)const_member_of(in, row) ? "true" : "false");
}

static void get_string(const struct field *row, const void *in, struct text *out)
{
    text_add(out, (const char *)const_member_of(in, row));
}

static void get_enum(const struct field *row, const void *in, struct text *out)
{
    int index;
    memcpy(&index, const_member_of(in, row), sizeof index);
    text_add(out, row->names[index]);
}

static void get_set(const struct field *row, const void *in, struct text *out)
{
    unsigned mask = *(const unsigned *)const_member_of(in, row);
    if (mask == 0)
        text_add(out, "none");
    for (int i = 0, n = 0; row->names[i]; i++)
        if (mask & (1u << i))
            text_addf(out, "%s%s", n++ > 0 ? "," : "", row->names[i]);
}

static const struct kind_row {
    enum status (*read)(const struct field *row, void *out, const struct place *p);
    enum status (*set)(const struct field *row, const char *text, void *out, const struct place *p);
    void (*write)(struct json_writer *w, const char *key, const struct field *row, const void *in);
    void (*get)(const struct field *row, const void *in, struct text *out);
} kinds[] = {
    [FIELD_NUMBER] = {read_number, text_number, write_number, get_number},
    [FIELD_INT] = {read_int,    text_int,    write_int,    get_int   },
    [FIELD_BOOL] = {read_bool,   text_bool,   write_bool,   get_bool  },
    [FIELD_STRING] = {read_string, put_string,  write_string, get_string},
    [FIELD_ENUM] = {read_enum,   put_enum,    write_enum,   get_enum  },
    [FIELD_SET] = {read_set,    text_set,    write_set,    get_set   },
};

enum status field_read(const struct field *row, const struct json *json,
                       const struct json_value *value, void *out, struct error *e)
{
    struct place p = {json, value, e};
    return kinds[row->kind].read(row, out, &p);
}

void field_write(struct json_writer *w, const char *key, const struct field *row, const void *in)
{
    kinds[row->kind].write(w, key, row, in);
}

enum status field_set(const struct field *row, const char *text, void *out, struct error *e)
{
    struct place p = {NULL, NULL, e};
    return kinds[row->kind].set(row, text, out, &p);
}

void field_get(const struct field *row, const void *in, struct text *out)
{
    kinds[row->kind].get(row, in, out);
}

void field_copy(const struct field *row, const void *in, void *out)
{
    memcpy(member_of(out, row), const_member_of(in, row), row->size);
}
