/* Megatron's model: dimensions by the table's rows, the rest here. megatron/training/arguments.py
 * (validate_args), megatron/core/models/gpt. */
#include "base/file.h"
#include "parallelism/frameworks/layer_pattern.h"
#include "parallelism/frameworks/megatron.h"
#include "parallelism/frameworks/megatron_scans.h"
#include "parallelism/frameworks/model_config.h"
#include "parallelism/frameworks/primus.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Vocabularies that a tokenizer's name implies. GPT-2's BPE; Llama 2's SentencePiece. */
static const struct {
    const char *tokenizer;
    int vocab_size;
} vocabularies[] = {
    {"GPT2BPETokenizer", 50257},
    {"Llama2Tokenizer",  32000},
};

/* Llama2Tokenizer reads any SentencePiece file: Llama's own is "tokenizer.model". */
static void note_vocabulary(struct framework_reader *r, const char *tokenizer, const char *file)
{
    const char *slash = file ? strrchr(file, '/') : NULL;
    const char *name = slash ? slash + 1 : file;
    if (strcmp(tokenizer, "Llama2Tokenizer") == 0 && name && !value_is_unresolved(file) &&
        strcmp(name, "tokenizer.model") != 0)
        text_addf(r->notes,
                  "the vocabulary of %.60s is not told: 32000, Llama 2's, is taken; --model or "
                  "--padded-vocab-size in the file tells otherwise\n",
                  name);
}

static void read_vocabulary(struct framework_reader *r, struct model *m)
{
    const char *tokenizer = reading_value(r, "tokenizer_type");
    int padded = reading_number(r, "padded_vocab_size"), size = reading_number(r, "vocab_size");
    int pad_to = reading_number(r, "pad_vocab_size_to"); /* Megatron-DeepSpeed */
    padded = padded > 0 ? padded : pad_to;
    /* NullTokenizer adds an end-of-document token to the size that it is given */
    bool null = !r->framework->sections && tokenizer && strcmp(tokenizer, "NullTokenizer") == 0;
    if (padded > 0)
        m->vocab_size = padded;
    else if (size > 0)
        m->vocab_size = size + null;
    const char *from = reading_value(r, "tokenizer_model");
    for (size_t i = 0; i < sizeof vocabularies / sizeof *vocabularies && tokenizer; i++) {
        if (m->vocab_size != 0 || strcmp(vocabularies[i].tokenizer, tokenizer) != 0)
            continue;
        m->vocab_size = vocabularies[i].vocab_size;
        note_vocabulary(r, tokenizer, from);
    }
    const char *merges = tokenizer ? NULL : reading_value(r, "merge_file"); /* GPT-2's, as it was */
    if (m->vocab_size == 0 && merges && strstr(merges, "gpt2"))
        m->vocab_size = vocabularies[0].vocab_size;
    const char *slash = from ? strrchr(from, '/') : NULL;
    struct model like;
    struct error unknown;
    error_init(&unknown);
    if (m->vocab_size == 0 && slash &&
        model_of_catalog(slash + 1, NULL, &like, &unknown) == STATUS_OK)
        m->vocab_size = like.vocab_size;
    if (unknown.status == STATUS_IO)
        error_set(r->e, STATUS_IO, "%s", unknown.message);
}

static void read_attention(struct framework_reader *r, struct model *m)
{
    int groups = reading_count(r, "num_query_groups");
    int heads = reading_number(r, "num_key_value_heads"); /* of Megatron-DeepSpeed */
    bool grouped = reading_switch(r, "group_query_attention") || r->framework->sections != NULL ||
                   (groups == 0 && heads > 0);
    groups = groups > 0 ? groups : heads;
    m->kv_heads = grouped && groups > 0 ? groups : m->heads;
    if (m->head_dim == 0 && m->heads > 0)
        m->head_dim = m->hidden_size / m->heads;
    m->v_head_dim = m->head_dim;
    if (reading_switch(r, "multi_latent_attention")) {
        static const int kv_rank = 32, nope = 128, rope = 64, value = 128; /* its defaults */
        int given[] = {reading_number(r, "kv_lora_rank"), reading_number(r, "qk_head_dim"),
                       reading_number(r, "qk_pos_emb_head_dim"), reading_number(r, "v_head_dim")};
        m->kv_lora_rank = given[0] > 0 ? given[0] : kv_rank;
        m->qk_nope_head_dim = given[1] > 0 ? given[1] : nope;
        m->qk_rope_head_dim = given[2] > 0 ? given[2] : rope;
        m->v_head_dim = given[3] > 0 ? given[3] : value;
        m->q_lora_rank = reading_number(r, "q_lora_rank");
        m->head_dim = m->qk_nope_head_dim + m->qk_rope_head_dim;
        m->kv_heads = m->heads;
        m->qk_norm = false; /* the norms of its latents are always there */
    }
    m->qk_norm_parameters = m->qk_norm ? 2 * m->head_dim : 0;
}

static void read_positions(struct framework_reader *r, struct model *m)
{
    const char *type = reading_value(r, "position_embedding_type");
    bool rotary = reading_switch(r, "use_rotary_position_embeddings") ||
                  (type && (strcmp(type, "rope") == 0 || strcmp(type, "mrope") == 0));
    bool none = reading_is_none(r, "position_embedding_type");
    bool learned = !rotary && !none && (!type || strcmp(type, "learned_absolute") == 0);
    m->rotary = rotary;
    m->position_embeddings = learned ? m->max_position_embeddings : 0;
}

static void read_biases(struct framework_reader *r, struct model *m)
{
    bool all = !reading_switch(r, "disable_bias_linear");
    const char *add = reading_value(r, "add_bias_linear");
    if (add)
        all = reading_switch(r, "add_bias_linear");
    bool qkv = reading_switch(r, "add_qkv_bias");
    m->attention_bias = all || qkv;
    m->attention_output_bias = all;
    m->mlp_bias = all;
}

/* An int N: one layer of N carries the flag, the first of them (experts) or all but the last
 * (windows); a list: each layer's. */
static enum status read_pattern(struct framework_reader *r, const char *key, bool first_of,
                                bool *flags)
{
    const char *value = reading_value(r, key);
    int layers = r->run->scenario.model.layers;
    for (int i = 0; i < layers; i++)
        flags[i] = true;
    if (!value || value_is_unresolved(value) || strcmp(value, "-1") == 0) /* MindSpeed: all */
        return STATUS_OK;
    if (strchr(value, '[')) {
        bool read[MODEL_LAYERS_MAX];
        if (layer_pattern_read(value, read, MODEL_LAYERS_MAX) != layers)
            return reading_error(r, key, "expected a pattern of %d layers, got \"%.80s\"", layers,
                                 value);
        memcpy(flags, read, sizeof *flags * (size_t)layers);
        return STATUS_OK;
    }
    int every = reading_number(r, key);
    for (int i = 0; i < layers && every > 0; i++)
        flags[i] = first_of ? i % every == 0 : (i + 1) % every != 0;
    return r->e->status;
}

/* "128,0", "(128,0)": tokens to the left. */
static int window_of(const char *value)
{
    const char *digits = value ? value + strspn(value, "([ ") : "";
    return (int)strtol(digits, NULL, 10);
}

static bool kinds_equal(const struct layer_kind *a, const struct layer_kind *b)
{
    return a->mixer == b->mixer && a->experts == b->experts && a->window == b->window &&
           a->intermediate_size == b->intermediate_size;
}

/* A layer of attention as the model's; another keeps its MLP alone. */
static struct layer_kind kind_of(const struct model *m, const struct megatron_layers *layers,
                                 int layer, bool sparse, int window)
{
    enum mixer mixer = (enum mixer)layers->mixer[layer];
    bool bare = layers->bare[layer], experts = m->experts > 0 && sparse;
    struct layer_kind kind = {.mixer = mixer, .experts = experts && !bare && !layers->dense[layer]};
    if (!kind.experts && !bare)
        kind.intermediate_size = m->intermediate_size;
    if (mixer != MIXER_ATTENTION)
        return kind;
    kind.window = window;
    kind.heads = m->heads;
    kind.kv_heads = m->kv_heads;
    kind.head_dim = m->head_dim;
    return kind;
}

static enum status read_kinds(struct framework_reader *r, struct model *m)
{
    struct megatron_layers layers;
    bool sparse[MODEL_LAYERS_MAX] = {false}, windowed[MODEL_LAYERS_MAX] = {false};
    int window = window_of(reading_value(r, "window_size"));
    if (read_pattern(r, "moe_layer_freq", true, sparse) != STATUS_OK ||
        read_pattern(r, "window_attn_skip_freq", false, windowed) != STATUS_OK ||
        megatron_read_scans(r, m, &layers) != STATUS_OK)
        return r->e->status;
    m->kinds = 0;
    for (int i = 0; i < m->layers; i++) {
        struct layer_kind kind =
            kind_of(m, &layers, i, sparse[i], window > 0 && windowed[i] ? window : 0);
        int k = 0;
        while (k < m->kinds && !kinds_equal(&m->kind[k], &kind))
            k++;
        if (k == m->kinds)
            m->kind[m->kinds++] = kind;
        m->kind_of_layer[i] = (unsigned char)k;
    }
    if (model_scans(m))
        text_add(r->notes, "some layers have no attention: their scans are at an assumed rate\n");
    return STATUS_OK;
}

static void read_mlp(struct model *m)
{
    /* gated: 2/3 of 4 h, a multiple of 64 */
    if (m->intermediate_size == 0)
        m->intermediate_size = m->gated_mlp ? 8 * m->hidden_size / 3 / 64 * 64 : 4 * m->hidden_size;
    if (m->experts == 0) {
        m->experts_per_token = 0;
        return;
    }
    if (m->moe_intermediate_size == 0)
        m->moe_intermediate_size = m->intermediate_size;
    if (m->expert_groups > 0 && m->expert_groups_per_token == 0)
        m->expert_groups_per_token = m->expert_groups;
}

/* Beyond any model, and so that sums stay in range. */
enum { HIDDEN_SIZE_MAX = 1 << 22, HEAD_DIM_MAX = 1 << 16 };

static enum status check_sizes(struct framework_reader *r, const struct model *m)
{
    if (m->layers > MODEL_LAYERS_MAX)
        return reading_error(r, "num_layers", "at most %d layers are modelled", MODEL_LAYERS_MAX);
    if (m->hidden_size > HIDDEN_SIZE_MAX)
        return reading_error(r, "hidden_size", "at most %d is modelled", HIDDEN_SIZE_MAX);
    if (m->head_dim > HEAD_DIM_MAX)
        return reading_error(r, "kv_channels", "at most %d is modelled", HEAD_DIM_MAX);
    return STATUS_OK;
}

static enum status check(struct framework_reader *r, const struct model *m)
{
    if (m->head_dim < 1 || m->v_head_dim < 1)
        return reading_error(r, "num_attention_heads", "%d heads in a hidden size of %d", m->heads,
                             m->hidden_size);
    if (m->heads % m->kv_heads != 0)
        return reading_error(r, "num_query_groups", "%d groups do not divide %d heads", m->kv_heads,
                             m->heads);
    if (m->experts > 0 && m->experts_per_token > m->experts)
        return reading_error(r, "moe_router_topk", "%d of %d experts", m->experts_per_token,
                             m->experts);
    return STATUS_OK;
}

/* "--spec slime_plugins.models.qwen3_next ...": layers that no flag tells, which may be anything.
 */
static bool has_own_layers(struct framework_reader *r)
{
    const char *spec = settings_find(r->settings, "spec") ? reading_value(r, "spec") : NULL;
    if (!spec || value_is_unresolved(spec) || strncmp(spec, "megatron.", 9) == 0 ||
        names_equal(spec, "None") || names_equal(spec, "local"))
        return false;
    text_addf(r->notes, "spec %.80s: layers of its own: name the model by --model\n", spec);
    return true;
}

enum status megatron_read_model(struct framework_reader *r)
{
    struct model *m = &r->run->scenario.model;
    const char *normalization = reading_value(r, "normalization");
    const char *softmax = reading_value(r, "softmax_type");
    const char *name = r->framework->sections ? NULL : reading_value(r, "model"); /* ms-swift's */
    read_vocabulary(r, m);
    megatron_count_layers(r, m);
    if (name && m->layers < 1)
        return model_config_named(r, name);
    bool primus;
    if (primus_read_model(r, &primus) != STATUS_OK || primus)
        return r->e->status;
    if (m->layers < 1 || m->hidden_size < 1 || m->heads < 1 || r->e->status != STATUS_OK ||
        check_sizes(r, m) != STATUS_OK)
        return r->e->status;
    read_attention(r, m);
    read_positions(r, m);
    read_biases(r, m);
    read_mlp(m);
    m->layer_norm_bias = !normalization || !names_equal(normalization, "RMSNorm");
    m->attention_sinks = softmax && strcmp(softmax, "learnable") == 0;
    m->norms_per_layer = 2;
    if (r->e->status != STATUS_OK || check(r, m) != STATUS_OK || read_kinds(r, m) != STATUS_OK)
        return r->e->status;
    if (m->vocab_size == 0)
        text_add(r->notes, "the vocabulary size is in no flag: name the model by --model\n");
    snprintf(m->name, sizeof m->name, "from-flags");
    r->run->model_given = m->vocab_size > 0 && !has_own_layers(r);
    return STATUS_OK;
}

/* Layers whose heads are not the model's own (Gemma 4). */
static bool has_own_heads(const struct model *m)
{
    for (int i = 0; i < m->kinds; i++) {
        const struct layer_kind *k = &m->kind[i];
        if (mixer_attends(k->mixer) &&
            (k->heads != m->heads || k->kv_heads != m->kv_heads || k->head_dim != m->head_dim ||
             k->v_head_dim > 0 || k->keys_are_values))
            return true;
    }
    return false;
}

static enum status write_attention(struct framework_writer *w, const struct model *m)
{
    if (has_own_heads(m))
        return writer_refuse(w, "layers of different heads");
    if (m->kv_lora_rank > 0) {
        writer_put(w, "multi_latent_attention", "true");
        if (m->q_lora_rank > 0)
            writer_putf(w, "q_lora_rank", "%d", m->q_lora_rank);
        writer_putf(w, "kv_lora_rank", "%d", m->kv_lora_rank);
        writer_putf(w, "qk_head_dim", "%d", m->qk_nope_head_dim);
        writer_putf(w, "qk_pos_emb_head_dim", "%d", m->qk_rope_head_dim);
        writer_putf(w, "v_head_dim", "%d", m->v_head_dim);
        writer_put(w, "qk_layernorm", "true");
        return STATUS_OK;
    }
    if (m->v_head_dim != m->head_dim)
        return writer_refuse(w, "values of %d elements beside keys of %d", m->v_head_dim,
                             m->head_dim);
    writer_putf(w, "kv_channels", "%d", m->head_dim);
    if (m->kv_heads != m->heads) {
        if (!w->framework->sections)
            writer_put(w, "group_query_attention", "true");
        writer_putf(w, "num_query_groups", "%d", m->kv_heads);
    }
    return STATUS_OK;
}

static enum status write_biases(struct framework_writer *w, const struct model *m)
{
    bool all = m->attention_bias && m->attention_output_bias && m->mlp_bias;
    if (!all && (m->attention_output_bias || m->mlp_bias))
        return writer_refuse(w, "biases in some linear layers but not in all");
    if (!all && !w->framework->sections)
        writer_put(w, "disable_bias_linear", "true");
    if (w->framework->sections)
        writer_put(w, "add_bias_linear", all ? "true" : "false");
    if (!all && m->attention_bias)
        writer_put(w, "add_qkv_bias", "true");
    return STATUS_OK;
}

/* Windows and experts by layer, as patterns where not all layers are alike. */
static void write_patterns(struct framework_writer *w, const struct model *m, bool halves)
{
    bool sparse[MODEL_LAYERS_MAX] = {false}, windowed[MODEL_LAYERS_MAX] = {false};
    int window = 0, windows = 0, experts = 0;
    for (int i = 0; i < m->layers; i++) {
        const struct layer_kind *kind = &m->kind[m->kind_of_layer[i]];
        sparse[i] = kind->experts;
        windowed[i] = kind->window > 0;
        window = kind->window > window ? kind->window : window;
        windows += windowed[i];
        experts += sparse[i];
    }
    struct text pattern = {0};
    if (window > 0 && w->framework->sections)
        writer_putf(w, "window_size", "[%d,0]", window);
    else if (window > 0)
        writer_putf(w, "window_size", "%d,0", window);
    layer_pattern_write(windowed, m->layers, &pattern);
    if (windows > 0 && windows < m->layers && pattern.data)
        writer_put(w, "window_attn_skip_freq", pattern.data);
    text_clear(&pattern);
    layer_pattern_write(sparse, m->layers, &pattern);
    if (experts > 0 && experts < m->layers && !halves && pattern.data)
        writer_put(w, "moe_layer_freq", pattern.data);
    text_free(&pattern);
}

static void write_positions(struct framework_writer *w, const struct model *m, double seq_length)
{
    const char *type = m->rotary                    ? "rope"
                       : m->position_embeddings > 0 ? "learned_absolute"
                                                    : "none";
    int most = m->position_embeddings > 0 ? m->position_embeddings : m->max_position_embeddings;
    writer_put(w, "position_embedding_type", type);
    /* a table of positions must hold the sequence */
    writer_putf(w, "max_position_embeddings", "%d", most < seq_length ? (int)seq_length : most);
}

enum status megatron_write_model(struct framework_writer *w)
{
    const struct model *m = &w->run->scenario.model;
    if (m->position_embeddings > 0 && m->position_embeddings < w->run->scenario.job.seq_length)
        return writer_refuse(w, "sequences of %.0f tokens with %d learned positions",
                             w->run->scenario.job.seq_length, m->position_embeddings);
    bool halves = false;
    if (megatron_write_scans(w, m, &halves) != STATUS_OK || write_attention(w, m) != STATUS_OK ||
        write_biases(w, m) != STATUS_OK)
        return w->e->status;
    write_positions(w, m, w->run->scenario.job.seq_length);
    write_patterns(w, m, halves);
    writer_put(w, "normalization", m->layer_norm_bias ? "LayerNorm" : "RMSNorm");
    if (m->attention_sinks)
        writer_put(w, "softmax_type", "learnable");
    writer_put(w, "tokenizer_type", "NullTokenizer");
    bool sections = w->framework->sections != NULL;
    writer_putf(w, "vocab_size", "%d", sections ? m->vocab_size : m->vocab_size - 1);
    if (sections)
        writer_putf(w, "tokenizer.vocab_size", "%d", m->vocab_size - 1);
    return STATUS_OK;
}
