/* megatron/core/ssm/mamba_hybrid_layer_allocation.py */
#include "parallelism/frameworks/megatron_hybrid.h"
#include "base/c_locale.h"
#include "base/file.h"
#include <math.h>
#include <string.h>

static const char letters[] = "M*-E";

/* The key with the pattern, or NULL. */
static const char *pattern_key(struct framework_reader *r)
{
    static const char *const keys[] = {"hybrid_layer_pattern", "hybrid_override_pattern"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *value = reading_value(r, keys[i]);
        if (value && !value_is_unresolved(value) && !names_equal(value, "None"))
            return keys[i];
    }
    return NULL;
}

/* A share of the layers; 0 where it is not given. */
static double share_of(struct framework_reader *r, const char *key)
{
    const char *value = reading_value(r, key);
    char *end;
    if (!value || value_is_unresolved(value))
        return 0;
    double share = c_locale_strtod(value, &end);
    if (end == value || *end != '\0' || !(share >= 0 && share <= 1)) {
        reading_error(r, key, "expected a share from 0 to 1, got \"%.40s\"", value);
        return 0;
    }
    return share;
}

bool megatron_is_hybrid(struct framework_reader *r)
{
    bool shares = share_of(r, "hybrid_attention_ratio") + share_of(r, "hybrid_mlp_ratio") > 0;
    bool flag = reading_switch(r, "is_hybrid_model");
    return pattern_key(r) != NULL || shares || flag;
}

/* Of the main part; a '|' between stages is no layer. */
static int layers_of(const char *pattern)
{
    int n = 0;
    for (; *pattern != '\0' && *pattern != '/'; pattern++)
        n += *pattern != '|';
    return n;
}

int megatron_hybrid_layers(struct framework_reader *r)
{
    const char *key = pattern_key(r);
    return key ? layers_of(reading_value(r, key)) : 0;
}

/* Megatron's deal of n layers: its attention evenly spaced, then its MLPs among what is left.
 * Writes n letters and a final '\0'. [megatron/core/ssm/mamba_hybrid_layer_allocation.py] */
static void allocate(int n, double attention_frac, double mlp_frac, char *out)
{
    double attention = nearbyint(n * attention_frac), mlps = nearbyint(n * mlp_frac);
    double section = (n - attention) / (attention + 1), x = section;
    for (int i = 0; i < n; i++) {
        out[i] = x < 0.5 ? '*' : 'M';
        x += x < 0.5 ? section : -1;
    }
    out[n] = '\0';
    if (mlps < 1)
        return;
    double between = (n - attention - mlps) / mlps;
    x = between;
    for (int i = 0; i < n; i++) {
        if (out[i] != 'M')
            continue;
        bool mlp = x < 0.5;
        out[i] = mlp ? '-' : 'M';
        x += mlp ? between : -1;
    }
}

static enum status take_letters(struct framework_reader *r, const char *key, const char *at,
                                int layers, struct megatron_layers *out)
{
    for (int i = 0; i < layers; at++) {
        if (*at == '|')
            continue;
        if (*at == '\0' || !strchr(letters, *at))
            return reading_error(r, key, "layer %d: expected one of M * - E, got '%.1s'", i, at);
        out->mixer[i] = *at == 'M' ? MIXER_MAMBA2 : *at == '*' ? MIXER_ATTENTION : MIXER_NONE;
        out->bare[i] = *at == 'M' || *at == '*';
        out->dense[i] = *at == '-';
        i++;
    }
    return STATUS_OK;
}

/* As many prediction layers as parts behind the first. */
static void read_prediction(struct framework_reader *r, const char *pattern, struct model *m)
{
    const char *part = strchr(pattern, '/');
    int depth = 0;
    for (const char *at = part; at; at = strchr(at + 1, '/'))
        depth += at[1] != '\0' && at[1] != '/';
    if (depth == 0)
        return;
    if (m->mtp_layers == 0)
        m->mtp_layers = depth;
    text_addf(r->notes,
              "a prediction layer is taken as one more of the last kind, not as \"%.40s\"\n",
              part + 1);
}

static enum status read_pattern(struct framework_reader *r, const char *key, struct model *m,
                                struct megatron_layers *out)
{
    const char *pattern = reading_value(r, key);
    if (layers_of(pattern) != m->layers)
        return reading_error(r, key, "expected a letter for each of %d layers, got %d", m->layers,
                             layers_of(pattern));
    read_prediction(r, pattern, m);
    return take_letters(r, key, pattern, m->layers, out);
}

enum status megatron_read_hybrid(struct framework_reader *r, struct model *m,
                                 struct megatron_layers *out)
{
    const char *key = pattern_key(r);
    char dealt[MODEL_LAYERS_MAX + 1];
    double attention = share_of(r, "hybrid_attention_ratio"), mlp = share_of(r, "hybrid_mlp_ratio");
    if (r->e->status != STATUS_OK)
        return r->e->status;
    if (key)
        return read_pattern(r, key, m, out);
    if (attention + mlp > 1)
        return reading_error(r, "hybrid_mlp_ratio", "with hybrid_attention_ratio is more than 1");
    allocate(m->layers, attention, mlp, dealt);
    text_addf(r->notes, "layers by hybrid_attention_ratio %g and hybrid_mlp_ratio %g: %s\n",
              attention, mlp, dealt);
    return take_letters(r, "hybrid_attention_ratio", dealt, m->layers, out);
}

void megatron_hybrid_layout(struct framework_reader *r, struct text *layout)
{
    const char *key = pattern_key(r), *at = key ? reading_value(r, key) : "";
    int layers = 0;
    if (strcspn(at, "|") >= strcspn(at, "/"))
        return;
    text_add(layout, "E");
    for (; *at != '\0' && *at != '/'; at++) {
        layers += *at != '|';
        bool ends = at[1] == '|' || at[1] == '/' || at[1] == '\0';
        if (*at != '|' && ends)
            text_addf(layout, "t*%d", layers);
        if (*at == '|') {
            text_add(layout, "|");
            layers = 0;
        }
    }
    for (int i = 0; i < r->run->scenario.model.mtp_layers; i++)
        text_add(layout, "m");
    text_add(layout, "L");
}
