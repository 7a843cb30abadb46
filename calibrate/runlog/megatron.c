/* Megatron-LM: megatron/training/training.py (training_log), arguments.py (_print_args),
 * utils.py (report_memory, in MiB). Megatron-Bridge prints the same line, and its own step time;
 * Megatron-DeepSpeed (bigscience-workshop) seconds and rates in words of its own; GPT-NeoX
 * (megatron/logging.py, neox_arguments/arguments.py) rates, and which arguments are its defaults.
 */
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
static bool argument(const char *line, char key[RUN_LOG_KEY_BYTES], const char **value,
                     size_t *length)
{
    const char *dots = strstr(line, " ..");
    if (!dots || strchr(line, '|'))
        return false;
    const char *end = dots;
    const char *start = end;
    while (start > line && (isalnum((unsigned char)start[-1]) || start[-1] == '_'))
        start--;
    dots += 1 + strspn(dots + 1, ".");
    if (start == end || *dots != ' ' || end - start >= RUN_LOG_KEY_BYTES)
        return false;
    snprintf(key, RUN_LOG_KEY_BYTES, "%.*s", (int)(end - start), start);
    *value = dots + 1;
    *length = strlen(*value);
    return true;
}

const struct run_log_family run_log_megatron = {
    .name = "megatron-lm",
    .title = "Megatron-LM",
    .marker = "elapsed time per iteration (ms):",
    .step = step,
    .fact = fact,
    .argument = argument,
    .bars = true,
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
    .bars = true,
};

static const struct run_log_pattern neox_step[] = {
    {"iteration ",                       RUN_LOG_ITERATION,          1    },
    {"elapsed time per iteration (ms):", RUN_LOG_STEP_S,             MILLI},
    {"approx flops per GPU:",            RUN_LOG_FLOP_PER_S_PER_GPU, TERA },
    {NULL,                               RUN_LOG_ITERATION,          0    },
};

static const struct run_log_pattern neox_fact[] = {
    {"using world size:",      RUN_LOG_GPUS,           1   },
    {"  train_batch_size ...", RUN_LOG_GLOBAL_BATCH,   1   },
    {"max allocated:",         RUN_LOG_MEMORY_BYTES,   MEBI},
    {"max reserved:",          RUN_LOG_RESERVED_BYTES, MEBI},
    {NULL,                     RUN_LOG_ITERATION,      0   },
};

/* "  hidden_size ..................... 6144........................updated" */
static bool neox_argument(const char *line, char key[RUN_LOG_KEY_BYTES], const char **value,
                          size_t *length)
{
    static const char *const ends[] = {"updated", "default"};
    if (!argument(line, key, value, length))
        return false;
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
        size_t n = strlen(ends[i]);
        if (*length > n && strcmp(*value + *length - n, ends[i]) == 0)
            *length -= n;
    }
    while (*length > 0 && strchr(". ", (*value)[*length - 1]))
        --*length;
    return *length > 0;
}

const struct run_log_family run_log_neox = {
    .name = "gpt-neox",
    .title = "GPT-NeoX",
    .marker = "approx flops per GPU:",
    .step = neox_step,
    .fact = neox_fact,
    .argument = neox_argument,
};
