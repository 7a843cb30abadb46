#ifndef PARALLELISM_FRAMEWORKS_FSDP_H
#define PARALLELISM_FRAMEWORKS_FSDP_H
#include "parallelism/frameworks/rows.h"

/* Hugging Face's FSDP settings, as Accelerate's YAML, the trainer's "fsdp_config" and axolotl name
 * them. accelerate/utils/dataclasses.py (FullyShardedDataParallelPlugin),
 * transformers/training_args.py */

/* Rows of a table that reads them: under fsdp_config, with and without the prefix; beside it, as
 * axolotl and the flags of "accelerate launch" have them. */
#define FSDP_ROWS                                                                                  \
    GROUP("fsdp_config.fsdp_sharding_strategy"), GROUP("fsdp_config.sharding_strategy"),           \
        GROUP("fsdp_config.fsdp_reshard_after_forward"),                                           \
        GROUP("fsdp_config.reshard_after_forward"), GROUP("fsdp_config.fsdp_offload_params"),      \
        GROUP("fsdp_config.offload_params"), GROUP("fsdp_config.fsdp_activation_checkpointing"),   \
        GROUP("fsdp_config.activation_checkpointing"), GROUP("fsdp_config.fsdp_version"),          \
        GROUP("fsdp_config.version"), GROUP("fsdp_version"), GROUP("fsdp_sharding_strategy"),      \
        GROUP("fsdp_offload_params"), GROUP("fsdp_reshard_after_forward"),                         \
        GROUP("fsdp_activation_checkpointing")

/* What fsdp_config says, over what the strategy holds: ZeRO stage, resharding, offload, recompute.
 * STATUS_INPUT where the sharding strategy is none of FSDP's. */
enum status fsdp_read(struct framework_reader *r);

#endif
