/* Megatron-LM: megatron/training/training.py (training_log), arguments.py (_print_args),
 * utils.py (report_memory, in MiB). Megatron-Bridge prints the same line, and its own step time;
 * Megatron-DeepSpeed (bigscience-workshop) seconds and rates in words of its own. */
#include "calibrate/runlog/run_log.h"
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#define MILLI 1e-3

static const struct run_log_pattern step[] = {
    {"iteration ",                        RUN_LOG_ITERATION,            1    },
    {"elapsed time per iteration (ms):",  RUN_LOG_STEP_S,               MILLI},
    {"throughput per GPU (TFLOP/s/GPU):", RUN_LOG_FLOP_PER_S_PER_GPU,   TERA },
    {"tokens per GPU (tokens/s/GPU):",    RUN_LOG_TOKENS_PER_S_PER_GPU, 1    },
    {"global batch size:",                RUN_LOG_GLOBAL_BATCH,         1    },
    {NULL,                                RUN_LOG_ITERATION,            0    },
};

static const struct run_log_pattern fact[] = {
    {"max allocated:",    RUN_LOG_MEMORY_BYTES,   MEBI},
    {"max reserved:",     RUN_LOG_RESERVED_BYTES, MEBI},
    {"using world size:", RUN_LOG_GPUS,           1   },
    {NULL,                RUN_LOG_ITERATION,      0   },
};

/* "  seq_length ...................................... 4096" */
static bool argument(const char *line, char *key, size_t key_size, const char **value)
{
    const char *dots = strstr(line, " ..");
    if (!dots || strchr(line, '|'))
        return false;
    const char *end = dots;
    const char *start = end;
    while (start > line && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
        start--;
    dots += 1 + strspn(dots + 1, ".");
    if (start == end || *dots != ' ' || (size_t)(end - start) >= key_size)
        return false;
    snprintf(key, key_size, "%.*s", (int)(end - start), start);
    *value = dots + 1;
    return true;
}

const struct run_log_family run_log_megatron = {
    .name = "megatron-lm",
    .title = "Megatron-LM",
    .marker = "elapsed time per iteration (ms):",
    .step = step,
    .fact = fact,
    .argument = argument,
};

static const struct run_log_pattern bridge_step[] = {
    {"iteration ",       RUN_LOG_ITERATION,          1   },
    {"Step Time :",      RUN_LOG_STEP_S,             1   },
    {"GPU utilization:", RUN_LOG_FLOP_PER_S_PER_GPU, TERA},
    {NULL,               RUN_LOG_ITERATION,          0   },
};

const struct run_log_family run_log_bridge = {
    .name = "megatron-bridge",
    .title = "Megatron-Bridge",
    .marker = "Step Time :",
    .step = bridge_step,
    .fact = fact,
};

static const struct run_log_pattern deepspeed_step[] = {
    {"iteration ",                      RUN_LOG_ITERATION,          1   },
    {"elapsed time per iteration (s):", RUN_LOG_STEP_S,             1   },
    {"samples per second:",             RUN_LOG_SAMPLES_PER_S,      1   },
    {"TFLOPs:",                         RUN_LOG_FLOP_PER_S_PER_GPU, TERA},
    {"global batch size:",              RUN_LOG_GLOBAL_BATCH,       1   },
    {NULL,                              RUN_LOG_ITERATION,          0   },
};

const struct run_log_family run_log_megatron_deepspeed = {
    .name = "megatron-deepspeed",
    .title = "Megatron-DeepSpeed",
    .marker = "elapsed time per iteration (s):",
    .step = deepspeed_step,
    .fact = fact,
    .argument = argument,
};
