/* Defaults of the families' configuration classes, and rules of single families. Source: the
 * configuration and modelling files of Hugging Face transformers. */
#include "model/family_rules.h"
#include <limits.h>
#include <math.h>
#include <string.h>

/* `nested`: dimensions, which a text_config may leave to the class (LLaVA, Gemma 3, PaliGemma); a
 * file of its own that lacks them is broken. */
struct preset {
    const char *types;
    size_t offset;
    int value;
    bool nested;
};

/* clang-format off */
static const struct preset presets[] = {
    {"llama mistral", AT(layers), 32, true},
    {"gemma3_text gemma2", AT(layers), 26, true},
    {"gemma", AT(layers), 28, true},
    {"llama4_text", AT(layers), 48, true},
    {"llama mistral", AT(hidden_size), 4096, true},
    {"gemma3_text gemma2", AT(hidden_size), 2304, true},
    {"gemma", AT(hidden_size), 3072, true},
    {"llama4_text", AT(hidden_size), 5120, true},
    {"llama mistral", AT(heads), 32, true},
    {"gemma3_text gemma2", AT(heads), 8, true},
    {"gemma", AT(heads), 16, true},
    {"llama4_text", AT(heads), 40, true},
    {"mistral", AT(kv_heads), 8, true},
    {"gemma3_text gemma2", AT(kv_heads), 4, true},
    {"gemma", AT(kv_heads), 16, true},
    {"llama4_text", AT(kv_heads), 8, true},
    {"llama", AT(intermediate_size), 11008, true},
    {"mistral", AT(intermediate_size), 14336, true},
    {"gemma3_text gemma2", AT(intermediate_size), 9216, true},
    {"gemma", AT(intermediate_size), 24576, true},
    {"llama4_text", AT(intermediate_size), 8192, true},
    {"llama4_text", AT(dense_intermediate_size), 16384, true},
    {"qwen2", AT(layers), 32, true},
    {"qwen2", AT(hidden_size), 4096, true},
    {"qwen2", AT(heads), 32, true},
    {"qwen2", AT(intermediate_size), 22016, true},
    {"qwen2", AT(vocab_size), 151936, true},
    {"llama mistral", AT(vocab_size), 32000, true},
    {"gemma3_text", AT(vocab_size), 262208, true},
    {"gemma gemma2", AT(vocab_size), 256000, true},
    {"llama4_text", AT(vocab_size), 202048, true},
    {"gemma gemma2 gemma3_text gemma3 vaultgemma gemma4_text gemma4 gemma4_unified_text "
     "gemma4_unified", AT(head_dim), 256, false},
    {"gemma4_text gemma4 gemma4_unified_text gemma4_unified", AT(full_head_dim), 512, false},
    {"gemma4_text gemma4", AT(window), 512, false},
    {"gemma4_unified_text gemma4_unified", AT(window), 1024, false},
    {"qwen3 qwen3_vl_text qwen3_vl_moe_text llama4_text llama4", AT(head_dim), 128, false},
    {"mistral gemma2 gemma3_text gemma3 dots1 olmo3 cohere2 vaultgemma exaone_moe", AT(window),
     4096, false},
    {"afmoe", AT(window), 1024, false},
    {"gpt_oss", AT(window), 128, false},
    {"gemma2 gpt_oss vaultgemma", AT(window_pattern), 2, false},
    {"gemma3_text gemma3 gemma4_text gemma4 gemma4_unified_text gemma4_unified", AT(window_pattern), 6,
     false},
    {"cohere2 olmo3 exaone4 exaone_moe afmoe", AT(window_pattern), 4, false},
    {"exaone_moe afmoe", AT(first_dense), 1, false},
    {"dots1", AT(use_window), 1, false},
    {"dots1", AT(window_from), 62, false},
    {"llama4_text llama4", AT(chunk), 8192, false},
    {"llama4_text llama4", AT(nope_every), 4, false},
    {"llama4_text llama4", AT(experts), 16, false},
    {"llama4_text llama4", AT(experts_per_token), 1, false},
    {"mixtral phimoe", AT(experts_per_token), 2, false},
    {"gpt2 gpt_bigcode", AT(positions), 1024, false},
    {"opt", AT(positions), 2048, false},
    {"qwen2_moe", AT(shared_intermediate_size), 5632, false},
    {"nemotron_h granitemoehybrid bamba falcon_h1", AT(scan_conv_bias), 1, false},
    {"nemotron_h granitemoehybrid bamba falcon_h1", AT(scan_conv), 4, false},
    {"lfm2 lfm2_moe", AT(scan_conv), 3, false},
    {"nemotron_h", AT(scan_chunk), 128, false},
    {"granitemoehybrid bamba falcon_h1", AT(scan_chunk), 256, false},
    {"minimax_text_01 minimax_m1", AT(scan_chunk), 256, false},
    {"qwen3_next qwen3_5 qwen3_5_text qwen3_5_moe qwen3_5_moe_text olmo_hybrid", AT(linear_conv), 4,
     false},
    {"qwen3_next qwen3_5 qwen3_5_text qwen3_5_moe qwen3_5_moe_text olmo_hybrid", AT(full_interval), 4,
     false},
    {"bailing_moe", AT(qk_norm), 0, false},
};
/* clang-format on */

void family_defaults(struct reader *r)
{
    int *values = (int *)(void *)&r->config;
    for (size_t i = 0; i < sizeof r->config / sizeof(int); i++)
        values[i] = NOT_GIVEN;
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++)
        if ((r->object != r->outer || !presets[i].nested) &&
            word_in_list(presets[i].types, r->model_type))
            values[presets[i].offset / sizeof(int)] = presets[i].value;
}

/* Falcon's two decoders: the new one (40B, 180B) has a norm each for attention and MLP and grouped
 * queries; the old one (7B) shares one norm and one key-value head; RefinedWeb (1B) is a plain GPT.
 */
enum status adjust_falcon(struct reader *r)
{
    struct config *c = &r->config;
    /* RefinedWeb (40B) is the new one under its first name, and has no flag for it */
    bool first_40b = c->new_decoder == NOT_GIVEN && c->multi_query == NOT_GIVEN &&
                     c->kv_heads != NOT_GIVEN && strcmp(r->model_type, "RefinedWeb") == 0;
    bool new_decoder = c->new_decoder == 1 || first_40b;
    bool parallel = new_decoder || c->parallel != 0;
    if (!new_decoder)
        c->kv_heads = c->multi_query != 0 ? 1 : c->heads;
    c->parallel = parallel;
    r->norms_per_layer = !parallel || (new_decoder && c->norms_in_parallel != 1) ? 2 : 1;
    if (c->alibi == 1)
        r->traits |= TRAIT_NO_ROTARY;
    return STATUS_OK;
}

/* intermediate_size is the width of each expert and of the shared one; the layers without experts
 * have intermediate_size_mlp. */
enum status adjust_llama4(struct reader *r)
{
    struct config *c = &r->config;
    c->moe_intermediate_size = c->intermediate_size;
    c->shared_intermediate_size = c->intermediate_size;
    if (c->dense_intermediate_size != NOT_GIVEN)
        c->intermediate_size = c->dense_intermediate_size;
    return STATUS_OK;
}

/* MiniMax-M2 has full attention in every layer; Text-01 and M1 share its first model_type and
 * differ by their lists. Its prediction modules may have several layers each. */
enum status adjust_minimax(struct reader *r)
{
    struct config *c = &r->config;
    if (strcmp(r->model_type, "minimax") == 0 && !json_member(r->object, "attn_type_list") &&
        !json_member(r->object, "layer_types"))
        return json_error(r->json, json_member(r->object, "model_type"), r->e, STATUS_INPUT,
                          "\"minimax\" alternates linear attention, which is not modelled");
    if (strcmp(reader_string(r, "qk_norm_type"), "per_head") == 0)
        r->traits = (r->traits & ~(unsigned)TRAIT_QK_WHOLE) | TRAIT_QK_HEAD;
    if (c->use_mtp == 0)
        c->mtp_layers = 0;
    else if (c->mtp_layers > 0 && c->mtp_layers_each > 0 && c->mtp_layers_each < MODEL_LAYERS_MAX &&
             c->mtp_layers < MODEL_LAYERS_MAX)
        c->mtp_layers *= c->mtp_layers_each;
    return STATUS_OK;
}

static bool truth_of(const struct json_value *object, const char *key)
{
    const struct json_value *v = json_member(object, key);
    return v && json_bool(v);
}

/* A number of a nested object, if it is whole and positive. */
static void take_count(const struct json_value *object, const char *key, int *out)
{
    double x = json_number(json_member(object, key));
    if (x >= 1 && x <= INT_MAX && x == floor(x))
        *out = (int)x;
}

/* MPT: no biases if no_bias; positions are learned unless attn_config.alibi; expansion_ratio. */
enum status adjust_mpt(struct reader *r)
{
    struct config *c = &r->config;
    const struct json_value *attention = json_member(r->object, "attn_config");
    double width = json_number(json_member(r->object, "expansion_ratio")) * c->hidden_size;
    if (!truth_of(r->object, "no_bias"))
        r->traits |= TRAIT_LAYER_NORM | TRAIT_QKV_BIAS | TRAIT_OUT_BIAS | TRAIT_MLP_BIAS;
    if (!truth_of(attention, "alibi"))
        r->traits |= TRAIT_POSITIONS;
    take_count(attention, "kv_n_heads", &c->kv_heads);
    if (width >= 1 && width <= INT_MAX && c->intermediate_size == NOT_GIVEN)
        c->intermediate_size = (int)width;
    return STATUS_OK;
}

/* Kimi Linear keeps the sizes of its delta rule in an object; a gate of full rank (Kimi K3) is
 * another layer. */
enum status adjust_kimi_linear(struct reader *r)
{
    struct config *c = &r->config;
    const struct json_value *scan = json_member(r->object, "linear_attn_config");
    if (truth_of(scan, "use_full_rank_gate"))
        return json_error(r->json, json_member(scan, "use_full_rank_gate"), r->e, STATUS_INPUT,
                          "a gate of full rank is not modelled");
    take_count(scan, "num_heads", &c->scan_heads);
    take_count(scan, "head_dim", &c->scan_head_dim);
    take_count(scan, "short_conv_kernel_size", &c->scan_conv);
    c->scan_groups = c->scan_heads;
    c->scan_key_dim = c->scan_head_dim;
    c->scan_chunk = SCAN_DELTA_CHUNK;
    return STATUS_OK;
}

/* DBRX keeps the sizes of attention and experts in objects of their own. */
enum status adjust_dbrx(struct reader *r)
{
    struct config *c = &r->config;
    const struct json_value *experts = json_member(r->object, "ffn_config");
    take_count(json_member(r->object, "attn_config"), "kv_n_heads", &c->kv_heads);
    take_count(experts, "ffn_hidden_size", &c->moe_intermediate_size);
    take_count(experts, "moe_num_experts", &c->experts);
    take_count(experts, "moe_top_k", &c->experts_per_token);
    return STATUS_OK;
}

/* Hunyuan's dense models write one expert. */
enum status adjust_dense(struct reader *r)
{
    if (r->config.experts == 1)
        r->config.experts = NOT_GIVEN;
    return STATUS_OK;
}

/* ERNIE's experts may end before the last layer; those of its published models do not. */
enum status adjust_ernie(struct reader *r)
{
    const struct json_value *last = json_member(r->object, "moe_layer_end_index");
    if (json_kind(last) == JSON_NUMBER && json_number(last) >= 0 &&
        json_number(last) < r->config.layers - 1)
        return json_error(r->json, last, r->e, STATUS_INPUT,
                          "experts that end before the last layer are not modelled");
    return STATUS_OK;
}

/* Its scan's width stands beside its heads; it has a norm where mamba_rms_norm says so. */
enum status adjust_falcon_h1(struct reader *r)
{
    struct config *c = &r->config;
    if (c->scan_head_dim == NOT_GIVEN && c->scan_width > 0 && c->scan_heads > 0)
        c->scan_head_dim = c->scan_width / c->scan_heads;
    r->model->scan_gate_alone = c->scan_norm == 0;
    return STATUS_OK;
}

/* Layers with full attention have heads of their own and, where keys are values, keys of their own
 * number. Experts stand beside the MLP, which then is theirs in common: each with norms before and
 * behind it besides the two around both, and a learned scale for each expert's output. */
enum status adjust_gemma4(struct reader *r)
{
    struct config *c = &r->config;
    bool unified = strncmp(r->model_type, "gemma4_unified", 14) == 0;
    if (!unified && !json_member(r->object, "hidden_size_per_layer_input"))
        return json_error(r->json, r->object, r->e, STATUS_INPUT,
                          "without \"hidden_size_per_layer_input\" there is a second stream beside "
                          "the layers, which is not modelled");
    if (c->keys_are_values != 1)
        c->full_kv_heads = NOT_GIVEN;
    if (c->experts_beside_mlp != 1) {
        c->experts = NOT_GIVEN;
        return STATUS_OK;
    }
    c->shared_intermediate_size = c->intermediate_size;
    c->router_bias = 1;
    r->norms_per_layer = 7;
    return STATUS_OK;
}

/* Without experts the shared MLP is the only one; position_embedding_type tells of RoPE. */
enum status adjust_granite_hybrid(struct reader *r)
{
    struct config *c = &r->config;
    if (strcmp(reader_string(r, "position_embedding_type"), "rope") != 0)
        r->traits |= TRAIT_NO_ROTARY;
    if (c->experts <= 0 && c->shared_intermediate_size > 0) {
        c->intermediate_size = c->shared_intermediate_size;
        c->shared_intermediate_size = NOT_GIVEN;
    }
    return STATUS_OK;
}

/* InternLM's bias is that of attention's four projections; its MLP has none. */
enum status adjust_internlm(struct reader *r)
{
    struct config *c = &r->config;
    c->attention_bias = c->output_bias = c->bias != 0;
    c->mlp_bias = 0;
    return STATUS_OK;
}

/* LFM2's width of an MLP is two thirds of what is written, up to a multiple, where it says so; its
 * convolutions are as wide as the model. [transformers, modeling_lfm2.py: Lfm2MLP] */
enum status adjust_lfm2(struct reader *r)
{
    struct config *c = &r->config;
    double multiple = json_number(json_member(r->object, "block_multiple_of"));
    double scale = json_number(json_member(r->object, "block_ffn_dim_multiplier"));
    const struct json_value *adjusts = json_member(r->object, "block_auto_adjust_ff_dim");
    int width = c->block_size != NOT_GIVEN ? c->block_size : c->intermediate_size;
    bool dense = strcmp(r->model_type, "lfm2") == 0;
    if (dense && width > 0 && (!adjusts || json_bool(adjusts))) {
        double own = floor(2.0 * width / 3) * (scale > 0 ? scale : 1);
        multiple = multiple >= 1 ? multiple : 256;
        width = (int)fmin(multiple * ceil(floor(own) / multiple), INT_MAX);
    }
    c->intermediate_size = width;
    c->scan_bias = c->scan_conv_bias;
    if (c->heads > 0 && c->hidden_size > 0) {
        c->scan_heads = c->scan_groups = c->heads;
        c->scan_head_dim = c->scan_key_dim = c->hidden_size / c->heads;
    }
    return STATUS_OK;
}

/* Lightning attention has as many heads as attention, each with its own keys. */
enum status adjust_lightning(struct reader *r)
{
    struct config *c = &r->config;
    c->scan_heads = c->scan_groups = c->heads;
    return STATUS_OK;
}

enum status adjust_multi_query(struct reader *r)
{
    if (r->config.multi_query != 0)
        r->config.kv_heads = 1;
    return STATUS_OK;
}

/* Only the third generation has experts, whose router has the bias. */
enum status adjust_nemotron_h(struct reader *r)
{
    if (r->config.experts <= 0)
        r->traits &= ~(unsigned)TRAIT_ROUTER_BIAS;
    return STATUS_OK;
}

/* MiniCPM3's values take a head's share of the model. [modeling_minicpm.py: MiniCPMAttention] */
enum status adjust_minicpm(struct reader *r)
{
    struct config *c = &r->config;
    if (c->kv_lora_rank > 0 && c->v_head_dim == NOT_GIVEN && c->heads > 0)
        c->v_head_dim = c->hidden_size / c->heads;
    return STATUS_OK;
}

/* As many heads of the delta rule as of attention, keys of three quarters of a head's share of the
 * model, values of twice that. [transformers, modular_olmo_hybrid.py: OlmoHybridConfig] */
enum status adjust_olmo_hybrid(struct reader *r)
{
    struct config *c = &r->config;
    if (c->linear_key_heads == NOT_GIVEN)
        c->linear_key_heads = c->heads;
    if (c->linear_heads == NOT_GIVEN)
        c->linear_heads = c->heads;
    if (c->linear_key_dim == NOT_GIVEN && c->linear_key_heads > 0)
        c->linear_key_dim = (int)(0.75 * c->hidden_size / c->linear_key_heads);
    if (c->linear_head_dim == NOT_GIVEN && c->linear_key_dim > 0 && c->linear_key_dim < INT_MAX / 2)
        c->linear_head_dim = 2 * c->linear_key_dim;
    return STATUS_OK;
}

/* OPT's position table has two rows more; its 350M model embeds in half its width. */
enum status adjust_opt(struct reader *r)
{
    struct config *c = &r->config;
    if (c->embedding_size != NOT_GIVEN && c->embedding_size != c->hidden_size)
        return reader_error(r, AT(embedding_size),
                            "an embedding of other width than hidden_size is not modelled");
    if (c->positions > 0 && c->positions < INT_MAX - 2)
        c->positions += 2;
    return STATUS_OK;
}

/* The first Qwen's intermediate_size counts both branches of its MLP; no_bias is of all but the
 * projection of queries, keys and values. */
enum status adjust_qwen(struct reader *r)
{
    struct config *c = &r->config;
    if (c->intermediate_size > 0 && c->intermediate_size % 2 != 0)
        return reader_error(r, AT(intermediate_size), "does not divide into two branches");
    if (c->intermediate_size > 0)
        c->intermediate_size /= 2;
    return STATUS_OK;
}
