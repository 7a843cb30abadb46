#include "calibrate/bench/group_layout.h"
#include "tests/unit/check.h"
#include <string.h>

static int find(const struct group_layout *layouts, int n, int ranks, int per_node)
{
    for (int i = 0; i < n; i++)
        if (layouts[i].ranks == ranks && layouts[i].per_node == per_node)
            return i;
    return -1;
}

static void one_node_of_eight(void **state)
{
    (void)state;
    struct group_layout layouts[GROUP_LAYOUTS_MAX];
    int n = group_layouts(1, 8, layouts);
    assert_int_equal(n, 3);
    for (int i = 0; i < n; i++) {
        assert_int_equal(layouts[i].ranks, 2 << i);
        assert_int_equal(layouts[i].groups, 8 / (2 << i));
    }
}

/* Four nodes of eight: 2, 4, 8 in a node; 2 and 4 nodes, with 1 and with 8 GPUs each. */
static void four_nodes_of_eight(void **state)
{
    (void)state;
    struct group_layout layouts[GROUP_LAYOUTS_MAX];
    int n = group_layouts(4, 8, layouts);
    assert_int_equal(n, 7);
    assert_int_equal(layouts[find(layouts, n, 2, 2)].groups, 16);
    assert_int_equal(layouts[find(layouts, n, 2, 1)].groups, 16);
    assert_int_equal(layouts[find(layouts, n, 4, 1)].groups, 8);
    assert_int_equal(layouts[find(layouts, n, 16, 8)].groups, 2);
    assert_int_equal(layouts[find(layouts, n, 32, 8)].groups, 1);
}

static void odd_sizes_end_with_the_whole(void **state)
{
    (void)state;
    struct group_layout layouts[GROUP_LAYOUTS_MAX];
    int n = group_layouts(3, 6, layouts);
    assert_true(find(layouts, n, 6, 6) >= 0);
    assert_true(find(layouts, n, 3, 1) >= 0);
    assert_true(find(layouts, n, 18, 6) >= 0);
    assert_int_equal(group_layouts(1, 1, layouts), 0);
    assert_int_equal(group_layouts(2, 1, layouts), 1);
}

/* Every group has exactly its ranks, and no GPU is in a group that does not exist. */
static void groups_are_full(void **state)
{
    (void)state;
    for (int nodes = 1; nodes <= 9; nodes++)
        for (int per_node = 1; per_node <= 9; per_node++) {
            struct group_layout layouts[GROUP_LAYOUTS_MAX];
            int n = group_layouts(nodes, per_node, layouts);
            for (int i = 0; i < n; i++) {
                int members[128] = {0};
                for (int node = 0; node < nodes; node++)
                    for (int local = 0; local < per_node; local++) {
                        int group = group_of(&layouts[i], node, local, per_node);
                        assert_true(group >= -1 && group < layouts[i].groups);
                        if (group >= 0)
                            members[group]++;
                    }
                for (int g = 0; g < layouts[i].groups; g++)
                    assert_int_equal(members[g], layouts[i].ranks);
            }
        }
}

static void places_follow_the_hosts(void **state)
{
    (void)state;
    char hosts[4][PEERS_HOST_MAX] = {"b", "a", "b", "a"}; /* ranks dealt round robin */
    struct peers peers = {.rank = 3, .size = 4, .local_rank = 1, .nodes = 2, .host = hosts};
    struct group_place place;
    struct error e;
    error_init(&e);
    assert_int_equal(group_place_of(&peers, &place, &e), STATUS_OK);
    assert_int_equal(place.node, 1);
    assert_int_equal(place.local, 1);
    assert_int_equal(place.per_node, 2);
    hosts[3][0] = 'b';
    assert_int_equal(group_place_of(&peers, &place, &e), STATUS_NO);
    assert_non_null(strstr(e.message, "equally filled"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_node_of_eight),
        cmocka_unit_test(four_nodes_of_eight),
        cmocka_unit_test(odd_sizes_end_with_the_whole),
        cmocka_unit_test(groups_are_full),
        cmocka_unit_test(places_follow_the_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
