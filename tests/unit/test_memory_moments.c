#include "parallelism/memory_moments.h"
#include "tests/unit/scenarios.h"

/* The moment when a stage holds most, against what the schedules' papers say. */

static struct strategy pipelined(const struct scenario *s, int pp, int vpp)
{
    struct strategy out;
    strategy_default(&out);
    out.tp = 8;
    out.pp = pp;
    out.vpp = vpp;
    out.dp = (int)s->system.gpus / (8 * pp);
    out.sequence_parallel = true;
    out.zero = 1;
    out.schedule = vpp > 1 ? SCHEDULE_INTERLEAVED : SCHEDULE_1F1B;
    out.recompute = RECOMPUTE_NONE;
    return out;
}

static struct memory_moments *find(const struct scenario *s, const struct strategy *strategy)
{
    struct memory_moments *m = calloc(1, sizeof *m);
    struct error e;
    struct step_cost cost;
    error_init(&e);
    assert_non_null(m);
    step_estimate(s, strategy, &cost);
    if (!cost.legal)
        fail_msg("%s", cost.reason);
    assert_int_equal(memory_moments_find(s, strategy, m, &e), STATUS_OK);
    check_near(m->memory.total_bytes[cost.memory_stage], cost.memory_total_bytes, 1e-12);
    return m;
}

/* 1F1B: rank r of p holds p - r micro-batches (Narayanan19), the last of them is number p - r - 1.
 */
static void test_1f1b(void **state)
{
    struct scenario *s = catalog_scenario("llama3-70b", "dgx-h100", 256);
    struct strategy strategy = pipelined(s, 4, 1);
    struct memory_moments *m = find(s, &strategy);
    (void)state;
    assert_int_equal(m->memory.ranks, 4);
    for (int r = 0; r < 4; r++) {
        const struct memory_moment *moment = &m->moment[r];
        assert_int_equal(moment->in_flight, 4 - r);
        assert_int_equal(moment->micro_batch, 3 - r);
        assert_int_equal(moment->cause, r == 3 ? MEMORY_AT_LOGITS : MEMORY_AT_FORWARD);
        assert_true(moment->time_s > 0);
    }
    free(m);
    free(s);
}

/* Interleaved: 2 (p - r - 1) + (v - 1) p + 1 chunks (Narayanan21, section 2.2). */
static void test_interleaved(void **state)
{
    struct scenario *s = catalog_scenario("llama3-70b", "dgx-h100", 256);
    struct strategy strategy = pipelined(s, 4, 5);
    struct memory_moments *m = find(s, &strategy);
    (void)state;
    for (int r = 0; r < 4; r++)
        assert_int_equal(m->moment[r].in_flight, 2 * (3 - r) + 4 * 4 + 1);
    free(m);
    free(s);
}

/* Full recomputation: the layer that is computed again, in the first backward. */
static void test_recompute(void **state)
{
    struct scenario *s = catalog_scenario("llama3-70b", "dgx-h100", 256);
    struct strategy strategy = pipelined(s, 4, 1);
    (void)state;
    strategy.recompute = RECOMPUTE_FULL;
    struct memory_moments *m = find(s, &strategy);
    assert_int_equal(m->moment[0].cause, MEMORY_AT_RECOMPUTE);
    assert_int_equal(m->moment[0].micro_batch, 0);
    assert_int_equal(m->moment[3].cause, MEMORY_AT_LOGITS);
    assert_true(m->moment[0].time_s > m->moment[1].time_s);
    free(m);
    free(s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_1f1b),
        cmocka_unit_test(test_interleaved),
        cmocka_unit_test(test_recompute),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
