#ifndef HARDWARE_TOPOLOGY_H
#define HARDWARE_TOPOLOGY_H

/* How the GPUs of a network tier are joined: what a small group gets of a GPU's links. */
enum topology {
    TOPOLOGY_SWITCH, /* any pair has all of its links: NVSwitch */
    TOPOLOGY_MESH,   /* every pair has a link of its own, 1/(n-1) of them: xGMI, Gaudi */
    TOPOLOGY_FAT_TREE,
    TOPOLOGY_RAIL,      /* fat tree whose leaves join the GPUs of the same index */
    TOPOLOGY_DRAGONFLY, /* groups of switches, all groups joined pairwise */
    TOPOLOGY_TORUS,     /* neighbours along 2 or 3 dimensions: TPU */
    TOPOLOGIES
};
extern const char *const topology_names[TOPOLOGIES + 1];

#endif
