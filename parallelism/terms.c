#include "parallelism/terms.h"
#include "model/model.h"

const char *const term_names[TERMS + 1] = {
    [TERM_GEMM] = "gemm",
    [TERM_ATTENTION] = "attention",
    [TERM_MEMORY_BOUND] = "memory_bound",
    [TERM_RECOMPUTE] = "recompute",
    [TERM_TP] = "tp",
    [TERM_CP] = "cp",
    [TERM_EP] = "ep",
    [TERM_PP] = "pp",
    [TERM_DP] = "dp",
    [TERM_OFFLOAD] = "offload",
    [TERM_BUBBLE] = "bubble",
    [TERM_OPTIMIZER] = "optimizer",
    [TERM_HOST] = "host",
    [TERM_STRAGGLER] = "straggler",
};

static const char *const term_descriptions[TERMS + 1] = {
    [TERM_GEMM] = "matrix products of linear layers and logits",
    [TERM_ATTENTION] = "attention core: scores, softmax, context",
    [TERM_MEMORY_BOUND] = "norms, activations, residuals, quantisation, cross-entropy",
    [TERM_RECOMPUTE] = "forward work repeated in the backward pass",
    [TERM_TP] = "exposed tensor-parallel communication",
    [TERM_CP] = "exposed context-parallel communication",
    [TERM_EP] = "exposed expert dispatch and combine",
    [TERM_PP] = "exposed transfers between pipeline stages",
    [TERM_DP] = "exposed gradient reduction and parameter gather",
    [TERM_OFFLOAD] = "an optimizer on the host, transfers to and from its memory",
    [TERM_BUBBLE] = "pipeline ranks waiting for each other",
    [TERM_OPTIMIZER] = "optimizer update",
    [TERM_HOST] = "kernel gaps and launches that the GPU waits for",
    [TERM_STRAGGLER] = "waiting for the slowest GPU",
};

const char *term_description(const struct model *model, enum term term)
{
    return term == TERM_ATTENTION && model_scans(model)
               ? "attention core, and scans of layers without attention"
               : term_descriptions[term];
}

const char *const memory_kind_names[MEMORY_KINDS + 1] = {
    [MEMORY_WEIGHTS] = "weights",
    [MEMORY_GRADIENTS] = "gradients",
    [MEMORY_OPTIMIZER_STATE] = "optimizer",
    [MEMORY_ACTIVATIONS] = "activations",
    [MEMORY_LOGITS] = "logits",
    [MEMORY_COMMUNICATION] = "communication",
    [MEMORY_OVERHEAD] = "overhead",
};
