#include "reports/csv.h"
#include "tests/unit/check.h"

static void test_quotes_what_needs_it(void **state)
{
    (void)state;
    struct text out = {0};
    csv_text(&out, "plain");
    csv_text(&out, "a,b");
    csv_text(&out, "say \"x\"");
    csv_text(&out, "two\nlines");
    csv_text(&out, "");
    csv_end(&out);
    assert_string_equal(out.data, "plain,\"a,b\",\"say \"\"x\"\"\",\"two\nlines\",\n");
    text_free(&out);
}

static void test_numbers(void **state)
{
    (void)state;
    struct text out = {0};
    csv_number(&out, 0.1);
    csv_number(&out, 1e21);
    csv_number(&out, (double)NAN);
    csv_number(&out, -3);
    csv_end(&out);
    assert_string_equal(out.data, "0.1,1e+21,,-3\n");
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quotes_what_needs_it),
        cmocka_unit_test(test_numbers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
