#include "cli/plot_draw.h"

/* clang-format off: version 14 would push the rows apart */
const struct plot_kind plot_kinds[] = {
    {"breakdown", "step time by term, the fastest strategies side by side", PLOT_SCENARIO,
     draw_breakdown},
    {"memory", "memory of a GPU by kind and pipeline stage, against what it has", PLOT_SCENARIO,
     draw_memory},
    {"roofline", "every kernel of the step under the roofs of the GPU", PLOT_SCENARIO,
     draw_roofline},
    {"scaling", "strong and weak: step time, tokens/s and MFU over the GPUs", PLOT_SCENARIO,
     draw_scaling},
    {"pareto", "step time against memory, and against GPUs and their cost", PLOT_SCENARIO,
     draw_pareto},
    {"heatmap", "step time over two dimensions of the strategy, the rest optimised", PLOT_SCENARIO,
     draw_heatmap},
    {"timeline", "the pipeline schedule, one row a stage", PLOT_SCENARIO, draw_timeline},
    {"sweep", "step time and MFU over the inputs of --vary", PLOT_AXES, draw_sweep},
    {"tornado", "what moves the step time: inputs at -20 % and +20 %", PLOT_SCENARIO, draw_tornado},
    {"collective", "measured collectives, their forecast and alpha-beta lines", PLOT_FILES,
     draw_collective},
    {"gemm", "measured matrix products and their fit over the size", PLOT_FILES, draw_gemm},
    {"validation", "predicted against measured steps, with errors by family", PLOT_FILES,
     draw_validation},
    {NULL, NULL, PLOT_FILES, NULL},
};
/* clang-format on */
