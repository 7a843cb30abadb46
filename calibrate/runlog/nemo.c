/* NeMo: nemo/lightning/pytorch/callbacks/progress_printer.py ("name: value") and its progress bar
 * ("name=value"). Memory in bytes. */
#include "calibrate/runlog/run_log.h"
#include <stddef.h>

static const struct run_log_pattern step[] = {
    {"iteration ",              RUN_LOG_ITERATION,            1   },
    {"global_step=",            RUN_LOG_ITERATION,            1   },
    {"train_step_timing in s:", RUN_LOG_STEP_S,               1   },
    {"train_step_timing in s=", RUN_LOG_STEP_S,               1   },
    {"TFLOPS_per_GPU:",         RUN_LOG_FLOP_PER_S_PER_GPU,   TERA},
    {"tokens_per_sec_per_gpu:", RUN_LOG_TOKENS_PER_S_PER_GPU, 1   },
    {"global_batch_size:",      RUN_LOG_GLOBAL_BATCH,         1   },
    {"max_memory_allocated:",   RUN_LOG_MEMORY_BYTES,         1   },
    {"peak_memory_usage:",      RUN_LOG_MEMORY_BYTES,         1   },
    {"max_memory_reserved:",    RUN_LOG_RESERVED_BYTES,       1   },
    {NULL,                      RUN_LOG_ITERATION,            0   },
};

const struct run_log_family run_log_nemo = {
    .name = "nemo",
    .title = "NeMo",
    .marker = "train_step_timing in s",
    .step = step,
};
