#include "base/op.h"
#include <stddef.h>

const char *const dtype_names[DTYPES + 1] = {
    "bf16", "fp16", "fp8", "fp8-block", "mxfp8", "nvfp4", "fp32", "tf32", "int8", NULL,
};

double dtype_bytes(enum dtype dtype)
{
    static const double bytes[DTYPES] = {2, 2, 1, 1, 1, 0.5, 4, 4, 1};
    return bytes[dtype];
}

bool dtype_is_fp8(enum dtype dtype)
{
    return dtype == DTYPE_FP8 || dtype == DTYPE_FP8_BLOCK || dtype == DTYPE_MXFP8;
}

const char *const phase_names[PHASES + 1] = {
    "forward", "backward_input", "backward_weight", "decode", NULL,
};

const char *const op_kind_names[OP_KINDS + 1] = {
    "gemm", "grouped_gemm", "attention", "memory", "collective", "scan", NULL,
};

const char *const scan_form_names[SCAN_FORMS + 1] = {"ssd", "delta", NULL};

const char *const memory_class_names[MEMORY_CLASSES + 1] = {
    "elementwise", "norm", "softmax", "cross_entropy", "permute", "quantise", "optimizer", NULL,
};

/* As nccl-tests names its programs. */
const char *const collective_names[COLLECTIVES + 1] = {
    "all_reduce", "all_gather", "reduce_scatter", "alltoall",
    "sendrecv",   "broadcast",  "reduce",         NULL,
};
