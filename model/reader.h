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
    int q_lora_rank, kv_lora_rank, qk_nope_head_dim, qk_rope_head_dim, v_head_dim;
    int experts, experts_per_token, moe_intermediate_size;
    int shared_experts, shared_intermediate_size, expert_groups, expert_groups_per_token;
    int first_dense, moe_every, sparse_step, moe_interleave; /* which layers have experts */
    int window, window_pattern, window_from, chunk, nope_every;
    int mtp_layers, mtp_layers_each;
    int tied, gated, bias, attention_bias, output_bias, mlp_bias, qk_norm, router_bias, head_bias;
    int use_window, parallel, new_decoder, multi_query, alibi, norms_in_parallel, use_mtp;
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

/* The layer_types that reader_layers understands. */
#define READ_LAYER_TYPES "full_attention attention sliding_attention chunked_attention"

/* STATUS_INPUT if the file holds what no model here represents; names the key. */
enum status reader_refuse(struct reader *r);
/* Fills the model's layer kinds. The rest of the model and config are complete. */
enum status reader_layers(struct reader *r);

#endif
