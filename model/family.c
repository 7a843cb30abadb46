/* The families of models and what each implies. Sources: the configuration and modelling files of
 * Hugging Face transformers by model_type. */
#include "model/family.h"
#include "model/family_rules.h"
#include "model/reader.h"
#include <stdio.h>
#include <string.h>

enum {
    LLAMA = TRAIT_GATED | TRAIT_OUT_FOLLOWS,
    GPT = TRAIT_LAYER_NORM | TRAIT_QKV_BIAS | TRAIT_OUT_BIAS | TRAIT_MLP_BIAS | TRAIT_FFN_4H |
          TRAIT_OUT_FOLLOWS,
    ALL_BIASES = TRAIT_QKV_BIAS | TRAIT_OUT_BIAS | TRAIT_MLP_BIAS,
};

/* clang-format off */
static const struct family families[] = {
    {"llama llava llava_next vipllava smollm3 granite baichuan internlm2 exaone xverse",
     LLAMA, 2, WINDOW_IGNORED, NULL},
    {"internlm", TRAIT_GATED, 2, WINDOW_IGNORED, adjust_internlm},
    {"internlm3", TRAIT_GATED, 2, WINDOW_IGNORED, NULL},
    {"minicpm minicpm3", LLAMA | TRAIT_TIED, 2, WINDOW_IGNORED, adjust_minicpm},
    {"qwen", TRAIT_GATED | TRAIT_QKV_BIAS, 2, WINDOW_IGNORED, adjust_qwen},
    {"mistral mistral3 ministral ministral3 pixtral", LLAMA, 2, WINDOW_ALL, NULL},
    {"mixtral granitemoe granitemoeshared", LLAMA | TRAIT_EXPERT_WIDTH, 2, WINDOW_ALL, NULL},
    {"qwen2 qwen2_vl qwen2_vl_text qwen2_5_vl qwen2_5_vl_text qwen2_audio qwen2_5_omni_text mimo",
     TRAIT_GATED | TRAIT_QKV_BIAS, 2, WINDOW_FROM, NULL},
    {"qwen2_moe", TRAIT_GATED | TRAIT_QKV_BIAS | TRAIT_SHARED_GATE, 2, WINDOW_FROM, NULL},
    {"qwen3 qwen3_vl qwen3_vl_text qwen3_moe qwen3_vl_moe qwen3_vl_moe_text qwen3_omni_moe_text",
     LLAMA | TRAIT_QK_HEAD, 2, WINDOW_FROM, NULL},
    {"deepseek deepseek_v2 deepseek_vl_v2 mistral4", LLAMA, 2, WINDOW_IGNORED, NULL},
    {"deepseek_v3 kimi_k2 kimi_k25 kimi_vl glm4_moe_lite solar_open", LLAMA | TRAIT_ROUTER_BIAS, 2,
     WINDOW_IGNORED, NULL},
    {"glm4_moe glm4v_moe glm4v_moe_text", TRAIT_GATED | TRAIT_ROUTER_BIAS, 2, WINDOW_IGNORED, NULL},
    {"glm", TRAIT_GATED, 2, WINDOW_IGNORED, NULL},
    {"glm4 glm4v glm4v_text", TRAIT_GATED, 4, WINDOW_IGNORED, NULL},
    {"chatglm", TRAIT_GATED, 2, WINDOW_IGNORED, NULL},
    {"gpt_oss", LLAMA | ALL_BIASES | TRAIT_ROUTER_BIAS | TRAIT_SINKS | TRAIT_EXPERT_WIDTH, 2,
     WINDOW_PATTERN, NULL},
    {"nemotron_h", TRAIT_MAMBA2 | TRAIT_HALVES | TRAIT_NO_ROTARY | TRAIT_OUT_FOLLOWS |
     TRAIT_ROUTER_BIAS, 2, WINDOW_IGNORED, adjust_nemotron_h},
    {"granitemoehybrid", LLAMA | TRAIT_MAMBA2 | TRAIT_EXPERT_WIDTH, 2, WINDOW_IGNORED,
     adjust_granite_hybrid},
    {"bamba", LLAMA | TRAIT_MAMBA2, 2, WINDOW_IGNORED, NULL},
    {"qwen3_next qwen3_5 qwen3_5_text qwen3_5_moe qwen3_5_moe_text",
     LLAMA | TRAIT_DELTANET | TRAIT_QK_HEAD | TRAIT_OUTPUT_GATE | TRAIT_SHARED_GATE, 2,
     WINDOW_IGNORED, NULL},
    {"falcon_h1", LLAMA | TRAIT_MAMBA2 | TRAIT_BESIDE, 2, WINDOW_IGNORED, adjust_falcon_h1},
    {"lfm2", LLAMA | TRAIT_SHORT_CONV | TRAIT_TIED | TRAIT_QK_HEAD, 2, WINDOW_IGNORED, adjust_lfm2},
    {"lfm2_moe", LLAMA | TRAIT_SHORT_CONV | TRAIT_TIED | TRAIT_QK_HEAD | TRAIT_ROUTER_BIAS, 2,
     WINDOW_IGNORED, adjust_lfm2},
    {"olmo_hybrid", LLAMA | TRAIT_DELTANET | TRAIT_QK_WHOLE, 2, WINDOW_IGNORED, adjust_olmo_hybrid},
    {"kimi_linear", LLAMA | TRAIT_KDA | TRAIT_ROUTER_BIAS | TRAIT_NO_ROTARY, 2, WINDOW_IGNORED,
     adjust_kimi_linear},
    {"minimax_text_01 minimax_m1", LLAMA | TRAIT_LIGHTNING | TRAIT_EXPERT_WIDTH, 2, WINDOW_IGNORED,
     adjust_lightning},
    {"minimax_m2 minimax", LLAMA | TRAIT_ROUTER_BIAS | TRAIT_QK_WHOLE | TRAIT_EXPERT_WIDTH, 2,
     WINDOW_IGNORED, adjust_minimax},
    {"gemma paligemma", LLAMA | TRAIT_TIED, 2, WINDOW_IGNORED, NULL},
    {"gemma2", LLAMA | TRAIT_TIED, 4, WINDOW_PATTERN, NULL},
    {"vaultgemma", LLAMA | TRAIT_TIED, 2, WINDOW_PATTERN, NULL},
    {"gemma3_text gemma3", LLAMA | TRAIT_TIED | TRAIT_QK_HEAD, 4, WINDOW_PATTERN, NULL},
    {"gemma4_text gemma4 gemma4_unified_text gemma4_unified", LLAMA | TRAIT_TIED | TRAIT_QK_HEAD | TRAIT_OWN_HEADS, 4, WINDOW_PATTERN,
     adjust_gemma4},
    {"mimo_v2_flash mimo_v2", LLAMA | TRAIT_ROUTER_BIAS | TRAIT_OWN_HEADS, 2, WINDOW_IGNORED, NULL},
    {"llama4_text llama4", LLAMA | TRAIT_QK_PLAIN | TRAIT_EXPERT_WIDTH, 2, WINDOW_CHUNKS,
     adjust_llama4},
    {"phi", GPT | TRAIT_PARALLEL | TRAIT_HEAD_BIAS, 1, WINDOW_IGNORED, NULL},
    {"phi3 phi3_v phi4mm phi4_multimodal", TRAIT_GATED, 2, WINDOW_ALL, NULL},
    {"phimoe", LLAMA | TRAIT_LAYER_NORM | TRAIT_EXPERT_WIDTH, 2, WINDOW_ALL, NULL},
    {"gpt2", GPT | TRAIT_TIED | TRAIT_NO_ROTARY | TRAIT_POSITIONS, 2, WINDOW_IGNORED, NULL},
    {"gpt_bigcode", GPT | TRAIT_TIED | TRAIT_NO_ROTARY | TRAIT_POSITIONS, 2, WINDOW_IGNORED,
     adjust_multi_query},
    {"gpt_neox", GPT | TRAIT_PARALLEL, 2, WINDOW_IGNORED, NULL},
    {"gptj codegen",
     TRAIT_LAYER_NORM | TRAIT_MLP_BIAS | TRAIT_HEAD_BIAS | TRAIT_PARALLEL | TRAIT_FFN_4H, 1,
     WINDOW_IGNORED, NULL},
    {"opt", GPT | TRAIT_TIED | TRAIT_NO_ROTARY | TRAIT_POSITIONS, 2, WINDOW_IGNORED, adjust_opt},
    {"bloom", GPT | TRAIT_TIED | TRAIT_NO_ROTARY | TRAIT_EMBEDDING_NORM, 2, WINDOW_IGNORED, NULL},
    {"falcon RefinedWeb RefinedWebModel",
     TRAIT_LAYER_NORM | TRAIT_TIED | TRAIT_FFN_4H | TRAIT_PARALLEL, 1, WINDOW_IGNORED,
     adjust_falcon},
    {"starcoder2", GPT | TRAIT_TIED, 2, WINDOW_ALL, NULL},
    {"mpt", TRAIT_TIED | TRAIT_FFN_4H | TRAIT_NO_ROTARY, 2, WINDOW_IGNORED, adjust_mpt},
    {"olmo", LLAMA, 2, WINDOW_IGNORED, NULL},
    {"olmo2", LLAMA | TRAIT_QK_WHOLE, 2, WINDOW_IGNORED, NULL},
    {"olmo3", LLAMA | TRAIT_QK_WHOLE, 2, WINDOW_PATTERN, NULL},
    {"olmoe", LLAMA | TRAIT_QK_WHOLE | TRAIT_EXPERT_WIDTH, 2, WINDOW_IGNORED, NULL},
    {"nemotron", TRAIT_LAYER_NORM | TRAIT_OUT_FOLLOWS, 2, WINDOW_IGNORED, NULL},
    {"exaone4", LLAMA | TRAIT_QK_HEAD, 2, WINDOW_PATTERN, NULL},
    {"exaone_moe", LLAMA | TRAIT_QK_HEAD | TRAIT_ROUTER_BIAS, 2, WINDOW_PATTERN, NULL},
    {"afmoe", LLAMA | TRAIT_QK_HEAD | TRAIT_OUTPUT_GATE | TRAIT_ROUTER_BIAS, 4, WINDOW_PATTERN,
     NULL},
    {"arcee", TRAIT_OUT_FOLLOWS, 2, WINDOW_IGNORED, NULL},
    {"cohere", LLAMA | TRAIT_TIED | TRAIT_PARALLEL, 1, WINDOW_IGNORED, NULL},
    {"cohere2", LLAMA | TRAIT_TIED | TRAIT_PARALLEL, 1, WINDOW_PATTERN, NULL},
    {"stablelm", TRAIT_GATED | TRAIT_LAYER_NORM, 2, WINDOW_IGNORED, NULL},
    {"seed_oss", TRAIT_GATED | TRAIT_QKV_BIAS, 2, WINDOW_IGNORED, NULL},
    {"ernie4_5", LLAMA | TRAIT_TIED, 2, WINDOW_IGNORED, NULL},
    {"ernie4_5_moe", LLAMA | TRAIT_TIED | TRAIT_ROUTER_BIAS, 2, WINDOW_IGNORED, adjust_ernie},
    {"dbrx", TRAIT_GATED, 2, WINDOW_IGNORED, adjust_dbrx},
    {"dots1", LLAMA | TRAIT_QK_HEAD | TRAIT_ROUTER_BIAS, 2, WINDOW_FROM, NULL},
    {"apertus", TRAIT_OUT_FOLLOWS | TRAIT_QK_HEAD, 2, WINDOW_IGNORED, NULL},
    {"hunyuan_v1_dense", LLAMA | TRAIT_QK_HEAD, 2, WINDOW_IGNORED, adjust_dense},
    {"hunyuan_v1_moe hunyuan", LLAMA | TRAIT_QK_HEAD | TRAIT_EXPERT_WIDTH, 2, WINDOW_IGNORED, NULL},
    {"bailing_moe", LLAMA | TRAIT_QK_HEAD, 2, WINDOW_IGNORED, NULL},
    {"bailing_moe_v2", LLAMA | TRAIT_QK_HEAD | TRAIT_ROUTER_BIAS, 2, WINDOW_IGNORED, NULL},
};
/* clang-format on */

/* A file without model_type: a case file's subset, or one written by hand. */
static const struct family plain_llama = {"", LLAMA | TRAIT_EXPERT_WIDTH, 2, WINDOW_ALL, NULL};
static const struct family plain_gpt = {
    "", GPT | TRAIT_TIED | TRAIT_NO_ROTARY | TRAIT_POSITIONS | TRAIT_EXPERT_WIDTH, 2, WINDOW_ALL,
    NULL};

enum { FAMILIES = sizeof families / sizeof *families };

/* Copies the next word of a blank-separated list; returns where the one after it starts, or NULL.
 */
static const char *next_word(const char *list, char word[MODEL_TYPE_MAX])
{
    size_t n = strcspn(list, " ");
    if (n == 0)
        return NULL;
    size_t kept = n < MODEL_TYPE_MAX ? n : MODEL_TYPE_MAX - 1;
    memcpy(word, list, kept);
    word[kept] = '\0';
    return list[n] == ' ' ? list + n + 1 : list + n;
}

bool word_in_list(const char *list, const char *word)
{
    char candidate[MODEL_TYPE_MAX];
    while ((list = next_word(list, candidate)) != NULL)
        if (strcmp(candidate, word) == 0)
            return true;
    return false;
}

const struct family *family_find(const char *model_type)
{
    for (int i = 0; i < FAMILIES; i++)
        if (word_in_list(families[i].types, model_type))
            return &families[i];
    return NULL;
}

const struct family *family_plain(bool gated)
{
    return gated ? &plain_llama : &plain_gpt;
}

void family_nearest(const char *model_type, char nearest[MODEL_TYPE_MAX])
{
    enum { TYPES = 160 };
    char words[TYPES][MODEL_TYPE_MAX];
    const char *names[TYPES];
    size_t n = 0;
    for (int i = 0; i < FAMILIES; i++)
        for (const char *list = families[i].types;
             n < TYPES && (list = next_word(list, words[n])) != NULL; n++)
            names[n] = words[n];
    const char *found = nearest_name(model_type, names, n);
    snprintf(nearest, MODEL_TYPE_MAX, "%s", found ? found : "");
}
