#ifndef PARALLELISM_FRAMEWORKS_MEGATRON_LM_H
#define PARALLELISM_FRAMEWORKS_MEGATRON_LM_H
#include "parallelism/frameworks/framework.h"

/* Groups of Megatron-LM's flags that no other framework shares. */
enum status megatron_lm_read_precision(struct framework_reader *r);
enum status megatron_lm_write_precision(struct framework_writer *w);
enum status megatron_lm_read_gradients(struct framework_reader *r); /* behind the precision */
enum status megatron_lm_write_gradients(struct framework_writer *w);
enum status megatron_lm_read_kernels(struct framework_reader *r);
enum status megatron_lm_write_rest(struct framework_writer *w);

#endif
