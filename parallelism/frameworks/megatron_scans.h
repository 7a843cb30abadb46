#ifndef PARALLELISM_FRAMEWORKS_MEGATRON_SCANS_H
#define PARALLELISM_FRAMEWORKS_MEGATRON_SCANS_H
#include "parallelism/frameworks/framework.h"

/* Megatron's layers without attention: --hybrid-override-pattern with Mamba-2 and layers of one
 * half, --experimental-attention-variant gated_delta_net. */
struct megatron_layers {
    unsigned char mixer[MODEL_LAYERS_MAX]; /* enum mixer */
    bool bare[MODEL_LAYERS_MAX];           /* without an MLP or experts */
    bool dense[MODEL_LAYERS_MAX];          /* an MLP, whatever the model has of experts */
};

/* The layers that a pattern holds, into a model that no flag says any of. */
void megatron_count_layers(struct framework_reader *r, struct model *m);
/* Fills the model's scans and out; all of it attention with an MLP where no flag says otherwise. */
enum status megatron_read_scans(struct framework_reader *r, struct model *m,
                                struct megatron_layers *out);

/* Writes them; STATUS_NO where no flag can say it. *halves: the pattern says which layers have
 * experts. */
enum status megatron_write_scans(struct framework_writer *w, const struct model *m, bool *halves);

#endif
