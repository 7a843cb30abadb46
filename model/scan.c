/* Sizes of a layer whose mixer is a scan. Symbols: H heads of P values and N keys, G heads of keys,
 * K taps of the convolution, h hidden size. */
#include "model/scan.h"
#include "base/minmax.h"

const char *const mixer_names[MIXERS + 1] = {
    [MIXER_ATTENTION] = "attention",
    [MIXER_NONE] = "none",
    [MIXER_MAMBA2] = "mamba2",
    [MIXER_GATED_DELTANET] = "gated_deltanet",
    [MIXER_LIGHTNING] = "lightning_attention",
    [MIXER_KDA] = "kda",
    [MIXER_BESIDE_MAMBA2] = "attention_mamba2",
    [MIXER_SHORT_CONV] = "short_convolution",
};

bool mixer_scans(enum mixer mixer)
{
    return mixer != MIXER_ATTENTION && mixer != MIXER_NONE;
}

bool mixer_attends(enum mixer mixer)
{
    return mixer == MIXER_ATTENTION || mixer == MIXER_BESIDE_MAMBA2;
}

bool mixer_is_mamba(enum mixer mixer)
{
    return mixer == MIXER_MAMBA2 || mixer == MIXER_BESIDE_MAMBA2;
}

bool mixer_is_delta(enum mixer mixer)
{
    return mixer == MIXER_GATED_DELTANET || mixer == MIXER_KDA;
}

bool model_scans(const struct model *model)
{
    for (int i = 0; i < model->kinds; i++)
        if (mixer_scans(model->kind[i].mixer))
            return true;
    return false;
}

int post_norms(const struct model *model, bool second_half)
{
    int more = model->norms_per_layer - 2;
    return more < 2 ? 0 : second_half ? more - 1 : 1;
}

double layer_norms(const struct model *model, const struct layer_kind *kind)
{
    bool half = kind->mixer == MIXER_NONE || (!kind->experts && kind->intermediate_size == 0);
    return half ? model->norms_per_layer / 2.0 : model->norms_per_layer;
}

/* Values, keys and queries (Mamba's x, B and C), a gate as wide as the values (KDA's is of low
 * rank), and scalars a head: Mamba's step, the delta rule's decay and strength, KDA's strength. A
 * model without a convolution filters none. A gated convolution's two gates take the place of keys
 * and queries, and it filters its values alone. */
struct scan_widths scan_widths(const struct model *m, enum mixer mixer)
{
    static const double scalars[MIXERS] = {
        [MIXER_MAMBA2] = 1, [MIXER_GATED_DELTANET] = 2, [MIXER_KDA] = 1, [MIXER_BESIDE_MAMBA2] = 1};
    bool convolution = mixer == MIXER_SHORT_CONV;
    double gate = mixer == MIXER_KDA || convolution ? 0 : 1;
    double inner = (double)m->scan_heads * m->scan_value_dim;
    double mixed = inner + 2.0 * m->scan_key_heads * m->scan_key_dim;
    return (struct scan_widths){.in = mixed + gate * inner + scalars[mixer] * m->scan_heads,
                                .inner = inner,
                                .convolved = m->scan_conv == 0 ? 0
                                             : convolution     ? inner
                                                               : mixed};
}

/* KDA: of a head's width [fla/layers/kda.py]. */
double scan_gate_rank(const struct model *m, enum mixer mixer)
{
    return mixer == MIXER_KDA ? m->scan_value_dim : 0;
}

/* Of the decays' and the gate's two steps the first: whole on every tensor rank. */
static double gates_down(const struct model *m, enum mixer mixer)
{
    return 2.0 * m->hidden_size * scan_gate_rank(m, mixer);
}

double scan_matrices(const struct model *m, enum mixer mixer)
{
    struct scan_widths w = scan_widths(m, mixer);
    return m->hidden_size * (w.in + w.inner) + gates_down(m, mixer) +
           2 * scan_gate_rank(m, mixer) * w.inner;
}

/* Of a head: Mamba's A, D and the step's bias; the delta rule's A and the decay's bias, KDA's of
 * each key. */
static double head_vectors(const struct model *m, enum mixer mixer)
{
    static const double vectors[MIXERS] = {
        [MIXER_MAMBA2] = 3, [MIXER_GATED_DELTANET] = 2, [MIXER_KDA] = 1, [MIXER_BESIDE_MAMBA2] = 3};
    return vectors[mixer] + (mixer == MIXER_KDA ? m->scan_key_dim : 0);
}

static double convolution_parameters(const struct model *m, const struct scan_widths *w)
{
    return w->convolved * (m->scan_conv + (m->scan_conv_bias ? 1.0 : 0.0));
}

/* The output's norm: one weight over all heads, or the delta rules' one over a head. */
static double norm_weights(const struct model *m, enum mixer mixer, const struct scan_widths *w)
{
    if (mixer == MIXER_SHORT_CONV || m->scan_gate_alone)
        return 0;
    return mixer_is_delta(mixer) ? m->scan_value_dim : w->inner;
}

double scan_vectors(const struct model *m, enum mixer mixer)
{
    struct scan_widths w = scan_widths(m, mixer);
    return convolution_parameters(m, &w) + head_vectors(m, mixer) * m->scan_heads +
           norm_weights(m, mixer, &w) + (m->scan_bias ? w.in + m->hidden_size : 0);
}

/* Whole on each rank: the first of a gate's two steps, a norm over one head, the bias behind the
 * last projection. A norm over all heads divides with them [MambaMixer, d_inner_local]. */
double scan_shard_parameters(const struct model *m, enum mixer mixer, const struct shard *s)
{
    double whole = gates_down(m, mixer) + (mixer_is_delta(mixer) ? m->scan_value_dim : 0) +
                   (m->scan_bias ? m->hidden_size : 0);
    return (scan_matrices(m, mixer) + scan_vectors(m, mixer) - whole) / s->tp + whole;
}

double scan_model_flop(const struct model *m, enum mixer mixer)
{
    static const double products[MIXERS] = {[MIXER_MAMBA2] = 7,
                                            [MIXER_GATED_DELTANET] = 8,
                                            [MIXER_LIGHTNING] = 4,
                                            [MIXER_KDA] = 8,
                                            [MIXER_BESIDE_MAMBA2] = 7};
    struct scan_widths w = scan_widths(m, mixer);
    bool counted = mixer_is_delta(mixer) || mixer == MIXER_SHORT_CONV;
    double taps = counted ? 2.0 * m->scan_conv * w.convolved : 0;
    return products[mixer] * w.inner * m->scan_key_dim + taps;
}

/* Of one head a token: keys and queries as its own copies, values, the inverse of its chunk, decay
 * and strength. [flash-linear-attention, ChunkGatedDeltaRuleFunction] */
static double delta_bytes(const struct model *m, enum mixer mixer)
{
    double decays = mixer == MIXER_KDA ? m->scan_key_dim : 1;
    return 2 * (2.0 * m->scan_key_dim + m->scan_value_dim + m->scan_chunk) + 4 * decays + 2;
}

/* Mamba-2 keeps what its projection made and its scan's output; convolution and states are computed
 * again [mamba_ssm, MambaSplitConv1dScanCombinedFn]. The delta rule besides what it scans;
 * lightning attention its projection alone. All keep the normalised output that the last projection
 * reads. */
void scan_activations(const struct model *m, enum mixer mixer, const struct shard *s,
                      const struct kernels *k, struct activations *out)
{
    double t = shard_tokens(s), stream = shard_sequence_tokens(s) * m->hidden_size;
    struct scan_widths w = scan_widths(m, mixer);
    double eager = k->fused_norm ? 0 : 4 + 2;
    double head = mixer_is_delta(mixer) ? delta_bytes(m, mixer) * m->scan_heads : 0;
    double gates =
        scan_gate_rank(m, mixer) > 0 ? 2 * w.inner : 0; /* KDA's, out of the second step */
    double product = mixer == MIXER_SHORT_CONV ? 2 * w.inner : 0; /* what its taps read */
    if (!mixer_attends(mixer)) {                                  /* attention has counted them */
        out->bytes[MODULE_RESIDUAL] += 2 * stream;
        out->bytes[MODULE_LAYERNORM] +=
            saved_input_bytes(s) * (k->keeps_gathered_input ? t * m->hidden_size : stream) +
            eager * stream;
    }
    out->bytes[MODULE_SCAN] +=
        t / s->tp * (2 * (w.in + gates) + head + product + (2 + saved_input_bytes(s)) * w.inner);
}

/* The gradients of the projection's output and of the scan's, the convolution's output again, and
 * each chunk's state with its gradient (fp32 in Mamba's kernels, 16 bit in the delta rule's, which
 * hold gradients of every head's keys and queries). */
double scan_backward_bytes(const struct model *m, enum mixer mixer, const struct shard *s)
{
    struct scan_widths w = scan_widths(m, mixer);
    bool delta = mixer_is_delta(mixer);
    double state =
        mixer == MIXER_SHORT_CONV ? 0 : w.inner * m->scan_key_dim / max2(1, m->scan_chunk);
    double copies = delta ? 2 * 2.0 * m->scan_heads * m->scan_key_dim : 0;
    double a_token = 2 * (w.in + w.inner + w.convolved) + (delta ? 4 : 8) * state + copies;
    return shard_tokens(s) / s->tp * a_token;
}
