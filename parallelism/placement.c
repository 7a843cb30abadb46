#include "parallelism/placement.h"
#include "base/minmax.h"
#include <math.h>

/* GPUs of one scale-up domain that a job uses: a job larger than one domain fills each with the
 * largest number that divides the job (64 of 72), in whole nodes where it can. */
static double job_domain_gpus(const struct system *system)
{
    double domain = floor(system_domain_gpus(system)), gpus = system->gpus;
    if (gpus <= domain)
        return gpus;
    double node =
        system->gpus_per_node > 0 && system->gpus_per_node < domain ? system->gpus_per_node : 1;
    for (double d = floor(domain / node) * node; d >= node; d -= node)
        if (fmod(gpus, d) == 0)
            return d;
    return domain;
}

/* Ranks of the group inside one block of `gpus` contiguous GPUs. */
static double ranks_inside(double gpus, double size, double stride)
{
    return min2(size, max2(1, floor(gpus / stride)));
}

struct group placement_group(const struct system *system, double size, double stride)
{
    return (struct group){.ranks = size,
                          .per_domain = ranks_inside(job_domain_gpus(system), size, stride),
                          .per_node = ranks_inside(system->gpus_per_node, size, stride),
                          .sharing = 1};
}

struct group placement_comm(const struct system *system, const struct strategy *s, enum comm comm)
{
    double expert_dp = (double)s->tp * s->cp * s->dp / ((double)s->etp * s->ep);
    const struct {
        double size, stride;
    } grid[COMMS] = {
        [COMM_TP] = {s->tp,                 1                            },
        [COMM_CP] = {s->cp,                 s->tp                        },
        [COMM_DP] = {(double)s->dp * s->cp, s->tp                        },
        [COMM_PP] = {s->pp > 1 ? 2 : 1,     (double)s->tp * s->cp * s->dp},
        [COMM_ETP] = {s->etp,                1                            },
        [COMM_EP] = {s->ep,                 s->etp                       },
        [COMM_EXPERT_DP] = {expert_dp,             (double)s->etp * s->ep       },
    };
    return placement_group(system, grid[comm].size, grid[comm].stride);
}

bool placement_pipeline_crosses(const struct system *system, const struct strategy *s)
{
    return s->pp > 1 && (double)s->tp * s->cp * s->dp * s->pp > job_domain_gpus(system);
}
