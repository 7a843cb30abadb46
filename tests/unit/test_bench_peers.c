#include "base/wall_clock.h"
#include "calibrate/bench/peers.h"
#include "calibrate/bench/processes.h"
#include "calibrate/bench/watchdog.h"
#include "tests/unit/check.h"
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What each of three real processes, joined through TCP on the loopback, does in a test; the exit
 * status of rank 0 is looked at. */
struct scene {
    enum status (*play)(struct peers *peers, struct error *e);
    double timeout_s;
};

static void play_rank(const struct scene *scene, struct error *e)
{
    struct processes processes;
    struct launch launch = {.size = 1};
    struct peers peers;
    error_init(e);
    if (processes_start(&processes, 3, &launch, e) != STATUS_OK)
        _exit(100);
    enum status status = peers_open(&peers, &launch, scene->timeout_s, e);
    if (status == STATUS_OK)
        status = scene->play(&peers, e);
    if (launch.rank == 0 && status != STATUS_OK)
        fprintf(stderr, "%s\n", e->message);
    if (status == STATUS_OK)
        peers_close(&peers);
    _exit((int)processes_end(&processes, status, e));
}

/* Runs the scene in processes of its own; what rank 0 wrote to stderr goes into text. */
static int play(const struct scene *scene, char *text, size_t size)
{
    int ends[2], how = 0;
    size_t n = 0;
    struct error e;
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        close(ends[0]);
        close(ends[1]);
        play_rank(scene, &e);
    }
    close(ends[1]);
    for (ssize_t got; n + 1 < size && (got = read(ends[0], text + n, size - 1 - n)) > 0;)
        n += (size_t)got;
    text[n] = '\0';
    close(ends[0]);
    waitpid(pid, &how, 0);
    assert_true(WIFEXITED(how));
    return WEXITSTATUS(how);
}

static enum status exchange(struct peers *peers, struct error *e)
{
    int mine = 10 + peers->rank, all[3] = {0}, told = 100 + peers->rank;
    double value = peers->rank == 1 ? 7.5 : -1;
    if (peers_gather(peers, &mine, sizeof mine, all, e) != STATUS_OK ||
        peers_broadcast(peers, &told, sizeof told, e) != STATUS_OK ||
        peers_max(peers, &value, e) != STATUS_OK ||
        peers_agree(peers, "weather", "sunny", e) != STATUS_OK)
        return e->status;
    bool right = all[0] == 10 && all[1] == 11 && all[2] == 12 && told == 100 && value == 7.5 &&
                 peers->local_size == 3 && peers->local_rank == peers->rank && peers->nodes == 1;
    return right ? STATUS_OK : error_set(e, STATUS_NO, "rank %d got wrong values", peers->rank);
}

static void ranks_exchange(void **state)
{
    (void)state;
    char text[512];
    const struct scene scene = {exchange, 20};
    assert_int_equal(play(&scene, text, sizeof text), STATUS_OK);
    assert_string_equal(text, "");
}

static enum status disagree(struct peers *peers, struct error *e)
{
    return peers_agree(peers, "NCCL version", peers->rank == 2 ? "2.27" : "2.28", e);
}

static void a_peer_that_differs_is_named(void **state)
{
    (void)state;
    char text[512];
    const struct scene scene = {disagree, 20};
    assert_int_equal(play(&scene, text, sizeof text), STATUS_IO);
    assert_non_null(strstr(text, "NCCL version differs: rank 0 on "));
    assert_non_null(strstr(text, "has \"2.28\", rank 2 on "));
}

static enum status die(struct peers *peers, struct error *e)
{
    if (peers->rank == 2)
        _exit(9);
    return peers_barrier(peers, true, e);
}

static void a_dead_peer_is_named(void **state)
{
    (void)state;
    char text[512];
    const struct scene scene = {die, 20};
    assert_int_equal(play(&scene, text, sizeof text), STATUS_IO);
    assert_non_null(strstr(text, "rank 2 ("));
    assert_non_null(strstr(text, "closed the connection"));
}

static enum status hang(struct peers *peers, struct error *e)
{
    if (peers->rank == 1)
        wall_clock_sleep(30);
    return peers_barrier(peers, false, e);
}

static void a_silent_peer_is_named_in_time(void **state)
{
    (void)state;
    char text[512];
    const struct scene scene = {hang, 0.3};
    double start_s = wall_clock_s();
    assert_int_equal(play(&scene, text, sizeof text), STATUS_IO);
    assert_true(wall_clock_s() - start_s < 10);
    assert_non_null(strstr(text, "rank 1 ("));
    assert_non_null(strstr(text, "did not answer within 0.3 s"));
}

/* A call that hangs ends the process with the rank, what it did and the time-out. */
static void watchdog_reports_a_hang(void **state)
{
    (void)state;
    int ends[2], how = 0;
    char text[512] = "";
    assert_int_equal(pipe(ends), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct watchdog w;
        struct error e;
        error_init(&e);
        dup2(ends[1], STDERR_FILENO);
        watchdog_start(&w, "rank 3 of 8 on n7", &e);
        watchdog_arm(&w, 5, "all_gather of %d bytes", 1024);
        watchdog_disarm(&w); /* this one came back in time */
        watchdog_arm(&w, 0.2, "all_reduce of %d bytes over %d ranks", 8192, 8);
        wall_clock_sleep(30);
        _exit(0);
    }
    close(ends[1]);
    waitpid(pid, &how, 0);
    assert_true(read(ends[0], text, sizeof text - 1) > 0);
    close(ends[0]);
    assert_true(WIFEXITED(how) && WEXITSTATUS(how) == STATUS_IO);
    assert_non_null(strstr(text, "rank 3 of 8 on n7: all_reduce of 8192 bytes over 8 ranks: "
                                 "not finished after 0.2 s"));
}

static void watchdog_lets_finished_calls_be(void **state)
{
    (void)state;
    struct watchdog w;
    struct error e;
    error_init(&e);
    assert_int_equal(watchdog_start(&w, "rank 0", &e), STATUS_OK);
    watchdog_arm(&w, 0.05, "a short call");
    watchdog_disarm(&w);
    wall_clock_sleep(0.15);
    watchdog_stop(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(ranks_exchange),
        cmocka_unit_test(a_peer_that_differs_is_named),
        cmocka_unit_test(a_dead_peer_is_named),
        cmocka_unit_test(a_silent_peer_is_named_in_time),
        cmocka_unit_test(watchdog_reports_a_hang),
        cmocka_unit_test(watchdog_lets_finished_calls_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
