#ifndef CALIBRATE_BENCH_GROUP_LAYOUT_H
#define CALIBRATE_BENCH_GROUP_LAYOUT_H
#include "calibrate/bench/peers.h"

/* How a communicator lies on the nodes: `ranks` members, `per_node` of them on each node. The job
 * holds `groups` such groups side by side. */
struct group_layout {
    int ranks, per_node, groups;
};
enum { GROUP_LAYOUTS_MAX = 64 };

/* Layouts worth measuring on `nodes` nodes of `per_node` GPUs: 2, 4, 8 ... GPUs of a node; 2, 4, 8
 * ... nodes with one GPU each and with all GPUs each. The number of them. */
int group_layouts(int nodes, int per_node, struct group_layout layouts[GROUP_LAYOUTS_MAX]);

/* The group that the GPU `local` of node `node` belongs to, or -1. */
int group_of(const struct group_layout *layout, int node, int local, int per_node);

/* This rank's place among equally filled nodes. STATUS_NO if hosts have different numbers of ranks.
 */
struct group_place {
    int node, local, nodes, per_node;
};
enum status group_place_of(const struct peers *peers, struct group_place *place, struct error *e);

#endif
