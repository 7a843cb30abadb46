#include "reports/format.h"
#include "tests/unit/check.h"
#include <string.h>

static void test_counts(void **state)
{
    (void)state;
    struct text t = {0};
    assert_string_equal(format_count(&t, 0), "0");
    assert_string_equal(format_count(&t, 999), "999");
    assert_string_equal(format_count(&t, 1000), "1,000");
    assert_string_equal(format_count(&t, 1234567), "1,234,567");
    assert_string_equal(format_count(&t, -123456), "-123,456");
    text_free(&t);
}

/* From two hours on beside hours, from two days on beside days. */
static void test_steps(void **state)
{
    (void)state;
    struct text t = {0};
    assert_string_equal(format_step(&t, 16.82), "16.82 s");
    assert_string_equal(format_step(&t, 7199), "7199 s");
    assert_string_equal(format_step(&t, 9000), "9000 s (2.5 h)");
    assert_string_equal(format_step(&t, 172799), "172799 s (48 h)");
    assert_string_equal(format_step(&t, 253442), "253442 s (2.93 d)");
    text_free(&t);
}

static void check_scaled(double count, const char *want)
{
    struct text t = {0};
    format_count_scaled(count, &t);
    assert_string_equal(t.data, want);
    text_free(&t);
}

static void test_scaled_counts(void **state)
{
    (void)state;
    check_scaled(70553706496, "70.6 B");
    check_scaled(8030261248, "8.03 B");
    check_scaled(671026419200, "671 B");
    check_scaled(124439808, "124 M");
    check_scaled(999.9e6, "1.00 B");
}

static void check_wrapped(const char *lines, const char *want)
{
    struct text t = {0};
    format_wrapped(lines, 20, 6, &t);
    assert_string_equal(text_string(&t), want);
    text_free(&t);
}

/* Lines of 20 columns, continued after six blanks; no break within the six of the label. */
static void test_wrapped(void **state)
{
    (void)state;
    check_wrapped("", "");
    check_wrapped("  a   twenty columns", "  a   twenty columns");
    check_wrapped("  a   twenty columns,\n  b   next\n",
                  "  a   twenty\n      columns,\n  b   next\n");
    check_wrapped("  a   four words that are six lines of it",
                  "  a   four words\n      that are six\n      lines of it");
    check_wrapped("  a   a pause, and words after", "  a   a pause,\n      and words\n      after");
    check_wrapped("  a   onewordoftwentyfourletters and",
                  "  a   onewordoftwentyfourletters\n      and");
}

static void test_terms_by_size(void **state)
{
    (void)state;
    struct step_cost cost = {.legal = true, .step_s = 10};
    int order[TERMS];
    struct text out = {0};
    cost.term_s[TERM_BUBBLE] = 3;
    cost.term_s[TERM_GEMM] = 6;
    cost.term_s[TERM_TP] = 1;
    terms_by_size(&cost, order);
    assert_int_equal(order[0], TERM_GEMM);
    assert_int_equal(order[1], TERM_BUBBLE);
    assert_int_equal(order[2], TERM_TP);
    const struct model model = {.kinds = 1};
    format_largest_terms(&model, &cost, 5, 2, &out); /* terms of 0 are left out */
    assert_non_null(strstr(out.data, " 60.0 %"));
    assert_non_null(strstr(out.data, " 10.0 %"));
    assert_null(strstr(out.data, " 0.0 %"));
    text_free(&out);
}

/* The flags of a strategy, given back, are the strategy. */
static void test_strategy_flags(void **state)
{
    (void)state;
    struct strategy s;
    struct text out = {0};
    strategy_default(&s);
    s.tp = 8;
    s.sequence_parallel = true;
    s.overlaps = 1u << OVERLAP_TP | 1u << OVERLAP_EP;
    format_strategy_flags(&s, 80, &out);
    assert_non_null(strstr(out.data, "--tp 8 "));
    assert_non_null(strstr(out.data, " --sequence-parallel "));
    assert_non_null(strstr(out.data, "--overlaps tp,ep"));
    assert_non_null(strstr(out.data, "--no-torch-compile"));
    assert_null(strstr(out.data, "--pp-layout")); /* an empty text has no flag */
    for (const char *line = out.data; *line != '\0'; line += strcspn(line, "\n") + 1)
        assert_true(strcspn(line, "\n") <= 80);
    text_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_counts),        cmocka_unit_test(test_steps),
        cmocka_unit_test(test_scaled_counts), cmocka_unit_test(test_wrapped),
        cmocka_unit_test(test_terms_by_size), cmocka_unit_test(test_strategy_flags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
