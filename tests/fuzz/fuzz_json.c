/* Any bytes are a document or an error with a place. A document, written and read again, is the
 * same document; a table read from it either succeeds or says where and why not. */
#include "base/fields.h"
#include "base/json_read.h"
#include "base/json_write.h"
#include "tests/fuzz/fuzz.h"
#include <string.h>

struct thing {
    double rate_bytes_per_s;
    int count;
    bool flag;
    char name[8];
    int kind;
    unsigned set;
};
static const char *const names[] = {"one", "two", "three", NULL};
static const struct field rows[] = {
    {.key = "rate",
     .kind = FIELD_NUMBER,
     .unit = UNIT_BYTES_PER_S,
     .offset = offsetof(struct thing,                                                                                              rate_bytes_per_s),
     .max = 1e18},
    {.key = "count",                    .kind = FIELD_INT,                                      .offset = offsetof(struct thing,                                 count)},
    {.key = "flag",        .kind = FIELD_BOOL,              .offset = offsetof(struct thing, flag)                               },
    {.key = "name",
     .kind = FIELD_STRING,
     .offset = offsetof(struct thing,                                                 name),
     .size = sizeof(((struct thing *)0)->name)},
    {.key = "kind",  .kind = FIELD_ENUM, .offset = offsetof(struct thing,                           kind),                       .names = names                                      },
    {.key = "set",   .kind = FIELD_SET, .offset = offsetof(struct thing,                            set),                       .names = names                                                                                                                         },
};
enum { ROWS = sizeof rows / sizeof rows[0] };

static void check_error(const struct error *e)
{
    char text[1200];
    size_t n;
    require(e->status == STATUS_INPUT && e->message[0]);
    require(e->line >= 1 && e->column >= 1);
    error_format(e, text, sizeof text);
    n = strlen(text);
    require(n > 0 && text[n - 1] == '\n');
}

static void write_value(struct json_writer *w, const struct json_value *v)
{
    const char *key = json_key(v);
    enum json_kind kind = json_kind(v);
    if (kind == JSON_NULL)
        json_put_null(w, key);
    else if (kind == JSON_BOOL)
        json_put_bool(w, key, json_bool(v));
    else if (kind == JSON_NUMBER)
        json_put_number(w, key, json_number(v));
    else if (kind == JSON_STRING)
        json_put_string(w, key, json_string(v));
    else {
        (kind == JSON_ARRAY ? json_open_array : json_open_object)(w, key);
        for (const struct json_value *m = json_first(v); m; m = json_next(m))
            write_value(w, m);
        (kind == JSON_ARRAY ? json_close_array : json_close_object)(w);
    }
}

static void require_same(const struct json_value *a, const struct json_value *b)
{
    require(json_kind(a) == json_kind(b) && json_count(a) == json_count(b));
    require(!json_key(a) == !json_key(b));
    require(!json_key(a) || strcmp(json_key(a), json_key(b)) == 0);
    require(strcmp(json_string(a), json_string(b)) == 0 && json_bool(a) == json_bool(b));
    require(json_number(a) == json_number(b));
    size_t n = 0;
    const struct json_value *x = json_first(a), *y = json_first(b);
    for (; x && y; x = json_next(x), y = json_next(y), n++)
        require_same(x, y);
    require(!x && !y && n == json_count(a));
}

static void check_writes_back(const struct json *json)
{
    struct text t = {0};
    struct json_writer w;
    struct error e;
    json_writer_init(&w, &t);
    write_value(&w, json_root(json));
    require(w.bad == 0 && !t.failed);
    error_init(&e);
    struct json *again = json_parse(t.data, t.length, "again", &e);
    require(again != NULL);
    require_same(json_root(json), json_root(again));
    json_free(again);
    text_free(&t);
}

static void check_fields(const struct json *json)
{
    struct thing thing = {0};
    struct source sources[ROWS];
    struct fields_options options = {.sources = sources};
    struct error e;
    error_init(&e);
    if (fields_read(json, json_root(json), (struct fields){rows, ROWS}, &thing, &options, &e) !=
        STATUS_OK)
        check_error(&e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error e;
    error_init(&e);
    struct json *json = json_parse((const char *)data, size, "fuzz", &e);
    if (json) {
        require(e.status == STATUS_OK);
        check_writes_back(json);
        check_fields(json);
    } else
        check_error(&e);
    json_free(json);
    return 0;
}
