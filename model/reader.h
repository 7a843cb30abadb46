#ifndef MODEL_READER_H
#define MODEL_READER_H
#include "model/family.h"
#include "model/model.h"

/* A config.json on its way to a struct model. Internal to model_read. */
enum { NOT_GIVEN = -1 };

/* The keys that change the cost, as the file gives them: a count, a flag 0 or 1, or NOT_GIVEN
 * (absent or null). */
struct config {
    int layers, hidden_size, heads, kv_heads, head_dim, intermediate_size, vocab_size;
    int dense_intermediate_size; /* Llama 4: of the layers without experts */
    int positions, embedding_size;
    /* of layers with full attention and of those with a window, where theirs are their own */
    int full_kv_heads, full_head_dim, window_heads, window_kv_heads, window_head_dim,
        window_v_head_dim;
    int q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim;
    int experts, experts_per_token, moe_intermediate_size, moe_latent_size;
    int shared_experts, shared_intermediate_size, expert_groups, expert_groups_per_token;
    int first_dense, moe_every, sparse_step, moe_interleave; /* which layers have experts */
    int window, window_pattern, window_from, chunk, nope_every;
    int mtp_layers, mtp_layers_each;
    /* of scans: heads, their values' and keys' dimensions, groups (Mamba's; heads of keys) */
    int scan_heads, scan_head_dim, scan_key_dim, scan_groups, scan_conv, scan_chunk, scan_expand;
    int scan_width, block_size; /* Falcon-H1's d_ssm; LFM2's MLP before it is adjusted */
    int linear_heads, linear_head_dim, linear_key_dim, linear_key_heads, linear_conv;
    int full_interval; /* every so many-th layer is attention */
    int tied, gated, bias, attention_bias, output_bias, mlp_bias, qk_norm, router_bias, head_bias;
    int use_window, parallel, new_decoder, multi_query, alibi, norms_in_parallel, use_mtp;
    int scan_conv_bias, scan_bias, scan_norm, output_gate, keys_are_values, experts_beside_mlp;
};

struct reader {
    const struct json *json;
    const struct json_value *outer;  /* the file's object */
    const struct json_value *object; /* the text model's: the same, or nested in it */
    char model_type[MODEL_TYPE_MAX];
    const struct family *family;
    unsigned traits;     /* the family's, as the file changes them */
    int norms_per_layer; /* likewise */
    struct config config;
    struct model *model;
    struct error *e;
};

/* Reads the keys into r->config, over what it holds. */
enum status reader_keys(struct reader *r);
/* Whether the family has a trait, as the file changes them. */
static inline bool reader_has(const struct reader *r, enum trait trait)
{
    return (r->traits & (unsigned)trait) != 0;
}
/* The string of a member of the text model's object; "" if it is absent or no string. */
const char *reader_string(const struct reader *r, const char *key);
/* True if a key is one of those read. */
bool reader_knows(const char *key);
/* The nearest of the keys read, or NULL. */
const char *reader_nearest_key(const char *key);
/* An error that points at the key of that member, or at the object if the file does not give it. */
enum status reader_error(struct reader *r, size_t offset, const char *format, ...)
    STEPCAST_PRINTF(3, 4);
#define AT(member) offsetof(struct config, member)

/* The layer_types that reader_layers understands, and those of families with scans besides. */
#define READ_LAYER_TYPES "full_attention attention sliding_attention chunked_attention"
#define SCAN_LAYER_TYPES "linear_attention mamba mlp moe conv hybrid"

/* STATUS_INPUT if the file holds what no model here represents; names the key. */
enum status reader_refuse(struct reader *r);
enum { SCAN_DELTA_CHUNK = 64 }; /* flash-linear-attention's, of any model */
/* Fills the model's scans, where its family has any. */
enum status reader_scans(struct reader *r);
/* What each layer holds: read by reader_mixers over a transformer's attention and MLP. */
struct layer_halves {
    unsigned char mixer[MODEL_LAYERS_MAX]; /* enum mixer */
    bool bare[MODEL_LAYERS_MAX];           /* without an MLP or experts */
    bool dense[MODEL_LAYERS_MAX];          /* with an MLP, whatever the model has of experts */
};
enum status reader_mixers(struct reader *r, struct layer_halves *out);

/* Fills the model's layer kinds. The rest of the model and config are complete. */
enum status reader_layers(struct reader *r);

#endif
