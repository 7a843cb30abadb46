#include "calibrate/runlog/kernel_names.h"
#include "base/c_locale.h"
#include <stddef.h>
#include <string.h>

/* Parts of kernels' names, lower case; the first row that matches counts. Names of cuBLASLt (nvjet,
 * cutlass, xmma), cuDNN, FlashAttention, Transformer Engine, Apex, PyTorch, Triton, NCCL, DeepEP,
 * rocBLAS (Cijk), mamba_ssm's scan and flash-linear-attention's as they stand in their traces. */
static const struct {
    const char *part;
    enum term term;
    bool collective;
} rows[] = {
    {"nccl",          TERM_DP,           true },
    {"rccl",          TERM_DP,           true },
    {"mscclkernel",   TERM_DP,           true },
    {"userbuffers",   TERM_TP,           false},
    {"deep_ep",       TERM_EP,           false},
    {"nvshmem",       TERM_EP,           false},
    {"hybrid_ep",     TERM_EP,           false},
    {"chunk_scan",    TERM_ATTENTION,    false},
    {"chunk_state",   TERM_ATTENTION,    false},
    {"state_passing", TERM_ATTENTION,    false},
    {"chunk_cumsum",  TERM_ATTENTION,    false},
    {"bmm_chunk",     TERM_ATTENTION,    false},
    {"chunk_fwd",     TERM_ATTENTION,    false},
    {"chunk_bwd",     TERM_ATTENTION,    false},
    {"chunk_local",   TERM_ATTENTION,    false},
    {"chunk_scaled",  TERM_ATTENTION,    false},
    {"delta_rule",    TERM_ATTENTION,    false},
    {"recompute_w_u", TERM_ATTENTION,    false},
    {"wy_repr",       TERM_ATTENTION,    false},
    {"solve_tril",    TERM_ATTENTION,    false},
    {"inverse_kern",  TERM_ATTENTION,    false},
    {"l2norm_fwd",    TERM_MEMORY_BOUND, false},
    {"l2norm_bwd",    TERM_MEMORY_BOUND, false},
    {"causal_conv1d", TERM_MEMORY_BOUND, false},
    {"flash",         TERM_ATTENTION,    false},
    {"fmha",          TERM_ATTENTION,    false},
    {"sdpa",          TERM_ATTENTION,    false},
    {"mha_fwd",       TERM_ATTENTION,    false},
    {"mha_bwd",       TERM_ATTENTION,    false},
    {"attention",     TERM_ATTENTION,    false},
    {"attn_",         TERM_ATTENTION,    false},
    {"multi_tensor",  TERM_OPTIMIZER,    false},
    {"multitensor",   TERM_OPTIMIZER,    false},
    {"adam",          TERM_OPTIMIZER,    false},
    {"l2norm",        TERM_OPTIMIZER,    false},
    {"lamb",          TERM_OPTIMIZER,    false},
    {"splitkreduce",  TERM_GEMM,         false},
    {"gemm",          TERM_GEMM,         false},
    {"nvjet",         TERM_GEMM,         false},
    {"xmma",          TERM_GEMM,         false},
    {"cutlass",       TERM_GEMM,         false},
    {"cublas",        TERM_GEMM,         false},
    {"cijk_",         TERM_GEMM,         false},
    {"gemv",          TERM_GEMM,         false},
    {"wgrad",         TERM_GEMM,         false},
    {"elementwise",   TERM_MEMORY_BOUND, false},
    {"reduce_kernel", TERM_MEMORY_BOUND, false},
    {"norm",          TERM_MEMORY_BOUND, false},
    {"softmax",       TERM_MEMORY_BOUND, false},
    {"cross_entropy", TERM_MEMORY_BOUND, false},
    {"nll_loss",      TERM_MEMORY_BOUND, false},
    {"rope",          TERM_MEMORY_BOUND, false},
    {"rotary",        TERM_MEMORY_BOUND, false},
    {"gelu",          TERM_MEMORY_BOUND, false},
    {"silu",          TERM_MEMORY_BOUND, false},
    {"swiglu",        TERM_MEMORY_BOUND, false},
    {"act_and_mul",   TERM_MEMORY_BOUND, false},
    {"gated",         TERM_MEMORY_BOUND, false},
    {"dropout",       TERM_MEMORY_BOUND, false},
    {"permute",       TERM_MEMORY_BOUND, false},
    {"transpose",     TERM_MEMORY_BOUND, false},
    {"cast",          TERM_MEMORY_BOUND, false},
    {"quant",         TERM_MEMORY_BOUND, false},
    {"amax",          TERM_MEMORY_BOUND, false},
    {"cat",           TERM_MEMORY_BOUND, false},
    {"copy",          TERM_MEMORY_BOUND, false},
    {"fill",          TERM_MEMORY_BOUND, false},
    {"memset",        TERM_MEMORY_BOUND, false},
    {"embedding",     TERM_MEMORY_BOUND, false},
    {"gather",        TERM_MEMORY_BOUND, false},
    {"scatter",       TERM_MEMORY_BOUND, false},
    {"index",         TERM_MEMORY_BOUND, false},
    {"sort",          TERM_MEMORY_BOUND, false},
    {"topk",          TERM_MEMORY_BOUND, false},
    {"scan",          TERM_MEMORY_BOUND, false},
    {"triton_",       TERM_MEMORY_BOUND, false},
};

/* Communicators as Megatron-Core, torchtitan's meshes and DeepSpeed call them. */
static const struct {
    const char *part;
    enum term term;
} communicators[] = {
    {"expert_data",   TERM_DP},
    {"expt_dp",       TERM_DP},
    {"ep_dp",         TERM_DP},
    {"efsdp",         TERM_DP},
    {"expert_tensor", TERM_TP},
    {"expert_model",  TERM_EP},
    {"expert",        TERM_EP},
    {"mesh_ep",       TERM_EP},
    {"pipeline",      TERM_PP},
    {"embedding",     TERM_PP},
    {"mesh_pp",       TERM_PP},
    {"data_parallel", TERM_DP},
    {"dp_cp",         TERM_DP},
    {"dp_shard",      TERM_DP},
    {"dp_replicate",  TERM_DP},
    {"fsdp",          TERM_DP},
    {"mesh_dp",       TERM_DP},
    {"context",       TERM_CP},
    {"mesh_cp",       TERM_CP},
    {"tensor",        TERM_TP},
    {"mesh_tp",       TERM_TP},
};

/* True if the text holds the lower-case part, in any case. */
static bool holds(const char *text, const char *part)
{
    for (; *text != '\0'; text++) {
        size_t i = 0;
        while (part[i] != '\0' && ascii_lower(text[i]) == part[i])
            i++;
        if (part[i] == '\0')
            return true;
    }
    return false;
}

struct kernel_class kernel_class_of(const char *name)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (holds(name, rows[i].part))
            return (struct kernel_class){rows[i].term, rows[i].collective, true};
    }
    return (struct kernel_class){TERM_MEMORY_BOUND, false, false};
}

enum term communicator_term(const char *description)
{
    for (size_t i = 0; i < sizeof communicators / sizeof *communicators; i++) {
        if (holds(description, communicators[i].part))
            return communicators[i].term;
    }
    return TERMS;
}
