/* What no model here represents: refused by name, never passed over. */
#include "model/reader.h"
#include <stdio.h>
#include <string.h>

struct refusal {
    const char *names; /* keys or model types, separated by blanks */
    const char *what;
    unsigned unless; /* read in families with any of these traits */
};

/* Keys that change what a layer computes. One counts as absent where it is null, false, 0 or empty.
 */
/* clang-format off */
static const struct refusal refused_keys[] = {
    {"index_topk index_n_heads index_head_dim sparse_attention_config sparse_config nsa_config "
     "dense_attention_every_n_layers blocksparse_block_size", "sparse attention", 0},
    {"linear_attn_config", "linear attention", TRAIT_SCANS},
    {"linear_num_key_heads linear_num_value_heads linear_key_head_dim linear_value_head_dim "
     "linear_conv_kernel_dim full_attention_interval", "linear attention", TRAIT_SCANS},
    {"hybrid_override_pattern layers_block_type mamba_d_state mamba_num_heads mamba_n_heads "
     "mamba_expand mamba_head_dim ssm_state_size attn_layer_indices",
     "a layer of another kind (Mamba, recurrent, convolution)", TRAIT_SCANS},
    {"hybrid_layer_pattern", "a layer of another kind (Mamba, recurrent, convolution)",
     TRAIT_OWN_HEADS},
    {"mamba_d_ssm conv_L_cache",
     "a layer of another kind (Mamba, recurrent, convolution)", TRAIT_BESIDE | TRAIT_SHORT_CONV},
    {"block_types ssm_cfg state_size attn_layer_period", "a layer of another kind (Mamba, recurrent, convolution)", 0},
    {"compress_ratios o_lora_rank", "compressed attention", 0},
    {"hc_mult", "hyper-connections", 0},
    {"cross_attention_layers add_cross_attention is_encoder_decoder encoder_layers",
     "cross-attention", 0},
    {"num_kv_shared_layers use_cla", "sharing of keys and values between layers", 0},
    {"hidden_size_per_layer_input altup_num_inputs laurel_rank",
     "a second stream beside the layers", 0},
    {"block_configs num_query_heads_per_layer attention_other_setting per_layer_config",
     "layers of different head counts", 0},
    {"swa_num_attention_heads swa_head_dim global_head_dim num_global_key_value_heads "
     "attention_k_eq_v", "layers of different head counts", TRAIT_OWN_HEADS},
    {"attn_output_gate", "an attention output gate", TRAIT_SCANS},
    {"attention_output_gate use_head_wise_attn_gate mla_use_output_gate", "an attention output gate", 0},
    {"moe_latent_size", "experts of another kind", TRAIT_HALVES},
    {"routed_expert_hidden_size zero_expert_num zero_expert_nums", "experts of another kind", 0},
};
/* clang-format on */

/* Model types that are refused whatever keys their file holds. */
/* clang-format off */
static const struct refusal refused_types[] = {
    {"deepseek_v32 glm_moe_dsa phi3small minimax_m3 minimax_m3_vl", "sparse attention", 0},
    {"deepseek_v4", "compressed attention and hyper-connections", 0},
    {"bailing_moe_linear bailing_hybrid", "linear attention", 0},
    {"mamba mamba2 falcon_mamba jamba zamba zamba2 plamo2",
     "Mamba-1, a model of Mamba alone or one whose layers share attention", 0},
    {"rwkv rwkv5 rwkv6 rwkv7 recurrent_gemma xlstm retnet", "recurrent layers", 0},
    {"mllama mllama_text_model t5 mt5 umt5 bart mbart pegasus whisper marian", "cross-attention",
     0},
    {"gemma3n gemma3n_text", "a second stream beside the layers", 0},
    {"step3p5 step3p7 nemotron-nas openelm",
     "layers of different head counts", 0},
    {"longcat_flash ernie4_5_vl_moe ernie4_5_moe_vl", "experts of another kind", 0},
    {"bert roberta xlm-roberta deberta deberta-v2 electra albert distilbert modernbert",
     "an encoder without causal attention", 0},
};
/* clang-format on */
enum {
    REFUSED_KEYS = sizeof refused_keys / sizeof *refused_keys,
    REFUSED_TYPES = sizeof refused_types / sizeof *refused_types,
};

static bool is_active(const struct json_value *v)
{
    switch (json_kind(v)) {
    case JSON_BOOL:
        return json_bool(v);
    case JSON_NUMBER:
        return json_number(v) != 0;
    case JSON_STRING:
        return json_string(v)[0] != '\0';
    case JSON_ARRAY:
    case JSON_OBJECT:
        return json_count(v) > 0;
    case JSON_NULL:
        break;
    }
    return false;
}

static enum status refuse(struct reader *r, const struct json_value *v, const char *what)
{
    json_error(r->json, v, r->e, STATUS_INPUT, "%s is not modelled%s%s%s", what,
               r->model_type[0] ? " (model_type \"" : "", r->model_type,
               r->model_type[0] ? "\")" : "");
    error_set_hint(r->e,
                   "such a model cannot be forecast; \"stepcast list models\" names some that can");
    return r->e->status;
}

/* The traits of the file's model_type; 0 of an unknown one. */
static unsigned family_traits(const struct reader *r)
{
    const struct family *family = family_find(r->model_type);
    return family ? family->traits : 0;
}

static enum status refuse_keys(struct reader *r)
{
    unsigned traits = family_traits(r);
    for (const struct json_value *v = json_first(r->object); v; v = json_next(v))
        for (int i = 0; i < REFUSED_KEYS && is_active(v); i++)
            if ((traits & refused_keys[i].unless) == 0 &&
                word_in_list(refused_keys[i].names, json_key(v)))
                return refuse(r, v, refused_keys[i].what);
    return STATUS_OK;
}

/* MiniMax's list: 1 full attention, 0 lightning (linear) attention. */
static enum status refuse_type_list(struct reader *r)
{
    const struct json_value *list = json_member(r->object, "attn_type_list");
    if (!list || json_kind(list) != JSON_ARRAY || (family_traits(r) & TRAIT_SCANS))
        return STATUS_OK;
    for (const struct json_value *v = json_first(list); v; v = json_next(v))
        if (json_kind(v) != JSON_NUMBER || json_number(v) != 1)
            return refuse(r, v, "linear attention");
    return STATUS_OK;
}

static enum status refuse_layer_types(struct reader *r)
{
    const struct json_value *list = json_member(r->object, "layer_types");
    bool scans = (family_traits(r) & TRAIT_SCANS) != 0;
    if (!list || json_kind(list) == JSON_NULL)
        return STATUS_OK;
    if (json_kind(list) != JSON_ARRAY)
        return json_error(r->json, list, r->e, STATUS_INPUT,
                          "expected a list of layer types, got %s",
                          json_kind_name(json_kind(list)));
    for (const struct json_value *v = json_first(list); v; v = json_next(v)) {
        if (json_kind(v) != JSON_STRING)
            return json_error(r->json, v, r->e, STATUS_INPUT, "expected a layer type, got %s",
                              json_kind_name(json_kind(v)));
        bool scan = scans && word_in_list(SCAN_LAYER_TYPES, json_string(v));
        if (!scan && !word_in_list(READ_LAYER_TYPES, json_string(v))) {
            char what[64];
            snprintf(what, sizeof what, "a layer of type \"%.32s\"", json_string(v));
            return refuse(r, v, what);
        }
    }
    return STATUS_OK;
}

static enum status refuse_type(struct reader *r)
{
    const struct json_value *v = json_member(r->object, "model_type");
    for (int i = 0; i < REFUSED_TYPES; i++)
        if (word_in_list(refused_types[i].names, r->model_type))
            return refuse(r, v ? v : r->object, refused_types[i].what);
    return STATUS_OK;
}

enum status reader_refuse(struct reader *r)
{
    if (refuse_layer_types(r) != STATUS_OK || refuse_type_list(r) != STATUS_OK ||
        refuse_keys(r) != STATUS_OK)
        return r->e->status;
    return refuse_type(r);
}
