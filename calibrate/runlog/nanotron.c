/* nanotron: src/nanotron/trainer.py (train_step_logs), logging/base.py (human_format: three digits
 * and a letter, "4.71K"; memory of its own lines in MiB). */
#include "calibrate/runlog/run_log.h"
#include <stddef.h>
#include <string.h>

/* The number behind a text, with its letter; 0: none. */
static double short_number(const char *line, const char *before)
{
    static const char letters[] = "KMBTP";
    double value = 0;
    const char *at = strstr(line, before);
    if (!at || !run_log_number(at + strlen(before), &value))
        return 0;
    at += strlen(before);
    at += strspn(at, " ");
    at += strspn(at, "0123456789.");
    const char *letter = *at != '\0' ? strchr(letters, *at) : NULL;
    for (const char *l = letters; letter && l <= letter; l++)
        value *= 1e3;
    return value;
}

/* A batch from 1000 on is rounded, and no fact. */
static bool step_of(const char *line, struct run_step *out)
{
    static const double milli = 1e-3, most = 1e12, exact = 1000;
    double *v = out->value;
    double batch = short_number(line, "global_batch_size:");
    v[RUN_LOG_ITERATION] = short_number(line, "iteration:");
    v[RUN_LOG_STEP_S] = milli * short_number(line, "elapsed_time_per_iteration_ms:");
    v[RUN_LOG_TOKENS_PER_S_PER_GPU] = short_number(line, "tokens_per_sec_per_gpu:");
    v[RUN_LOG_FLOP_PER_S_PER_GPU] = TERA * short_number(line, "model_tflops_per_gpu:");
    v[RUN_LOG_GLOBAL_BATCH] = batch < exact ? batch : 0;
    for (int q = 0; q < RUN_LOG_QUANTITIES; q++) {
        if (v[q] > most && q != RUN_LOG_FLOP_PER_S_PER_GPU)
            return false;
    }
    return v[RUN_LOG_STEP_S] > 0 && v[RUN_LOG_FLOP_PER_S_PER_GPU] < most * TERA;
}

static const struct run_log_pattern fact[] = {
    {"Peak allocated", RUN_LOG_MEMORY_BYTES,   MEBI},
    {"Peak reserved:", RUN_LOG_RESERVED_BYTES, MEBI},
    {NULL,             RUN_LOG_ITERATION,      0   },
};

const struct run_log_family run_log_nanotron = {
    .name = "nanotron",
    .title = "nanotron",
    .marker = "elapsed_time_per_iteration_ms:",
    .fact = fact,
    .step_of = step_of,
};
