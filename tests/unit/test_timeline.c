#include "parallelism/timeline.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>

/* A timeline is the step: its events lie in order, they fill what the terms say, and it is as long
 * as the closed form says. */

static struct strategy strategy_of(const struct scenario *s, int tp, int pp, enum schedule schedule,
                                   int vpp)
{
    struct strategy strategy;
    strategy_default(&strategy);
    strategy.tp = tp;
    strategy.pp = pp;
    strategy.vpp = vpp;
    strategy_complete(&strategy, NULL, s);
    strategy.schedule = schedule;
    return strategy;
}

static void check_events(const struct timeline *t)
{
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *event = &t->events[i], *before = event - 1;
        assert_true(event->start_s >= 0 && event->end_s > event->start_s);
        assert_true(event->end_s <= t->total_s * (1 + 1e-12));
        if (i == 0 || before->stage != event->stage || before->stream != event->stream)
            continue;
        assert_true(event->start_s >= before->end_s);
    }
}

/* Seconds of a stage on a stream, transfers beside compute left out. */
static double stream_s(const struct timeline *t, int stage, enum stream stream)
{
    double sum = 0;
    for (size_t i = 0; i < t->count; i++) {
        const struct timeline_event *event = &t->events[i];
        if (event->stage == stage && event->stream == stream && event->kind != TIMELINE_SEND)
            sum += event->end_s - event->start_s;
    }
    return sum;
}

/* No two events of a stage, transfers apart, run at the same time: their sum and what is left idle
 * are the step. */
static int by_start(const void *a, const void *b)
{
    const struct timeline_event *x = a, *y = b;
    return x->start_s < y->start_s ? -1 : x->start_s > y->start_s;
}

static void check_stage(const struct timeline *t, int stage)
{
    struct timeline_event *own = malloc(t->count * sizeof *own);
    double busy_s = 0, idle_s = 0, at = 0;
    size_t n = 0;
    assert_non_null(own);
    for (size_t i = 0; i < t->count; i++)
        if (t->events[i].stage == stage && t->events[i].kind != TIMELINE_SEND)
            own[n++] = t->events[i];
    qsort(own, n, sizeof *own, by_start);
    for (size_t i = 0; i < n; i++) {
        assert_true(own[i].start_s >= at - 1e-12 * t->total_s);
        idle_s += fmax(0, own[i].start_s - at);
        busy_s += own[i].end_s - own[i].start_s;
        at = own[i].end_s;
    }
    idle_s += fmax(0, t->total_s - at);
    check_near(busy_s + idle_s, t->total_s, 1e-9);
    free(own);
}

static void check_memory(const struct timeline *t, const struct step_cost *cost)
{
    double most = 0;
    for (size_t i = 0; i < t->memory_count; i++) {
        if (i > 0 && t->memory[i].stage == t->memory[i - 1].stage)
            assert_true(t->memory[i].time_s >= t->memory[i - 1].time_s);
        most = fmax(most, t->memory[i].bytes);
    }
    check_near(most, cost->memory_total_bytes, 1e-9);
}

static void check_timeline(const struct scenario *s, const struct strategy *strategy,
                           double tolerance)
{
    struct timeline t;
    struct step_cost cost;
    struct error e;
    error_init(&e);
    step_estimate(s, strategy, &cost);
    if (!cost.legal)
        fail_msg("%s", cost.reason);
    assert_int_equal(timeline_find(s, strategy, &t, &e), STATUS_OK);
    assert_int_equal(t.stages, strategy->pp);
    check_near(t.step_s, cost.step_s, 0);
    check_near(t.total_s, cost.step_s, t.exact ? 1e-9 : tolerance);
    check_events(&t);
    for (int stage = 0; stage < t.stages; stage++)
        check_stage(&t, stage);
    check_memory(&t, &cost);
    /* the bottleneck stage exposes what the terms tell */
    check_near(stream_s(&t, cost.bottleneck_stage, STREAM_TP), cost.term_s[TERM_TP], 1e-9);
    check_near(stream_s(&t, cost.bottleneck_stage, STREAM_CP), cost.term_s[TERM_CP], 1e-9);
    check_near(stream_s(&t, cost.bottleneck_stage, STREAM_EP), cost.term_s[TERM_EP], 1e-9);
    timeline_free(&t);
}

static void test_schedules(void **state)
{
    static const struct {
        enum schedule schedule;
        int pp, vpp;
        double tolerance;
    } cases[] = {
        {SCHEDULE_NONE,        1, 1, 1e-9 },
        {SCHEDULE_GPIPE,       4, 1, 1e-9 },
        {SCHEDULE_1F1B,        2, 1, 1e-9 },
        {SCHEDULE_1F1B,        8, 1, 1e-9 },
        {SCHEDULE_INTERLEAVED, 4, 4, 0.002},
        {SCHEDULE_ZB_H1,       4, 1, 0.002},
    };
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 32);
    (void)state;
    s->stack.schedules = ~0u;
    s->stack.steps_overlap = false;
    for (int synchronous = 0; synchronous < 2; synchronous++) {
        s->stack.p2p_synchronous = synchronous;
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
            struct strategy strategy =
                strategy_of(s, 2, cases[i].pp, cases[i].schedule, cases[i].vpp);
            if (synchronous)
                strategy.overlaps &= ~(1u << OVERLAP_PP);
            check_timeline(s, &strategy, cases[i].tolerance);
        }
    }
    free(s);
}

static void test_experts_and_context(void **state)
{
    struct scenario *s = catalog_scenario("mixtral-8x7b", "dgx-h100", 64);
    struct strategy strategy = strategy_of(s, 2, 2, SCHEDULE_1F1B, 1);
    (void)state;
    strategy.ep = 8;
    strategy.cp = 2;
    strategy.dp = 8;
    check_timeline(s, &strategy, 1e-9);
    free(s);
}

/* Recomputed work is compute: of the stage's time nothing is lost. */
static void test_recompute(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 32);
    struct strategy strategy = strategy_of(s, 2, 4, SCHEDULE_1F1B, 1);
    struct timeline t;
    struct error e;
    (void)state;
    error_init(&e);
    strategy.recompute = RECOMPUTE_FULL;
    assert_int_equal(timeline_find(s, &strategy, &t, &e), STATUS_OK);
    check_near(t.total_s, t.step_s, 1e-9);
    check_events(&t);
    for (int stage = 0; stage < t.stages; stage++)
        check_stage(&t, stage);
    timeline_free(&t);
    free(s);
}

/* Pairs of DualPipe are one event: a forward and a backward at once would overlap in a stream. */
static void test_pairs(void **state)
{
    struct scenario *s = catalog_scenario("llama3-8b", "dgx-h100", 32);
    struct strategy strategy = strategy_of(s, 2, 4, SCHEDULE_DUALPIPE, 1);
    struct timeline t;
    struct error e;
    int pairs = 0;
    (void)state;
    error_init(&e);
    s->stack.schedules = ~0u;
    assert_int_equal(timeline_find(s, &strategy, &t, &e), STATUS_OK);
    check_events(&t);
    for (size_t i = 0; i < t.count; i++)
        pairs += t.events[i].kind == TIMELINE_PAIR;
    assert_true(pairs > 0);
    timeline_free(&t);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_schedules),
        cmocka_unit_test(test_experts_and_context),
        cmocka_unit_test(test_recompute),
        cmocka_unit_test(test_pairs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
