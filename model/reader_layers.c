/* Which layers are of which kind: sliding windows, chunks, experts. */
#include "model/reader.h"
#include <string.h>

enum reach { REACH_FULL, REACH_WINDOW, REACH_CHUNK };

struct layers {
    unsigned char reach[MODEL_LAYERS_MAX]; /* enum reach */
    bool sparse[MODEL_LAYERS_MAX];         /* experts instead of the dense MLP */
    struct layer_halves halves;
};

static enum reach rule_reach(const struct reader *r, int layer)
{
    const struct config *c = &r->config;
    switch (r->family->window) {
    case WINDOW_ALL:
        return REACH_WINDOW;
    case WINDOW_FROM:
        return c->use_window == 1 && layer >= c->window_from ? REACH_WINDOW : REACH_FULL;
    case WINDOW_PATTERN:
        return c->window_pattern > 0 && (layer + 1) % c->window_pattern != 0 ? REACH_WINDOW
                                                                             : REACH_FULL;
    case WINDOW_CHUNKS:
        return c->nope_every > 0 && (layer + 1) % c->nope_every != 0 ? REACH_CHUNK : REACH_FULL;
    case WINDOW_IGNORED:
        break;
    }
    return REACH_FULL;
}

static bool rule_sparse(const struct config *c, int layer)
{
    return c->experts > 0 && layer >= (c->first_dense > 0 ? c->first_dense : 0) &&
           (c->moe_every <= 1 || layer % c->moe_every == 0) &&
           (c->sparse_step <= 1 || (layer + 1) % c->sparse_step == 0) &&
           (c->moe_interleave <= 1 || (layer + 1) % c->moe_interleave == 0);
}

/* The list under `key`, or NULL in *list where it is absent, null, empty, or (moe_layer_freq) a
 * number. */
static enum status find_list(struct reader *r, const char *key, bool per_layer,
                             const struct json_value **list)
{
    const struct json_value *v = json_member(r->object, key);
    *list = NULL;
    if (!v || json_kind(v) == JSON_NULL || (json_kind(v) == JSON_NUMBER && reader_knows(key)))
        return STATUS_OK;
    if (json_kind(v) != JSON_ARRAY)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected a list, got %s",
                          json_kind_name(json_kind(v)));
    if (json_count(v) == 0)
        return STATUS_OK;
    if (per_layer && json_count(v) < (size_t)r->config.layers)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected %d layers, got %zu",
                          r->config.layers, json_count(v));
    *list = v;
    return STATUS_OK;
}

/* Layer types: reader_refuse has seen that each is one of READ_LAYER_TYPES. */
static enum status read_layer_types(struct reader *r, struct layers *layers)
{
    const struct json_value *list;
    if (find_list(r, "layer_types", true, &list) != STATUS_OK)
        return r->e->status;
    const struct json_value *v = list ? json_first(list) : NULL;
    for (int i = 0; v && i < r->config.layers; i++, v = json_next(v)) {
        const char *type = json_string(v);
        bool window = strcmp(type, "sliding_attention") == 0;
        bool chunk = strcmp(type, "chunked_attention") == 0;
        layers->reach[i] = window ? REACH_WINDOW : chunk ? REACH_CHUNK : REACH_FULL;
        if ((window && r->config.window == NOT_GIVEN) || (chunk && r->config.chunk == NOT_GIVEN))
            return json_error(r->json, v, r->e, STATUS_INPUT, "\"%s\" needs \"%s\"", type,
                              window ? "sliding_window" : "attention_chunk_size");
    }
    return STATUS_OK;
}

/* One flag a layer, as numbers 0 and 1, or as words of which `word` means true. */
static enum status read_flags(struct reader *r, const char *key, const char *word, bool *flags)
{
    const struct json_value *list;
    if (find_list(r, key, true, &list) != STATUS_OK)
        return r->e->status;
    const struct json_value *v = list ? json_first(list) : NULL;
    for (int i = 0; v && i < r->config.layers; i++, v = json_next(v)) {
        if (json_kind(v) != (word ? JSON_STRING : JSON_NUMBER))
            return json_error(r->json, v, r->e, STATUS_INPUT, "expected %s, got %s",
                              word ? "a word" : "0 or 1", json_kind_name(json_kind(v)));
        flags[i] = word ? strcmp(json_string(v), word) == 0 : json_number(v) != 0;
    }
    return STATUS_OK;
}

/* A list of layer numbers; those beyond the model are ignored, as their own code ignores them. */
static enum status read_numbers(struct reader *r, const char *key, bool value, bool *flags)
{
    const struct json_value *list;
    if (find_list(r, key, false, &list) != STATUS_OK)
        return r->e->status;
    for (const struct json_value *v = list ? json_first(list) : NULL; v; v = json_next(v)) {
        double layer = json_number(v);
        if (json_kind(v) != JSON_NUMBER)
            return json_error(r->json, v, r->e, STATUS_INPUT, "expected a layer's number, got %s",
                              json_kind_name(json_kind(v)));
        if (layer >= 0 && layer < r->config.layers)
            flags[(int)layer] = value;
    }
    return STATUS_OK;
}

/* Llama 4: a layer that rotates (1) attends within chunks, one that does not (0) to everything. */
static enum status read_rope_flags(struct reader *r, struct layers *layers)
{
    bool rotates[MODEL_LAYERS_MAX];
    for (int i = 0; i < r->config.layers; i++)
        rotates[i] = layers->reach[i] == REACH_CHUNK;
    if (r->family->window != WINDOW_CHUNKS)
        return STATUS_OK;
    if (read_flags(r, "no_rope_layers", NULL, rotates) != STATUS_OK)
        return r->e->status;
    for (int i = 0; i < r->config.layers; i++)
        layers->reach[i] = rotates[i] ? REACH_CHUNK : REACH_FULL;
    return STATUS_OK;
}

/* MiMo-V2: 1 where a layer has a window. */
static enum status read_window_flags(struct reader *r, struct layers *layers)
{
    bool windowed[MODEL_LAYERS_MAX];
    for (int i = 0; i < r->config.layers; i++)
        windowed[i] = layers->reach[i] == REACH_WINDOW;
    if ((r->traits & TRAIT_OWN_HEADS) == 0)
        return STATUS_OK;
    if (read_flags(r, "hybrid_layer_pattern", NULL, windowed) != STATUS_OK)
        return r->e->status;
    for (int i = 0; i < r->config.layers; i++)
        layers->reach[i] = windowed[i] ? REACH_WINDOW : REACH_FULL;
    return STATUS_OK;
}

static enum status read_expert_layers(struct reader *r, struct layers *layers)
{
    const struct json_value *list;
    if (r->config.experts <= 0)
        return STATUS_OK;
    if (find_list(r, "moe_layers", false, &list) != STATUS_OK)
        return r->e->status;
    if (list)
        memset(layers->sparse, 0, sizeof layers->sparse);
    if (read_numbers(r, "moe_layers", true, layers->sparse) != STATUS_OK ||
        read_numbers(r, "mlp_only_layers", false, layers->sparse) != STATUS_OK ||
        read_flags(r, "moe_layer_freq", NULL, layers->sparse) != STATUS_OK)
        return r->e->status;
    return read_flags(r, "mlp_layer_types", "sparse", layers->sparse);
}

/* What layers with full attention or with a window have of their own (TRAIT_OWN_HEADS). */
static void take_own_heads(const struct reader *r, enum reach reach, struct layer_kind *kind)
{
    const struct config *c = &r->config;
    bool window = reach == REACH_WINDOW;
    const int own[] = {window ? c->window_heads : NOT_GIVEN,
                       window ? c->window_kv_heads : c->full_kv_heads,
                       window ? c->window_head_dim : c->full_head_dim,
                       window ? c->window_v_head_dim : c->full_head_dim};
    int *const to[] = {&kind->heads, &kind->kv_heads, &kind->head_dim, &kind->v_head_dim};
    if ((r->traits & TRAIT_OWN_HEADS) == 0)
        return;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i] != NOT_GIVEN)
            *to[i] = own[i];
    kind->keys_are_values = !window && c->keys_are_values == 1;
}

static struct layer_kind kind_of(const struct reader *r, const struct layers *layers, int layer)
{
    const struct config *c = &r->config;
    const struct model *m = r->model;
    enum mixer mixer = (enum mixer)layers->halves.mixer[layer];
    bool bare = layers->halves.bare[layer];
    bool experts = layers->sparse[layer] && !bare && !layers->halves.dense[layer];
    if (!mixer_attends(mixer))
        return (struct layer_kind){.mixer = mixer,
                                   .experts = experts,
                                   .intermediate_size = experts || bare ? 0 : m->intermediate_size};
    struct layer_kind kind = {.mixer = mixer,
                              .experts = experts,
                              .heads = m->heads,
                              .kv_heads = m->kv_heads,
                              .head_dim = m->head_dim};
    take_own_heads(r, (enum reach)layers->reach[layer], &kind);
    if (layers->reach[layer] == REACH_WINDOW && c->window > 0)
        kind.window = c->window;
    if (layers->reach[layer] == REACH_CHUNK && c->chunk > 0)
        kind.chunk = c->chunk;
    if (!kind.experts && !bare)
        kind.intermediate_size = m->intermediate_size;
    return kind;
}

static bool kinds_equal(const struct layer_kind *a, const struct layer_kind *b)
{
    return a->mixer == b->mixer && a->experts == b->experts && a->window == b->window &&
           a->chunk == b->chunk && a->intermediate_size == b->intermediate_size &&
           a->heads == b->heads && a->kv_heads == b->kv_heads && a->head_dim == b->head_dim;
}

/* Attention's experts, windows and chunks make at most six kinds, a scan's experts two:
 * MODEL_LAYER_KINDS_MAX; layers of halves have no windows. */
static void add_layer(struct model *m, int layer, const struct layer_kind *kind)
{
    int i = 0;
    while (i < m->kinds && !kinds_equal(&m->kind[i], kind))
        i++;
    if (i == m->kinds)
        m->kind[m->kinds++] = *kind;
    m->kind_of_layer[layer] = (unsigned char)i;
}

enum status reader_layers(struct reader *r)
{
    struct layers layers = {0};
    for (int i = 0; i < r->config.layers; i++) {
        layers.reach[i] = (unsigned char)rule_reach(r, i);
        layers.sparse[i] = rule_sparse(&r->config, i);
    }
    if (read_rope_flags(r, &layers) != STATUS_OK || read_layer_types(r, &layers) != STATUS_OK ||
        read_window_flags(r, &layers) != STATUS_OK || read_expert_layers(r, &layers) != STATUS_OK ||
        reader_mixers(r, &layers.halves) != STATUS_OK)
        return r->e->status;
    for (int i = 0; i < r->config.layers; i++) {
        struct layer_kind kind = kind_of(r, &layers, i);
        if (kind.kv_heads > 0 && kind.heads % kind.kv_heads != 0)
            return reader_error(r, AT(kv_heads), "layer %d: %d do not divide %d attention heads", i,
                                kind.kv_heads, kind.heads);
        add_layer(r->model, i, &kind);
        if (!kind.experts && kind.intermediate_size == 0 && !layers.halves.bare[i])
            return reader_error(r, AT(intermediate_size), "is needed: layer %d has no experts", i);
    }
    return STATUS_OK;
}
