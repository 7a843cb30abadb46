#ifndef PARALLELISM_FRAMEWORKS_MEGATRON_HYBRID_H
#define PARALLELISM_FRAMEWORKS_MEGATRON_HYBRID_H
#include "base/text.h"
#include "parallelism/frameworks/megatron_scans.h"

/* Megatron's hybrids: a letter a layer (M Mamba, * attention, - MLP, E experts), "|" between the
 * stages of the pipeline, "/" before the letters of each multi-token-prediction layer; or shares of
 * the layers that are attention and MLPs, the rest Mamba. */

/* The flags say which layers are of which half. */
bool megatron_is_hybrid(struct framework_reader *r);
/* Layers that the pattern holds; 0: no pattern. */
int megatron_hybrid_layers(struct framework_reader *r);
/* Fills out; prediction layers into m where no flag counts them. */
enum status megatron_read_hybrid(struct framework_reader *r, struct model *m,
                                 struct megatron_layers *out);
/* The stages that "|" makes as a layout of the pipeline: "Et*3|t*4L"; adds nothing where the
 * pattern divides none. */
void megatron_hybrid_layout(struct framework_reader *r, struct text *layout);

#endif
