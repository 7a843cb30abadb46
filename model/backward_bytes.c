/* What the backward pass of a layer holds at its fullest, besides what was saved for it. */
#include "model/scan.h"
#include <math.h>

/* Gradients of the activations are 16 bit; each lives from the kernel that makes it to the one that
 * reads it, and what was saved for a kernel is freed behind it. */
static const double gradient_bytes = 2;

/* Elements of one GPU's share of a layer. */
struct widths {
    double stream, fc1, activated; /* the layer's output; FC1's output, and what FC2 reads */
    double expert_output;          /* of experts, before their outputs are summed */
    double query, key_value;       /* of attention: its output is as wide as the queries */
};

static struct widths widths_of(const struct model *m, const struct layer_kind *kind,
                               const struct shard *s)
{
    double t = shard_tokens(s), up = m->gated_mlp ? 2 : 1;
    double heads = (double)kind->heads / s->tp, kv = fmax((double)kind->kv_heads / s->tp, 1);
    if (m->kv_lora_rank > 0)
        kv = heads;
    struct widths w = {.stream = shard_sequence_tokens(s) * m->hidden_size,
                       .activated = t * kind->intermediate_size / s->tp,
                       .query = t * heads * kind->head_dim,
                       .key_value = 2 * t * kv * kind->head_dim};
    if (kind->experts) {
        double received = expert_tokens_received(m, s) * s->expert_imbalance;
        w.activated = received * m->moe_intermediate_size / s->etp;
        w.expert_output = received * expert_hidden_size(m);
    }
    w.fc1 = up * w.activated;
    return w;
}

/* While the activation's gradient is computed: the gradient of what FC2 read lies where that was,
 * the gradient of FC1's output comes on top. Of experts the moment before may be fuller: the
 * gradient of every expert's output, with that of what FC2 read. */
static double at_mlp(const struct widths *w)
{
    return gradient_bytes * fmax(w->fc1, w->expert_output + w->activated);
}

/* A tile of an MLP in tiles is computed again and back: what it would save and the gradient of
 * FC1's output, of as many tokens as the model is wide. [DeepSpeed, TiledMLP with shards of seqlen
 * / hidden_size: arXiv:2506.13996, section 3.1] */
static double at_tile(const struct model *m, const struct layer_kind *kind, const struct shard *s,
                      const struct kernels *k)
{
    struct shard whole = *s;
    struct activations saved;
    whole.tiled_mlp = false;
    layer_activations(m, kind, &whole, k, &saved);
    struct widths w = widths_of(m, kind, &whole);
    double tile = fmin(1, m->hidden_size / shard_tokens(s));
    return tile * (saved.bytes[MODULE_MLP] + saved.bytes[MODULE_MLP_ACT] + at_mlp(&w));
}

/* Those bytes less what the MLP kept, gone when the gradient reaches the mixer. */
static double without_mlp(double bytes, const struct activations *saved)
{
    static const enum module gone[] = {MODULE_MLP, MODULE_MLP_ACT, MODULE_MOE, MODULE_MOE_ACT,
                                       MODULE_SHARED_EXPERTS};
    for (size_t i = 0; i < sizeof gone / sizeof *gone; i++)
        bytes -= saved->bytes[gone[i]];
    return bytes;
}

/* While attention's gradient is computed, the MLP's tensors gone: the gradients of its output, of
 * queries, keys and values, the fp32 sum of the queries' [FlashAttention-2, flash_bwd: dq_accum],
 * and the buffers of the context exchange. */
static double at_attention(const struct widths *w, const struct shard *s, double exchange_bytes,
                           const struct activations *saved)
{
    double bytes = gradient_bytes * (2 * w->query + w->key_value) + exchange_bytes;
    if (s->attention == ATTENTION_FLASH)
        bytes += 4 * w->query;
    return without_mlp(bytes, saved);
}

/* The same of the layer's mixer, whatever it is. */
static double at_mixer(const struct model *m, const struct layer_kind *kind, const struct shard *s,
                       const struct kernels *k, const struct widths *w,
                       const struct activations *saved)
{
    double scan = mixer_scans(kind->mixer) ? scan_backward_bytes(m, kind->mixer, s) : 0;
    if (mixer_attends(kind->mixer))
        return scan + at_attention(w, s, context_exchange_bytes(m, kind, s, k), saved);
    return without_mlp(scan, saved);
}

double layer_backward_bytes(const struct model *model, const struct layer_kind *kind,
                            const struct shard *shard, const struct kernels *kernels,
                            const struct activations *saved)
{
    struct widths w = widths_of(model, kind, shard);
    double mlp =
        shard->tiled_mlp && !kind->experts ? at_tile(model, kind, shard, kernels) : at_mlp(&w);
    return gradient_bytes * w.stream + fmax(mlp, at_mixer(model, kind, shard, kernels, &w, saved));
}
