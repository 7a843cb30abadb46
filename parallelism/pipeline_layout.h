#ifndef PARALLELISM_PIPELINE_LAYOUT_H
#define PARALLELISM_PIPELINE_LAYOUT_H
#include <stdbool.h>

/* Megatron's pipeline layout, "Et*3|(tt|)*29,m|L": stages between bars; E embedding, t a transformer
 * layer, m a multi-token-prediction layer, L the loss; x*n repeats a letter or a group in
 * parentheses; commas mean nothing. [Megatron-LM, pipeline_parallel_layer_layout.py] */
enum { PIPELINE_LAYOUT_STAGES_MAX = 2048 };
struct pipeline_layout {
    int stages;
    int layers[PIPELINE_LAYOUT_STAGES_MAX]; /* transformer layers of each stage */
    int mtp_layers;
};

/* False: not a layout, or one whose embedding is not in the first stage or whose loss is not in the
 * last. */
bool pipeline_layout_read(const char *text, struct pipeline_layout *out);

#endif
