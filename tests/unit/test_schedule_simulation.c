#include "parallelism/pipeline/schedule_simulation.h"
#include "tests/unit/check.h"
#include "tests/unit/random_stages.h"
#include <string.h>

static void simulate(const struct pipeline *p, struct schedule_simulation *s)
{
    struct error e;
    error_init(&e);
    assert_int_equal(schedule_simulate(p, s, &e), STATUS_OK);
}

static double equal_stages_s(enum schedule schedule, int ranks, int chunks, int m,
                             const double fbw[3], bool overlap)
{
    struct stages t;
    struct schedule_simulation s;
    for (int i = 0; i < ranks * chunks; i++) {
        t.forward_s[i] = fbw[0];
        t.backward_input_s[i] = fbw[1];
        t.backward_weight_s[i] = fbw[2];
    }
    struct pipeline p = {
        .shape = {schedule, ranks, chunks, m, 0},
        .forward_s = t.forward_s,
        .backward_input_s = t.backward_input_s,
        .backward_weight_s = t.backward_weight_s,
        .steps_overlap = overlap
    };
    schedule_simulation_init(&s);
    simulate(&p, &s);
    double total = s.total_s;
    schedule_simulation_free(&s);
    return total;
}

/* Two ranks, two micro-batches, F 1 and 2, B 3 and 4, hop 0.5, worked out by hand:
 *     rank 0  F0 0-1    F1 1-2                    B0 8-11              B1 14-17
 *     rank 1       F0 1.5-3.5  B0 3.5-7.5  F1 7.5-9.5  B1 9.5-13.5 */
static void by_hand(void **state)
{
    (void)state;
    const double f[] = {1, 2}, b[] = {3, 4}, w[] = {0, 0};
    const double starts[] = {0, 1, 8, 14, 1.5, 3.5, 7.5, 9.5};
    struct pipeline p = {
        .shape = {SCHEDULE_1F1B, 2, 1, 2, 0},
        .forward_s = f,
        .backward_input_s = b,
        .backward_weight_s = w,
        .p2p_s = 0.5
    };
    struct schedule_simulation s;
    schedule_simulation_init(&s);
    simulate(&p, &s);
    check_near(s.total_s, 17, 1e-12);
    check_near(s.busy_s[0], 8, 1e-12);
    check_near(s.busy_s[1], 12, 1e-12);
    assert_int_equal(s.first_event[2], 8);
    for (size_t i = 0; i < 8; i++)
        check_near(s.events[i].start_s, starts[i], 1e-12);
    /* Synchronous: the sender waits. Rank 0: F0 0-1.5, F1 1.5-3; rank 1: F0 1.5-3.5, B0 3.5-8, F1
     * 8-10, B1 10-14.5; rank 0: B0 8-11, B1 14.5-17.5. */
    p.p2p_synchronous = true;
    simulate(&p, &s);
    check_near(s.total_s, 17.5, 1e-12);
    schedule_simulation_free(&s);
}

/* Bubbles of the papers for F = B = W = 1, and MODELLING Appendix A. */
static void published_bubbles(void **state)
{
    (void)state;
    const double equal[] = {1, 1, 1}, uneven[] = {1, 1.4, 0.6}, half[] = {0.5, 0.5, 0.5},
                 third[] = {1. / 3, 1. / 3, 1. / 3};
    check_near(equal_stages_s(SCHEDULE_1F1B, 8, 1, 64, equal, false), 213, 1e-12);
    check_near(equal_stages_s(SCHEDULE_GPIPE, 8, 1, 64, equal, false), 213, 1e-12);
    check_near(equal_stages_s(SCHEDULE_INTERLEAVED, 8, 2, 64, half, false), 192 + 10.5, 1e-12);
    check_near(equal_stages_s(SCHEDULE_INTERLEAVED, 8, 3, 64, third, false), 192 + 7, 1e-12);
    check_near(equal_stages_s(SCHEDULE_ZB_H1, 8, 1, 24, equal, false), 72 + 7, 1e-12);
    check_near(equal_stages_s(SCHEDULE_ZB_H1, 8, 1, 24, uneven, false), 72 + 12.6, 1e-12);
    /* No bubble on any rank; the makespan still has the fill. */
    check_near(equal_stages_s(SCHEDULE_ZB_H2, 8, 1, 24, equal, true), 72, 1e-12);
    check_near(equal_stages_s(SCHEDULE_ZB_H2, 8, 1, 24, equal, false), 72 + 7, 1e-12);
    check_near(equal_stages_s(SCHEDULE_ZB_V, 8, 2, 24, half, true), 72, 1e-12);
    check_near(equal_stages_s(SCHEDULE_ZB_V, 8, 2, 24, half, false), 72 + 3.5, 1e-12);
    /* (p/2 - 1) (F&B + B - 3W) with F&B = 3, B = 2; DualPipeV (p - 1) / 2 times that. */
    check_near(equal_stages_s(SCHEDULE_DUALPIPE, 8, 2, 24, equal, false), 72 + 6, 1e-12);
    check_near(equal_stages_s(SCHEDULE_DUALPIPEV, 8, 2, 24, half, false), 72 + 7, 1e-12);
}

/* A forward waits for the stage before, a backward for the stage after, a weight gradient for its
 * input gradient; a rank does one thing at a time, in the order of the list. */
static double end_s(const struct schedule_simulation *s, int rank, struct stage_op op)
{
    for (size_t i = s->first_event[rank]; i < s->first_event[rank + 1]; i++) {
        const struct stage_op *o = &s->events[i].op;
        bool backward = o->kind == STAGE_BACKWARD || o->kind == STAGE_BACKWARD_INPUT;
        bool same = op.kind == STAGE_BACKWARD ? backward : o->kind == op.kind;
        if (same && o->chunk == op.chunk && o->micro_batch == op.micro_batch)
            return s->events[i].end_s;
    }
    fail_msg("an operation is missing");
    return 0;
}

static void check_dependency(const struct pipeline *p, const struct schedule_simulation *s,
                             const struct schedule_event *e)
{
    bool forward = e->op.kind == STAGE_FORWARD;
    struct stage_op need = {forward ? STAGE_FORWARD : STAGE_BACKWARD, e->op.chunk,
                            e->op.micro_batch, false};
    struct schedule_place from = {e->op.chunk, e->rank};
    if (e->op.kind != STAGE_BACKWARD_WEIGHT)
        from = schedule_neighbour(&p->shape, e->op.chunk, e->rank, forward ? -1 : 1);
    if (from.rank < 0 && forward)
        return;
    if (from.rank < 0)
        need.kind = STAGE_FORWARD;
    else
        need.chunk = from.chunk;
    int rank = from.rank < 0 ? e->rank : from.rank;
    assert_true(e->start_s >= end_s(s, rank, need) + (rank == e->rank ? 0 : p->p2p_s) - 1e-9);
}

static void check_events(const struct pipeline *p, const struct schedule_simulation *s)
{
    for (int r = 0; r < p->shape.ranks; r++) {
        double busy = 0, free_s = 0;
        for (size_t i = s->first_event[r]; i < s->first_event[r + 1]; i++) {
            const struct schedule_event *e = &s->events[i];
            bool second = i > s->first_event[r] && s->events[i - 1].op.paired;
            check_dependency(p, s, e);
            assert_true(second || e->start_s >= free_s - 1e-9);
            free_s = e->end_s;
            busy += second ? 0 : e->end_s - e->start_s;
        }
        check_near(busy, s->busy_s[r], 1e-9);
        assert_true(free_s <= s->total_s + 1e-9);
    }
}

/* Every forward, input gradient and weight gradient once: the busy time is the work. */
static void check_work(const struct pipeline *p, const struct schedule_simulation *s)
{
    int m = p->shape.schedule == SCHEDULE_DUALPIPE ? p->shape.micro_batches / 2
                                                   : p->shape.micro_batches;
    for (int r = 0; r < p->shape.ranks; r++) {
        double work = 0;
        for (int i = r; i < p->shape.ranks * p->shape.chunks; i += p->shape.ranks)
            work += p->forward_s[i] + p->backward_input_s[i] + p->backward_weight_s[i];
        check_near(s->busy_s[r], m * work, 1e-9);
    }
}

static void events_keep_the_rules(void **state)
{
    (void)state;
    struct random random = {88172645463325252u};
    struct schedule_simulation s;
    static struct stages t;
    schedule_simulation_init(&s);
    for (int k = 1; k < SCHEDULES; k++)
        for (int i = 0; i < 12; i++) {
            struct pipeline p;
            struct schedule_shape shape;
            do
                shape = random_shape(&random, (enum schedule)k);
            while (shape.ranks * shape.chunks * shape.micro_batches > 600);
            random_stages(&random, &shape, (struct spread){0.2, 3, 0.2}, &t, &p);
            simulate(&p, &s);
            check_events(&p, &s);
            check_work(&p, &s);
        }
    schedule_simulation_free(&s);
}

static void illegal_is_an_answer(void **state)
{
    (void)state;
    const double ones[] = {1, 1, 1, 1, 1, 1, 1, 1};
    struct pipeline p = {
        .shape = {SCHEDULE_DUALPIPEV, 4, 2, 7, 0},
        .forward_s = ones,
        .backward_input_s = ones,
        .backward_weight_s = ones
    };
    struct schedule_simulation s;
    struct error e;
    error_init(&e);
    schedule_simulation_init(&s);
    assert_int_equal(schedule_simulate(&p, &s, &e), STATUS_NO);
    assert_non_null(strstr(e.message, "dualpipev-micro-batches"));
    schedule_simulation_free(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(by_hand),
        cmocka_unit_test(published_bubbles),
        cmocka_unit_test(events_keep_the_rules),
        cmocka_unit_test(illegal_is_an_answer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
