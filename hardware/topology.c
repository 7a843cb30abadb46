#include "hardware/topology.h"

const char *const topology_names[TOPOLOGIES + 1] = {
    "switch", "mesh", "fat_tree", "rail", "dragonfly", "torus", 0,
};
