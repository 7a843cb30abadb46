#include "reports/table.h"
#include "tests/unit/check.h"

static const struct table_column columns[] = {
    {"name",  true },
    {"n",     false},
    {"words", true }
};

static void test_aligns(void **state)
{
    (void)state;
    struct table t;
    struct text out = {0};
    table_init(&t, columns, 3);
    table_cell(&t, "%s", "a");
    table_cell(&t, "%d", 1000);
    table_cell(&t, "%s", "first");
    table_cell(&t, "%s", "longer");
    table_cell(&t, "%d", 7);
    table_cell(&t, "%s", "");
    table_write(&t, 2, &out);
    assert_string_equal(out.data, "  name       n  words\n"
                                  "  a       1000  first\n"
                                  "  longer     7\n");
    table_free(&t);
    text_free(&out);
}

/* 24 columns: the third begins at the 15th, and goes on there; a word that is longer stays whole. */
static void test_goes_on_below(void **state)
{
    (void)state;
    struct table t;
    struct text out = {0};
    table_init(&t, columns, 3);
    table_cell(&t, "abc");
    table_cell(&t, "%d", 10000);
    table_cell(&t, "one two three four");
    table_cell(&t, "a");
    table_cell(&t, "%d", 7);
    table_cell(&t, "incomprehensible");
    table_write_within(&t, 1, 24, &out);
    assert_string_equal(out.data, " name      n  words\n"
                                  " abc   10000  one two\n"
                                  "              three four\n"
                                  " a         7  incomprehensible\n");
    table_free(&t);
    text_free(&out);
}

/* Widths count characters, not bytes. */
static void test_counts_characters(void **state)
{
    (void)state;
    static const struct table_column two[] = {
        {"", true},
        {"", true}
    };
    struct table t;
    struct text out = {0};
    table_init(&t, two, 2);
    t.untitled = true;
    table_cell(&t, "%s", "\xc2\xb5s");
    table_cell(&t, "x");
    table_cell(&t, "abc");
    table_cell(&t, "y");
    table_write(&t, 0, &out);
    assert_string_equal(out.data, "\xc2\xb5s   x\nabc  y\n");
    table_free(&t);
    text_free(&out);
}

static void test_empty(void **state)
{
    (void)state;
    struct table t;
    struct text out = {0};
    table_init(&t, columns, 3);
    table_write(&t, 0, &out);
    assert_string_equal(out.data, "name  n  words\n");
    table_free(&t);
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_aligns),
        cmocka_unit_test(test_goes_on_below),
        cmocka_unit_test(test_counts_characters),
        cmocka_unit_test(test_empty),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
