/* DeepSpeed: utils/timer.py (ThroughputTimer: sequences a second over all GPUs, memory in GiB that
 * it calls GB) and runtime/pipe/engine.py. */
#include "calibrate/runlog/run_log.h"
#include <stddef.h>

static const struct run_log_pattern step[] = {
    {"global_step=",       RUN_LOG_ITERATION,     1   },
    {"CurrSamplesPerSec=", RUN_LOG_SAMPLES_PER_S, 1   },
    {"MaxMemAllocated=",   RUN_LOG_MEMORY_BYTES,  GIBI},
    {NULL,                 RUN_LOG_ITERATION,     0   },
};

/* runtime/config.py: names and values 29 characters apart; the user's JSON below them. */
static const struct run_log_pattern fact[] = {
    {"train_batch_size .............", RUN_LOG_GLOBAL_BATCH, 1},
    {"\"train_batch_size\":",          RUN_LOG_GLOBAL_BATCH, 1},
    {"world_size ...................", RUN_LOG_GPUS,         1},
    {NULL,                             RUN_LOG_ITERATION,    0},
};

const struct run_log_family run_log_deepspeed = {
    .name = "deepspeed",
    .title = "DeepSpeed",
    .marker = "CurrSamplesPerSec=",
    .step = step,
    .fact = fact,
};

/* Until 2022: the mean since the start, "0/40, SamplesPerSec=83.5". */
static const struct run_log_pattern old_step[] = {
    {":stop] 0/",        RUN_LOG_ITERATION,     1   },
    {", SamplesPerSec=", RUN_LOG_SAMPLES_PER_S, 1   },
    {"MaxMemAllocated=", RUN_LOG_MEMORY_BYTES,  GIBI},
    {NULL,               RUN_LOG_ITERATION,     0   },
};

const struct run_log_family run_log_deepspeed_old = {
    .name = "deepspeed",
    .title = "DeepSpeed",
    .marker = ", SamplesPerSec=",
    .step = old_step,
    .fact = fact,
};

static const struct run_log_pattern pipeline_step[] = {
    {"steps:",         RUN_LOG_ITERATION,     1},
    {"iter time (s):", RUN_LOG_STEP_S,        1},
    {"samples/sec:",   RUN_LOG_SAMPLES_PER_S, 1},
    {NULL,             RUN_LOG_ITERATION,     0},
};

const struct run_log_family run_log_deepspeed_pipeline = {
    .name = "deepspeed",
    .title = "DeepSpeed",
    .marker = "iter time (s):",
    .step = pipeline_step,
    .fact = fact,
};
