#ifndef PARALLELISM_FRAMEWORKS_GPT_NEOX_H
#define PARALLELISM_FRAMEWORKS_GPT_NEOX_H
#include "parallelism/frameworks/framework.h"

/* Groups of GPT-NeoX's settings. */
enum status gpt_neox_read_model(struct framework_reader *r);
enum status gpt_neox_read_precision(struct framework_reader *r);
enum status gpt_neox_read_batch(struct framework_reader *r);
enum status gpt_neox_read_sharding(struct framework_reader *r);
enum status gpt_neox_read_attention(struct framework_reader *r);
enum status gpt_neox_read_rest(struct framework_reader *r);
void gpt_neox_read_launch(struct framework_reader *r, struct launch *launch);

#endif
