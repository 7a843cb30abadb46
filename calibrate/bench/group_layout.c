#include "calibrate/bench/group_layout.h"
#include <string.h>

static int add(struct group_layout *layouts, int n, struct group_layout layout)
{
    if (n == GROUP_LAYOUTS_MAX || layout.ranks < 2)
        return n;
    for (int i = 0; i < n; i++)
        if (layouts[i].ranks == layout.ranks && layouts[i].per_node == layout.per_node)
            return n;
    layouts[n] = layout;
    return n + 1;
}

/* 2, 4, 8 ... and the whole, be it a power of two or not. */
static int next_size(int size, int whole)
{
    return size < whole && 2 * size > whole ? whole : 2 * size;
}

int group_layouts(int nodes, int per_node, struct group_layout layouts[GROUP_LAYOUTS_MAX])
{
    int n = 0;
    for (int g = 2; g <= per_node; g = next_size(g, per_node))
        n = add(layouts, n, (struct group_layout){g, g, nodes * (per_node / g)});
    for (int used = 2; used <= nodes; used = next_size(used, nodes)) {
        n = add(layouts, n, (struct group_layout){used, 1, nodes / used * per_node});
        n = add(layouts, n, (struct group_layout){used * per_node, per_node, nodes / used});
    }
    return n;
}

int group_of(const struct group_layout *layout, int node, int local, int per_node)
{
    int nodes = layout->ranks / layout->per_node, columns = per_node / layout->per_node;
    int row = node / nodes, column = local / layout->per_node;
    int group = row * columns + column;
    return column < columns && group < layout->groups ? group : -1;
}

enum status group_place_of(const struct peers *peers, struct group_place *place, struct error *e)
{
    int node = 0, counted = 0;
    *place = (struct group_place){
        .local = peers->local_rank, .nodes = peers->nodes, .per_node = peers->size / peers->nodes};
    for (int r = 0; r < peers->size; r++) {
        int here = 0, first = r;
        for (int s = peers->size - 1; s >= 0; s--)
            if (strcmp(peers->host[r], peers->host[s]) == 0) {
                here++;
                first = s;
            }
        if (here != place->per_node)
            return error_set(e, STATUS_NO,
                             "%s has %d ranks, other hosts have not: collectives"
                             " need equally filled hosts",
                             peers->host[r], here);
        if (first != r)
            continue;
        if (strcmp(peers->host[r], peers->host[peers->rank]) == 0)
            node = counted;
        counted++;
    }
    place->node = node;
    return STATUS_OK;
}
