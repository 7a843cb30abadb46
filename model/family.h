#ifndef MODEL_FAMILY_H
#define MODEL_FAMILY_H
#include "base/error.h"
#include <stdbool.h>

/* Model families: what a model_type implies that its config.json does not say. */
struct reader;

/* What a family has unless a key says otherwise. */
enum trait {
    TRAIT_GATED = 1 << 0,      /* SwiGLU, GeGLU: three MLP matrices */
    TRAIT_LAYER_NORM = 1 << 1, /* weight and bias; else one vector */
    TRAIT_TIED = 1 << 2,       /* embedding and head share a matrix */
    TRAIT_NO_ROTARY = 1 << 3,  /* learned positions, ALiBi */
    TRAIT_POSITIONS = 1 << 4,  /* a learned position table */
    TRAIT_PARALLEL = 1 << 5,   /* attention and MLP side by side */
    TRAIT_FFN_4H = 1 << 6,     /* intermediate_size defaults to 4 hidden_size */
    TRAIT_QKV_BIAS = 1 << 7,
    TRAIT_OUT_BIAS = 1 << 8,
    TRAIT_MLP_BIAS = 1 << 9,
    TRAIT_OUT_FOLLOWS = 1 << 10, /* attention_bias means the output projection too */
    TRAIT_QK_HEAD = 1 << 11,     /* query-key norm: one weight of head_dim each */
    TRAIT_QK_WHOLE = 1 << 12,    /* query-key norm: a weight over all heads */
    TRAIT_QK_PLAIN = 1 << 13,    /* query-key norm without weights */
    TRAIT_SINKS = 1 << 14,
    TRAIT_HEAD_BIAS = 1 << 15,
    TRAIT_EMBEDDING_NORM = 1 << 16,
    TRAIT_ROUTER_BIAS = 1 << 17,
    TRAIT_SHARED_GATE = 1 << 18,
    TRAIT_EXPERT_WIDTH = 1 << 19, /* intermediate_size is the experts' width */
    TRAIT_OUTPUT_GATE = 1 << 20,  /* of attention */
    /* what the layers without attention hold */
    TRAIT_MAMBA2 = 1 << 21,
    TRAIT_DELTANET = 1 << 22,
    TRAIT_LIGHTNING = 1 << 23,
    TRAIT_KDA = 1 << 24,
    TRAIT_SHORT_CONV = 1 << 27,
    TRAIT_SCANS = TRAIT_MAMBA2 | TRAIT_DELTANET | TRAIT_LIGHTNING | TRAIT_KDA | TRAIT_SHORT_CONV,
    TRAIT_HALVES = 1 << 25,    /* a layer is a mixer or an MLP (Nemotron-H) */
    TRAIT_BESIDE = 1 << 28,    /* attention stands beside the scan in every layer (Falcon-H1) */
    TRAIT_OWN_HEADS = 1 << 26, /* layers with a window have heads of their own */
};

/* Which layers a sliding window or chunk holds in, where no layer_types list says so. */
enum window_rule {
    WINDOW_IGNORED, /* the family has none, whatever the file says */
    WINDOW_ALL,     /* every layer */
    WINDOW_FROM,    /* layers max_window_layers and up, if use_sliding_window */
    WINDOW_PATTERN, /* all but each sliding_window_pattern-th layer */
    WINDOW_CHUNKS,  /* chunks in all but each no_rope_layer_interval-th layer */
};

struct family {
    const char *types; /* model_type values, separated by blanks */
    unsigned traits;
    int norms_per_layer;
    enum window_rule window;
    enum status (*adjust)(struct reader *r); /* what the traits cannot say; or NULL */
};

/* The family of a model_type, or NULL. */
const struct family *family_find(const char *model_type);
/* For a file without model_type: GPT-like, or Llama-like if gated. */
const struct family *family_plain(bool gated);
/* Copies the nearest known model_type, or "". */
enum { MODEL_TYPE_MAX = 48 };
void family_nearest(const char *model_type, char nearest[MODEL_TYPE_MAX]);
/* True if a blank-separated list holds the word. */
bool word_in_list(const char *list, const char *word);
/* Presets r->config with what the family's configuration class defaults to. Dimensions are
 * defaulted only inside a nested text_config: a file of its own states them. */
void family_defaults(struct reader *r);

#endif
