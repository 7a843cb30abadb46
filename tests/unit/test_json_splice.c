#include "base/json_splice.h"
#include "tests/unit/check.h"

/* Only the value of that member changes; a missing one comes last. */
static void test_splice(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want;
    } cases[] = {
        {"{\"a\": 1, \"b\": {\"c\": [1, 2]}, \"d\": \"}\"}\n",
         "{\"a\": 1, \"b\": 7, \"d\": \"}\"}\n"                                                           },
        {"{\n  \"x\": {\"b\": 1},\n  \"b\": \"\\\"\" \n}\n",
         "{\n  \"x\": {\"b\": 1},\n  \"b\": 7 \n}\n"                                                      },
        {"{\n  \"a\": [\"b\", {}]\n}\n",                       "{\n  \"a\": [\"b\", {}],\n  \"b\": 7\n}\n"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text out = {0};
        assert_true(json_splice(cases[i].text, "b", "7", &out));
        assert_string_equal(out.data, cases[i].want);
        text_free(&out);
    }
}

static void test_no_object(void **state)
{
    (void)state;
    static const char *const texts[] = {"[1]", "", "{}", "{\"a\": 1", "{\"a\"", "{\"a"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        struct text out = {0};
        assert_false(json_splice(texts[i], "b", "7", &out));
        text_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_splice),
                                       cmocka_unit_test(test_no_object)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
