#include "calibrate/bench/launch.h"
#include "tests/unit/check.h"
#include <string.h>

/* The environment of the test in work: names and values in turn, ended by NULL. */
static const char *const *variables;

static const char *lookup(const char *name)
{
    for (size_t i = 0; variables[i]; i += 2)
        if (strcmp(variables[i], name) == 0)
            return variables[i + 1];
    return NULL;
}

static enum status read_launch(const char *const *environment, int with_mpi, struct launch *launch,
                               struct error *e)
{
    variables = environment;
    error_init(e);
    return launch_from_environment(lookup, with_mpi, launch, e);
}

static void nothing_set_is_one_process(void **state)
{
    (void)state;
    const char *const environment[] = {NULL};
    struct launch launch;
    struct error e;
    assert_int_equal(read_launch(environment, 1, &launch, &e), STATUS_OK);
    assert_int_equal(launch.kind, LAUNCH_SINGLE);
    assert_int_equal(launch.size, 1);
    assert_int_equal(launch.local_rank, -1);
}

static void torchrun(void **state)
{
    (void)state;
    const char *const environment[] = {"RANK",        "9",     "WORLD_SIZE",  "16",
                                       "LOCAL_RANK",  "1",     "MASTER_ADDR", "n1",
                                       "MASTER_PORT", "29500", NULL};
    struct launch launch;
    struct error e;
    assert_int_equal(read_launch(environment, 1, &launch, &e), STATUS_OK);
    assert_int_equal(launch.kind, LAUNCH_TORCHRUN);
    assert_int_equal(launch.rank, 9);
    assert_int_equal(launch.size, 16);
    assert_int_equal(launch.local_rank, 1);
    assert_string_equal(launch.address, "n1");
    assert_int_equal(launch.port, 29501); /* torchrun itself listens on MASTER_PORT */
}

static void mpirun_with_and_without_mpi(void **state)
{
    (void)state;
    const char *const environment[] = {"OMPI_COMM_WORLD_RANK",
                                       "1",
                                       "OMPI_COMM_WORLD_SIZE",
                                       "2",
                                       "OMPI_COMM_WORLD_LOCAL_RANK",
                                       "1",
                                       NULL};
    struct launch launch;
    struct error e;
    assert_int_equal(read_launch(environment, 1, &launch, &e), STATUS_OK);
    assert_int_equal(launch.kind, LAUNCH_MPI);
    assert_int_equal(launch.local_rank, 1);
    assert_int_equal(read_launch(environment, 0, &launch, &e), STATUS_USAGE);
    assert_string_equal(e.message, "2 ranks and no MASTER_ADDR: where is rank 0?");
}

static void srun(void **state)
{
    (void)state;
    const char *const environment[] = {"SLURM_PROCID",
                                       "3",
                                       "SLURM_STEP_NUM_TASKS",
                                       "8",
                                       "SLURM_LOCALID",
                                       "3",
                                       "SLURM_STEP_NODELIST",
                                       "gpu[07-08]",
                                       "SLURM_JOB_ID",
                                       "1234567",
                                       NULL};
    struct launch launch;
    struct error e;
    assert_int_equal(read_launch(environment, 1, &launch, &e), STATUS_OK);
    assert_int_equal(launch.kind, LAUNCH_SLURM);
    assert_int_equal(launch.rank, 3);
    assert_string_equal(launch.address, "gpu07");
    assert_int_equal(launch.port, 20000 + 4567);
}

static void contradictions_are_refused(void **state)
{
    (void)state;
    const char *const beyond[] = {"RANK", "2", "WORLD_SIZE", "2", "MASTER_ADDR", "n1", NULL};
    const char *const word[] = {"RANK", "one", "WORLD_SIZE", "2", "MASTER_ADDR", "n1", NULL};
    const char *const port[] = {"RANK", "1",           "WORLD_SIZE", "2", "MASTER_ADDR",
                                "n1",   "MASTER_PORT", "65535",      NULL};
    struct launch launch;
    struct error e;
    assert_int_equal(read_launch(beyond, 1, &launch, &e), STATUS_USAGE);
    assert_string_equal(e.message, "RANK is 2, but WORLD_SIZE is 2");
    assert_int_equal(read_launch(word, 1, &launch, &e), STATUS_USAGE);
    assert_int_equal(read_launch(port, 1, &launch, &e), STATUS_USAGE);
}

static void node_lists(void **state)
{
    (void)state;
    static const char *const lists[][2] = {
        {"n1",               "n1"        },
        {"n1,n2",            "n1"        },
        {"gpu[07-09,12],x1", "gpu07"     },
        {"gpu[3]",           "gpu3"      },
        {"rack[1-2]n1",      "rack1n1"   },
        {"a-b[10,12-14]",    "a-b10"     },
        {"h100-[001-128].x", "h100-001.x"},
    };
    static const char *const bad[] = {"", "[", "gpu[07", "rack[1-2]n[1-2]"};
    char host[64];
    for (size_t i = 0; i < sizeof lists / sizeof lists[0]; i++) {
        assert_int_equal(slurm_first_host(lists[i][0], host, sizeof host), STATUS_OK);
        assert_string_equal(host, lists[i][1]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(slurm_first_host(bad[i], host, sizeof host), STATUS_INPUT);
    assert_int_equal(slurm_first_host("gpu[07-09]", host, 5), STATUS_INPUT); /* does not fit */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_set_is_one_process),  cmocka_unit_test(torchrun),
        cmocka_unit_test(mpirun_with_and_without_mpi), cmocka_unit_test(srun),
        cmocka_unit_test(contradictions_are_refused),  cmocka_unit_test(node_lists),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
