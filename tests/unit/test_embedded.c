#include "base/embedded.h"
#include "tests/unit/check.h"

static const unsigned char one[] = "{}";
static const struct embedded_file table[] = {
    {"h100-sxm",     one,  2},
    {"A100_sxm-80g", one,  2},
    {NULL,           NULL, 0},
};

static void test_find(void **state)
{
    (void)state;
    assert_ptr_equal(embedded_find(table, "H100_SXM"), &table[0]);
    assert_ptr_equal(embedded_find(table, "a100-sxm_80g"), &table[1]);
    assert_null(embedded_find(table, "h100"));
    assert_null(embedded_find(table, ""));
    assert_null(embedded_find(&table[2], "h100-sxm"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_find)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
