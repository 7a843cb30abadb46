#include "base/text.h"
#include "base/utf8.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>

static void test_add(void **state)
{
    (void)state;
    struct text t = {0};
    text_add(&t, "ab");
    text_add_n(&t, "cdef", 2);
    text_addf(&t, " %d %.2f %s", 7, 1.5, "x");
    assert_string_equal(t.data, "abcd 7 1.50 x");
    assert_int_equal(t.length, strlen(t.data));
    text_add_n(&t, "\0y", 2);
    assert_int_equal(t.length, 15);
    assert_memory_equal(t.data + 13, "\0y", 3);
    text_clear(&t);
    assert_int_equal(t.length, 0);
    assert_string_equal(t.data, "");
    text_free(&t);
    assert_null(t.data);
}

static void test_nothing_added(void **state)
{
    (void)state;
    struct text t;
    text_init(&t);
    text_clear(&t);
    text_free(&t);
    text_add(&t, "");
    assert_string_equal(t.data, "");
    text_free(&t);
}

static void test_growth(void **state)
{
    (void)state;
    struct text t = {0};
    for (int i = 0; i < 5000; i++)
        text_addf(&t, "%04d", i);
    assert_false(t.failed);
    assert_int_equal(t.length, 20000);
    assert_memory_equal(t.data + 4 * 4999, "4999", 5);
    text_free(&t);
}

/* A length that no memory holds fails, and what was there stays. */
static void test_too_long(void **state)
{
    (void)state;
    struct text t = {0};
    text_add(&t, "ab");
    text_add_n(&t, "x", SIZE_MAX - 1);
    assert_true(t.failed);
    text_add(&t, "cd");
    text_addf(&t, "%d", 1);
    text_pad(&t, 10);
    assert_string_equal(t.data, "ab");
    text_free(&t);
}

static void test_pad(void **state)
{
    (void)state;
    struct text t = {0};
    text_pad(&t, 2);
    assert_string_equal(t.data, "  ");
    text_add(&t, "x\nab");
    text_pad(&t, 4);
    text_add(&t, "|");
    text_pad(&t, 3); /* past it: nothing */
    assert_string_equal(t.data, "  x\nab  |");
    text_add(&t, "\n\xC2\xB5s \xE2\x89\xA5 \xFF"); /* micro sign, greater-or-equal, no UTF-8 */
    text_pad(&t, 7);
    text_add(&t, "|");
    assert_string_equal(strrchr(t.data, '\n'), "\n\xC2\xB5s \xE2\x89\xA5 \xFF |");
    text_free(&t);
}

static void test_utf8(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t n, want;
    } rows[] = {
        {"a",                1, 1},
        {"",                 0, 0},
        {"\0",               1, 1},
        {"\xC3\xA9",         2, 2},
        {"\xC3",             1, 0}, /* cut */
        {"\xC0\x80",         2, 0}, /* overlong */
        {"\xC1\xBF",         2, 0},
        {"\xE2\x82\xAC",     3, 3},
        {"\xE2\x82",         2, 0},
        {"\xE2\x28\xA1",     3, 0},
        {"\xE2\x82\x28",     3, 0},
        {"\xE0\x9F\xBF",     3, 0}, /* overlong */
        {"\xED\x9F\xBF",     3, 3},
        {"\xED\xA0\x80",     3, 0}, /* surrogate */
        {"\xF0\x9F\x98\x80", 4, 4},
        {"\xF0\x8F\xBF\xBF", 4, 0}, /* overlong */
        {"\xF4\x8F\xBF\xBF", 4, 4}, /* U+10FFFF */
        {"\xF4\x90\x80\x80", 4, 0}, /* beyond it */
        {"\xF5\x80\x80\x80", 4, 0},
        {"\x80",             1, 0}, /* no lead */
        {"\xFF",             1, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        if (utf8_char_length(rows[i].bytes, rows[i].n) != rows[i].want)
            fail_msg("row %zu", i);
}

static void test_tame(void **state)
{
    (void)state;
    static const struct {
        const char *text, *kept, *want;
    } rows[] = {
        {"llama3-8b", "", "llama3-8b"},
        {"a\x1b[2Jb\a\nc\x7f", "", "a?[2Jb??c?"},
        {"a\tb\nc\r", "\n\t", "a\tb\nc?"},
        {"\xC3\xA9\xC2\x9B\xFFz", "", "\xC3\xA9??z"},
        {"$(touch x)`y`\"; s(\"z\")", "", "$(touch x)`y`\"; s(\"z\")"},
        {"", "", ""},
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "%s", rows[i].text);
        utf8_tame(text, rows[i].kept);
        assert_string_equal(text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_add),    cmocka_unit_test(test_nothing_added),
        cmocka_unit_test(test_growth), cmocka_unit_test(test_too_long),
        cmocka_unit_test(test_pad),    cmocka_unit_test(test_utf8),
        cmocka_unit_test(test_tame),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
