/* What is said of a run that is configured already. */
#include "parallelism/search/critique.h"
#include "tests/unit/scenarios.h"
#include <stdio.h>
#include <string.h>

static struct critique *critique_of(const struct scenario *c, const struct strategy *s)
{
    struct critique *out = calloc(1, sizeof *out);
    struct search_options options;
    struct error e;
    error_init(&e);
    assert_non_null(out);
    search_options_default(&options);
    assert_int_equal(critique_make(c, s, &options, out, &e), STATUS_OK);
    return out;
}

static const struct change *find_change(const struct critique *c, const char *key)
{
    for (int i = 0; i < c->changes; i++) {
        if (strcmp(c->change[i].field->key, key) == 0)
            return &c->change[i];
    }
    return NULL;
}

/* The change of that key; fails where there is none. */
static struct change change_of(const struct critique *c, const char *key)
{
    const struct change *change = find_change(c, key);
    if (!change) {
        fail_msg("no change of %s", key);
        return (struct change){.step_s = 0};
    }
    return *change;
}

/* What a change is said to give is what an estimate of it gives; the fastest comes first. */
static void check_changes(const struct scenario *c, const struct critique *critique)
{
    for (int i = 0; i < critique->changes; i++) {
        const struct change *change = &critique->change[i];
        struct step_cost cost;
        step_estimate(c, &change->strategy, &cost);
        assert_true(cost.legal && cost.fits);
        check_near(change->step_s, cost.step_s, 0);
        assert_true(i == 0 || critique->change[i - 1].step_s <= change->step_s);
        assert_true(!critique->own.legal || !critique->own.fits ||
                    change->step_s < critique->own.step_s);
    }
}

/* The fastest strategy has nothing that a single key improves among those that are searched. */
static void test_fastest(void **state)
{
    static const char *const searched[] = {
        "tp", "cp", "pp", "micro_batch", "zero", "sequence_parallel", "recompute"};
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 32);
    struct search_options options;
    struct search_result result = {.count = 0};
    struct error e;
    (void)state;
    error_init(&e);
    search_options_default(&options);
    bool given[64] = {false};
    strategy_complete(&options.base, given, c);
    options.top = 1;
    assert_int_equal(search_run(c, &options, &result, &e), STATUS_OK);
    assert_int_equal(result.count, 1);
    struct critique *critique = critique_of(c, &result.results[0].strategy);
    check_near(critique->best.cost.step_s, result.results[0].cost.step_s, 1e-12);
    for (size_t i = 0; i < sizeof searched / sizeof *searched; i++) {
        if (find_change(critique, searched[i]))
            fail_msg("%s would gain", searched[i]);
    }
    check_changes(c, critique);
    search_result_free(&result);
    free(critique);
    free(c);
}

/* Recompute that nobody needs and a reduction that is not hidden are found, one by one. */
static void test_changes(void **state)
{
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 32);
    bool given[64] = {false};
    struct strategy s;
    struct step_cost cost;
    (void)state;
    strategy_default(&s);
    s.tp = 4;
    strategy_complete(&s, given, c);
    s.recompute = RECOMPUTE_FULL;
    s.overlaps = 0;
    struct critique *critique = critique_of(c, &s);
    check_changes(c, critique);
    struct change change = change_of(critique, "recompute");
    struct strategy none = s;
    none.recompute = RECOMPUTE_NONE;
    step_estimate(c, &none, &cost);
    assert_true(cost.fits);
    check_near(change.step_s, cost.step_s, 0);
    change_of(critique, "overlaps");
    change = change_of(critique, "tp"); /* dp follows */
    assert_int_equal(change.strategy.tp * change.strategy.dp, 32);
    assert_true(critique->searched);
    assert_true(critique->best.cost.step_s <= critique->change[0].step_s);
    free(critique);
    free(c);
}

/* A run that does not fit is told what makes it fit. */
static void test_does_not_fit(void **state)
{
    struct scenario *c = catalog_scenario("llama3-70b", "dgx-h100", 64);
    bool given[64] = {false};
    struct strategy s;
    (void)state;
    strategy_default(&s);
    s.tp = 4;
    strategy_complete(&s, given, c);
    struct critique *critique = critique_of(c, &s);
    assert_true(critique->own.legal && !critique->own.fits);
    assert_true(critique->changes > 0);
    check_changes(c, critique);
    free(critique);
    free(c);
}

struct seen {
    int count;
    char text[256];
};

static void see(void *context, const struct field *field, const char *from, const char *to)
{
    struct seen *seen = context;
    size_t n = strlen(seen->text);
    snprintf(seen->text + n, sizeof seen->text - n, "%s %s %s;", field->key, from, to);
    seen->count++;
}

/* Keys without effect are no difference. */
static void test_differences(void **state)
{
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 32);
    struct strategy a, b;
    struct seen seen = {0, ""};
    (void)state;
    strategy_default(&a);
    a.dp = 32;
    b = a;
    b.cp_comm = CP_COMM_ALLGATHER; /* without context parallelism */
    b.micro_batch = 2;
    b.recompute = RECOMPUTE_FULL;
    strategy_differences(c, &a, &b, see, &seen);
    assert_string_equal(seen.text, "micro_batch 1 2;recompute none full;");
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_fastest),
        cmocka_unit_test(test_changes),
        cmocka_unit_test(test_does_not_fit),
        cmocka_unit_test(test_differences),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
