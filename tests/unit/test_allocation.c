/* Every allocation fails in turn, linked with --wrap=malloc,calloc,realloc: the base layer answers
 * with an error or a complete result, and leaks nothing (the sanitizer preset watches). */
#include "base/fields.h"
#include "base/file.h"
#include "tests/unit/check.h"
#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);
void *__real_realloc(void *p, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t n, size_t size);
void *__wrap_realloc(void *p, size_t size);

/* Allocations left until one fails, and every one after it; negative: none fails. */
static long left = -1;

static bool allowed(void)
{
    if (left < 0)
        return true;
    if (left == 0)
        return false;
    left--;
    return true;
}

void *__wrap_malloc(size_t size)
{
    return allowed() ? __real_malloc(size) : NULL;
}

void *__wrap_calloc(size_t n, size_t size)
{
    return allowed() ? __real_calloc(n, size) : NULL;
}

void *__wrap_realloc(void *p, size_t size)
{
    return allowed() ? __real_realloc(p, size) : NULL;
}

static void *counted_malloc(size_t size)
{
    return __wrap_malloc(size);
}

static int hook_cjson(void **state)
{
    (void)state;
    cJSON_Hooks hooks = {counted_malloc, free};
    cJSON_InitHooks(&hooks);
    return 0;
}

/* Runs `work` with 0, 1, 2 ... allocations allowed until it succeeds. */
static void fail_in_turn(enum status (*work)(struct error *e))
{
    for (long n = 0; n < 10000; n++) {
        struct error e;
        error_init(&e);
        left = n;
        enum status status = work(&e);
        bool reached = left == 0;
        left = -1;
        assert_int_equal(status, e.status);
        if (status == STATUS_OK) {
            assert_true(n > 0);
            return;
        }
        assert_int_equal(status, STATUS_IO);
        assert_true(reached);
        if (!strstr(e.message, "memory"))
            fail_msg("allocation %ld: %s", n, e.message);
    }
    fail_msg("it never succeeds");
}

static enum status read_large_object(struct error *e)
{
    static char text[4096];
    size_t n = 0;
    text[n++] = '{';
    for (int i = 0; i < 100; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "%s\"k%d\": [\"s\", %d]", i ? "," : "", i,
                              i);
    text[n++] = '}';
    struct json *json = json_parse(text, n, "name", e);
    if (json)
        assert_int_equal(json_count(json_root(json)), 100);
    json_free(json);
    return e->status;
}

static char path[] = "/tmp/stepcast_allocation_XXXXXX";

static enum status write_and_load(struct error *e)
{
    static const char text[] = "{\"a\": [1, 2, \"x\"]}";
    if (file_write(path, text, sizeof text - 1, e) == STATUS_OK)
        json_free(json_load(path, e));
    return e->status;
}

static void test_json(void **state)
{
    (void)state;
    fail_in_turn(read_large_object);
}

static void test_file(void **state)
{
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    fail_in_turn(write_and_load);
    unlink(path);
}

/* Errors are reported all the same: what does not fit is left out of the message. */
static void test_error_without_memory(void **state)
{
    (void)state;
    static const char *const names[] = {"one", "two", NULL};
    static const struct field rows[] = {
        {.key = "n", .kind = FIELD_INT,  .min = 1,    .max = 2      },
        {.key = "e", .kind = FIELD_ENUM, .offset = 4, .names = names},
    };
    static const char *const texts[] = {"{\"n\": 3}", "{\"e\": \"three\"}"};
    for (int i = 0; i < 2; i++) {
        struct error e;
        int out[2] = {0, 0};
        error_init(&e);
        struct json *json = json_parse(texts[i], strlen(texts[i]), "f", &e);
        assert_non_null(json);
        left = 0;
        enum status status =
            fields_read(json, json_root(json), (struct fields){rows, 2}, out, NULL, &e);
        left = -1;
        assert_int_equal(status, STATUS_INPUT);
        assert_memory_equal(e.message, "expected", 8);
        assert_int_equal(e.line, 1);
        json_free(json);
    }
}

static void test_text(void **state)
{
    (void)state;
    struct text t = {0};
    left = 1;
    text_add(&t, "ab");
    for (int i = 0; i < 100; i++)
        text_addf(&t, "%d", i);
    left = -1;
    assert_true(t.failed);
    assert_memory_equal(t.data, "ab01", 4); /* what was there stays, terminated */
    assert_int_equal(strlen(t.data), t.length);
    text_free(&t);
    assert_false(t.failed);
}

/* A table written without memory is not taken for a whole one. */
static void test_write_fields(void **state)
{
    (void)state;
    static const struct field row = {.key = "n", .kind = FIELD_NUMBER};
    static const struct source source = {SOURCE_ASSUMED, 0, "x"};
    const double value = 1;
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    left = 0;
    json_open_object(&w, NULL);
    fields_write(&w, &row, 1, &value, &source);
    json_close_object(&w);
    left = -1;
    assert_true(t.failed);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_json),
        cmocka_unit_test(test_file),
        cmocka_unit_test(test_error_without_memory),
        cmocka_unit_test(test_text),
        cmocka_unit_test(test_write_fields),
    };
    return cmocka_run_group_tests(tests, hook_cjson, NULL);
}
