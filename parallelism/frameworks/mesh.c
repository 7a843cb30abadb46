/* MaxText/max_utils.py (create_device_mesh, fill_unspecified_mesh_axes). */
#include "parallelism/frameworks/mesh.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const axis_names[AXES] = {
    "data",           "fsdp",   "fsdp_transpose",   "sequence",
    "context",        "tensor", "tensor_transpose", "tensor_sequence",
    "autoregressive", "expert", "pipeline"};

/* The degrees of one level: -1 where it is what is left. */
static void read_level(struct framework_reader *r, const char *level, enum axis left,
                       int degree[AXES])
{
    for (int i = 0; i < AXES; i++) {
        char key[64];
        snprintf(key, sizeof key, "%s_%s_parallelism", level, axis_names[i]);
        const char *value = reading_value(r, key);
        degree[i] = !value                     ? ((enum axis)i == left ? -1 : 1)
                    : strcmp(value, "-1") == 0 ? -1
                                               : reading_degree(r, key);
    }
}

double mesh_told(const int degree[AXES], int *open)
{
    double product = 1;
    *open = -1;
    for (int i = 0; i < AXES; i++) {
        if (degree[i] < 0)
            *open = i;
        else
            product *= degree[i];
    }
    return product;
}

/* Two axes of a level cannot both be what is left. */
static bool several_open(const int degree[AXES])
{
    int open = 0;
    for (int i = 0; i < AXES; i++)
        open += degree[i] < 0;
    return open > 1;
}

enum status mesh_read(struct framework_reader *r, double gpus, struct mesh *mesh)
{
    int inner, outer;
    read_level(r, "ici", AXIS_FSDP, mesh->ici);
    read_level(r, "dcn", AXIS_DATA, mesh->dcn);
    double slice = mesh_told(mesh->ici, &inner), slices = mesh_told(mesh->dcn, &outer);
    if (several_open(mesh->ici) || several_open(mesh->dcn))
        return reading_error(
            r, "ici_fsdp_parallelism",
            "one axis of a level alone may be -1, as this is where it is not given");
    if (slice * slices > SYSTEM_GPUS_MOST)
        return reading_error(r, "ici_fsdp_parallelism", "axes of %g GPUs", slice * slices);
    mesh->gpus = inner < 0 && outer < 0 ? slice * slices : 0;
    if (r->e->status != STATUS_OK || gpus <= 0)
        return r->e->status;
    double left = gpus / (slice * slices);
    if (left < 1 || left > floor(left) || (mesh->gpus > 0 && left > 1))
        return reading_error(r, "ici_fsdp_parallelism", "axes of %g do not make %g GPUs",
                             slice * slices, gpus);
    if (inner >= 0)
        mesh->ici[inner] = (int)left;
    if (outer >= 0)
        mesh->dcn[outer] = inner >= 0 ? 1 : (int)left;
    if (inner >= 0 && outer >= 0)
        text_add(r->notes, "both levels of the mesh leave an axis open: one slice is taken; state "
                           "dcn_data_parallelism where there are more\n");
    return STATUS_OK;
}

int mesh_degree(const struct mesh *m, enum axis axis)
{
    return (m->ici[axis] > 0 ? m->ici[axis] : 1) * (m->dcn[axis] > 0 ? m->dcn[axis] : 1);
}
