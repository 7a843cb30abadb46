#include "calibrate/fit/collective_sample.h"
#include <math.h>

struct group collective_sample_group(const struct system *system, const struct collective_sample *s)
{
    double per_node = s->ranks_per_node > 0 ? fmin(s->ranks, s->ranks_per_node) : s->ranks;
    double nodes_per_domain =
        system->gpus_per_node > 0 ? system_domain_gpus(system) / system->gpus_per_node : 1;
    double per_domain = fmin(s->ranks, per_node * fmax(1, nodes_per_domain));
    return (struct group){
        .ranks = s->ranks, .per_domain = per_domain, .per_node = per_node, .sharing = 1};
}
