/* Layers that are scans, and layers of one half, as the families with such layers write them. */
#include "model/reader.h"
#include <string.h>

/* Mamba's inner width is mamba_expand times the hidden size where no head's width is given. */
static enum status take_mamba(struct reader *r)
{
    struct config *c = &r->config;
    double inner = (double)c->scan_expand * c->hidden_size;
    if (c->scan_heads == NOT_GIVEN)
        return reader_error(r, AT(scan_heads), "is needed: the model has Mamba layers");
    if (c->scan_head_dim == NOT_GIVEN && c->scan_expand > 0 && inner / c->scan_heads < 1 << 20)
        c->scan_head_dim = (int)(inner / c->scan_heads);
    return STATUS_OK;
}

static void take_deltanet(struct reader *r)
{
    struct config *c = &r->config;
    c->scan_heads = c->linear_heads;
    c->scan_head_dim = c->linear_head_dim;
    c->scan_key_dim = c->linear_key_dim;
    c->scan_groups = c->linear_key_heads;
    c->scan_conv = c->linear_conv;
    c->scan_chunk = SCAN_DELTA_CHUNK;
}

/* The sizes of the family's scans, each from the key that gives it. */
static enum status check_sizes(struct reader *r)
{
    static const size_t mamba[] = {AT(scan_heads), AT(scan_head_dim), AT(scan_key_dim),
                                   AT(scan_groups)},
                        delta[] = {AT(linear_heads), AT(linear_head_dim), AT(linear_key_dim),
                                   AT(linear_key_heads)};
    const int *values = (const int *)(const void *)&r->config;
    const size_t *sizes = reader_has(r, TRAIT_DELTANET) ? delta : mamba;
    for (size_t i = 0; i < sizeof mamba / sizeof *mamba; i++)
        if (values[sizes[i] / sizeof(int)] < 1)
            return reader_error(r, sizes[i], "is needed: some layers are scans");
    if (values[sizes[0] / sizeof(int)] % values[sizes[3] / sizeof(int)] != 0)
        return reader_error(r, sizes[3], "%d heads of keys do not divide a scan's %d heads",
                            values[sizes[3] / sizeof(int)], values[sizes[0] / sizeof(int)]);
    return STATUS_OK;
}

enum status reader_scans(struct reader *r)
{
    struct model *m = r->model;
    struct config *c = &r->config;
    if (!reader_has(r, TRAIT_SCANS))
        return STATUS_OK;
    if (reader_has(r, TRAIT_DELTANET))
        take_deltanet(r);
    if (reader_has(r, TRAIT_LIGHTNING))
        c->scan_head_dim = c->scan_key_dim = m->head_dim;
    if ((reader_has(r, TRAIT_MAMBA2) && take_mamba(r) != STATUS_OK) || check_sizes(r) != STATUS_OK)
        return r->e->status;
    m->scan_heads = c->scan_heads;
    m->scan_key_heads = c->scan_groups;
    m->scan_key_dim = c->scan_key_dim;
    m->scan_value_dim = c->scan_head_dim;
    m->scan_conv = c->scan_conv > 0 ? c->scan_conv : 0;
    m->scan_chunk = c->scan_chunk > 0 ? c->scan_chunk : 1;
    m->scan_conv_bias = c->scan_conv_bias == 1;
    m->scan_bias = c->scan_bias == 1;
    return STATUS_OK;
}

static enum mixer family_scan(const struct reader *r)
{
    return reader_has(r, TRAIT_MAMBA2)       ? MIXER_MAMBA2
           : reader_has(r, TRAIT_SHORT_CONV) ? MIXER_SHORT_CONV
           : reader_has(r, TRAIT_DELTANET)   ? MIXER_GATED_DELTANET
           : reader_has(r, TRAIT_KDA)        ? MIXER_KDA
                                             : MIXER_LIGHTNING;
}

/* A layer of one half, as Megatron's letter or the word of transformers: M mamba, * attention, -
 * mlp, E moe. */
static bool take_half(char letter, int layer, struct layer_halves *out)
{
    bool mixes = letter == 'M' || letter == '*';
    if (!strchr("M*-E", letter) || letter == '\0')
        return false;
    out->mixer[layer] = letter == 'M' ? MIXER_MAMBA2 : letter == '*' ? MIXER_ATTENTION : MIXER_NONE;
    out->bare[layer] = mixes;
    out->dense[layer] = letter == '-';
    return true;
}

/* The list under `key` with an entry for each layer; NULL in *list: none. */
static enum status list_of_layers(struct reader *r, const char *key, const struct json_value **list)
{
    const struct json_value *v = json_member(r->object, key);
    *list = NULL;
    if (!v || json_kind(v) != JSON_ARRAY || json_count(v) == 0)
        return STATUS_OK;
    if (json_count(v) < (size_t)r->config.layers)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected %d layers, got %zu",
                          r->config.layers, json_count(v));
    *list = v;
    return STATUS_OK;
}

static char half_letter(const char *word)
{
    static const char *const words[] = {"mamba", "attention", "mlp", "moe"};
    for (int i = 0; i < 4; i++)
        if (strcmp(word, words[i]) == 0)
            return "M*-E"[i];
    return '?';
}

static enum status read_half_words(struct reader *r, const struct json_value *list,
                                   struct layer_halves *out)
{
    const struct json_value *v = json_first(list);
    for (int i = 0; i < r->config.layers; i++, v = json_next(v))
        if (!take_half(half_letter(json_string(v)), i, out))
            return json_error(r->json, v, r->e, STATUS_INPUT,
                              "expected mamba, attention, mlp or moe");
    return STATUS_OK;
}

static enum status read_pattern(struct reader *r, struct layer_halves *out)
{
    const struct json_value *v = json_member(r->object, "hybrid_override_pattern");
    const char *pattern = json_string(v);
    if (!v || json_kind(v) != JSON_STRING)
        return json_error(r->json, v ? v : r->object, r->e, STATUS_INPUT,
                          "\"hybrid_override_pattern\" is needed: a letter for each layer");
    if (strlen(pattern) != (size_t)r->config.layers)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected %d layers, got %zu",
                          r->config.layers, strlen(pattern));
    for (int i = 0; i < r->config.layers; i++)
        if (!take_half(pattern[i], i, out))
            return json_error(r->json, v, r->e, STATUS_INPUT,
                              "layer %d: expected one of M * - E, got '%.1s'", i, pattern + i);
    return STATUS_OK;
}

static enum status read_halves(struct reader *r, struct layer_halves *out)
{
    const struct json_value *list;
    if (list_of_layers(r, "layers_block_type", &list) != STATUS_OK)
        return r->e->status;
    enum status status = list ? read_half_words(r, list, out) : read_pattern(r, out);
    for (int i = 0; i < r->config.layers && status == STATUS_OK; i++)
        if (out->mixer[i] == MIXER_NONE && !out->dense[i] && r->config.experts <= 0)
            return reader_error(r, AT(experts), "is needed: layer %d is of experts", i);
    return status;
}

/* Words or, of MiniMax, 1 attention and 0 another mixer. */
static enum status read_mixer_list(struct reader *r, const struct json_value *list,
                                   struct layer_halves *out)
{
    const struct json_value *v = json_first(list);
    for (int i = 0; i < r->config.layers; i++, v = json_next(v)) {
        const char *word = json_string(v);
        bool number = json_kind(v) == JSON_NUMBER;
        bool scan = number ? json_number(v) == 0 : word_in_list(SCAN_LAYER_TYPES, word);
        bool foreign = word_in_list("mlp moe hybrid", word) ||
                       (scan && (strcmp(word, "conv") == 0) != reader_has(r, TRAIT_SHORT_CONV));
        if (!number && (json_kind(v) != JSON_STRING || foreign))
            return json_error(r->json, v, r->e, STATUS_INPUT, "expected a mixer's name");
        out->mixer[i] = (unsigned char)(scan ? family_scan(r) : MIXER_ATTENTION);
    }
    return STATUS_OK;
}

/* Bamba: the numbers of the layers with attention. */
static enum status read_indices(struct reader *r, const struct json_value *list,
                                struct layer_halves *out)
{
    for (int i = 0; i < r->config.layers; i++)
        out->mixer[i] = (unsigned char)family_scan(r);
    for (const struct json_value *v = json_first(list); v; v = json_next(v)) {
        double layer = json_number(v);
        if (json_kind(v) != JSON_NUMBER || layer < 0 || layer >= r->config.layers)
            return json_error(r->json, v, r->e, STATUS_INPUT, "expected the number of a layer");
        out->mixer[(int)layer] = MIXER_ATTENTION;
    }
    return STATUS_OK;
}

/* Kimi Linear: the numbers of the layers that scan, from 1. */
static enum status read_scan_numbers(struct reader *r, struct layer_halves *out)
{
    const struct json_value *scan = json_member(r->object, "linear_attn_config");
    const struct json_value *list = json_member(scan, "kda_layers");
    if (!list || json_kind(list) != JSON_ARRAY)
        return json_error(r->json, scan ? scan : r->object, r->e, STATUS_INPUT,
                          "\"kda_layers\" is needed: which layers scan");
    for (const struct json_value *v = json_first(list); v; v = json_next(v)) {
        double layer = json_number(v);
        if (json_kind(v) != JSON_NUMBER || layer < 1 || layer > r->config.layers)
            return json_error(r->json, v, r->e, STATUS_INPUT,
                              "expected the number of a layer, from 1 to %d", r->config.layers);
        out->mixer[(int)layer - 1] = MIXER_KDA;
    }
    return STATUS_OK;
}

/* Falcon-H1: attention beside the scan everywhere, or in layers of their own numbers. */
static enum status read_beside(struct reader *r, struct layer_halves *out)
{
    const struct json_value *some = json_member(r->object, "attn_layer_indices");
    if (some && json_kind(some) != JSON_NULL)
        return json_error(r->json, some, r->e, STATUS_INPUT,
                          "attention beside the scan of some layers alone is not modelled");
    for (int i = 0; i < r->config.layers; i++)
        out->mixer[i] = MIXER_BESIDE_MAMBA2;
    return STATUS_OK;
}

/* The numbers of the layers with attention, by Bamba's name and LFM2's. */
static const struct json_value *attention_indices(const struct reader *r)
{
    const struct json_value *bamba = json_member(r->object, "attn_layer_indices");
    return bamba ? bamba : json_member(r->object, "full_attn_idxs");
}

enum status reader_mixers(struct reader *r, struct layer_halves *out)
{
    static const char *const keys[] = {"layer_types", "layers_block_type", "attn_type_list"};
    const struct json_value *list = NULL, *indices = attention_indices(r);
    int interval = r->config.full_interval;
    if (!reader_has(r, TRAIT_SCANS))
        return STATUS_OK;
    if (reader_has(r, TRAIT_HALVES))
        return read_halves(r, out);
    if (reader_has(r, TRAIT_KDA))
        return read_scan_numbers(r, out);
    if (reader_has(r, TRAIT_BESIDE))
        return read_beside(r, out);
    for (size_t i = 0; i < sizeof keys / sizeof *keys && !list; i++)
        if (list_of_layers(r, keys[i], &list) != STATUS_OK)
            return r->e->status;
    if (list)
        return read_mixer_list(r, list, out);
    if (indices && json_kind(indices) == JSON_ARRAY)
        return read_indices(r, indices, out);
    if (interval == NOT_GIVEN)
        return json_error(r->json, r->object, r->e, STATUS_INPUT,
                          "\"layer_types\" is needed: which layers have attention");
    for (int i = 0; i < r->config.layers; i++)
        out->mixer[i] = (unsigned char)((i + 1) % interval == 0 ? MIXER_ATTENTION : family_scan(r));
    return STATUS_OK;
}
