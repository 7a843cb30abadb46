#include "hardware/collective.h"
#include "tests/unit/check.h"
#include <math.h>

/* Scale-up domains that span nodes: racks of 72 GPUs, 8 a node, with links that never bind. */

static struct system racks_of_72(double nic_bytes_per_s, const struct collective_constants *across)
{
    struct system s = {.gpus = 4320, .gpus_per_node = 8, .nics_per_node = 8, .tiers = 2};
    struct collective_constants inside = {.regimes = 1,
                                          .regime = {{COLLECTIVE_RING, 1e-6, 1e-6, 0, 1, 1, 0}}};
    s.tier[0] =
        (struct tier){.domain_gpus = 72, .bandwidth_bytes_per_s = 1e14, .oversubscription = 1};
    s.tier[1] = (struct tier){.bandwidth_bytes_per_s = nic_bytes_per_s, .oversubscription = 1};
    for (int op = 0; op < COLLECTIVES; op++) {
        s.tier[0].collective.op[op] = inside;
        s.tier[1].collective.op[op] = *across;
    }
    return s;
}

static struct group ranks(double n, double per_domain)
{
    return (struct group){n, per_domain, fmin(8, per_domain), 1};
}

/* Bytes on the bus over the time, at a size where latency is nothing. */
static double bus_bandwidth(const struct system *s, enum collective op, const struct group *group)
{
    const double bytes = 1e18;
    return collective_volume_bytes(op, bytes, group->ranks) / collective_s(s, op, bytes, group);
}

/* Over domains of several nodes an all-reduce counts a NIC of 100 GB/s as one of 50; a node's own
 * eight give all they have, and a gather takes both. */
static void test_wide_nics(void **state)
{
    (void)state;
    const struct collective_constants ring = {
        .regimes = 1, .regime = {{COLLECTIVE_RING, 10e-6, 1e-6, 0, 1, 1, 0}}};
    struct system wide = racks_of_72(100e9, &ring), narrow = racks_of_72(50e9, &ring);
    struct group racks = ranks(1440, 72), nodes = ranks(160, 8);
    check_near(bus_bandwidth(&wide, COLLECTIVE_ALL_REDUCE, &racks), 400e9, 1e-6);
    check_near(bus_bandwidth(&wide, COLLECTIVE_ALL_REDUCE, &nodes), 800e9, 1e-6);
    check_near(bus_bandwidth(&wide, COLLECTIVE_ALL_GATHER, &racks), 7200e9, 1e-6);
    check_near(bus_bandwidth(&narrow, COLLECTIVE_ALL_REDUCE, &racks), 400e9, 1e-6);
}

/* A tree passes every rank of a large domain: 10 us + 71 x 1 us; its widest protocol 7 + 8 ln 9
 * steps, for a switch may reduce. In a node of 8 both pass 7. */
static void test_tree_in_large_domain(void **state)
{
    (void)state;
    const struct collective_constants trees = {
        .regimes = 2,
        .regime = {{COLLECTIVE_TREE, 10e-6, 1e-6, 0, 0.1, 1, 0},
                   {COLLECTIVE_TREE, 1e-4, 1e-6, 0, 1, 1, 0}}
    };
    struct system s = racks_of_72(50e9, &trees);
    struct group racks = ranks(144, 72), nodes = ranks(16, 8);
    struct collective_leg leg = collective_leg_of(&s, COLLECTIVE_ALL_REDUCE, &racks);
    check_near(leg.latency_s[0], 81e-6, 1e-12);
    check_near(leg.latency_s[1], 107e-6 + 8e-6 * log(9), 1e-12);
    leg = collective_leg_of(&s, COLLECTIVE_ALL_REDUCE, &nodes);
    check_near(leg.latency_s[0], 17e-6, 1e-12);
    check_near(leg.latency_s[1], 107e-6, 1e-12);
}

static double by_catalog_s(const char *name, enum collective op, double bytes, double n)
{
    static struct system s;
    struct group two_racks = {n, n / 2, 4, 1};
    struct error e;
    error_init(&e);
    assert_int_equal(system_find(name, NULL, &s, &e), STATUS_OK);
    return collective_s(&s, op, bytes, &two_racks);
}

/* Two racks of 64 GPUs: GB300 by its technology, GB200 fitted [OCI GPU Quick Start: NVIDIA GB300;
 * oracle-quickstart/oci-hpc-oke README]. */
static void test_two_racks_measured(void **state)
{
    (void)state;
    const double gib = 1073741824;
    check_near(by_catalog_s("oci-gb300", COLLECTIVE_ALL_REDUCE, 8 * gib, 128), 24.05e-3, 0.05);
    check_near(by_catalog_s("oci-gb300", COLLECTIVE_ALL_REDUCE, 16 * gib, 128), 46.17e-3, 0.05);
    check_near(by_catalog_s("oci-gb200", COLLECTIVE_ALL_REDUCE, 8, 128), 183.8e-6, 0.12);
    check_near(by_catalog_s("oci-gb200", COLLECTIVE_ALL_REDUCE, 16 * gib, 128), 50.41e-3, 0.05);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_wide_nics),
                                       cmocka_unit_test(test_tree_in_large_domain),
                                       cmocka_unit_test(test_two_racks_measured)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
