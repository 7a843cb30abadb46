#ifndef MODEL_OP_EMIT_H
#define MODEL_OP_EMIT_H
#include "model/ops.h"

/* Builders shared by the op lists of attention, MLP, experts, embedding and head. Internal to
 * model/. */
struct emitter {
    const struct model *model;
    const struct shard *shard;
    const struct kernels *kernels;
    struct ops *out;
};

/* Appends a zeroed op (repeat 1, launches 1). Never overflows: OPS_MAX holds the largest layer. */
struct op *emit_op(struct emitter *e, enum op_kind kind, enum op_name name, enum module module,
                   enum phase phase);
struct op *emit_memory(struct emitter *e, enum op_name name, enum module module, enum phase phase,
                       struct memory_op memory, double launches);
/* A collective of `bytes` (nccl-tests size) in the communicator that its name says; nothing for a
 * group of one. */
void emit_collective(struct emitter *e, enum op_name name, enum module module, enum phase phase,
                     enum collective collective, double bytes);

/* A linear layer in -> out of `tokens` rows: forward (tokens, out, in), backward input (tokens, in,
 * out), backward weight (in, out, tokens), with the quantisation passes of fp8 and below and,
 * without fusion, the accumulation into the main gradient. groups > 1: experts, tokens is the mean
 * of a group. input_fused: the kernel before it can write the quantised input. */
struct linear {
    enum op_name name;
    enum module module;
    double tokens, in, out;
    double groups; /* 0: dense */
    enum dtype dtype;
    bool input_fused, gradient_fused;
};
void emit_linear(struct emitter *e, const struct linear *linear);

/* Dtype of linear layers, and the 16-bit one beside it. */
enum dtype shard_dtype16(const struct shard *shard);
double shard_dtype16_bytes(void);
/* Bytes an element of a linear layer's input that is kept for its weight gradient: the transposed
 * quantised copy in 8-bit and 4-bit training. */
double saved_input_bytes(const struct shard *shard);

/* GPT-style models (plain MLP) train with dropout where the stack does; gated ones and those with
 * scans do not. */
bool trains_with_dropout(const struct model *model, const struct kernels *kernels);

/* Tokens that a rank's experts receive, and tokens it sends. MODELLING 1.2 */
double expert_tokens_sent(const struct shard *shard);
double expert_tokens_received(const struct model *model, const struct shard *shard);

/* Norm and residual over `elements` of the stream; tensor-parallel communication into a
 * column-parallel linear, `times` where several read that input and each exchanges it for itself,
 * and out of a row-parallel one, of tp_bytes(e) bytes. */
void emit_norm(struct emitter *e, enum op_name name, double elements);
void emit_norms(struct emitter *e, enum op_name name, int count, double elements);
void emit_residual(struct emitter *e, enum op_name name, double elements);
void emit_tp_in(struct emitter *e, enum module module, double bytes, double times);
void emit_tp_out(struct emitter *e, enum module module, double bytes);
double tp_bytes(const struct emitter *e);

/* FC1 (both branches of a gated MLP in one GEMM), activation, FC2 of width f on this rank. */
struct mlp {
    enum op_name fc1, activation, fc2;
    enum module module, act_module;
    double tokens, width, groups;
    double hidden; /* elements of a token; 0: the model's hidden size */
};
void emit_mlp(struct emitter *e, const struct mlp *mlp);

/* Half a layer each, with its norm, exchanges and residual: attention, an MLP. */
void attention_ops(struct emitter *e, const struct layer_kind *kind);
void mlp_ops(struct emitter *e, const struct layer_kind *kind);
/* Half a layer whose mixer scans; the mixer's own, from its first product to its last. */
void scan_ops(struct emitter *e, const struct layer_kind *kind);
void mixer_ops(struct emitter *e, const struct layer_kind *kind);
/* The experts of a layer, shared ones with them: router, dispatch, products, combine. */
void expert_ops(struct emitter *e);

#endif
