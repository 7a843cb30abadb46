/* torchtitan: components/metrics.py; "wps" is what "tps" was called until 2025. Memory is the peak
 * that the allocator reserved; tps counts tokens a second and GPU. */
#include "calibrate/runlog/run_log.h"
#include <stddef.h>

static const struct run_log_pattern step[] = {
    {"step:",   RUN_LOG_ITERATION,            1   },
    {"tps:",    RUN_LOG_TOKENS_PER_S_PER_GPU, 1   },
    {"tflops:", RUN_LOG_FLOP_PER_S_PER_GPU,   TERA},
    {"memory:", RUN_LOG_RESERVED_BYTES,       GIBI},
    {NULL,      RUN_LOG_ITERATION,            0   },
};

/* "Trainer is initialized with local batch size 1, global batch size 64, gradient accumulation
 * steps 1, sequence length 8192, total steps 1000" */
static const struct run_log_pattern fact[] = {
    {"global batch size ", RUN_LOG_GLOBAL_BATCH, 1},
    {"sequence length ",   RUN_LOG_SEQ_LENGTH,   1},
    {NULL,                 RUN_LOG_ITERATION,    0},
};

const struct run_log_family run_log_torchtitan = {
    .name = "torchtitan",
    .title = "torchtitan",
    .marker = "tps:",
    .step = step,
    .fact = fact,
};

static const struct run_log_pattern old_step[] = {
    {"step:",   RUN_LOG_ITERATION,            1   },
    {"wps:",    RUN_LOG_TOKENS_PER_S_PER_GPU, 1   },
    {"memory:", RUN_LOG_RESERVED_BYTES,       GIBI},
    {NULL,      RUN_LOG_ITERATION,            0   },
};

const struct run_log_family run_log_torchtitan_old = {
    .name = "torchtitan",
    .title = "torchtitan",
    .marker = "wps:",
    .step = old_step,
    .fact = fact,
};
