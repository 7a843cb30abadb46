#ifndef MODEL_SCAN_H
#define MODEL_SCAN_H
#include "model/op_emit.h"

/* Layers whose mixer is a chunked scan: Mamba-2, gated delta rule, KDA, lightning attention.
 * Internal to model/. */

/* Mamba-2, alone or beside attention. */
bool mixer_is_mamba(enum mixer mixer);
/* The delta rule, gated or KDA. */
bool mixer_is_delta(enum mixer mixer);
/* Rank of the projections that make KDA's decays and gate; 0: none. */
double scan_gate_rank(const struct model *model, enum mixer mixer);

/* Elements of a scan layer's projections, whole. */
double scan_matrices(const struct model *model, enum mixer mixer);
/* Of all else that it learns: convolution, decays, biases, the norm of its output. */
double scan_vectors(const struct model *model, enum mixer mixer);

/* Matrices and vectors of one tensor rank's share: heads and the convolution's channels divide. */
double scan_shard_parameters(const struct model *model, enum mixer mixer,
                             const struct shard *shard);

/* Adds what one micro-batch keeps of the layer's first half. */
void scan_activations(const struct model *model, enum mixer mixer, const struct shard *shard,
                      const struct kernels *kernels, struct activations *out);
/* Bytes alive while the gradient of the scan is computed, besides what the forward pass keeps. */
double scan_backward_bytes(const struct model *model, enum mixer mixer, const struct shard *shard);

#endif
