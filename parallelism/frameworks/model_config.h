#ifndef PARALLELISM_FRAMEWORKS_MODEL_CONFIG_H
#define PARALLELISM_FRAMEWORKS_MODEL_CONFIG_H
#include "parallelism/frameworks/framework.h"

/* The run's model from a config.json that a framework's settings make. STATUS_INPUT as
 * model_read's; STATUS_IO where the text could not grow. */
enum status model_config_read(struct framework_reader *r, const struct text *config);
/* The last part of a hub's name or a path, "meta-llama/Llama-3.1-8B"; NULL: it is not told, as
 * "$HOME/models" is told and "models/$NAME" is not. */
const char *model_config_base(const char *name);
/* The catalog's model of that part; nothing where it is not told. Nothing is followed; a note says
 * so where the catalog has none. */
enum status model_config_named(struct framework_reader *r, const char *name);
/* A vocabulary padded to a multiple of so much; as it is where that is no model's. */
int model_config_pad(int vocabulary, double multiple);

#endif
