/* MaxText: metric_logger.py (a line a step), pyconfig.py ("Config param"), max_utils.py. Its FLOP
 * are of matrix products alone. */
#include "calibrate/runlog/run_log.h"
#include <stddef.h>

static const struct run_log_pattern step[] = {
    {"completed step:",  RUN_LOG_ITERATION,            1   },
    {"seconds:",         RUN_LOG_STEP_S,               1   },
    {"TFLOP/s/device:",  RUN_LOG_FLOP_PER_S_PER_GPU,   TERA},
    {"Tokens/s/device:", RUN_LOG_TOKENS_PER_S_PER_GPU, 1   },
    {NULL,               RUN_LOG_ITERATION,            0   },
};

static const struct run_log_pattern fact[] = {
    {"Num_devices:",                                RUN_LOG_GPUS,         1},
    {"Config param max_target_length:",             RUN_LOG_SEQ_LENGTH,   1},
    {"Config param global_batch_size_to_train_on:", RUN_LOG_GLOBAL_BATCH, 1},
    {NULL,                                          RUN_LOG_ITERATION,    0},
};

const struct run_log_family run_log_maxtext = {
    .name = "maxtext",
    .title = "MaxText",
    .marker = "completed step:",
    .step = step,
    .fact = fact,
};
