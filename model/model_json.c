#include "model/model_json.h"
#include "base/fields.h"
#include <limits.h>

#define ROW(type, key, kind, member, min, max)                                                     \
    FIELD_ROW(type, key, kind, UNIT_NONE, member, min, max, false, NULL, "")
#define COUNT(member, min) ROW(model, #member, FIELD_INT, member, min, INT_MAX)
#define FLAG(member) ROW(model, #member, FIELD_BOOL, member, 0, 0)
#define TEXT(member) ROW(model, #member, FIELD_STRING, member, 0, 0)

const struct field model_fields[] = {
    TEXT(name),
    TEXT(model_type),
    ROW(model, "layers", FIELD_INT, layers, 1, MODEL_LAYERS_MAX),
    COUNT(hidden_size, 1),
    COUNT(heads, 1),
    COUNT(kv_heads, 1),
    COUNT(head_dim, 1),
    COUNT(v_head_dim, 1),
    COUNT(q_lora_rank, 0),
    COUNT(kv_lora_rank, 0),
    COUNT(qk_nope_head_dim, 0),
    COUNT(qk_rope_head_dim, 0),
    COUNT(intermediate_size, 0),
    FLAG(gated_mlp),
    COUNT(vocab_size, 1),
    FLAG(tied_embeddings),
    COUNT(position_embeddings, 0),
    COUNT(max_position_embeddings, 0),
    FLAG(rotary),
    FLAG(layer_norm_bias),
    ROW(model, "norms_per_layer", FIELD_INT, norms_per_layer, 0, 16),
    FLAG(attention_bias),
    FLAG(attention_output_bias),
    FLAG(mlp_bias),
    FLAG(qk_norm),
    COUNT(qk_norm_parameters, 0),
    FLAG(attention_sinks),
    FLAG(attention_gate),
    FLAG(embedding_norm),
    FLAG(head_bias),
    FLAG(parallel_block),
    COUNT(scan_heads, 0),
    COUNT(scan_key_heads, 0),
    COUNT(scan_key_dim, 0),
    COUNT(scan_value_dim, 0),
    COUNT(scan_conv, 0),
    COUNT(scan_chunk, 0),
    FLAG(scan_conv_bias),
    FLAG(scan_bias),
    FLAG(scan_gate_alone),
    COUNT(experts, 0),
    COUNT(experts_per_token, 0),
    COUNT(moe_intermediate_size, 0),
    COUNT(moe_latent_size, 0),
    COUNT(shared_intermediate_size, 0),
    FLAG(shared_expert_gate),
    COUNT(expert_groups, 0),
    COUNT(expert_groups_per_token, 0),
    FLAG(router_bias),
    ROW(model, "mtp_layers", FIELD_INT, mtp_layers, 0, MODEL_LAYERS_MAX),
    TEXT(left_out),
    TEXT(note),
};
enum { MODEL_ROWS = sizeof model_fields / sizeof *model_fields };
const size_t model_field_count = MODEL_ROWS;

static const struct field kind_rows[] = {
    FIELD_ROW(layer_kind, "mixer", FIELD_ENUM, UNIT_NONE, mixer, 0, 0, false, mixer_names, ""),
    ROW(layer_kind, "experts", FIELD_BOOL, experts, 0, 0),
    ROW(layer_kind, "window", FIELD_INT, window, 0, INT_MAX),
    ROW(layer_kind, "chunk", FIELD_INT, chunk, 0, INT_MAX),
    ROW(layer_kind, "intermediate_size", FIELD_INT, intermediate_size, 0, INT_MAX),
    ROW(layer_kind, "heads", FIELD_INT, heads, 0, INT_MAX),
    ROW(layer_kind, "kv_heads", FIELD_INT, kv_heads, 0, INT_MAX),
    ROW(layer_kind, "head_dim", FIELD_INT, head_dim, 0, INT_MAX),
    ROW(layer_kind, "v_head_dim", FIELD_INT, v_head_dim, 0, INT_MAX),
    ROW(layer_kind, "keys_are_values", FIELD_BOOL, keys_are_values, 0, 0),
};
enum { KIND_ROWS = sizeof kind_rows / sizeof *kind_rows };

static const char kinds_key[] = "layer_kinds", of_layer_key[] = "kind_of_layer";

void model_write(struct json_writer *w, const char *key, const struct model *model)
{
    json_open_object(w, key);
    fields_write(w, model_fields, MODEL_ROWS, model, NULL);
    json_open_array(w, kinds_key);
    for (int i = 0; i < model->kinds; i++) {
        json_open_object_compact(w, NULL);
        fields_write(w, kind_rows, KIND_ROWS, &model->kind[i], NULL);
        json_close_object(w);
    }
    json_close_array(w);
    json_open_array_compact(w, of_layer_key);
    for (int i = 0; i < model->layers; i++)
        json_put_number(w, NULL, model->kind_of_layer[i]);
    json_close_array(w);
    json_close_object(w);
}

bool model_is_resolved(const struct json_value *object)
{
    return json_member(object, kinds_key) != NULL;
}

/* A kind with what its mixer and its MLP need. */
static bool kind_is_whole(const struct model *m, const struct layer_kind *kind)
{
    bool filled = kind->experts ? m->experts > 0 : kind->intermediate_size > 0;
    bool attends = kind->heads >= 1 && kind->kv_heads >= 1 && kind->head_dim >= 1 &&
                   kind->heads % kind->kv_heads == 0;
    bool scans = m->scan_heads >= 1 && m->scan_key_heads >= 1 && m->scan_key_dim >= 1 &&
                 m->scan_value_dim >= 1 && m->scan_chunk >= 1 &&
                 m->scan_heads % m->scan_key_heads == 0;
    if (kind->experts && m->experts == 0)
        return false;
    if (mixer_attends(kind->mixer))
        return attends && (kind->mixer == MIXER_ATTENTION || scans);
    bool none = kind->heads == 0 && kind->kv_heads == 0 && kind->head_dim == 0;
    return none && (kind->mixer == MIXER_NONE ? filled : scans);
}

static enum status read_kinds(const struct json *json, const struct json_value *list,
                              struct model *model, struct error *e)
{
    if (!list || json_kind(list) != JSON_ARRAY || json_count(list) < 1 ||
        json_count(list) > MODEL_LAYER_KINDS_MAX)
        return json_error(json, list, e, STATUS_INPUT, "expected 1 to %d kinds of layers",
                          MODEL_LAYER_KINDS_MAX);
    for (const struct json_value *v = json_first(list); v; v = json_next(v)) {
        struct layer_kind *kind = &model->kind[model->kinds++];
        if (fields_read(json, v, (struct fields){kind_rows, KIND_ROWS}, kind, NULL, e) != STATUS_OK)
            return e->status;
        if (!kind_is_whole(model, kind))
            return json_error(json, v, e, STATUS_INPUT,
                              "expected heads that kv_heads divides, a scan, an MLP or experts");
    }
    return STATUS_OK;
}

static enum status read_kind_of_layer(const struct json *json, const struct json_value *list,
                                      struct model *model, struct error *e)
{
    if (!list || json_kind(list) != JSON_ARRAY || json_count(list) != (size_t)model->layers)
        return json_error(json, list, e, STATUS_INPUT, "expected the kind of each of %d layers",
                          model->layers);
    int i = 0;
    for (const struct json_value *v = json_first(list); v; v = json_next(v)) {
        double kind = json_number(v);
        if (json_kind(v) != JSON_NUMBER || kind < 0 || kind >= model->kinds ||
            kind != (unsigned char)kind)
            return json_error(json, v, e, STATUS_INPUT, "expected one of %d kinds", model->kinds);
        model->kind_of_layer[i++] = (unsigned char)kind;
    }
    return STATUS_OK;
}

static enum status check(const struct json *json, const struct json_value *object,
                         const struct model *m, struct error *e)
{
    bool sized = m->layers >= 1 && m->hidden_size >= 1 && m->heads >= 1 && m->kv_heads >= 1 &&
                 m->head_dim >= 1 && m->v_head_dim >= 1 && m->vocab_size >= 1;
    bool routed = m->experts == 0 || (m->experts_per_token >= 1 && m->moe_intermediate_size >= 1 &&
                                      m->experts_per_token <= m->experts);
    if (sized && routed && m->heads % m->kv_heads == 0)
        return STATUS_OK;
    return json_error(json, object, e, STATUS_INPUT, "the model is not complete");
}

enum status model_read_resolved(const struct json *json, const struct json_value *object,
                                struct model *model, struct error *e)
{
    static const char *const extra[] = {kinds_key, of_layer_key, NULL};
    struct fields_options options = {.extra = extra};
    struct model read = {0};
    const struct json_value *kinds = json_member(object, kinds_key);
    const struct json_value *of_layer = json_member(object, of_layer_key);
    if (fields_read(json, object, (struct fields){model_fields, MODEL_ROWS}, &read, &options, e) !=
            STATUS_OK ||
        check(json, object, &read, e) != STATUS_OK ||
        read_kinds(json, kinds ? kinds : object, &read, e) != STATUS_OK ||
        read_kind_of_layer(json, of_layer ? of_layer : object, &read, e) != STATUS_OK)
        return e->status;
    *model = read;
    return STATUS_OK;
}
