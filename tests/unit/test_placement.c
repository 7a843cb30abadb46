#include "parallelism/placement.h"
#include "tests/unit/check.h"

/* Two boxes of eight: a pipeline crosses as soon as it does not fit into one, however many of its links
 * stay inside. */
static void test_a_pipeline_crosses(void **state)
{
    (void)state;
    static const struct {
        int gpus, tp, dp, pp;
        bool crosses;
    } rows[] = {
        {8,  1, 1, 8,  false},
        {8,  4, 1, 2,  false},
        {8,  8, 1, 1,  false},
        {16, 8, 2, 1,  false},
        {16, 8, 1, 2,  true },
        {16, 2, 2, 4,  true },
        {16, 1, 1, 16, true },
    };
    struct error e;
    error_init(&e);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct system system;
        struct strategy s;
        assert_int_equal(system_find("dgx-a100", NULL, &system, &e), STATUS_OK);
        system.gpus = rows[i].gpus;
        strategy_default(&s);
        s.tp = rows[i].tp;
        s.dp = rows[i].dp;
        s.pp = rows[i].pp;
        assert_int_equal(placement_pipeline_crosses(&system, &s), rows[i].crosses);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_pipeline_crosses),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
