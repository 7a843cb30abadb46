#include "parallelism/pipeline/closed.h"
#include "parallelism/pipeline/recurrence.h"
#include "parallelism/pipeline/schedule_simulation.h"
#include "parallelism/pipeline/uniform.h"
#include "tests/unit/check.h"
#include "tests/unit/random_stages.h"

static const double EQUAL = 1e-9; /* rounding over thousands of additions */
static struct random dice = {88172645463325252u};

/* The search leaves out what a bound says is too slow: no makespan, in closed form, by recurrence
 * or estimated, is below it, for ends of any weight and groups wider than the recurrence. */
static void never_below_the_bound(void **state)
{
    (void)state;
    int estimated = 0;
    for (int i = 0; i < 20000; i++) {
        enum schedule schedule = i % 4 ? SCHEDULE_INTERLEAVED : (enum schedule)(i / 4 % SCHEDULES);
        if (schedule == SCHEDULE_NONE)
            continue;
        struct pipeline_uniform u = {.shape = random_shape(&dice, schedule),
                                     .p2p_s = random_between(&dice, 0, 0.3)};
        if (schedule == SCHEDULE_INTERLEAVED && i % 4 == 1)
            u.shape.micro_batches = u.shape.group = RECURRENCE_MAX_GROUP + 1;
        if (schedule_legal(&u.shape, false))
            continue;
        u.chunk = (struct chunk_time){1, 1.1, 0.9};
        u.first.forward_s = random_between(&dice, -0.2, 0.5);
        u.last.forward_s = random_between(&dice, -0.2, 0.5);
        u.last.backward_weight_s = random_between(&dice, -0.2, 0.9);
        struct pipeline p;
        static struct stage_times expanded;
        pipeline_expand(&u, &expanded, &p);
        struct pipeline_time t, general;
        pipeline_uniform_time(&u, &t);
        pipeline_time(&p, &general);
        assert_true(t.total_s >= stages_bound_s(&p) * (1 - EQUAL));
        assert_true(general.total_s >= stages_bound_s(&p) * (1 - EQUAL));
        estimated += !t.exact;
    }
    assert_true(estimated > 1000);
}

/* Paths between the ends: what waits on a first stage with a heavier forward pass, up to three
 * micro-batches at no loss (33,890 with one of them), or all p with p hops fewer (31,322 without).
 */
static void paths_between_the_ends(void **state)
{
    (void)state;
    const struct pipeline_uniform cases[] = {
        {.shape = {SCHEDULE_INTERLEAVED, 16, 5, 64, 0},
         .chunk = {60, 40, 0},
         .first = {2, -4, 0},
         .last = {0, -2, 0},
         .p2p_s = 3},
        {.shape = {SCHEDULE_INTERLEAVED, 15, 5, 60, 0},
         .chunk = {40, 60, 0},
         .first = {-4, 2, 0},
         .last = {1, -3, 0}},
    };
    const double makespan_s[] = {33894, 31344};
    for (int i = 0; i < 2; i++) {
        static struct stage_times expanded;
        static struct schedule_simulation simulation;
        struct pipeline p;
        struct error e;
        pipeline_expand(&cases[i], &expanded, &p);
        error_init(&e);
        assert_int_equal(schedule_simulate(&p, &simulation, &e), STATUS_OK);
        check_near(simulation.total_s, makespan_s[i], 1e-12);
        check_near(uniform_interleaved_s(&cases[i]), makespan_s[i], 1e-12);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(never_below_the_bound),
        cmocka_unit_test(paths_between_the_ends),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
