#include "reports/search_report.h"
#include "tests/unit/check.h"
#include <string.h>

/* Why the first is first: gains and losses of the sentence add up to the difference. */
static void check_words(double tp_s, double recompute_s, double attention_s, const char *words)
{
    struct ranked ranked[2];
    struct search_result result = {.results = ranked, .count = 2};
    struct text out = {0};
    memset(ranked, 0, sizeof ranked);
    struct step_cost *best = &ranked[0].cost, *next = &ranked[1].cost;
    next->term_s[TERM_GEMM] = best->term_s[TERM_GEMM] = 10;
    best->term_s[TERM_TP] = next->term_s[TERM_TP] = 5;
    best->term_s[TERM_RECOMPUTE] = next->term_s[TERM_RECOMPUTE] = 5;
    best->term_s[TERM_ATTENTION] = next->term_s[TERM_ATTENTION] = 5;
    next->term_s[TERM_TP] += tp_s;
    next->term_s[TERM_RECOMPUTE] += recompute_s;
    next->term_s[TERM_ATTENTION] += attention_s;
    best->step_s = 25;
    next->step_s = best->step_s + tp_s + recompute_s + attention_s;
    const struct model model = {.kinds = 1};
    search_against_next(&model, &result, &out);
    if (!strstr(out.data, words))
        fail_msg("\"%s\" lacks \"%s\"", out.data, words);
    text_free(&out);
}

static void test_reasons_add_up(void **state)
{
    (void)state;
    check_words(0.5, -0.6, 0.4, "and 400 ms less of all else for 600 ms more of");
    check_words(2.0, -0.6, -0.4, "for 600 ms more of \"forward work repeated in the backward pass\" "
                                 "and 400 ms more of all else");
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_reasons_add_up)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
