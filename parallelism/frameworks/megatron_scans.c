/* megatron/training/arguments.py, megatron/core/ssm/mamba_mixer.py,
 * megatron/core/ssm/gated_delta_net.py */
#include "parallelism/frameworks/megatron_scans.h"
#include "parallelism/frameworks/layer_pattern.h"
#include "parallelism/frameworks/megatron_hybrid.h"
#include <string.h>

/* What Megatron-Core's mixers have and no flag sets. */
enum { CONVOLUTION = 4, MAMBA_CHUNK = 128, DELTA_CHUNK = 64 };

void megatron_count_layers(struct framework_reader *r, struct model *m)
{
    int layers = megatron_hybrid_layers(r);
    if (layers > 0 && m->layers == 0)
        m->layers = layers;
}

static int number_or(struct framework_reader *r, const char *key, int otherwise)
{
    int n = reading_number(r, key);
    return n > 0 ? n : otherwise;
}

/* Without a number of heads they are as many as make twice the hidden size. */
static enum status read_mamba(struct framework_reader *r, struct model *m)
{
    m->scan_value_dim = number_or(r, "mamba_head_dim", 64);
    m->scan_key_dim = number_or(r, "mamba_state_dim", 128);
    m->scan_key_heads = number_or(r, "mamba_num_groups", 8);
    m->scan_heads = number_or(r, "mamba_num_heads", 2 * m->hidden_size / m->scan_value_dim);
    m->scan_conv = CONVOLUTION;
    m->scan_conv_bias = true;
    m->scan_chunk = MAMBA_CHUNK;
    if (r->e->status == STATUS_OK && (m->scan_heads < 1 || m->scan_heads % m->scan_key_heads != 0))
        return reading_error(r, "mamba_num_groups", "%d groups do not divide %d heads",
                             m->scan_key_heads, m->scan_heads);
    reading_value(r, "spec"); /* that of Mamba's layers */
    return r->e->status;
}

/* An int N: all but each N-th layer; a list: 1 a layer that scans. */
static enum status read_deltanet(struct framework_reader *r, struct model *m,
                                 struct megatron_layers *out)
{
    static const char key[] = "linear_attention_freq";
    const char *value = reading_value(r, key);
    bool scans[MODEL_LAYERS_MAX];
    m->scan_value_dim = number_or(r, "linear_value_head_dim", 128);
    m->scan_key_dim = number_or(r, "linear_key_head_dim", 128);
    m->scan_key_heads = number_or(r, "linear_num_key_heads", 16);
    m->scan_heads = number_or(r, "linear_num_value_heads", 32);
    m->scan_conv = number_or(r, "linear_conv_kernel_dim", CONVOLUTION);
    m->scan_chunk = DELTA_CHUNK;
    if (!value || value_is_unresolved(value))
        return reading_error(r, "experimental_attention_variant",
                             "needs linear_attention_freq: which layers are of it");
    if (m->scan_heads % m->scan_key_heads != 0)
        return reading_error(r, "linear_num_key_heads", "%d heads of keys do not divide %d",
                             m->scan_key_heads, m->scan_heads);
    bool list = strchr(value, '[') != NULL;
    if (list && layer_pattern_read(value, scans, MODEL_LAYERS_MAX) != m->layers)
        return reading_error(r, key, "expected a pattern of %d layers, got \"%.80s\"", m->layers,
                             value);
    int every = list ? 0 : reading_number(r, key);
    for (int i = 0; i < m->layers; i++)
        if (list ? scans[i] : every > 0 && (i + 1) % every != 0)
            out->mixer[i] = MIXER_GATED_DELTANET;
    return r->e->status;
}

enum status megatron_read_scans(struct framework_reader *r, struct model *m,
                                struct megatron_layers *out)
{
    const char *variant = reading_value(r, "experimental_attention_variant");
    memset(out, 0, sizeof *out);
    if (megatron_is_hybrid(r))
        return megatron_read_hybrid(r, m, out) == STATUS_OK ? read_mamba(r, m) : r->e->status;
    if (!variant || value_is_unresolved(variant))
        return STATUS_OK;
    if (strcmp(variant, "gated_delta_net") != 0)
        return reading_error(r, "experimental_attention_variant", "\"%.40s\" is not modelled",
                             variant);
    return read_deltanet(r, m, out);
}

static char letter_of(const struct layer_kind *kind)
{
    bool mlp = kind->experts || kind->intermediate_size > 0;
    if (kind->mixer == MIXER_NONE)
        return kind->experts ? 'E' : '-';
    return mlp                              ? '\0'
           : kind->mixer == MIXER_MAMBA2    ? 'M'
           : kind->mixer == MIXER_ATTENTION ? '*'
                                            : '\0';
}

static enum status write_hybrid(struct framework_writer *w, const struct model *m)
{
    char pattern[MODEL_LAYERS_MAX + 1];
    for (int i = 0; i < m->layers; i++)
        pattern[i] = letter_of(&m->kind[m->kind_of_layer[i]]);
    pattern[m->layers] = '\0';
    if (strlen(pattern) != (size_t)m->layers)
        return writer_refuse(w, "Mamba layers with an MLP of their own");
    if (m->scan_conv != CONVOLUTION || !m->scan_conv_bias || m->scan_bias)
        return writer_refuse(w, "Mamba's biases and convolution other than Megatron-Core's");
    writer_put(w, "is_hybrid_model", "true");
    writer_put(w, "hybrid_override_pattern", pattern);
    writer_putf(w, "mamba_num_heads", "%d", m->scan_heads);
    writer_putf(w, "mamba_head_dim", "%d", m->scan_value_dim);
    writer_putf(w, "mamba_num_groups", "%d", m->scan_key_heads);
    writer_putf(w, "mamba_state_dim", "%d", m->scan_key_dim);
    return STATUS_OK;
}

/* N where all but each N-th layer scan, or 0. */
static int interval_of(const bool *scans, int layers)
{
    int first = 0;
    while (first < layers && scans[first])
        first++;
    for (int i = 0; i < layers; i++)
        if (scans[i] != ((i + 1) % (first + 1) != 0))
            return 0;
    return first + 1;
}

static enum status write_deltanet(struct framework_writer *w, const struct model *m)
{
    bool scans[MODEL_LAYERS_MAX];
    struct text pattern = {0};
    for (int i = 0; i < m->layers; i++)
        scans[i] = m->kind[m->kind_of_layer[i]].mixer == MIXER_GATED_DELTANET;
    int every = interval_of(scans, m->layers);
    if (every > 0)
        text_addf(&pattern, "%d", every);
    else
        layer_pattern_write(scans, m->layers, &pattern);
    writer_put(w, "experimental_attention_variant", "gated_delta_net");
    writer_put(w, "linear_attention_freq", text_string(&pattern));
    text_free(&pattern);
    writer_putf(w, "linear_num_value_heads", "%d", m->scan_heads);
    writer_putf(w, "linear_value_head_dim", "%d", m->scan_value_dim);
    writer_putf(w, "linear_num_key_heads", "%d", m->scan_key_heads);
    writer_putf(w, "linear_key_head_dim", "%d", m->scan_key_dim);
    writer_putf(w, "linear_conv_kernel_dim", "%d", m->scan_conv);
    return STATUS_OK;
}

enum status megatron_write_scans(struct framework_writer *w, const struct model *m, bool *halves)
{
    bool has[MIXERS] = {false};
    for (int i = 0; i < m->kinds; i++)
        has[m->kind[i].mixer] = true;
    *halves = has[MIXER_NONE] || has[MIXER_MAMBA2];
    if (!*halves && !model_scans(m))
        return STATUS_OK;
    if (w->framework->sections)
        return writer_refuse(w, "layers without attention, unless a recipe of the model has them");
    static const enum mixer foreign[] = {MIXER_LIGHTNING, MIXER_KDA, MIXER_BESIDE_MAMBA2,
                                         MIXER_SHORT_CONV};
    for (size_t i = 0; i < sizeof foreign / sizeof *foreign; i++)
        if (has[foreign[i]])
            return writer_refuse(w, "%s layers", mixer_names[foreign[i]]);
    if (*halves && has[MIXER_GATED_DELTANET])
        return writer_refuse(w, "the gated delta rule among layers of one half");
    return *halves ? write_hybrid(w, m) : write_deltanet(w, m);
}
