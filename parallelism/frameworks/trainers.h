#ifndef PARALLELISM_FRAMEWORKS_TRAINERS_H
#define PARALLELISM_FRAMEWORKS_TRAINERS_H
#include "parallelism/frameworks/framework.h"

/* What axolotl and LLaMA-Factory say in words of their own, beside DeepSpeed's and the trainer's. */

/* axolotl's mesh: dp_replicate x dp_shard x context x tensor ranks, or dp_shard x expert ranks; how
 * many GPUs it tells. Context ranks go into the strategy before its batch is counted. */
void trainers_launch(struct framework_reader *r, struct launch *launch);
enum status trainers_read_context(struct framework_reader *r);
/* Its sharded and replicated ranks and its experts', behind what FSDP's settings say. */
enum status trainers_read_mesh(struct framework_reader *r);
/* Recompute, optimizer and loss. */
enum status trainers_read_rest(struct framework_reader *r);

#endif
