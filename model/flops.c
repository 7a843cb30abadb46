/* Model FLOP and the key-value cache. MODELLING 1.5, 8.2 */
#include "model/model.h"

double layer_visible_keys(const struct layer_kind *kind, double seq_length)
{
    double w = kind->window, c = kind->chunk, visible = seq_length / 2;
    if (w > 0 && w < seq_length)
        visible = w * (1 - w / (2 * seq_length));
    if (c > 0 && c < seq_length && c / 2 < visible)
        visible = c / 2;
    return visible;
}

/* A layer's FLOP of one token, forward and backward (three times forward):
 *     6 x matrix elements + 6 a (d_qk + d_v) x keys, or 3 x a scan's      [FLOP] */
static double layer_flop(const struct model *m, const struct layer_kind *kind, double s)
{
    double v = layer_value_dim(m, kind);
    double scan = mixer_scans(kind->mixer) ? 3 * scan_model_flop(m, kind->mixer) : 0;
    if (!mixer_attends(kind->mixer))
        return 6 * layer_matrix_elements(m, kind) + scan;
    return 6 * layer_matrix_elements(m, kind) + scan +
           6.0 * kind->heads * (kind->head_dim + v) * layer_visible_keys(kind, s);
}

double model_flop_per_token(const struct model *model, double seq_length)
{
    double count[MODEL_LAYER_KINDS_MAX] = {0};
    double flop = 6.0 * model->vocab_size * model->hidden_size;
    model_count_kinds(model, 0, model->layers, count);
    for (int i = 0; i < model->kinds; i++)
        flop += count[i] * layer_flop(model, &model->kind[i], seq_length);
    return flop;
}

double model_mtp_flop_per_token(const struct model *model, double seq_length)
{
    if (model->mtp_layers == 0 || model->layers == 0)
        return 0;
    const struct layer_kind *last = &model->kind[model->kind_of_layer[model->layers - 1]];
    double h = model->hidden_size, head = 6 * h * model->vocab_size, projection = 6 * 2 * h * h;
    return model->mtp_layers * (layer_flop(model, last, seq_length) + projection + head);
}

double model_kv_bytes_per_token(const struct model *model, double bytes)
{
    double elements = 0, count[MODEL_LAYER_KINDS_MAX] = {0};
    model_count_kinds(model, 0, model->layers, count);
    for (int i = 0; i < model->kinds; i++) {
        const struct layer_kind *k = &model->kind[i];
        if (!mixer_attends(k->mixer))
            continue;
        double v = layer_value_dim(model, k);
        double gqa = k->kv_heads * (k->head_dim + v);
        double latent = (double)model->kv_lora_rank + model->qk_rope_head_dim;
        elements += count[i] * (model->kv_lora_rank > 0 ? latent : gqa);
    }
    return elements * bytes;
}
