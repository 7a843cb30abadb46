#include "base/json_read.h"
#include "reports/trace.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"
#include <stdlib.h>
#include <string.h>

/* The trace as a viewer reads it: every event against the format's rules. */

enum { PIDS_MAX = 64, TIDS_MAX = 16 };

/* What a stage does, transfers beside compute left out. */
struct interval {
    int pid;
    double start, end;
};

struct seen {
    double end[PIDS_MAX][TIDS_MAX]; /* of the last event of a thread */
    double busy[PIDS_MAX];          /* of a stage */
    struct interval *intervals;     /* of all stages */
    int interval_count;
    bool named[PIDS_MAX][TIDS_MAX];
    int events, counters;
    double last, memory;
};

static double number(const struct json_value *object, const char *key)
{
    const struct json_value *v = json_member(object, key);
    if (!v || json_kind(v) != JSON_NUMBER)
        fail_msg("an event without the number %s", key);
    return json_number(v);
}

static const char *word(const struct json_value *object, const char *key)
{
    const struct json_value *v = json_member(object, key);
    if (!v || json_kind(v) != JSON_STRING)
        fail_msg("an event without the word %s", key);
    return json_string(v);
}

/* Times are whole nanoseconds: sums in them are exact. */
static double ns(double us)
{
    double rounded = floor(us * 1e3 + 0.5);
    assert_true(fabs(us * 1e3 - rounded) < 1e-3);
    return rounded;
}

static void check_event(struct seen *seen, const struct json_value *event)
{
    int pid = (int)number(event, "pid"), tid = (int)number(event, "tid");
    double start = ns(number(event, "ts")), duration = ns(number(event, "dur"));
    assert_true(pid >= 0 && pid < PIDS_MAX && tid >= 0 && tid < TIDS_MAX);
    assert_true(seen->named[pid][tid]);
    assert_true(start >= 0 && duration >= 0);
    assert_true(start >= seen->end[pid][tid]);
    assert_true(strlen(word(event, "name")) > 0);
    seen->end[pid][tid] = start + duration;
    seen->last = fmax(seen->last, start + duration);
    if (strcmp(word(event, "cat"), "send") != 0) {
        seen->busy[pid] += duration;
        seen->intervals[seen->interval_count++] = (struct interval){pid, start, start + duration};
    }
    seen->events++;
}

static void check_one(struct seen *seen, const struct json_value *event)
{
    const char *phase = word(event, "ph");
    if (strcmp(phase, "X") == 0) {
        check_event(seen, event);
    } else if (strcmp(phase, "C") == 0) {
        assert_true(number(event, "ts") >= 0);
        seen->memory = fmax(seen->memory, number(json_member(event, "args"), "GiB"));
        seen->counters++;
    } else {
        assert_string_equal(phase, "M");
        if (strcmp(word(event, "name"), "thread_name") == 0)
            seen->named[(int)number(event, "pid")][(int)number(event, "tid")] = true;
    }
}

static int by_stage_and_time(const void *a, const void *b)
{
    const struct interval *x = a, *y = b;
    if (x->pid != y->pid)
        return x->pid < y->pid ? -1 : 1;
    if (x->start < y->start || x->start > y->start)
        return x->start < y->start ? -1 : 1;
    return x->end < y->end ? -1 : x->end > y->end;
}

/* A stage does one thing at a time: its events and the gaps between them are the step, to the
 * nanosecond. */
static void check_stages(struct seen *seen, int stages)
{
    double at = 0, idle[PIDS_MAX] = {0};
    qsort(seen->intervals, (size_t)seen->interval_count, sizeof *seen->intervals,
          by_stage_and_time);
    for (int i = 0; i < seen->interval_count; i++) {
        const struct interval *own = &seen->intervals[i];
        bool first = i == 0 || own->pid != own[-1].pid;
        bool last = i + 1 == seen->interval_count || own->pid != own[1].pid;
        at = first ? 0 : at;
        assert_true(own->start >= at);
        idle[own->pid] += own->start - at;
        at = own->end;
        idle[own->pid] += last ? seen->last - at : 0;
    }
    for (int stage = 0; stage < stages; stage++) {
        assert_true(seen->busy[stage] > 0 && idle[stage] >= 0);
        check_near(seen->busy[stage] + idle[stage], seen->last, 0);
    }
}

static void check_trace(const char *model, int tp, int pp, int vpp, int ep, enum schedule schedule)
{
    struct scenario *s = catalog_scenario(model, "dgx-h100", 64);
    struct seen *seen = calloc(1, sizeof *seen);
    struct strategy strategy;
    struct step_cost cost;
    struct timeline t;
    struct text out = {0};
    struct error e;
    error_init(&e);
    strategy_default(&strategy);
    strategy.tp = tp;
    strategy.pp = pp;
    strategy.vpp = vpp;
    strategy.ep = ep;
    strategy_complete(&strategy, NULL, s);
    strategy.schedule = pp > 1 ? schedule : SCHEDULE_NONE;
    s->stack.schedules = ~0u;
    step_estimate(s, &strategy, &cost);
    assert_true(cost.legal);
    assert_int_equal(timeline_find(s, &strategy, &t, &e), STATUS_OK);
    assert_int_equal(t.stages, pp);
    seen->intervals = malloc(t.count * sizeof *seen->intervals);
    assert_non_null(seen->intervals);
    trace_json(s, &strategy, &t, &out);
    struct json *json = json_parse(out.data, out.length, "trace", &e);
    if (!json)
        fail_msg("%s", e.message);
    const struct json_value *events = json_member(json_root(json), "traceEvents");
    for (const struct json_value *v = json_first(events); v; v = json_next(v))
        check_one(seen, v);
    assert_true(seen->events > 0 && seen->counters > 0);
    assert_int_equal(seen->events, (int)t.count);
    check_near(seen->last, t.total_s * 1e9, 1e-9);
    /* the event simulation and the closed form of the schedule tell the same step */
    check_near(t.total_s, cost.step_s, t.exact ? 1e-9 : 0.01);
    check_stages(seen, pp);
    check_near(seen->memory, cost.memory_total_bytes / 1073741824, 1e-6);
    /* the bottleneck stage works as long as the terms say, with its hops or without; what is left
     * of the step is idle */
    double busy_s = seen->busy[cost.bottleneck_stage] * 1e-9;
    double most_s = cost.step_s - cost.term_s[TERM_BUBBLE];
    assert_true(busy_s <= most_s * (1 + 3e-3));
    assert_true(busy_s >= (most_s - cost.term_s[TERM_PP]) * (1 - 3e-3));
    assert_true(seen->busy[cost.bottleneck_stage] <= seen->last);
    json_free(json);
    free(seen->intervals);
    timeline_free(&t);
    text_free(&out);
    free(seen);
    free(s);
}

static void test_dense(void **state)
{
    (void)state;
    check_trace("llama3-8b", 2, 1, 1, 1, SCHEDULE_NONE);
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_GPIPE);
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_1F1B);
    check_trace("llama3-8b", 2, 4, 4, 1, SCHEDULE_INTERLEAVED);
}

static void test_experts(void **state)
{
    (void)state;
    check_trace("mixtral-8x7b", 2, 2, 1, 8, SCHEDULE_1F1B);
    check_trace("mixtral-8x7b", 1, 4, 4, 8, SCHEDULE_INTERLEAVED);
    check_trace("mixtral-8x7b", 1, 4, 1, 4, SCHEDULE_ZB_H1);
}

static void test_zero_bubble(void **state)
{
    (void)state;
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_ZB_H1);
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_ZB_H2);
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_ZB_V);
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_DUALPIPE);
    check_trace("llama3-8b", 2, 4, 1, 1, SCHEDULE_DUALPIPEV);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_dense),
        cmocka_unit_test(test_experts),
        cmocka_unit_test(test_zero_bubble),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
