#ifndef PARALLELISM_FRAMEWORKS_MESH_H
#define PARALLELISM_FRAMEWORKS_MESH_H
#include "parallelism/frameworks/framework.h"

/* MaxText's mesh of devices: axes within a slice (ici; of GPUs, a node) and over slices (dcn). */
enum axis {
    AXIS_DATA,
    AXIS_FSDP,
    AXIS_FSDP_TRANSPOSE,
    AXIS_SEQUENCE,
    AXIS_CONTEXT,
    AXIS_TENSOR,
    AXIS_TENSOR_TRANSPOSE,
    AXIS_TENSOR_SEQUENCE,
    AXIS_AUTOREGRESSIVE,
    AXIS_EXPERT,
    AXIS_PIPELINE,
    AXES
};

struct mesh {
    int ici[AXES], dcn[AXES]; /* degrees; -1: what is left, and not told yet */
    double gpus;              /* 0: not told */
};

/* The mesh of the settings. Where the number of devices is known (0: it is not), the axis that is
 * left gets its degree; where one is at both levels, there is one slice. STATUS_INPUT where the
 * degrees do not make the devices. */
enum status mesh_read(struct framework_reader *r, double gpus, struct mesh *mesh);
/* The product of a level's degrees that are told; *open: the axis that is not, -1: none. */
double mesh_told(const int degree[AXES], int *open);
/* Of an axis over both levels. */
int mesh_degree(const struct mesh *m, enum axis axis);

#endif
