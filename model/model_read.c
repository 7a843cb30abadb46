/* From a config.json to a struct model: the way through the reader's parts. */
#include "base/c_locale.h"
#include "base/utf8.h"
#include "model/model_json.h"
#include "model/reader.h"
#include <limits.h>
#include <stdio.h>
#include <string.h>

/* Where a vision-language file keeps its text model. */
static const char *const nested_keys[] = {"text_config", "llm_config", "language_config",
                                          "thinker_config"};

static const struct {
    const char *keys, *what;
} towers[] = {
    {"vision_config visual vision_tower mm_vision_tower vit_config img_processor embd_layer",
     "vision tower"                                                                                          },
    {"audio_config audio_encoder speech_config audio_processor",                              "audio encoder"},
    {"vision_lora speech_lora",                                                               "LoRA adapters"},
    {"talker_config token2wav_config code2wav_config",                                        "speech output"},
};

/* Keys of a file without model_type that are no part of the cost. */
static const char free_keys[] =
    "name source note notes comment description model_type architectures torch_dtype dtype "
    "hidden_act "
    "activation_function rms_norm_eps layer_norm_eps layer_norm_epsilon rope_theta rope_scaling "
    "initializer_range use_cache transformers_version attention_dropout hidden_dropout "
    "bos_token_id eos_token_id pad_token_id layer_types mlp_layer_types mlp_only_layers moe_layers "
    "norm_topk_prob routed_scaling_factor scoring_func topk_method router_aux_loss_coef "
    "text_config "
    "vision_config partial_rotary_factor";

/* Adds a word or sentence to a list in a text of fixed size. */
static void append(char *list, size_t size, const char *separator, const char *item)
{
    size_t used = strlen(list);
    snprintf(list + used, size - used, "%s%s", used > 0 ? separator : "", item);
}

/* Adds to the model's note of what was assumed. */
STEPCAST_PRINTF(2, 3)
static void add_note(struct reader *r, const char *format, ...)
{
    char sentence[160];
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(sentence, sizeof sentence, format, args);
    va_end(args);
    append(r->model->note, sizeof r->model->note, "; ", sentence);
}

/* ---- the text model's object ---- */

static void note_towers(struct reader *r, const struct json_value *object)
{
    char *out = r->model->left_out;
    for (size_t i = 0; i < sizeof towers / sizeof *towers; i++)
        for (const struct json_value *v = json_first(object); v; v = json_next(v)) {
            if (json_kind(v) == JSON_NULL || !word_in_list(towers[i].keys, json_key(v)) ||
                strstr(out, towers[i].what))
                continue;
            append(out, sizeof r->model->left_out, ", ", towers[i].what);
        }
}

static void find_text_model(struct reader *r)
{
    enum { DEPTH = 3 };
    r->object = r->outer;
    for (int depth = 0; depth < DEPTH; depth++) {
        const struct json_value *inner = NULL;
        note_towers(r, r->object);
        for (size_t i = 0; i < sizeof nested_keys / sizeof *nested_keys && !inner; i++)
            inner = json_member(r->object, nested_keys[i]);
        if (!inner || json_kind(inner) != JSON_OBJECT)
            return;
        r->object = inner;
    }
}

static enum status read_type(struct reader *r)
{
    const struct json_value *v = json_member(r->object, "model_type");
    if (!v)
        v = json_member(r->outer, "model_type");
    if (!v || json_kind(v) == JSON_NULL)
        return STATUS_OK;
    if (json_kind(v) != JSON_STRING)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected a model type, got %s",
                          json_kind_name(json_kind(v)));
    snprintf(r->model_type, sizeof r->model_type, "%s", json_string(v));
    return STATUS_OK;
}

/* ---- the family ---- */

/* Without model_type, the MLP tells a Llama from a GPT. */
static const struct family *plain_family(struct reader *r)
{
    const struct json_value *gated = json_member(r->object, "gated_mlp");
    const char *act = reader_string(r, "hidden_act");
    if (gated && json_kind(gated) == JSON_BOOL)
        return family_plain(json_bool(gated));
    if (act[0])
        return family_plain(strstr(act, "silu") || strstr(act, "swiglu") || strstr(act, "geglu"));
    add_note(r, "neither model_type nor gated_mlp is given: taken as Llama-like with a gated MLP");
    return family_plain(true);
}

static enum status choose_family(struct reader *r)
{
    char nearest[MODEL_TYPE_MAX];
    r->family = r->model_type[0] ? family_find(r->model_type) : plain_family(r);
    if (r->family) {
        r->traits = r->family->traits;
        r->norms_per_layer = r->family->norms_per_layer;
        return STATUS_OK;
    }
    const struct json_value *v = json_member(r->object, "model_type");
    json_error(r->json, v ? v : r->object, r->e, STATUS_INPUT,
               "model_type \"%s\" is not known: what its layers hold cannot be told",
               r->model_type);
    family_nearest(r->model_type, nearest);
    error_set_hint(r->e,
                   "if its layers are those of a known family, state that one, such as \"%s\"",
                   nearest[0] ? nearest : "llama");
    return r->e->status;
}

/* A typing error in a file of one's own must not pass for a key that does not matter. */
static enum status check_plain_keys(struct reader *r)
{
    if (r->model_type[0])
        return STATUS_OK;
    for (const struct json_value *v = json_first(r->object); v; v = json_next(v)) {
        const char *key = json_key(v), *nearest;
        if (reader_knows(key) || word_in_list(free_keys, key))
            continue;
        if ((nearest = reader_nearest_key(key)) != NULL) {
            json_error(r->json, v, r->e, STATUS_INPUT, "unknown key \"%.60s\"", key);
            error_set_hint(r->e, "did you mean \"%s\"?", nearest);
            return r->e->status;
        }
        add_note(r, "key \"%.60s\" is not known and left out", key);
    }
    return STATUS_OK;
}

/* ---- the model ---- */

/* A flag of the file, or what the family implies. */
static bool flag_or(int flag, bool otherwise)
{
    return flag == NOT_GIVEN ? otherwise : flag != 0;
}

static int count_or(int count, int otherwise)
{
    return count == NOT_GIVEN ? otherwise : count;
}

static enum status read_dimensions(struct reader *r)
{
    static const size_t needed[] = {AT(layers), AT(hidden_size), AT(heads), AT(vocab_size)};
    const int *values = (const int *)(const void *)&r->config;
    struct model *m = r->model;
    const struct config *c = &r->config;
    for (size_t i = 0; i < sizeof needed / sizeof *needed; i++)
        if (values[needed[i] / sizeof(int)] == NOT_GIVEN)
            return reader_error(r, needed[i], "is missing");
    if (c->layers > MODEL_LAYERS_MAX)
        return reader_error(r, AT(layers), "at most %d layers are modelled, got %d",
                            MODEL_LAYERS_MAX, c->layers);
    m->layers = c->layers;
    m->hidden_size = c->hidden_size;
    m->heads = c->heads;
    m->vocab_size = c->vocab_size;
    m->max_position_embeddings = count_or(c->positions, 0);
    m->position_embeddings = reader_has(r, TRAIT_POSITIONS) ? m->max_position_embeddings : 0;
    m->norms_per_layer = r->norms_per_layer;
    return STATUS_OK;
}

/* kv_lora_rank makes it multi-head latent attention: every head has its own keys of nope + rope. */
static enum status read_latent(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    if (c->qk_nope_head_dim == NOT_GIVEN || c->qk_rope_head_dim == NOT_GIVEN ||
        c->v_head_dim == NOT_GIVEN)
        return reader_error(r, AT(kv_lora_rank),
                            "latent attention needs qk_nope_head_dim, "
                            "qk_rope_head_dim and v_head_dim");
    double head_dim = (double)c->qk_nope_head_dim + c->qk_rope_head_dim;
    if (head_dim < 1 || head_dim > INT_MAX)
        return reader_error(r, AT(qk_nope_head_dim), "with qk_rope_head_dim makes no head");
    m->kv_lora_rank = c->kv_lora_rank;
    m->q_lora_rank = count_or(c->q_lora_rank, 0);
    m->qk_nope_head_dim = c->qk_nope_head_dim;
    m->qk_rope_head_dim = c->qk_rope_head_dim;
    m->head_dim = (int)head_dim;
    m->v_head_dim = c->v_head_dim;
    m->kv_heads = m->heads;
    return STATUS_OK;
}

static enum status read_heads(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    if (c->kv_lora_rank > 0)
        return read_latent(r);
    if (c->q_lora_rank > 0)
        return reader_error(r, AT(q_lora_rank), "is of latent attention, which needs kv_lora_rank");
    m->kv_heads = count_or(c->kv_heads, m->heads);
    if (m->heads % m->kv_heads != 0)
        return reader_error(r, AT(kv_heads), "%d key-value heads do not divide %d attention heads",
                            m->kv_heads, m->heads);
    if (c->head_dim == NOT_GIVEN && m->hidden_size % m->heads != 0)
        return reader_error(r, AT(heads),
                            "%d heads do not divide hidden_size %d, and no head_dim is "
                            "given",
                            m->heads, m->hidden_size);
    m->head_dim = count_or(c->head_dim, m->hidden_size / m->heads);
    m->v_head_dim = count_or(c->v_head_dim, m->head_dim);
    return STATUS_OK;
}

/* Learned query-key norms: a weight of head_dim each, or one over all heads. */
static void read_qk_norm(struct reader *r)
{
    struct model *m = r->model;
    bool listed = reader_has(r, TRAIT_QK_HEAD) || reader_has(r, TRAIT_QK_WHOLE) ||
                  reader_has(r, TRAIT_QK_PLAIN);
    m->qk_norm = flag_or(r->config.qk_norm, listed);
    double whole = ((double)m->heads + m->kv_heads) * m->head_dim, each = 2.0 * m->head_dim;
    double n = reader_has(r, TRAIT_QK_WHOLE) ? whole : each;
    if (m->qk_norm && !reader_has(r, TRAIT_QK_PLAIN) && n <= INT_MAX)
        m->qk_norm_parameters = (int)n;
}

static void read_biases(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    bool follows = reader_has(r, TRAIT_OUT_FOLLOWS) && c->attention_bias != NOT_GIVEN;
    m->attention_bias = flag_or(c->attention_bias, flag_or(c->bias, reader_has(r, TRAIT_QKV_BIAS)));
    m->attention_output_bias =
        flag_or(c->output_bias,
                follows ? m->attention_bias : flag_or(c->bias, reader_has(r, TRAIT_OUT_BIAS)));
    m->mlp_bias = flag_or(c->mlp_bias, flag_or(c->bias, reader_has(r, TRAIT_MLP_BIAS)));
    m->router_bias = flag_or(c->router_bias, reader_has(r, TRAIT_ROUTER_BIAS));
    m->head_bias = flag_or(c->head_bias, reader_has(r, TRAIT_HEAD_BIAS));
}

static void read_traits(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    m->gated_mlp = flag_or(c->gated, reader_has(r, TRAIT_GATED));
    m->tied_embeddings = flag_or(c->tied, reader_has(r, TRAIT_TIED));
    m->parallel_block = flag_or(c->parallel, reader_has(r, TRAIT_PARALLEL));
    m->rotary = !reader_has(r, TRAIT_NO_ROTARY);
    m->layer_norm_bias = reader_has(r, TRAIT_LAYER_NORM);
    m->embedding_norm = reader_has(r, TRAIT_EMBEDDING_NORM);
    m->attention_sinks = reader_has(r, TRAIT_SINKS);
    m->attention_gate = flag_or(c->output_gate, reader_has(r, TRAIT_OUTPUT_GATE));
    read_biases(r);
    read_qk_norm(r);
}

static enum status read_mlp(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    m->intermediate_size = count_or(c->intermediate_size, 0);
    if (m->intermediate_size > 0 || !reader_has(r, TRAIT_FFN_4H))
        return STATUS_OK; /* where it is missing, reader_layers knows whether it is needed */
    if (m->hidden_size > INT_MAX / 4)
        return reader_error(r, AT(hidden_size), "4 hidden_size is out of range");
    m->intermediate_size = 4 * m->hidden_size;
    return STATUS_OK;
}

/* Shared experts: their width together, or as many as given of an expert's width. */
static enum status read_shared_experts(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    double width = (double)count_or(c->shared_experts, 0) * m->moe_intermediate_size;
    if (c->shared_intermediate_size != NOT_GIVEN)
        width = c->shared_intermediate_size;
    if (width > INT_MAX)
        return reader_error(r, AT(shared_experts), "shared experts of %g are out of range", width);
    m->shared_intermediate_size = (int)width;
    m->shared_expert_gate = width > 0 && reader_has(r, TRAIT_SHARED_GATE);
    return STATUS_OK;
}

static enum status read_expert_groups(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    if (c->expert_groups <= 1)
        return STATUS_OK;
    if (m->experts % c->expert_groups != 0)
        return reader_error(r, AT(expert_groups), "%d groups do not divide %d experts",
                            c->expert_groups, m->experts);
    m->expert_groups = c->expert_groups;
    m->expert_groups_per_token = count_or(c->expert_groups_per_token, c->expert_groups);
    if (m->expert_groups_per_token > m->expert_groups)
        return reader_error(r, AT(expert_groups_per_token), "more than the %d groups there are",
                            m->expert_groups);
    return STATUS_OK;
}

static enum status read_experts(struct reader *r)
{
    struct model *m = r->model;
    const struct config *c = &r->config;
    if (c->experts <= 0)
        return STATUS_OK;
    m->experts = c->experts;
    m->experts_per_token = count_or(c->experts_per_token, 0);
    if (m->experts_per_token < 1)
        return reader_error(r, AT(experts_per_token), "is needed: there are %d experts",
                            m->experts);
    if (m->experts_per_token > m->experts)
        return reader_error(r, AT(experts_per_token),
                            "%d experts a token are more than the %d there are",
                            m->experts_per_token, m->experts);
    m->moe_intermediate_size =
        count_or(c->moe_intermediate_size,
                 reader_has(r, TRAIT_EXPERT_WIDTH) ? count_or(c->intermediate_size, 0) : 0);
    if (m->moe_intermediate_size < 1)
        return reader_error(r, AT(moe_intermediate_size), "is needed: there are %d experts",
                            m->experts);
    m->moe_latent_size = count_or(c->moe_latent_size, 0);
    if (read_shared_experts(r) != STATUS_OK)
        return r->e->status;
    return read_expert_groups(r);
}

/* Layers without attention, by what they hold instead. */
static void note_mixers(struct reader *r)
{
    const struct model *m = r->model;
    double count[MODEL_LAYER_KINDS_MAX] = {0}, of[MIXERS] = {0};
    model_count_kinds(m, 0, m->layers, count);
    for (int i = 0; i < m->kinds; i++)
        of[m->kind[i].mixer] += count[i];
    for (int i = 0; i < MIXERS; i++)
        if (mixer_scans((enum mixer)i) && of[i] > 0)
            add_note(r, "%.0f of %d layers are %s%s", of[i], m->layers, mixer_names[i],
                     i == MIXER_SHORT_CONV ? "" : ", their scans at an assumed rate");
}

static enum status build(struct reader *r)
{
    struct model *m = r->model;
    if (r->family->adjust && r->family->adjust(r) != STATUS_OK)
        return r->e->status;
    if (read_dimensions(r) != STATUS_OK || read_heads(r) != STATUS_OK)
        return r->e->status;
    read_traits(r);
    if (read_mlp(r) != STATUS_OK || read_experts(r) != STATUS_OK || reader_scans(r) != STATUS_OK)
        return r->e->status;
    m->mtp_layers = count_or(r->config.mtp_layers, 0);
    if (m->mtp_layers > MODEL_LAYERS_MAX)
        return reader_error(r, AT(mtp_layers), "at most %d layers are modelled", MODEL_LAYERS_MAX);
    if (reader_layers(r) != STATUS_OK)
        return r->e->status;
    note_mixers(r);
    if (m->mtp_layers > 0 && reader_string(r, "mtp_hybrid_override_pattern")[0])
        add_note(r, "a prediction layer is taken as one more of the last kind, not as \"%.16s\"",
                 reader_string(r, "mtp_hybrid_override_pattern"));
    return STATUS_OK;
}

static void set_names(struct reader *r)
{
    const struct json_value *name = json_member(r->outer, "name");
    if (name)
        snprintf(r->model->name, sizeof r->model->name, "%s", json_string(name));
    snprintf(r->model->model_type, sizeof r->model->model_type, "%s", r->model_type);
    utf8_tame(r->model->name, "");
    utf8_tame(r->model->model_type, "");
}

enum status model_read(const struct json *json, const struct json_value *object,
                       struct model *model, struct error *e)
{
    struct model read = {0};
    struct reader r = {.json = json, .outer = object, .model = &read, .e = e};
    if (json_kind(object) != JSON_OBJECT)
        return json_error(json, object, e, STATUS_INPUT, "expected a model (an object), got %s",
                          json_kind_name(json_kind(object)));
    if (model_is_resolved(object))
        return model_read_resolved(json, object, model, e);
    find_text_model(&r);
    if (read_type(&r) != STATUS_OK || reader_refuse(&r) != STATUS_OK ||
        choose_family(&r) != STATUS_OK || check_plain_keys(&r) != STATUS_OK)
        return e->status;
    family_defaults(&r);
    if (reader_keys(&r) != STATUS_OK || build(&r) != STATUS_OK)
        return e->status;
    set_names(&r);
    *model = read;
    return STATUS_OK;
}
