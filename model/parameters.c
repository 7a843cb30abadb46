/* Parameters by part. MODELLING 1.1 */
#include "model/scan.h"

double layer_value_dim(const struct model *model, const struct layer_kind *kind)
{
    if (kind->v_head_dim > 0)
        return kind->v_head_dim;
    return model->v_head_dim > 0 ? model->v_head_dim : kind->head_dim;
}

double layer_projected_kv(const struct model *model, const struct layer_kind *kind, double kv_heads)
{
    double value = kind->keys_are_values ? 0 : layer_value_dim(model, kind);
    return kv_heads * (kind->head_dim + value);
}

/* Grouped-query attention:  h (a d + k (d + d_v)) + a d_v h, and h a d_v for a gate; keys that are
 * values have one projection */
static double gqa_matrices(const struct model *m, const struct layer_kind *kind)
{
    double h = m->hidden_size, a = kind->heads, k = kind->kv_heads, d = kind->head_dim;
    double v = layer_value_dim(m, kind);
    return h * (a * d + layer_projected_kv(m, kind, k)) + a * v * h +
           (m->attention_gate ? h * a * v : 0);
}

/* Multi-head latent attention:
 *     r_q (h + a (d_n + d_r)), or h a (d_n + d_r) without a query rank
 *     + r_kv (h + a (d_n + d_v)) + h d_r + a d_v h                       [DeepSeek-V2] */
static double mla_matrices(const struct model *m, const struct layer_kind *kind)
{
    double h = m->hidden_size, a = kind->heads, rq = m->q_lora_rank, rkv = m->kv_lora_rank;
    double q_dim = (double)m->qk_nope_head_dim + m->qk_rope_head_dim, v = m->v_head_dim;
    double q = rq > 0 ? rq * (h + a * q_dim) : h * a * q_dim;
    return q + rkv * (h + a * (m->qk_nope_head_dim + v)) + h * m->qk_rope_head_dim + a * v * h;
}

static double attention_matrices(const struct model *m, const struct layer_kind *kind)
{
    return m->kv_lora_rank > 0 ? mla_matrices(m, kind) : gqa_matrices(m, kind);
}

/* Biases of QKV (MLA: of its down projections) and of the output, MLA's two latent norms, query-key
 * norms, sinks. */
static double attention_vectors(const struct model *m, const struct layer_kind *kind)
{
    double latent = (double)m->q_lora_rank + m->kv_lora_rank;
    double d = kind->head_dim;
    bool mla = m->kv_lora_rank > 0;
    double qkv = mla ? latent + m->qk_rope_head_dim
                     : kind->heads * d + layer_projected_kv(m, kind, kind->kv_heads);
    double wider = kind->head_dim > 0 && m->head_dim > 0 ? d / m->head_dim : 1;
    double n = (m->attention_bias ? qkv : 0) + (mla ? latent : 0) + m->qk_norm_parameters * wider;
    return n + (m->attention_output_bias ? m->hidden_size : 0) +
           (m->attention_sinks ? kind->heads : 0);
}

double expert_hidden_size(const struct model *model)
{
    return model->moe_latent_size > 0 ? model->moe_latent_size : model->hidden_size;
}

/* Into the latent space and out of it, once a layer. */
static double latent_matrices(const struct model *m)
{
    return m->moe_latent_size > 0 ? 2.0 * m->hidden_size * m->moe_latent_size : 0;
}

/* One MLP of width f on tokens of h elements: 3 h f gated, 2 h f otherwise. */
static double mlp_matrices(const struct model *m, double h, double width)
{
    return (m->gated_mlp ? 3.0 : 2.0) * h * width;
}

static double mlp_parameters(const struct model *m, double h, double width)
{
    double up = m->gated_mlp ? 2 : 1;
    return mlp_matrices(m, h, width) + (m->mlp_bias ? up * width + h : 0);
}

static double mixer_matrices(const struct model *m, const struct layer_kind *kind)
{
    double attention = mixer_attends(kind->mixer) ? attention_matrices(m, kind) : 0;
    return attention + (mixer_scans(kind->mixer) ? scan_matrices(m, kind->mixer) : 0);
}

double layer_matrix_elements(const struct model *model, const struct layer_kind *kind)
{
    double attention = mixer_matrices(model, kind), h = model->hidden_size;
    if (!kind->experts)
        return attention + mlp_matrices(model, h, kind->intermediate_size);
    double expert = mlp_matrices(model, expert_hidden_size(model), model->moe_intermediate_size);
    return attention + mlp_matrices(model, h, model->shared_intermediate_size) +
           latent_matrices(model) + model->experts_per_token * expert;
}

/* Learned vectors of one norm: RMSNorm a weight, LayerNorm a weight and a bias. */
static double norm_parameters(const struct model *m)
{
    return m->hidden_size * (m->layer_norm_bias ? 2.0 : 1.0);
}

struct model_parameters layer_parameters(const struct model *model, const struct layer_kind *kind)
{
    struct model_parameters p = {0};
    double h = model->hidden_size;
    if (mixer_attends(kind->mixer))
        p.attention = attention_matrices(model, kind) + attention_vectors(model, kind);
    if (mixer_scans(kind->mixer))
        p.scans = scan_matrices(model, kind->mixer) + scan_vectors(model, kind->mixer);
    p.norms = layer_norms(model, kind) * norm_parameters(model);
    double met = 0;
    if (kind->experts) {
        p.experts = model->experts *
                    mlp_parameters(model, expert_hidden_size(model), model->moe_intermediate_size);
        p.router = model->experts * (h + (model->router_bias ? 1 : 0));
        p.shared_experts = latent_matrices(model);
        if (model->shared_intermediate_size > 0)
            p.shared_experts += mlp_parameters(model, h, model->shared_intermediate_size) +
                                (model->shared_expert_gate ? h : 0);
        met = model->experts > 0 ? p.experts / model->experts * model->experts_per_token : 0;
    } else if (kind->intermediate_size > 0) {
        p.dense_mlp = mlp_parameters(model, h, kind->intermediate_size);
    }
    p.total =
        p.attention + p.scans + p.dense_mlp + p.experts + p.shared_experts + p.router + p.norms;
    p.active = p.total - p.experts + met;
    return p;
}

static void add_scaled(struct model_parameters *sum, const struct model_parameters *p, double n)
{
    sum->attention += n * p->attention;
    sum->scans += n * p->scans;
    sum->dense_mlp += n * p->dense_mlp;
    sum->experts += n * p->experts;
    sum->shared_experts += n * p->shared_experts;
    sum->router += n * p->router;
    sum->norms += n * p->norms;
    sum->total += n * p->total;
    sum->active += n * p->active;
}

/* A multi-token-prediction layer is one more layer of the last kind, the 2h x h projection that
 * joins it to the embedding, and three norms; embedding and head are the model's own.
 * [DeepSeek-V3] 2.2 */
static double mtp_parameters(const struct model *m)
{
    if (m->mtp_layers == 0 || m->layers == 0)
        return 0;
    double h = m->hidden_size;
    double layer = layer_parameters(m, &m->kind[m->kind_of_layer[m->layers - 1]]).total;
    return m->mtp_layers * (layer + 2 * h * h + 3 * norm_parameters(m));
}

struct model_parameters model_parameters(const struct model *model)
{
    struct model_parameters sum = {0};
    double h = model->hidden_size, count[MODEL_LAYER_KINDS_MAX] = {0};
    model_count_kinds(model, 0, model->layers, count);
    for (int i = 0; i < model->kinds; i++) {
        struct model_parameters layer = layer_parameters(model, &model->kind[i]);
        add_scaled(&sum, &layer, count[i]);
    }
    sum.embedding = ((double)model->vocab_size + model->position_embeddings) * h;
    if (!model->tied_embeddings)
        sum.head = model->vocab_size * h;
    if (model->head_bias)
        sum.head += model->vocab_size;
    double norms = norm_parameters(model) + (model->embedding_norm ? 2 * h : 0);
    sum.norms += norms;
    sum.total += sum.embedding + sum.head + norms;
    sum.active += sum.embedding + sum.head + norms;
    sum.mtp = mtp_parameters(model);
    return sum;
}
