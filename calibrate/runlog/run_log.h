#ifndef CALIBRATE_RUNLOG_RUN_LOG_H
#define CALIBRATE_RUNLOG_RUN_LOG_H
#include "base/error.h"
#include "base/text.h"
#include <stdbool.h>
#include <stddef.h>

/* Logs of training runs: what each step took, and what the log says of the run. Colours, ranks and
 * timestamps around a line do not matter. */

enum run_log_quantity {
    RUN_LOG_ITERATION,
    RUN_LOG_STEP_S,
    RUN_LOG_SAMPLES_PER_S, /* sequences, all GPUs */
    RUN_LOG_TOKENS_PER_S_PER_GPU,
    RUN_LOG_FLOP_PER_S_PER_GPU, /* as the program counts them */
    RUN_LOG_STEPS_PER_S,
    RUN_LOG_ELAPSED_S,      /* since the run's start */
    RUN_LOG_TOTAL_STEPS,    /* of the run, those to come too */
    RUN_LOG_MEMORY_BYTES,   /* peak of allocated tensors */
    RUN_LOG_RESERVED_BYTES, /* peak that the allocator holds */
    RUN_LOG_GLOBAL_BATCH,
    RUN_LOG_GPUS,
    RUN_LOG_SEQ_LENGTH,
    RUN_LOG_QUANTITIES
};

/* Scales of patterns. */
#define TERA 1e12
#define MEBI (1024.0 * 1024)
#define GIBI (1024.0 * 1024 * 1024)

/* A number that a line holds behind a text. */
struct run_log_pattern {
    const char *before;
    enum run_log_quantity quantity;
    double scale; /* to SI */
};

struct run_step {
    double value[RUN_LOG_QUANTITIES]; /* 0: the line does not say */
};
struct run_log;
enum { RUN_LOG_KEY_BYTES = 96 };

/* How one program writes its log. A line with the marker is a step; others may hold facts. */
struct run_log_family {
    const char *name, *title; /* "megatron-lm", "Megatron-LM" */
    const char *marker;
    const struct run_log_pattern *step; /* ended by {NULL} */
    const struct run_log_pattern *fact;
    /* The key and the value (a part of the line) that lists an argument; false: it does not. NULL:
     * none. */
    bool (*argument)(const char *line, char key[RUN_LOG_KEY_BYTES], const char **value,
                     size_t *length);
    /* Where no text stands before the numbers, instead of `step`: what a line with the marker says;
     * false: nothing. */
    bool (*step_of)(const char *line, struct run_step *out);
    /* After the last line: times of steps that several lines tell together, and which lines are
     * steps at all. NULL: each line is one. */
    void (*finish)(struct run_log *log);
    const char *const *words; /* NULL-ended: one of them is in every such log; NULL: none need be */
    const char *caveat;       /* what its times are, if not of steps; NULL: they are */
    bool bars; /* a bar, "|", stands behind the marker's number: without it the line is cut off */
};
extern const struct run_log_family run_log_megatron, run_log_bridge, run_log_nemo,
    run_log_lightning, run_log_torchtitan, run_log_maxtext, run_log_megatron_deepspeed,
    run_log_torchtitan_old, run_log_deepspeed, run_log_deepspeed_old, run_log_deepspeed_pipeline,
    run_log_trainer_bar, run_log_trainer_json, run_log_swift, run_log_neox, run_log_nanotron,
    run_log_trainer_summary;

struct run_log {
    const struct run_log_family *family;
    struct run_step *steps; /* in the order of the log, one an iteration */
    size_t count, capacity;
    double fact[RUN_LOG_QUANTITIES]; /* the largest that any line says; 0: none does */
    struct text arguments;           /* "key=value" lines that the program printed */
};

/* The number behind blanks, quotes, ':' and '=', thousands' commas passed over ("6,123", ":
 * '1.5'"); false: none, or none above 0. */
bool run_log_number(const char *s, double *value);

/* STATUS_INPUT where no family's step line is in the text. */
enum status run_log_read(const char *text, size_t n, const char *file, struct run_log *out,
                         struct error *e);
enum status run_log_load(const char *path, struct run_log *out, struct error *e);
void run_log_free(struct run_log *log);

/* The run as numbers: the steps after the warm-up. */
struct run_summary {
    size_t steps, warmup; /* counted, left out at the start */
    size_t outliers;      /* of the counted: beyond half as long again as the median */
    double step_s;        /* median */
    double mad_s;         /* median of the distances from it */
    double low_s, high_s; /* of 10 % and 90 % of the steps */
    double drift_frac;    /* median of the last third over that of the first, less 1 */
    double tokens_per_s_per_gpu, flop_per_s_per_gpu; /* as the log says; 0: it does not */
    double memory_bytes, reserved_bytes;             /* peaks; 0: not said */
};

/* What a rate needs to become a time; the log's own facts come first. */
struct run_size {
    double gpus, seq_length, global_batch;
};

/* STATUS_INPUT where no step's time follows. */
enum status run_log_summary(const struct run_log *log, const struct run_size *size,
                            struct run_summary *out, struct error *e);

#endif
