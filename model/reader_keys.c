/* The keys of a config.json that change the cost, in every spelling. */
#include "base/c_locale.h"
#include "model/reader.h"
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

enum key_kind {
    KEY_COUNT,
    KEY_FLAG,
    KEY_COUNT_OR_LIST, /* a list is read with the layers */
    KEY_COUNT_EACH,    /* a number, or a list with the same one for every layer */
    KEY_OUTER_FLAG,    /* also beside the nested text model */
    KEY_COUNT_OR_AUTO, /* "auto": as if absent */
    KEY_PERIOD,        /* a number, or a letter for each layer of it */
};

struct key {
    enum key_kind kind;
    int min;
    bool agree; /* two spellings in one file must say the same */
    size_t offset;
    const char *names[6];
};

/* clang-format off */
static const struct key keys[] = {
    {KEY_COUNT, 1, true, AT(layers), {"num_hidden_layers", "n_layer", "n_layers", "num_layers"}},
    {KEY_COUNT, 1, true, AT(hidden_size), {"hidden_size", "n_embd", "n_embed", "d_model"}},
    {KEY_COUNT, 1, true, AT(heads), {"num_attention_heads", "n_head", "n_heads"}},
    {KEY_COUNT, 1, true, AT(kv_heads),
     {"num_key_value_heads", "num_kv_heads", "n_head_kv", "multi_query_group_num"}},
    {KEY_COUNT, 1, true, AT(head_dim), {"head_dim", "kv_channels", "attention_head_dim"}},
    {KEY_COUNT, 1, false, AT(full_head_dim), {"global_head_dim"}},
    {KEY_COUNT, 1, false, AT(full_kv_heads), {"num_global_key_value_heads"}},
    {KEY_COUNT, 1, false, AT(window_heads), {"swa_num_attention_heads"}},
    {KEY_COUNT, 1, false, AT(window_kv_heads), {"swa_num_key_value_heads"}},
    {KEY_COUNT, 1, false, AT(window_head_dim), {"swa_head_dim"}},
    {KEY_COUNT, 1, false, AT(window_v_head_dim), {"swa_v_head_dim"}},
    {KEY_COUNT, 0, true, AT(intermediate_size),
     {"intermediate_size", "n_inner", "ffn_dim", "ffn_hidden_size"}},
    {KEY_COUNT, 1, false, AT(dense_intermediate_size), {"intermediate_size_mlp"}},
    {KEY_COUNT, 1, false, AT(vocab_size), {"padded_vocab_size", "vocab_size"}},
    {KEY_COUNT, 0, false, AT(positions),
     {"max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "n_ctx"}},
    {KEY_COUNT, 1, false, AT(embedding_size), {"word_embed_proj_dim"}},
    {KEY_COUNT, 0, false, AT(q_lora_rank), {"q_lora_rank"}},
    {KEY_COUNT, 0, false, AT(kv_lora_rank), {"kv_lora_rank"}},
    {KEY_COUNT, 0, false, AT(qk_nope_head_dim), {"qk_nope_head_dim"}},
    {KEY_COUNT, 0, false, AT(qk_rope_head_dim), {"qk_rope_head_dim"}},
    {KEY_COUNT, 1, false, AT(v_head_dim), {"v_head_dim"}},
    {KEY_COUNT, 0, true, AT(experts),
     {"num_local_experts", "n_routed_experts", "num_experts", "moe_num_experts"}},
    {KEY_COUNT_EACH, 0, true, AT(experts_per_token),
     {"num_experts_per_tok", "experts_per_token", "num_experts_per_token", "moe_topk", "moe_k",
      "top_k_experts"}},
    {KEY_COUNT_EACH, 1, true, AT(moe_intermediate_size), {"moe_intermediate_size",
     "moe_ffn_hidden_size"}},
    {KEY_COUNT, 1, false, AT(moe_latent_size), {"moe_latent_size"}},
    {KEY_COUNT_EACH, 0, true, AT(shared_experts),
     {"n_shared_experts", "num_shared_experts", "moe_num_shared_experts", "num_shared_expert"}},
    {KEY_COUNT, 0, true, AT(shared_intermediate_size),
     {"shared_expert_intermediate_size", "moe_shared_expert_intermediate_size",
      "shared_intermediate_size", "share_expert_dim"}},
    {KEY_COUNT, 1, false, AT(expert_groups), {"n_group", "num_expert_group"}},
    {KEY_COUNT, 1, false, AT(expert_groups_per_token), {"topk_group"}},
    {KEY_COUNT, 0, false, AT(first_dense), {"first_k_dense_replace", "moe_layer_start_index",
     "num_dense_layers"}},
    {KEY_COUNT_OR_LIST, 1, false, AT(moe_every), {"moe_layer_freq"}},
    {KEY_COUNT, 1, false, AT(sparse_step), {"decoder_sparse_step", "moe_layer_interval"}},
    {KEY_COUNT, 1, false, AT(moe_interleave), {"interleave_moe_layer_step"}},
    {KEY_COUNT, 0, false, AT(window), {"sliding_window", "sliding_window_size"}},
    {KEY_PERIOD, 1, false, AT(window_pattern), {"sliding_window_pattern",
     "_sliding_window_pattern", "global_attn_every_n_layers"}},
    {KEY_COUNT, 0, false, AT(window_from), {"max_window_layers"}},
    {KEY_COUNT, 0, false, AT(chunk), {"attention_chunk_size"}},
    {KEY_COUNT, 1, false, AT(nope_every), {"no_rope_layer_interval"}},
    {KEY_COUNT, 0, true, AT(mtp_layers),
     {"num_nextn_predict_layers", "num_mtp_modules", "mtp_num_hidden_layers", "mtp_num_layers"}},
    {KEY_COUNT, 1, false, AT(mtp_layers_each), {"mtp_transformer_layers"}},
    {KEY_COUNT, 1, true, AT(scan_heads), {"mamba_num_heads", "mamba_n_heads"}},
    {KEY_COUNT_OR_AUTO, 1, true, AT(scan_head_dim), {"mamba_head_dim", "mamba_d_head"}},
    {KEY_COUNT, 1, true, AT(scan_key_dim), {"ssm_state_size", "mamba_d_state"}},
    {KEY_COUNT, 1, true, AT(scan_groups), {"n_groups", "mamba_n_groups"}},
    {KEY_COUNT, 1, true, AT(scan_conv), {"conv_kernel", "mamba_d_conv", "conv_L_cache"}},
    {KEY_COUNT, 1, true, AT(scan_chunk), {"chunk_size", "mamba_chunk_size"}},
    {KEY_COUNT, 1, true, AT(scan_expand), {"mamba_expand", "expand"}},
    {KEY_COUNT, 1, false, AT(scan_width), {"mamba_d_ssm"}},
    {KEY_COUNT, 1, false, AT(block_size), {"block_ff_dim"}},
    {KEY_COUNT, 1, false, AT(linear_heads), {"linear_num_value_heads"}},
    {KEY_COUNT, 1, false, AT(linear_head_dim), {"linear_value_head_dim"}},
    {KEY_COUNT, 1, false, AT(linear_key_heads), {"linear_num_key_heads"}},
    {KEY_COUNT, 1, false, AT(linear_key_dim), {"linear_key_head_dim"}},
    {KEY_COUNT, 1, false, AT(linear_conv), {"linear_conv_kernel_dim"}},
    {KEY_COUNT, 1, false, AT(full_interval), {"full_attention_interval"}},
    {KEY_OUTER_FLAG, 0, false, AT(tied), {"tie_word_embeddings"}},
    {KEY_FLAG, 0, false, AT(gated), {"gated_mlp"}},
    {KEY_FLAG, 0, false, AT(bias), {"use_bias", "bias", "enable_bias"}},
    {KEY_FLAG, 0, false, AT(attention_bias), {"attention_bias", "use_qkv_bias",
     "add_qkv_bias", "qkv_bias"}},
    {KEY_FLAG, 0, false, AT(output_bias), {"attention_out_bias"}},
    {KEY_FLAG, 0, false, AT(mlp_bias), {"mlp_bias"}},
    {KEY_FLAG, 0, false, AT(qk_norm), {"use_qk_norm", "qk_layernorm", "qk_norm"}},
    {KEY_FLAG, 0, false, AT(router_bias), {"use_routing_bias", "moe_router_enable_expert_bias",
     "use_expert_bias"}},
    {KEY_FLAG, 0, false, AT(head_bias), {"lm_head_bias"}},
    {KEY_FLAG, 0, false, AT(use_window), {"use_sliding_window"}},
    {KEY_FLAG, 0, false, AT(parallel), {"use_parallel_residual", "parallel_attn"}},
    {KEY_FLAG, 0, false, AT(new_decoder), {"new_decoder_architecture"}},
    {KEY_FLAG, 0, false, AT(multi_query), {"multi_query"}},
    {KEY_FLAG, 0, false, AT(alibi), {"alibi"}},
    {KEY_COUNT, 1, false, AT(norms_in_parallel), {"num_ln_in_parallel_attn"}},
    {KEY_FLAG, 0, false, AT(use_mtp), {"use_mtp"}},
    {KEY_FLAG, 0, false, AT(scan_conv_bias), {"use_conv_bias", "mamba_conv_bias", "conv_bias"}},
    {KEY_FLAG, 0, false, AT(scan_bias), {"mamba_proj_bias"}},
    {KEY_FLAG, 0, false, AT(scan_norm), {"mamba_rms_norm"}},
    {KEY_FLAG, 0, false, AT(output_gate), {"attn_output_gate"}},
    {KEY_FLAG, 0, false, AT(keys_are_values), {"attention_k_eq_v"}},
    {KEY_FLAG, 0, false, AT(experts_beside_mlp), {"enable_moe_block"}},
};
/* clang-format on */
enum { KEYS = sizeof keys / sizeof *keys, SPELLINGS = sizeof keys->names / sizeof *keys->names };

static enum status read_count(const struct reader *r, const struct key *key,
                              const struct json_value *v, int *out)
{
    double x = json_number(v);
    if (json_kind(v) != JSON_NUMBER)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected a whole number, got %s",
                          json_kind_name(json_kind(v)));
    if (!(x >= key->min && x <= INT_MAX) || x != floor(x))
        return json_error(r->json, v, r->e, STATUS_INPUT,
                          "expected a whole number from %d to %d, got %.17g", key->min, INT_MAX, x);
    *out = (int)x;
    return STATUS_OK;
}

/* Hunyuan writes its experts' numbers once a layer; layers that differ in them are not modelled. */
static enum status read_each(const struct reader *r, const struct key *key,
                             const struct json_value *v, int *out)
{
    if (json_kind(v) != JSON_ARRAY)
        return read_count(r, key, v, out);
    const struct json_value *first = json_first(v);
    if (!first)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected a number for each layer");
    for (const struct json_value *item = first; item; item = json_next(item)) {
        if (read_count(r, key, item, out) != STATUS_OK)
            return r->e->status;
        if (json_number(item) != json_number(first))
            return json_error(r->json, item, r->e, STATUS_INPUT,
                              "layers of %.17g and of %.17g: layers whose experts differ are not "
                              "modelled",
                              json_number(first), json_number(item));
    }
    return STATUS_OK;
}

/* A number of layers, or a letter for each as EXAONE 4 writes it: "LLLG", L local, the last G. */
static enum status read_period(const struct reader *r, const struct key *key,
                               const struct json_value *v, int *out)
{
    const char *letters = json_string(v);
    size_t local = strspn(letters, "L");
    if (json_kind(v) != JSON_STRING)
        return read_count(r, key, v, out);
    if (local > 1000 || strcmp(letters + local, "G") != 0)
        return json_error(r->json, v, r->e, STATUS_INPUT,
                          "expected a number or letters such as \"LLLG\", got \"%.40s\"", letters);
    *out = (int)local + 1;
    return STATUS_OK;
}

static enum status read_value(const struct reader *r, const struct key *key,
                              const struct json_value *v, int *out)
{
    if (json_kind(v) == JSON_NULL || (key->kind == KEY_COUNT_OR_LIST && json_kind(v) == JSON_ARRAY))
        return STATUS_OK;
    if (key->kind == KEY_COUNT_OR_AUTO && strcmp(json_string(v), "auto") == 0)
        return STATUS_OK;
    if (key->kind == KEY_COUNT || key->kind == KEY_COUNT_OR_LIST || key->kind == KEY_COUNT_OR_AUTO)
        return read_count(r, key, v, out);
    if (key->kind == KEY_COUNT_EACH)
        return read_each(r, key, v, out);
    if (key->kind == KEY_PERIOD)
        return read_period(r, key, v, out);
    if (json_kind(v) != JSON_BOOL)
        return json_error(r->json, v, r->e, STATUS_INPUT, "expected true or false, got %s",
                          json_kind_name(json_kind(v)));
    *out = json_bool(v);
    return STATUS_OK;
}

static const struct json_value *find_value(const struct reader *r, const struct key *key,
                                           int spelling)
{
    const char *name = key->names[spelling];
    const struct json_value *v = json_member(r->object, name);
    return v || key->kind != KEY_OUTER_FLAG ? v : json_member(r->outer, name);
}

/* The first spelling that gives a value counts; an explicit null takes the family's default away.
 */
static enum status read_key(struct reader *r, const struct key *key)
{
    int *out = (int *)((char *)&r->config + key->offset), first = NOT_GIVEN;
    bool present = false;
    for (int i = 0; i < SPELLINGS && key->names[i]; i++) {
        const struct json_value *v = find_value(r, key, i);
        int value = NOT_GIVEN;
        if (!v)
            continue;
        present = true;
        if (read_value(r, key, v, &value) != STATUS_OK)
            return r->e->status;
        if (key->agree && value != NOT_GIVEN && first != NOT_GIVEN && value != first) {
            json_error(r->json, v, r->e, STATUS_INPUT,
                       "\"%s\" says %d where another spelling says %d", key->names[i], value,
                       first);
            error_set_hint(r->e, "keep one of %s ... %s", key->names[0], key->names[i]);
            return r->e->status;
        }
        if (first == NOT_GIVEN)
            first = value;
    }
    if (present)
        *out = first;
    return STATUS_OK;
}

enum status reader_keys(struct reader *r)
{
    for (int i = 0; i < KEYS; i++)
        if (read_key(r, &keys[i]) != STATUS_OK)
            return r->e->status;
    return STATUS_OK;
}

static const struct key *key_at(size_t offset)
{
    for (int i = 0; i < KEYS; i++)
        if (keys[i].offset == offset)
            return &keys[i];
    return NULL;
}

/* The value that gave a member of struct config, by its offset, or NULL. */
static const struct json_value *value_at(const struct reader *r, size_t offset)
{
    const struct key *key = key_at(offset);
    for (int i = 0; key && i < SPELLINGS && key->names[i]; i++) {
        const struct json_value *v = find_value(r, key, i);
        if (v && json_kind(v) != JSON_NULL)
            return v;
    }
    return NULL;
}

enum status reader_error(struct reader *r, size_t offset, const char *format, ...)
{
    char message[sizeof r->e->message];
    const struct json_value *v = value_at(r, offset);
    const struct key *key = key_at(offset);
    va_list args;
    va_start(args, format);
    c_locale_vsnprintf(message, sizeof message, format, args);
    va_end(args);
    if (r->e->status != STATUS_OK)
        return r->e->status;
    if (v)
        return json_error(r->json, v, r->e, STATUS_INPUT, "%s", message);
    json_error(r->json, r->object, r->e, STATUS_INPUT, "\"%s\" %s", key->names[0], message);
    if (key->names[1])
        error_set_hint(r->e, "other spellings: %s%s%s%s%s", key->names[1],
                       key->names[2] ? ", " : "", key->names[2] ? key->names[2] : "",
                       key->names[3] ? ", " : "", key->names[3] ? key->names[3] : "");
    return r->e->status;
}

const char *reader_string(const struct reader *r, const char *key)
{
    return json_string(json_member(r->object, key));
}

bool reader_knows(const char *name)
{
    for (int i = 0; i < KEYS; i++)
        for (int j = 0; j < SPELLINGS && keys[i].names[j]; j++)
            if (strcmp(keys[i].names[j], name) == 0)
                return true;
    return false;
}

const char *reader_nearest_key(const char *name)
{
    const char *names[KEYS * SPELLINGS];
    size_t n = 0;
    for (int i = 0; i < KEYS; i++)
        for (int j = 0; j < SPELLINGS && keys[i].names[j]; j++)
            names[n++] = keys[i].names[j];
    return nearest_name(name, names, n);
}
