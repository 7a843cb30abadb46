#ifndef PARALLELISM_FRAMEWORKS_TABLES_H
#define PARALLELISM_FRAMEWORKS_TABLES_H
#include "parallelism/frameworks/framework.h"

/* The frameworks, one file a table. */
extern const struct framework megatron_lm, megatron_bridge, nemo, torchtitan, deepspeed, accelerate,
    gpt_neox, nanotron, maxtext, verl;

#endif
