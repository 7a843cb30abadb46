#include "base/json_read.h"
#include "base/text.h"
#include "tests/unit/check.h"
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static struct json *parse(const char *text)
{
    struct error e;
    error_init(&e);
    struct json *json = json_parse(text, strlen(text), "f.json", &e);
    if (!json)
        fail_msg("%s: %d:%d: %s", text, e.line, e.column, e.message);
    return json;
}

static void test_values(void **state)
{
    (void)state;
    struct json *json =
        parse("{\"n\": -1.5e3, \"s\": \"a\\u00e9\\ud83d\\ude00\\n\", \"t\": true,\n"
              " \"f\": false, \"z\": null, \"a\": [1, [2], {}], \"o\": {\"N\": 7}}");
    const struct json_value *root = json_root(json);
    assert_int_equal(json_kind(root), JSON_OBJECT);
    assert_int_equal(json_count(root), 7);
    assert_string_equal(json_file(json), "f.json");
    assert_null(json_key(root));
    assert_true(json_number(json_member(root, "n")) == -1500);
    assert_string_equal(json_string(json_member(root, "s")), "a\xC3\xA9\xF0\x9F\x98\x80\n");
    assert_true(json_bool(json_member(root, "t")));
    assert_false(json_bool(json_member(root, "f")));
    assert_int_equal(json_kind(json_member(root, "f")), JSON_BOOL);
    assert_int_equal(json_kind(json_member(root, "z")), JSON_NULL);
    const struct json_value *a = json_member(root, "a");
    assert_int_equal(json_kind(a), JSON_ARRAY);
    assert_int_equal(json_count(a), 3);
    assert_true(json_number(json_first(json_next(json_first(a)))) == 2);
    assert_null(json_first(json_next(json_next(json_first(a)))));
    assert_null(json_next(json_next(json_next(json_first(a)))));
    assert_true(json_number(json_member(json_member(root, "o"), "N")) == 7);
    json_free(json);
}

/* Keys are those of the file: case matters; other kinds have no members. */
static void test_member(void **state)
{
    (void)state;
    struct json *json = parse("{\"Key\": 1, \"key\": 2, \"a\": [3]}");
    const struct json_value *root = json_root(json);
    assert_true(json_number(json_member(root, "key")) == 2);
    assert_null(json_member(root, "KEY"));
    assert_null(json_member(NULL, "key"));
    assert_null(json_member(json_member(root, "a"), "key"));
    assert_null(json_member(json_member(root, "key"), "key"));
    assert_null(json_first(json_member(root, "key")));
    json_free(json);
}

static void test_wrong_kind_is_empty(void **state)
{
    (void)state;
    struct json *json = parse("[\"7\", 8, true]");
    const struct json_value *s = json_first(json_root(json)), *n = json_next(s), *b = json_next(n);
    assert_true(json_number(s) == 0);
    assert_false(json_bool(s));
    assert_string_equal(json_string(n), "");
    assert_false(json_bool(n));
    assert_true(json_number(b) == 0);
    assert_string_equal(json_kind_name(json_kind(s)), "a string");
    assert_string_equal(json_kind_name(json_kind(b)), "a boolean");
    json_free(json);
}

static void test_accepted(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "1",
        "-0",
        "0.5",
        "1E+2",
        "\"\"",
        "null",
        "[]",
        "{}",
        " [ 1 , 2 ] ",
        "\xEF\xBB\xBF{}",
        "\xEF\xBB\xBF 5",
        "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"",
        "\"\x7F\"",
        "1e-400",
        "\t\r\n1\n",
        "{\"\": 1}",
        "123456789012345678901234567890123456789012345678901234567890123",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++)
        json_free(parse(texts[i]));
}

struct bad {
    const char *text;
    int line, column;
    const char *path, *message;
};

static void check_bad(const struct bad *row, size_t n)
{
    struct error e;
    error_init(&e);
    assert_null(json_parse(row->text, n, "f.json", &e));
    if (e.status != STATUS_INPUT || e.line != row->line || e.column != row->column ||
        strcmp(e.path, row->path) != 0 || strcmp(e.message, row->message) != 0)
        fail_msg("%s: got %d: %d:%d: %s: %s", row->text, (int)e.status, e.line, e.column, e.path,
                 e.message);
    assert_string_equal(e.file, "f.json");
}

static void test_rejected(void **state)
{
    (void)state;
    static const struct bad rows[] = {
        {"",                                                                   1, 1,  "",           "expected a value, got the end of the text"                 },
        {"  \n ",                                                              2, 2,  "",           "expected a value, got the end of the text"                 },
        {"{\"a\": 1,\n \"b\": x}",                                             2, 7,  "",           "expected a value, got 'x'"                                 },
        {"{\"a\": 1,\n \"a\": 2}",                                             2, 2,  "a",          "the key \"a\" is given twice"                              },
        {"[{\"b\": {\"a\": 1, \"c\": 0, \"a\": 2}}]",                          1, 25, "[0].b.a",
         "the key \"a\" is given twice"                                                                                                                         },
        {"{\"a\": 1, \"\\u0061\": 2}",                                         1, 10, "a",          "the key \"a\" is given twice"                              },
        {"[1, 01]",                                                            1, 6,  "",           "a number must not start with 0"                            },
        {"-01",                                                                1, 3,  "",           "a number must not start with 0"                            },
        {"[1, [2, 1e400]]",                                                    1, 9,  "[1][1]",
         "expected a finite number, got one beyond the range of a double"                                                                                       },
        {"{\"a\": {\"b c\": -1e999}}",                                         1, 15, "a[\"b c\"]",
         "expected a finite number, got one beyond the range of a double"                                                                                       },
        {"{} x",                                                               1, 4,  "",           "expected the end of the text, got 'x'"                     },
        {"[1,]",                                                               1, 4,  "",           "expected a value, got ']'"                                 },
        {"{\"a\": 1,}",                                                        1, 9,  "",           "expected a key in double quotes, got '}'"                  },
        {"{a: 1}",                                                             1, 2,  "",           "expected a key in double quotes, got 'a'"                  },
        {"{\"a\" 1}",                                                          1, 6,  "",           "expected ':' after a key, got '1'"                         },
        {"{\"a\": 1 \"b\": 2}",                                                1, 9,  "",           "expected ',' or '}', got '\"'"                             },
        {"[1 2]",                                                              1, 4,  "",           "expected ',' or ']', got '2'"                              },
        {"[1",                                                                 1, 3,  "",           "expected ',' or ']', got the end of the text"              },
        {"{\"a",                                                               1, 2,  "",           "a string without its closing quote"                        },
        {"\"a\nb\"",                                                           1, 3,  "",           "a string must not hold a control character or a line break"},
        {"\"\\x\"",                                                            1, 2,  "",           "an escape that JSON does not have"                         },
        {"\"\\",                                                               1, 2,  "",           "an escape that JSON does not have"                         },
        {"\"\\u12g4\"",                                                        1, 2,  "",           "expected four hexadecimal digits after \\u"                },
        {"\"\\u12",                                                            1, 2,  "",           "expected four hexadecimal digits after \\u"                },
        {"\"\\u0000\"",                                                        1, 2,  "",           "a string must not hold \\u0000"                            },
        {"\"\\udc00\"",                                                        1, 2,  "",           "a low surrogate without a high one before it"              },
        {"\"\\ud800\"",                                                        1, 2,  "",           "a high surrogate without a low one after it"               },
        {"\"\\ud800\\n12345\"",                                                1, 2,  "",           "a high surrogate without a low one after it"               },
        {"\"\\ud800\\u0041\"",                                                 1, 2,  "",           "a high surrogate without a low one after it"               },
        {"\"a\xFF\"",                                                          1, 3,  "",           "a string must be UTF-8"                                    },
        {"\xEF\xBB\xBF[x]",                                                    1, 2,  "",           "expected a value, got 'x'"                                 },
        {"\xFF",                                                               1, 1,  "",           "expected a value, got a byte that is not UTF-8"            },
        {"\"\xC3\xA9\" \xC3\xA9",                                              1, 5,  "",           "expected the end of the text, got '\xC3\xA9'"              },
        {"tru",                                                                1, 1,  "",           "expected a value, got 't'"                                 },
        {"nul",                                                                1, 1,  "",           "expected a value, got 'n'"                                 },
        {"falsy",                                                              1, 1,  "",           "expected a value, got 'f'"                                 },
        {"NaN",                                                                1, 1,  "",           "expected a value, got 'N'"                                 },
        {"Infinity",                                                           1, 1,  "",           "expected a value, got 'I'"                                 },
        {"+1",                                                                 1, 1,  "",           "expected a value, got '+'"                                 },
        {".5",                                                                 1, 1,  "",           "expected a value, got '.'"                                 },
        {"5.",                                                                 1, 3,  "",           "expected a digit, got the end of the text"                 },
        {"-",                                                                  1, 2,  "",           "expected a digit, got the end of the text"                 },
        {"1e",                                                                 1, 3,  "",           "expected a digit, got the end of the text"                 },
        {"1e+x",                                                               1, 4,  "",           "expected a digit, got 'x'"                                 },
        {"'a'",                                                                1, 1,  "",           "expected a value, got '''"                                 },
        {"// c\n1",                                                            1, 1,  "",           "expected a value, got '/'"                                 },
        {"[1234567890123456789012345678901234567890123456789012345678901234]", 1, 2,  "",
         "a number of more than 63 characters"                                                                                                                  },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        check_bad(&rows[i], strlen(rows[i].text));
}

/* A NUL is a byte like others: no text hides behind it. */
static void test_nul(void **state)
{
    (void)state;
    static const struct bad after = {"1\0 2", 1, 2, "", "expected the end of the text, got '"};
    static const struct bad within = {"\"a\0b\"", 1, 3, "",
                                      "a string must not hold a control character or a line break"};
    struct error e;
    check_bad(&within, 5);
    error_init(&e);
    assert_null(json_parse(after.text, 4, "f", &e));
    assert_int_equal(e.column, 2);
}

static void test_depth(void **state)
{
    (void)state;
    char text[200];
    struct error e;
    memset(text, '[', 64);
    memset(text + 64, ']', 64);
    text[128] = '\0';
    json_free(parse(text));
    memset(text, '[', 65);
    memset(text + 65, ']', 65);
    error_init(&e);
    assert_null(json_parse(text, 130, "f", &e));
    assert_string_equal(e.message, "arrays and objects more than 64 deep");
    assert_int_equal(e.column, 65);
}

/* The deepest path there can be. */
static void test_error_at_depth(void **state)
{
    (void)state;
    struct text t = {0};
    for (int i = 0; i < 64; i++)
        text_add(&t, "[");
    text_add(&t, "1");
    for (int i = 0; i < 64; i++)
        text_add(&t, "]");
    struct json *json = parse(t.data);
    const struct json_value *v = json_root(json);
    while (json_first(v))
        v = json_first(v);
    struct error e;
    error_init(&e);
    assert_int_equal(json_error(json, v, &e, STATUS_NO, "m"), STATUS_NO);
    assert_int_equal(e.column, 65);
    assert_int_equal(strlen(e.path), sizeof e.path - 1); /* cut */
    assert_memory_equal(e.path, "[0][0]", 6);
    json_free(json);
    text_free(&t);
}

static void test_error_place(void **state)
{
    (void)state;
    struct json *json = parse("{\"tiers\": [{},\n  {\"\xC3\xA9\": 1, \"band-width\": \"3 TB\"}]}");
    const struct json_value *tier = json_next(json_first(json_member(json_root(json), "tiers")));
    const struct json_value *v = json_member(tier, "band-width");
    struct error e;
    char got[256];
    error_init(&e);
    assert_int_equal(json_error(json, v, &e, STATUS_INPUT, "bad %d", 7), STATUS_INPUT);
    error_format(&e, got, sizeof got);
    assert_string_equal(got, "f.json:2:26: tiers[1].band-width: bad 7\n");
    assert_int_equal(json_error(json, tier, &e, STATUS_IO, "later"), STATUS_INPUT);
    error_init(&e);
    json_key_error(json, v, &e, STATUS_INPUT, "bad key");
    error_format(&e, got, sizeof got);
    assert_string_equal(got, "f.json:2:12: tiers[1].band-width: bad key\n");
    error_init(&e);
    json_error(json, json_root(json), &e, STATUS_INPUT, "root");
    error_format(&e, got, sizeof got);
    assert_string_equal(got, "f.json:1:1: root\n");
    json_free(json);
}

/* More members than the table on the stack, with the duplicate far from its first. */
static void test_many_members(void **state)
{
    (void)state;
    struct text t = {0};
    text_add(&t, "{");
    for (int i = 0; i < 1000; i++)
        text_addf(&t, "%s\"k%d\":%d", i > 0 ? "," : "", i, i);
    size_t length = t.length;
    text_add(&t, "}");
    struct json *json = parse(t.data);
    assert_int_equal(json_count(json_root(json)), 1000);
    assert_true(json_number(json_member(json_root(json), "k999")) == 999);
    json_free(json);
    t.length = length;
    text_add(&t, ",\n\"k500\":1,\"k3\":2}");
    struct error e;
    error_init(&e);
    assert_null(json_parse(t.data, t.length, NULL, &e));
    assert_string_equal(e.message, "the key \"k500\" is given twice");
    assert_int_equal(e.line, 2);
    assert_int_equal(e.column, 1);
    assert_string_equal(e.file, "");
    text_free(&t);
}

static void test_too_large(void **state)
{
    (void)state;
    struct error e;
    error_init(&e);
    assert_null(json_parse("1", ((size_t)256 << 20) + 1, "f", &e)); /* refused before it is read */
    assert_string_equal(e.message, "the text is larger than 256 MiB");
}

static void test_load(void **state)
{
    (void)state;
    char path[] = "/tmp/stepcast_json_XXXXXX";
    struct error e;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_int_equal(write(fd, "{\"a\": 1}\n", 9), 9);
    close(fd);
    error_init(&e);
    struct json *json = json_load(path, &e);
    assert_non_null(json);
    assert_true(json_number(json_member(json_root(json), "a")) == 1);
    assert_string_equal(json_file(json), path);
    json_free(json);
    assert_int_equal(truncate(path, 7), 0);
    assert_null(json_load(path, &e));
    assert_int_equal(e.status, STATUS_INPUT);
    assert_string_equal(e.file, path);
    unlink(path);
    error_init(&e);
    assert_null(json_load(path, &e));
    assert_int_equal(e.status, STATUS_IO);
    assert_string_equal(e.message, "cannot open: No such file or directory");
    error_init(&e);
    assert_null(json_load("/tmp", &e));
    assert_int_equal(e.status, STATUS_INPUT);
    json_free(NULL);
}

enum { THREADS = 4, ROUNDS = 50 };

/* The number of rounds in which a good text was read and a bad one refused. */
static void *parse_again_and_again(void *out)
{
    int *good = out;
    for (int i = 0; i < ROUNDS; i++) {
        static const char text[] = "{\"a\": [1.5, {\"b\": \"x\"}]}";
        struct error e;
        error_init(&e);
        struct json *json = json_parse(text, sizeof text - 1, "f", &e);
        struct json *none = json_parse(text, sizeof text - 2, "f", &e);
        *good += json && !none && json_number(json_first(json_first(json_root(json)))) == 1.5;
        json_free(json);
    }
    return NULL;
}

/* Documents do not share anything (the thread sanitizer preset watches). */
static void test_threads(void **state)
{
    (void)state;
    pthread_t threads[THREADS];
    int good[THREADS] = {0};
    for (int i = 0; i < THREADS; i++)
        assert_int_equal(pthread_create(&threads[i], NULL, parse_again_and_again, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        assert_int_equal(good[i], ROUNDS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_member),
        cmocka_unit_test(test_wrong_kind_is_empty),
        cmocka_unit_test(test_accepted),
        cmocka_unit_test(test_rejected),
        cmocka_unit_test(test_nul),
        cmocka_unit_test(test_depth),
        cmocka_unit_test(test_error_at_depth),
        cmocka_unit_test(test_error_place),
        cmocka_unit_test(test_many_members),
        cmocka_unit_test(test_too_large),
        cmocka_unit_test(test_load),
        cmocka_unit_test(test_threads),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
