#ifndef PARALLELISM_TERMS_H
#define PARALLELISM_TERMS_H

/* The named parts that a step time is the sum of, and the kinds of memory. One enum, one names
 * table: text, JSON, CSV and plots read the same. */
enum term {
    TERM_GEMM,
    TERM_ATTENTION,
    TERM_MEMORY_BOUND,
    TERM_RECOMPUTE,
    TERM_TP,
    TERM_CP,
    TERM_EP,
    TERM_PP,
    TERM_DP,
    TERM_OFFLOAD,
    TERM_BUBBLE,
    TERM_OPTIMIZER,
    TERM_HOST,
    TERM_STRAGGLER,
    TERMS
};
extern const char *const term_names[TERMS + 1]; /* "gemm" ...; JSON appends _s */
/* One line, of a model: its attention term may hold scans besides. */
struct model;
const char *term_description(const struct model *model, enum term term);

enum memory_kind {
    MEMORY_WEIGHTS,
    MEMORY_GRADIENTS,
    MEMORY_OPTIMIZER_STATE,
    MEMORY_ACTIVATIONS,
    MEMORY_LOGITS,
    MEMORY_COMMUNICATION,
    MEMORY_OVERHEAD,
    MEMORY_KINDS
};
extern const char
    *const memory_kind_names[MEMORY_KINDS + 1]; /* "weights" ...; JSON appends _bytes */

#endif
