#include "cli/plot_draw.h"

/* clang-format off: version 14 would push the rows apart */
const struct plot_kind plot_kinds[] = {
    {"breakdown",  "step time by term, the fastest strategies side by side",            true,  draw_breakdown},
    {"memory",     "memory of a GPU by kind and pipeline stage, against what it has",   true,  draw_memory},
    {"roofline",   "every kernel of the step under the roofs of the GPU",               true,  draw_roofline},
    {"scaling",    "strong and weak: step time, tokens/s and MFU over the GPUs",        true,  draw_scaling},
    {"pareto",     "step time against memory, and against GPUs and their cost",         true,  draw_pareto},
    {"heatmap",    "step time over two dimensions of the strategy, the rest optimised", true,  draw_heatmap},
    {"timeline",   "the pipeline schedule, one row a stage",                            true,  draw_timeline},
    {"tornado",    "what moves the step time: inputs at -20 % and +20 %",               true,  draw_tornado},
    {"collective", "measured collectives, their forecast and alpha-beta lines",         false, draw_collective},
    {"gemm",       "measured matrix products and their fit over the size",              false, draw_gemm},
    {"validation", "predicted against measured steps, with errors by family",           false, draw_validation},
    {NULL,         NULL,                                                                false, NULL},
};
/* clang-format on */
