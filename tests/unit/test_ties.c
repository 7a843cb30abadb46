#include "base/embedded.h"
#include "calibrate/cases.h"
#include "parallelism/search/ties.h"
#include "tests/unit/scenarios.h"
#include <math.h>
#include <string.h>

/* Which strategies a forecast cannot tell from the fastest. */

extern const struct embedded_file published_cases[];

/* Of a forecast around its constants: parallelism/search/ties.c. */
static const double own_sigma = 0.035;

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
    double narrowest = 0;
    int among = ties_among(c, &ties.search, &narrowest);
    assert_int_equal(among, ties.count - 1); /* the best is no tie of itself */
    for (int i = 1; i < ties.count; i++)
        assert_true(narrowest <= ties.ties[i].interval_frac);
    const struct step_cost *a = &ties.ties[0].ranked.cost, *b = &ties.ties[1].ranked.cost;
    check_near(difference_sigma(c, a, a), sqrt(2) * own_sigma, 1e-12); /* their own errors */
    assert_true(difference_sigma(c, a, b) >= sqrt(2) * own_sigma);
    struct step_cost far = *b;
    far.step_s = 1.3 * a->step_s;
    ties.search.results[1].cost = far;
    ties.search.count = 2;
    assert_int_equal(ties_among(c, &ties.search, &narrowest), 0);
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
        [TERM_PP] = 3,        [TERM_DP] = 3,        [TERM_OFFLOAD] = 4,   [TERM_HOST] = 4,
        [TERM_BUBBLE] = 5};
    struct scenario *c = scenario_of_ties();
    const double alone = sqrt(2) * own_sigma;
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

struct coverage {
    int pairs, inside;
};

/* Pairs of a file's runs that differ in their strategy alone and that the search would call near.
 */
static void cover(const struct cases *cases, struct coverage *coverage)
{
    struct step_cost *cost = calloc(cases->count, sizeof *cost);
    assert_non_null(cost);
    for (size_t j = 0; j < cases->count; j++) {
        const struct run_case *b = &cases->items[j];
        if (b->skipped[0] || !(b->step_s > 0))
            continue;
        step_estimate(&b->scenario, &b->strategy, &cost[j]);
        for (size_t i = 0; i < j; i++) {
            const struct run_case *a = &cases->items[i];
            double ratio = cost[i].step_s / cost[j].step_s;
            if (!cost[i].legal || !cost[j].legal || fabs(log(ratio)) > log(1.2) ||
                memcmp(&a->scenario, &b->scenario, sizeof a->scenario) != 0 ||
                memcmp(&a->strategy, &b->strategy, sizeof a->strategy) == 0)
                continue;
            double error = fabs(log(ratio * b->step_s / a->step_s));
            coverage->pairs++;
            coverage->inside +=
                exp(error) - 1 <= difference_interval_frac(&a->scenario, &cost[i], &cost[j]);
        }
    }
    free(cost);
}

/* The 80 % interval of a difference holds four measured pairs of five, more or less. */
static void test_measured_differences(void **state)
{
    (void)state;
    struct cases_options options = {.catalog = NULL};
    struct coverage coverage = {0};
    for (const struct embedded_file *file = published_cases; file->name; file++) {
        struct cases cases = {0};
        struct error e;
        error_init(&e);
        assert_int_equal(
            cases_parse((const char *)file->text, file->length, file->name, &options, &cases, &e),
            STATUS_OK);
        cover(&cases, &coverage);
        cases_free(&cases);
    }
    double inside = (double)coverage.inside / coverage.pairs;
    print_message("%d of %d pairs inside\n", coverage.inside, coverage.pairs);
    assert_true(coverage.pairs > 100);
    assert_true(inside > 0.7 && inside < 0.9);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ties),
        cmocka_unit_test(test_classes_of_terms),
        cmocka_unit_test(test_measured_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
