#include "parallelism/search/ties.h"
#include "tests/unit/scenarios.h"
#include <math.h>

/* Which strategies a forecast cannot tell from the fastest. */

static struct scenario *scenario_of_ties(void)
{
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 64);
    c->job.seq_length = 8192;
    c->job.global_batch = 256;
    return c;
}

static void test_ties(void **state)
{
    (void)state;
    struct scenario *c = scenario_of_ties();
    struct ties ties;
    struct search_options options;
    struct error e;
    error_init(&e);
    search_options_default(&options);
    strategy_complete(&options.base, NULL, c);
    assert_int_equal(ties_find(c, &options, &ties, &e), STATUS_OK);
    assert_true(ties.count > 1 && ties.count < ties.search.count);
    check_near(ties.ties[0].slower_frac, 0, 1e-12);
    for (int i = 0; i < ties.count; i++)
        assert_true(ties.ties[i].slower_frac <= ties.ties[i].interval_frac);
    const struct step_cost *a = &ties.ties[0].ranked.cost, *b = &ties.ties[1].ranked.cost;
    check_near(difference_sigma(c, a, a), sqrt(2) * 0.015, 1e-12); /* their own errors */
    assert_true(difference_sigma(c, a, b) >= sqrt(2) * 0.015);
    check_near(difference_sigma(c, a, b), difference_sigma(c, b, a), 1e-12);
    ties_free(&ties);
    free(c);
}

/* Strategies that differ by time of one class err together, of two classes apart. */
static void test_classes_of_terms(void **state)
{
    (void)state;
    static const int classes[TERMS] = {
        [TERM_GEMM] = 1,      [TERM_ATTENTION] = 1, [TERM_RECOMPUTE] = 1, [TERM_MEMORY_BOUND] = 2,
        [TERM_OPTIMIZER] = 2, [TERM_TP] = 3,        [TERM_CP] = 3,        [TERM_EP] = 3,
        [TERM_PP] = 3,        [TERM_DP] = 3,        [TERM_OFFLOAD] = 4,   [TERM_HOST] = 4};
    struct scenario *c = scenario_of_ties();
    const double alone = sqrt(2) * 0.015;
    for (int i = 0; i < TERMS; i++)
        for (int j = 0; j < TERMS; j++) {
            struct step_cost a = {.legal = true}, b = {.legal = true};
            if (classes[i] == 0 || classes[j] == 0)
                continue;
            a.term_s[i] = b.term_s[j] = 5;
            double sigma = difference_sigma(c, &a, &b);
            if (classes[i] == classes[j])
                check_near(sigma, alone, 1e-12);
            else
                assert_true(sigma > 1.5 * alone);
        }
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_classes_of_terms),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
