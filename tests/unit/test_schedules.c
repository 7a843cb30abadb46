#include "parallelism/pipeline/schedule_simulation.h"
#include "tests/unit/check.h"
#include <string.h>

static struct schedule_shape shape(enum schedule schedule, int ranks, int chunks, int micro_batches)
{
    return (struct schedule_shape){schedule, ranks, chunks, micro_batches, 0};
}

static int peak(enum schedule schedule, int ranks, int chunks, int micro_batches, int rank)
{
    struct schedule_shape s = shape(schedule, ranks, chunks, micro_batches);
    struct in_flight f;
    pipeline_in_flight(&s, rank, &f);
    return f.total;
}

static const char *broken_rule(struct schedule_shape s, bool p2p_synchronous)
{
    const struct schedule_rule *rule = schedule_legal(&s, p2p_synchronous);
    return rule ? rule->name : "";
}

static void names(void **state)
{
    (void)state;
    assert_string_equal(schedule_names[SCHEDULE_NONE], "none");
    assert_string_equal(schedule_names[SCHEDULE_1F1B], "1f1b");
    assert_string_equal(schedule_names[SCHEDULE_ZB_V], "zb-v");
    assert_string_equal(schedule_names[SCHEDULE_DUALPIPEV], "dualpipev");
    assert_null(schedule_names[SCHEDULES]);
}

static void rules(void **state)
{
    (void)state;
    assert_string_equal(broken_rule(shape(SCHEDULE_1F1B, 8, 1, 3), true), "");
    assert_string_equal(broken_rule(shape(SCHEDULE_NONE, 1, 1, 3), false), "");
    assert_string_equal(broken_rule(shape(SCHEDULE_NONE, 2, 1, 3), false), "schedule-none");
    assert_string_equal(broken_rule(shape(SCHEDULE_1F1B, 0, 1, 3), false), "pipeline-range");
    assert_string_equal(broken_rule(shape(SCHEDULE_1F1B, 65, 1, 3), false), "pipeline-range");
    assert_string_equal(broken_rule(shape(SCHEDULE_1F1B, 8, 2, 8), false), "schedule-chunks");
    assert_string_equal(broken_rule(shape(SCHEDULE_ZB_V, 8, 1, 16), false), "schedule-chunks");
    assert_string_equal(broken_rule(shape(SCHEDULE_DUALPIPE, 7, 2, 16), false), "dualpipe-even");
    assert_string_equal(broken_rule(shape(SCHEDULE_DUALPIPE, 8, 2, 14), false),
                        "dualpipe-micro-batches");
    assert_string_equal(broken_rule(shape(SCHEDULE_DUALPIPEV, 8, 2, 15), false),
                        "dualpipev-micro-batches");
    assert_string_equal(broken_rule(shape(SCHEDULE_DUALPIPEV, 8, 2, 16), false), "");
}

/* Megatron: groups of at least p micro-batches; a remainder of none, or of p or more. */
static void interleaved_rules(void **state)
{
    (void)state;
    struct schedule_shape s = shape(SCHEDULE_INTERLEAVED, 4, 2, 10);
    assert_string_equal(broken_rule(s, false), "interleaved-remainder");
    s.group = 5;
    assert_string_equal(broken_rule(s, false), "");
    s.group = 6;
    assert_string_equal(broken_rule(s, false), "");
    s.group = 3;
    assert_string_equal(broken_rule(s, false), "interleaved-group");
    s.group = 11;
    assert_string_equal(broken_rule(s, false), "interleaved-group");
    assert_string_equal(broken_rule(shape(SCHEDULE_INTERLEAVED, 1, 2, 8), false),
                        "interleaved-ranks");
    assert_string_equal(broken_rule(shape(SCHEDULE_INTERLEAVED, 2, 2, 8), true), "interleaved-p2p");
    assert_string_equal(broken_rule(shape(SCHEDULE_INTERLEAVED, 2, 2, 8), false), "");
}

static void layouts(void **state)
{
    (void)state;
    assert_int_equal(schedule_stage(SCHEDULE_INTERLEAVED, 4, 2, 1), 9);
    assert_int_equal(schedule_stage(SCHEDULE_ZB_V, 4, 0, 3), 3);
    assert_int_equal(schedule_stage(SCHEDULE_ZB_V, 4, 1, 3), 4);
    assert_int_equal(schedule_stage(SCHEDULE_DUALPIPEV, 4, 1, 0), 7);
    assert_int_equal(schedule_stage(SCHEDULE_DUALPIPE, 4, 1, 0), 3);
    assert_int_equal(schedule_stages(SCHEDULE_DUALPIPE, 4, 2), 4);
    assert_int_equal(schedule_stages(SCHEDULE_ZB_V, 4, 2), 8);
}

/* A step forward and a step back is where one was; the stage moves by one. */
static void neighbours(void **state)
{
    (void)state;
    for (int k = 0; k < SCHEDULES; k++) {
        struct schedule_shape s =
            shape((enum schedule)k, 6, schedule_chunks((enum schedule)k, 3), 24);
        int ends = 0;
        for (int c = 0; c < s.chunks; c++)
            for (int r = 0; r < s.ranks; r++) {
                struct schedule_place next = schedule_neighbour(&s, c, r, 1);
                ends += next.rank < 0;
                if (next.rank < 0)
                    continue;
                struct schedule_place back = schedule_neighbour(&s, next.chunk, next.rank, -1);
                assert_int_equal(back.chunk, c);
                assert_int_equal(back.rank, r);
                assert_int_equal(schedule_stage(s.schedule, s.ranks, next.chunk, next.rank),
                                 schedule_stage(s.schedule, s.ranks, c, r) + 1);
            }
        assert_int_equal(ends, k == SCHEDULE_DUALPIPE ? 2 : 1);
    }
}

/* MODELLING Appendix A and the table of 5.4. */
static void published_peaks(void **state)
{
    (void)state;
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 8, 2, 64, 0), 23);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 8, 2, 64, 7), 9);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 8, 3, 64, 0), 31);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 8, 3, 64, 7), 17);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 8, 4, 64, 0), 39);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 8, 4, 64, 7), 25);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 16, 2, 64, 0), 47);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 16, 2, 64, 15), 17);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 16, 4, 64, 0), 79);
    assert_int_equal(peak(SCHEDULE_INTERLEAVED, 16, 4, 64, 15), 49);
    assert_int_equal(peak(SCHEDULE_GPIPE, 8, 1, 64, 3), 64);
    assert_int_equal(peak(SCHEDULE_1F1B, 8, 1, 64, 0), 8);
    assert_int_equal(peak(SCHEDULE_1F1B, 8, 1, 64, 7), 1);
    assert_int_equal(peak(SCHEDULE_1F1B, 8, 1, 3, 0), 3);
    assert_int_equal(peak(SCHEDULE_ZB_H1, 8, 1, 24, 5), 8);
    assert_int_equal(peak(SCHEDULE_ZB_H2, 8, 1, 24, 5), 15);
    assert_int_equal(peak(SCHEDULE_ZB_V, 8, 2, 24, 5), 2 * 8);
    assert_int_equal(peak(SCHEDULE_DUALPIPE, 8, 2, 20, 5), 8 + 1);
    assert_int_equal(peak(SCHEDULE_DUALPIPEV, 8, 2, 20, 5), 2 * 8 + 1);
}

static void check_peaks(const struct schedule_shape *s, const double *ones,
                        struct schedule_simulation *simulation)
{
    struct pipeline p = {
        .shape = *s, .forward_s = ones, .backward_input_s = ones, .backward_weight_s = ones};
    struct error e;
    error_init(&e);
    assert_int_equal(schedule_simulate(&p, simulation, &e), STATUS_OK);
    for (int r = 0; r < s->ranks; r++) {
        struct in_flight f;
        pipeline_in_flight(s, r, &f);
        assert_int_equal(f.total, simulation->in_flight[r].total);
        for (int c = 0; c < s->chunks; c++)
            assert_int_equal(f.chunk[c], simulation->in_flight[r].chunk[c]);
    }
}

/* The formulas against the orders themselves, for every legal small shape. */
static void peaks_are_those_of_the_order(void **state)
{
    (void)state;
    double ones[PIPELINE_MAX_RANKS];
    for (int i = 0; i < PIPELINE_MAX_RANKS; i++)
        ones[i] = 1;
    struct schedule_simulation simulation;
    schedule_simulation_init(&simulation);
    for (int k = 0; k < SCHEDULES; k++)
        for (int ranks = 1; ranks <= 9; ranks++)
            for (int chunks = 1; chunks <= 4; chunks++)
                for (int m = 1; m <= 24; m++)
                    for (int group = 0; group <= ranks + 3; group += group ? 1 : ranks) {
                        struct schedule_shape s = {(enum schedule)k, ranks, chunks, m, group};
                        if (!schedule_legal(&s, false))
                            check_peaks(&s, ones, &simulation);
                    }
    schedule_simulation_free(&simulation);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(rules),
        cmocka_unit_test(interleaved_rules),
        cmocka_unit_test(layouts),
        cmocka_unit_test(neighbours),
        cmocka_unit_test(published_peaks),
        cmocka_unit_test(peaks_are_those_of_the_order),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
