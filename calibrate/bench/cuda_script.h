#ifndef CALIBRATE_BENCH_CUDA_SCRIPT_H
#define CALIBRATE_BENCH_CUDA_SCRIPT_H
#include "calibrate/bench/cuda_gpu.h"
#include <stdio.h>

/* torch_ops.py, which is compiled in, as a process of its own on this rank's GPU: python3 gets it
 * on its standard input. */
struct cuda_script {
    int pid;
    FILE *answers; /* its standard output, where that is asked for; else NULL */
};

/* Starts it with `--device`, and the options, NULL-ended, after it. STATUS_NO without python3. */
enum status cuda_script_start(struct cuda_script *script, const struct cuda_gpu *gpu,
                              const char *const *options, bool answers, struct error *e);

/* The next line of its answers; STATUS_NO at their end. */
enum status cuda_script_line(struct cuda_script *script, char *line, int size, struct error *e);

/* Waits for its end. STATUS_NO if python3 has no PyTorch for this GPU. */
enum status cuda_script_end(struct cuda_script *script, struct error *e);

#endif
