#include "base/json_read.h"
#include "base/json_write.h"
#include "tests/unit/check.h"

static void test_document(void **state)
{
    (void)state;
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_open_object(&w, NULL);
    json_put_number(&w, "n", 0.1);
    json_put_string(&w, "s", "a\"b\\c\n\t\x01/\xC3\xA9");
    json_put_bool(&w, "t", true);
    json_put_string(&w, "z", NULL);
    json_open_array(&w, "a");
    json_put_number(&w, NULL, 1);
    json_open_object(&w, NULL);
    json_close_object(&w);
    json_close_array(&w);
    json_open_object_compact(&w, "c");
    json_put_bool(&w, "x", false);
    json_open_array(&w, "y"); /* inside one line, everything is on it */
    json_put_null(&w, NULL);
    json_put_number(&w, NULL, 1e21);
    json_close_array(&w);
    json_close_object(&w);
    json_open_array_compact(&w, "e");
    json_close_array(&w);
    json_close_object(&w);
    assert_string_equal(t.data, "{\n"
                                "  \"n\": 0.1,\n"
                                "  \"s\": \"a\\\"b\\\\c\\n\\t\\u0001/\xC3\xA9\",\n"
                                "  \"t\": true,\n"
                                "  \"z\": null,\n"
                                "  \"a\": [\n"
                                "    1,\n"
                                "    {}\n"
                                "  ],\n"
                                "  \"c\": {\"x\": false, \"y\": [null, 1e+21]},\n"
                                "  \"e\": []\n"
                                "}\n");
    assert_int_equal(w.bad, 0);
    text_free(&t);
}

static void test_scalar_document(void **state)
{
    (void)state;
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_put_string(&w, NULL, "");
    assert_string_equal(t.data, "\"\"\n");
    text_free(&t);
}

static void test_not_finite(void **state)
{
    (void)state;
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_open_array_compact(&w, NULL);
    json_put_number(&w, NULL, (double)NAN);
    json_put_number(&w, NULL, (double)-INFINITY);
    json_put_number(&w, NULL, 1);
    json_close_array(&w);
    assert_string_equal(t.data, "[null, null, 1]\n");
    assert_int_equal(w.bad, 2);
    text_free(&t);
}

/* A string that is no UTF-8 still gives JSON. */
static void test_not_utf8(void **state)
{
    (void)state;
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_put_string(&w, NULL, "a\xFF\xC3");
    assert_string_equal(t.data, "\"a\xEF\xBF\xBD\xEF\xBF\xBD\"\n");
    text_free(&t);
}

/* Unbalanced and too deep calls are defects of the caller's: counted, and nothing overflows. */
static void test_defects(void **state)
{
    (void)state;
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_close_array(&w);
    assert_int_equal(w.bad, 1);
    for (int i = 0; i < 100; i++)
        json_open_array_compact(&w, NULL);
    for (int i = 0; i < 100; i++)
        json_close_array(&w);
    assert_true(w.bad > 1);
    assert_int_equal(w.depth, 0);
    text_free(&t);
}

/* What is written is read again: every control character, every escape. */
static void test_reads_back(void **state)
{
    (void)state;
    char s[200];
    int n = 0;
    for (int c = 1; c < 128; c++)
        s[n++] = (char)c;
    s[n] = '\0';
    struct text t = {0};
    struct json_writer w;
    json_writer_init(&w, &t);
    json_open_object(&w, NULL);
    json_put_string(&w, s, s);
    json_put_number(&w, "x", 1.0 / 3);
    json_close_object(&w);
    struct error e;
    error_init(&e);
    struct json *json = json_parse(t.data, t.length, "f", &e);
    assert_non_null(json);
    assert_string_equal(json_string(json_member(json_root(json), s)), s);
    assert_true(json_number(json_member(json_root(json), "x")) == 1.0 / 3);
    json_free(json);
    text_free(&t);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_document),   cmocka_unit_test(test_scalar_document),
        cmocka_unit_test(test_not_finite), cmocka_unit_test(test_not_utf8),
        cmocka_unit_test(test_defects),    cmocka_unit_test(test_reads_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
