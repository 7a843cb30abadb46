/* A run made to differ from its forecast in one known way is explained by that way first. */
#include "calibrate/runlog/comparison.h"
#include "calibrate/runlog/hypotheses.h"
#include "tests/unit/scenarios.h"
#include <stdio.h>
#include <string.h>

static struct strategy strategy_for(const struct scenario *c, int tp, int pp, int vpp)
{
    bool given[64] = {false};
    struct strategy s;
    strategy_default(&s);
    s.tp = tp;
    s.pp = pp;
    s.vpp = vpp;
    strategy_complete(&s, given, c);
    return s;
}

/* A run that took what the forecast says of (scenario, strategy), with a trace of it. */
static void make_run(const struct scenario *c, const struct strategy *s, struct run_log *log,
                     struct run_summary *summary, struct kineto *k)
{
    struct step_cost cost;
    step_estimate(c, s, &cost);
    assert_true(cost.legal);
    *log = (struct run_log){.family = &run_log_megatron};
    *summary = (struct run_summary){
        .steps = 100, .step_s = cost.step_s, .low_s = cost.step_s, .high_s = cost.step_s};
    memset(k, 0, sizeof *k);
    k->step_s = cost.step_s;
    memcpy(k->term_s, cost.term_s, sizeof k->term_s);
}

static const struct cause *first_forecast(const struct comparison *c)
{
    for (int i = 0; i < c->causes; i++) {
        if (c->cause[i].step_s > 0)
            return &c->cause[i];
    }
    return NULL;
}

/* Every way that changes this run by at least 3 %, with a trace. Returns how many there are. */
static int check_each(const struct scenario *c, const struct strategy *s)
{
    struct scenario *other = malloc(sizeof *other);
    struct step_cost base, changed;
    int n = 0;
    assert_non_null(other);
    step_estimate(c, s, &base);
    for (const struct hypothesis *h = hypotheses; h->what; h++) {
        struct strategy t = *s;
        struct run_log log;
        struct run_summary summary;
        struct kineto k;
        struct comparison got;
        struct error e;
        error_init(&e);
        *other = *c;
        if (!h->apply(other, &t))
            continue;
        step_estimate(other, &t, &changed);
        if (!changed.legal || fabs(changed.step_s / base.step_s - 1) < 0.03)
            continue;
        make_run(other, &t, &log, &summary, &k);
        const struct compare_input in = {c, s, &log, &summary, &k, NULL};
        assert_int_equal(comparison_make(&in, &got, &e), STATUS_OK);
        const struct cause *first = first_forecast(&got);
        if (!first || strcmp(first->what, h->what) != 0)
            fail_msg("\"%s\" is explained by \"%s\"", h->what, first ? first->what : "nothing");
        check_near(first->explained_frac, 1, 1e-9);
        check_near(first->step_s, changed.step_s, 1e-12);
        check_near(got.gap_frac, changed.step_s / base.step_s - 1, 1e-12);
        n++;
    }
    free(other);
    return n;
}

static void test_causes(void **state)
{
    struct scenario *dense = catalog_scenario("llama3-70b", "dgx-h100", 128);
    struct scenario *experts = catalog_scenario("mixtral-8x7b", "dgx-h100", 64);
    (void)state;
    dense->job.global_batch = 64;
    struct strategy s = strategy_for(dense, 8, 4, 5);
    int n = check_each(dense, &s);
    s.overlaps |= 1u << OVERLAP_TP;
    n += check_each(dense, &s);
    experts->job.precision = DTYPE_FP8;
    s = strategy_for(experts, 1, 1, 1);
    s.ep = 8;
    n += check_each(experts, &s);
    print_message("%d runs were explained\n", n);
    assert_true(n >= 12);
    free(dense);
    free(experts);
}

/* The lines sum to the step, whatever is recomputed. */
static void test_lines(void **state)
{
    struct scenario *c = catalog_scenario("llama3-70b", "dgx-h100", 128);
    (void)state;
    for (int r = 0; r < RECOMPUTES; r++) {
        struct strategy s = strategy_for(c, 8, 4, 5);
        struct step_cost cost;
        double line_s[COMPARE_LINES], sum = 0;
        s.recompute = (enum recompute)r;
        step_estimate(c, &s, &cost);
        assert_true(cost.legal);
        comparison_lines(&s, cost.term_s, line_s);
        for (int i = 0; i < COMPARE_LINES; i++)
            sum += line_s[i];
        check_near(sum, cost.step_s, 1e-12);
        if (s.recompute == RECOMPUTE_SELECTIVE)
            check_near(line_s[COMPARE_ATTENTION],
                       cost.term_s[TERM_ATTENTION] + cost.term_s[TERM_RECOMPUTE], 1e-12);
    }
    free(c);
}

static bool has_cause(const struct comparison *c, const char *part)
{
    for (int i = 0; i < c->causes; i++) {
        if (strstr(c->cause[i].what, part))
            return true;
    }
    return false;
}

/* What the log says of itself against the forecast's inputs. */
static void test_evidence(void **state)
{
    struct scenario *c = catalog_scenario("llama3-70b", "dgx-h100", 128);
    struct strategy s = strategy_for(c, 8, 4, 5), own = s;
    struct run_log log;
    struct run_summary summary;
    struct kineto k;
    struct comparison got;
    struct error e;
    (void)state;
    error_init(&e);
    make_run(c, &s, &log, &summary, &k);
    struct compare_input in = {c, &s, &log, &summary, NULL, &own};
    assert_int_equal(comparison_make(&in, &got, &e), STATUS_OK);
    assert_int_equal(got.causes, 0);
    check_near(got.gap_frac, 0, 1e-12);

    own.overlaps &= ~(1u << OVERLAP_DP_GRAD_REDUCE);
    log.fact[RUN_LOG_GLOBAL_BATCH] = 512;
    summary.drift_frac = 0.05;
    summary.mad_s = 0.1 * summary.step_s;
    summary.outliers = 20;
    summary.memory_bytes = 2 * got.forecast.memory_total_bytes;
    assert_int_equal(comparison_make(&in, &got, &e), STATUS_OK);
    assert_true(has_cause(&got, "the log says 512 sequences a step, the forecast is of 256"));
    assert_true(has_cause(&got, "the run's own arguments say otherwise"));
    assert_true(has_cause(&got, "2.00 times the forecast's memory"));
    assert_true(has_cause(&got, "steps grow slower by 5.0 %"));
    assert_true(has_cause(&got, "steps scatter by 10.0 %"));
    assert_true(has_cause(&got, "20 of 100 steps"));

    s.tp = 3;
    assert_int_equal(comparison_make(&in, &got, &e), STATUS_NO);
    free(c);
}

/* Where the forecast is the run's own arguments, what they would say is not a cause. */
static void test_told(void **state)
{
    struct scenario *c = catalog_scenario("llama3-70b", "dgx-h100", 128);
    struct strategy s = strategy_for(c, 8, 4, 5), full = s;
    struct run_log log;
    struct run_summary summary;
    struct kineto k;
    struct comparison got;
    struct error e;
    (void)state;
    error_init(&e);
    full.recompute = RECOMPUTE_FULL;
    make_run(c, &full, &log, &summary, &k);
    struct compare_input in = {c, &s, &log, &summary, &k, NULL};
    assert_int_equal(comparison_make(&in, &got, &e), STATUS_OK);
    assert_true(has_cause(&got, "recompute full"));
    in.own = &s;
    assert_int_equal(comparison_make(&in, &got, &e), STATUS_OK);
    assert_false(has_cause(&got, "recompute full"));
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_causes),
        cmocka_unit_test(test_lines),
        cmocka_unit_test(test_evidence),
        cmocka_unit_test(test_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
