#ifndef MODEL_MODEL_H
#define MODEL_MODEL_H
#include "base/error.h"
#include "base/json_read.h"
#include <stdbool.h>
#include <stddef.h>

/* The network as data. Counts are ints, dimensions are elements. */
enum { MODEL_LAYERS_MAX = 1024, MODEL_LAYER_KINDS_MAX = 8 };

/* What mixes the tokens of a layer. All but attention keep a state of fixed size and are computed as
 * a chunked scan. */
enum mixer {
    MIXER_ATTENTION,
    MIXER_NONE,           /* a layer of an MLP or experts alone (Nemotron-H) */
    MIXER_MAMBA2,         /* [Dao24] arXiv:2405.21060 */
    MIXER_GATED_DELTANET, /* [Yang24] arXiv:2412.06464: Qwen3-Next, Qwen3.5 */
    MIXER_LIGHTNING,      /* arXiv:2501.08313: MiniMax-Text-01 */
    MIXER_KDA,            /* arXiv:2510.26692: Kimi Linear, a decay for each key */
    MIXER_BESIDE_MAMBA2,  /* attention and Mamba-2 of one input, their outputs summed (Falcon-H1) */
    MIXER_SHORT_CONV,     /* a gated convolution of a few taps, no state (LFM2) */
    MIXERS
};
extern const char *const mixer_names[MIXERS + 1];

/* One kind of layer; layers of one kind cost the same. */
struct layer_kind {
    enum mixer mixer;
    bool experts; /* router and experts instead of the dense MLP */
    int window;   /* sliding window, tokens; 0: full attention */
    int chunk;    /* attention stays within chunks of this many tokens (Llama 4); 0: none */
    int intermediate_size;         /* dense MLP width; 0 where experts, and without an MLP */
    int heads, kv_heads, head_dim; /* usually the model's own; 0 without attention */
    int v_head_dim;                /* of values; 0: the model's, or head_dim */
    bool keys_are_values;          /* one projection makes both (Gemma 4) */
};

struct model {
    char name[96];
    char model_type[48]; /* as Hugging Face names it; "" unknown */
    int layers;          /* without multi-token-prediction layers */
    int hidden_size;
    int heads, kv_heads;
    int head_dim;   /* of queries and keys (MLA: nope + rope) */
    int v_head_dim; /* of values */
    /* multi-head latent attention; kv_lora_rank 0: none */
    int q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim;
    int intermediate_size;
    bool gated_mlp;
    int vocab_size;
    bool tied_embeddings;
    int position_embeddings; /* rows of a learned position table; 0: none (RoPE, ALiBi) */
    int max_position_embeddings;
    bool rotary;          /* rotates queries and keys (RoPE) */
    bool layer_norm_bias; /* LayerNorm (weight and bias) instead of RMSNorm */
    int norms_per_layer;  /* 2; 4 with post-norms (Gemma 2/3, GLM-4); 1 shared (GPT-J, Phi) */
    bool attention_bias, attention_output_bias, mlp_bias; /* mlp_bias: of experts too */
    bool qk_norm;
    int qk_norm_parameters; /* a layer: 2 head_dim, (heads + kv_heads) head_dim; 0: not learned */
    bool attention_sinks;   /* one learned logit a head (gpt-oss) */
    bool attention_gate;    /* the queries' projection has a gate of the output (Qwen3-Next) */
    bool embedding_norm;    /* LayerNorm after the embedding (BLOOM) */
    bool head_bias;         /* the output head adds a bias (GPT-J, Phi) */
    bool parallel_block;    /* attention and MLP side by side (GPT-NeoX, Falcon, Phi-1/2) */
    /* scans: heads of key x value elements of state, keys and queries (Mamba's B and C) shared by
     * scan_heads / scan_key_heads; a causal convolution of scan_conv taps before them; 0: none */
    int scan_heads, scan_key_heads, scan_key_dim, scan_value_dim;
    int scan_conv, scan_chunk;
    bool scan_conv_bias, scan_bias; /* scan_bias: of both projections */
    bool scan_gate_alone;           /* its output is gated without a norm (Falcon-H1) */
    /* experts */
    int experts, experts_per_token;
    int moe_intermediate_size;
    int moe_latent_size;          /* width that tokens travel and meet experts in; 0: hidden_size */
    int shared_intermediate_size; /* all shared experts together; 0: none */
    bool shared_expert_gate;
    int expert_groups, expert_groups_per_token; /* node-limited routing; 0: none */
    bool router_bias;
    int mtp_layers; /* multi-token-prediction depth */
    /* layer l is of kind[kind_of_layer[l]] */
    int kinds;
    struct layer_kind kind[MODEL_LAYER_KINDS_MAX];
    unsigned char kind_of_layer[MODEL_LAYERS_MAX];
    char left_out[160]; /* of the file's model: "vision tower, audio encoder"; "" nothing */
    char note[240];     /* what the reader assumed, for stderr; "" nothing */
};

/* Reads a model object: Hugging Face keys (all spellings of DESIGN.md), a nested text_config, or a
 * case file's subset. Missing derived values follow Hugging Face's defaults of that model_type.
 * What the model cannot represent (Mamba-1, sparse attention ...) is STATUS_INPUT and names the key;
 * layers without attention that it can are named in `note`. */
enum status model_read(const struct json *json, const struct json_value *object,
                       struct model *model, struct error *e);

/* By catalog name or by path (a file, or a folder holding config.json); `folder` (NULL: none)
 * comes before the compiled-in files. An unknown name is STATUS_INPUT, with the nearest one. */
enum status model_find(const char *name, const char *folder, struct model *model, struct error *e);
/* The same for a name that stands inside a file: no path is followed, STATUS_INPUT for one. */
enum status model_of_catalog(const char *name, const char *folder, struct model *model,
                             struct error *e);
const char *model_catalog_name(size_t i);

/* Layers of each kind among layers first .. first+n-1, added to count[MODEL_LAYER_KINDS_MAX]. */
void model_count_kinds(const struct model *model, int first, int n, double *count);

/* A layer's mixer is or has a scan: neither attention alone nor none. */
bool mixer_scans(enum mixer mixer);
/* Is or has attention. */
bool mixer_attends(enum mixer mixer);
/* Some layer's is. */
bool model_scans(const struct model *model);
/* Elements of a head's values in layers of that kind. */
double layer_value_dim(const struct model *model, const struct layer_kind *kind);
/* Heads x elements of the keys and values that a layer projects: k (d + d_v), or k d where keys are
 * values. */
double layer_projected_kv(const struct model *model, const struct layer_kind *kind,
                          double kv_heads);
/* Elements of a token as experts see it: a latent space (arXiv:2512.20856) or the hidden size. */
double expert_hidden_size(const struct model *model);
/* Norms of what a layer's mixer (the first half) and its MLP or experts add to the stream, where
 * there is such a half: one and one with four norms a layer; Gemma 4's experts have three more. */
int post_norms(const struct model *model, bool second_half);

/* Norms of a layer; one that lacks its mixer or its MLP has half of the model's norms_per_layer. */
double layer_norms(const struct model *model, const struct layer_kind *kind);

/* Columns of a scan's projections and what they are for, of the whole layer: the input projection's
 * `in`, the output projection's `inner` (heads x value), the channels that the convolution filters
 * (values, keys, queries). */
struct scan_widths {
    double in, inner, convolved;
};
struct scan_widths scan_widths(const struct model *model, enum mixer mixer);
/* FLOP of a token's scan, forward, as Megatron-LM counts them: 7 H P N for Mamba-2 (an estimate of
 * the recurrence, its authors say), 8 H P N and the convolution for the delta rules; 4 H P N
 * for lightning attention (two products with the state). */
double scan_model_flop(const struct model *model, enum mixer mixer);

/* Parameters of the whole model by part. */
struct model_parameters {
    double embedding, head; /* head 0 when tied */
    double attention, scans, dense_mlp, experts, shared_experts, router, norms;
    double mtp;    /* multi-token-prediction layers, not in total */
    double total;  /* with both vocabulary matrices, without mtp */
    double active; /* of total: what one token meets (experts_per_token of the experts) */
};
struct model_parameters model_parameters(const struct model *model);

/* Parameters of one layer of a kind, whole (not sharded): attention matrices, dense MLP ... */
struct model_parameters layer_parameters(const struct model *model, const struct layer_kind *kind);

/* Elements of the matrices that one token meets in a layer; router, norms and biases left out, as
 * Megatron leaves them out of its FLOP count. */
double layer_matrix_elements(const struct model *model, const struct layer_kind *kind);

/* Model FLOP of one training step a token (forward and backward, no recompute) at a sequence
 * length, without multi-token-prediction layers: 6 x matrix elements met, logits in, causal
 * attention halved, as Megatron counts. MODELLING 1.5 */
double model_flop_per_token(const struct model *model, double seq_length);
/* What the multi-token-prediction layers add, their passes through the head included. */
double model_mtp_flop_per_token(const struct model *model, double seq_length);
/* Keys that a query of this kind of layer meets on average, of seq_length causal ones: s/2, w(1 -
 * w/2s) in a sliding window, c/2 in chunks. */
double layer_visible_keys(const struct layer_kind *kind, double seq_length);
/* Bytes of key-value cache a token in all layers, `bytes` an element; windowed layers as if full.
 */
double model_kv_bytes_per_token(const struct model *model, double bytes);

#endif
