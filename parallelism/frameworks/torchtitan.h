#ifndef PARALLELISM_FRAMEWORKS_TORCHTITAN_H
#define PARALLELISM_FRAMEWORKS_TORCHTITAN_H
#include "parallelism/frameworks/framework.h"

/* The groups of torchtitan's settings; its table is in torchtitan.c. */
/* The number of GPUs, where every degree is told. */
void torchtitan_read_launch(struct framework_reader *r, struct launch *launch);
enum status torchtitan_read_batch(struct framework_reader *r);
enum status torchtitan_write_batch(struct framework_writer *w);
enum status torchtitan_read_sharding(struct framework_reader *r);
enum status torchtitan_write_sharding(struct framework_writer *w);
enum status torchtitan_read_pipeline(struct framework_reader *r);
enum status torchtitan_write_pipeline(struct framework_writer *w);
enum status torchtitan_read_recompute(struct framework_reader *r);
enum status torchtitan_write_recompute(struct framework_writer *w);
enum status torchtitan_read_rest(struct framework_reader *r);
enum status torchtitan_write_rest(struct framework_writer *w);

#endif
