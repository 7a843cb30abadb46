#ifndef REPORTS_LAUNCH_FORMATS_H
#define REPORTS_LAUNCH_FORMATS_H
#include "reports/launch/launch_report.h"

/* The frameworks' syntaxes. Internal to the launch scripts. */
struct launch_shape {
    int nodes, gpus_per_node;
};
void launch_megatron_lm(const struct settings *settings, const struct launch_shape *shape,
                        struct text *out);
void launch_megatron_bridge(const struct settings *settings, const struct launch_shape *shape,
                            struct text *out);
void launch_torchtitan(const struct settings *settings, const struct launch_shape *shape,
                       struct text *out);
void launch_deepspeed(const struct settings *settings, const struct launch_shape *shape,
                      struct text *out);

/* "srun torchrun --nnodes N --nproc_per_node N ... \" and an indent on the next line. */
void launch_torchrun(const struct launch_shape *shape, struct text *out);
/* A flag with hyphens ("--tensor-model-parallel-size 8"), its words quoted one by one; a switch has
 * no value. */
void launch_flag(const char *key, const char *value, struct text *out);

#endif
