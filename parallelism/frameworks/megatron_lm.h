#ifndef PARALLELISM_FRAMEWORKS_MEGATRON_LM_H
#define PARALLELISM_FRAMEWORKS_MEGATRON_LM_H
#include "parallelism/frameworks/framework.h"

/* Megatron-LM's groups of flags, its own and those that others share; ended by {NULL}. */
extern const struct framework_group megatron_lm_groups[];

/* Megatron-DeepSpeed alone has --deepspeed: its stack as it was in 2022, where no flag tells of
 * what came later. NULL: of neither. */
const char *megatron_lm_stack_of(const struct settings *settings);

#endif
