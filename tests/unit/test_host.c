/* The host's memory, and an optimizer that updates in it. */
#include "hardware/host.h"
#include "parallelism/step_parts.h"
#include "tests/unit/check.h"
#include "tests/unit/scenarios.h"

/* A node of 8 GPUs whose host memory reaches 400 GB/s, 50 a GPU. */
static struct system node(double gpus)
{
    struct system s = {.gpus = gpus, .gpus_per_node = 8};
    s.gpu.host_memory_bandwidth_bytes_per_s = 50e9;
    return s;
}

/* One core moves 10 GB/s, two 20; from four on 0.8 of the memory's 50 GB/s binds, unless GPUs of
 * the node are idle: one alone has 0.8 of all 400. */
static void test_cores_and_memory(void **state)
{
    (void)state;
    struct system full = node(64), one = node(1), two = node(2), unknown = node(64);
    unknown.gpu.host_memory_bandwidth_bytes_per_s = 0;
    check_near(host_memory_bytes_per_s(&full, 1), 10e9, 1e-12);
    check_near(host_memory_bytes_per_s(&full, 2), 20e9, 1e-12);
    check_near(host_memory_bytes_per_s(&full, 5), 40e9, 1e-12);
    check_near(host_memory_bytes_per_s(&full, 0), 40e9, 1e-12);
    check_near(host_memory_bytes_per_s(&one, 0), 320e9, 1e-12);
    check_near(host_memory_bytes_per_s(&two, 0), 160e9, 1e-12);
    check_near(host_memory_bytes_per_s(&two, 1), 10e9, 1e-12);
    check_near(host_memory_bytes_per_s(&unknown, 3), 30e9, 1e-12);
    check_near(host_memory_bytes_per_s(&unknown, 0), 10e9, 1e-12);
}

/* Llama-3 8B over 8 GPUs owns a billion parameters a rank: 3.4 s by 34 bytes and one core, 0.55 s
 * by all cores of a node of 76.8 GB/s a GPU; weights of 2 bytes cross a link of 1 GB/s in 2 s. */
static void test_update_on_the_host(void **state)
{
    (void)state;
    struct scenario *c = catalog_scenario("llama3-8b", "dgx-h100", 8);
    struct strategy s;
    struct step_parts *parts = malloc(sizeof *parts);
    assert_non_null(parts);
    strategy_default(&s);
    s.dp = 8;
    s.zero = 1;
    assert_true(legal_cost(c, &s).term_s[TERM_OFFLOAD] <= 0);
    s.offload_optimizer = true;
    step_take_apart(c, &s, parts);
    double owned = parts->stages.tail_parameters.dense / 8;
    check_near(owned, 1.0038e9, 1e-3);
    check_near(legal_cost(c, &s).term_s[TERM_OFFLOAD], owned * 34 / 10e9, 1e-12);
    c->stack.host_cores = 0;
    check_near(legal_cost(c, &s).term_s[TERM_OFFLOAD], owned * 34 / 61.44e9, 1e-12);
    c->system.gpu.host_bandwidth_bytes_per_s = 1e9;
    check_near(legal_cost(c, &s).term_s[TERM_OFFLOAD], owned * 2 / 1e9, 1e-12);
    free(parts);
    free(c);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cores_and_memory),
        cmocka_unit_test(test_update_on_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
