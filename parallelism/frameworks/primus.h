#ifndef PARALLELISM_FRAMEWORKS_PRIMUS_H
#define PARALLELISM_FRAMEWORKS_PRIMUS_H
#include "parallelism/frameworks/framework.h"

/* "model: deepseek_v3.yaml": the catalog's model of that name, with the depth of token prediction
 * that is told beside it; none where its shape is told otherwise, which a note says. `named` is
 * whether the settings name one. STATUS_IO as model_config_named's. */
enum status primus_read_model(struct framework_reader *r, bool *named);

/* The same of its files for torchtitan; one of a name in "-fp8" tells the converters too. */
enum status primus_read_recipe(struct framework_reader *r);

#endif
