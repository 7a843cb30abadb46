/* Model FLOP under the conventions in use, and the key-value cache. MODELLING 1.5, 8.2 */
#include "model/model.h"

const char *const flop_convention_names[FLOP_CONVENTIONS + 1] = {
    [FLOP_CAUSAL] = "causal",
    [FLOP_FULL] = "full",
    [FLOP_6ND] = "6nd",
    [FLOP_KORTHIKANTI] = "korthikanti",
};

double layer_visible_keys(const struct layer_kind *kind, double seq_length)
{
    double w = kind->window, c = kind->chunk, visible = seq_length / 2;
    if (w > 0 && w < seq_length)
        visible = w * (1 - w / (2 * seq_length));
    if (c > 0 && c < seq_length && c / 2 < visible)
        visible = c / 2;
    return visible;
}

/* The same with nothing halved for causality: all s keys, a window's w, a chunk's c. */
static double layer_reachable_keys(const struct layer_kind *kind, double seq_length)
{
    double reach = seq_length;
    if (kind->window > 0 && kind->window < reach)
        reach = kind->window;
    if (kind->chunk > 0 && kind->chunk < reach)
        reach = kind->chunk;
    return reach;
}

/* A layer's FLOP of one token, forward and backward (three times forward):
 *     6 x matrix elements + 6 a (d_qk + d_v) x keys       [FLOP] */
static double layer_flop(const struct model *m, const struct layer_kind *kind, double s,
                         enum flop_convention c)
{
    double v = m->v_head_dim > 0 ? m->v_head_dim : kind->head_dim;
    double keys = c == FLOP_FULL ? layer_reachable_keys(kind, s) : layer_visible_keys(kind, s);
    return 6 * layer_matrix_elements(m, kind) + 6.0 * kind->heads * (kind->head_dim + v) * keys;
}

/* 72 L h^2 (1 + s / 6h + V / 12 h L)                      [FLOP], a GPT's; [Korthikanti22] eq. 7 */
static double korthikanti_flop(const struct model *m, double s)
{
    double h = m->hidden_size, layers = m->layers;
    return 72 * layers * h * h * (1 + s / (6 * h) + m->vocab_size / (12 * h * layers));
}

double model_flop_per_token(const struct model *model, double seq_length, enum flop_convention c)
{
    if (c == FLOP_KORTHIKANTI)
        return korthikanti_flop(model, seq_length);
    if (c == FLOP_6ND)
        return 6 * model_parameters(model).active;
    double count[MODEL_LAYER_KINDS_MAX] = {0};
    double flop = 6.0 * model->vocab_size * model->hidden_size;
    model_count_kinds(model, 0, model->layers, count);
    for (int i = 0; i < model->kinds; i++)
        flop += count[i] * layer_flop(model, &model->kind[i], seq_length, c);
    return flop;
}

double model_mtp_flop_per_token(const struct model *model, double seq_length,
                                enum flop_convention c)
{
    if (model->mtp_layers == 0 || model->layers == 0)
        return 0;
    const struct layer_kind *last = &model->kind[model->kind_of_layer[model->layers - 1]];
    double h = model->hidden_size, head = 6 * h * model->vocab_size, projection = 6 * 2 * h * h;
    return model->mtp_layers * (layer_flop(model, last, seq_length, c) + projection + head);
}

double model_kv_bytes_per_token(const struct model *model, double bytes)
{
    double elements = 0, count[MODEL_LAYER_KINDS_MAX] = {0};
    model_count_kinds(model, 0, model->layers, count);
    for (int i = 0; i < model->kinds; i++) {
        const struct layer_kind *k = &model->kind[i];
        double v = model->v_head_dim > 0 ? model->v_head_dim : k->head_dim;
        double gqa = k->kv_heads * (k->head_dim + v);
        double latent = (double)model->kv_lora_rank + model->qk_rope_head_dim;
        elements += count[i] * (model->kv_lora_rank > 0 ? latent : gqa);
    }
    return elements * bytes;
}
