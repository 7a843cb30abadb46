#include "base/wall_clock.h"
#include "calibrate/bench/cuda_script.h"
#include "calibrate/bench/cuda_suites.h"

/* Attention, norms, cross-entropy and the fused optimizer as training stacks run them: PyTorch's
 * kernels, timed by torch_ops.py. cuDNN's C interface has no causal mask for its attention node
 * (9.19), so that it would time another kernel. */

static enum status run_script(struct bench *bench, struct error *e)
{
    char seconds[32];
    struct cuda_script script;
    snprintf(seconds, sizeof seconds, "%.0f", bench->suite_end_s - wall_clock_s());
    const char *output = *bench->options->output ? bench->options->output : NULL;
    const char *const options[] = {
        "--seconds", seconds, "--machine", bench->machine, output ? "--output" : NULL,
        output,      NULL};
    if (cuda_script_start(&script, cuda_gpu_of(bench), options, false, e) != STATUS_OK)
        return e->status;
    return cuda_script_end(&script, e);
}

enum status cuda_attention_suite(struct bench *bench, struct error *e)
{
    struct error own;
    error_init(&own);
    enum status status = run_script(bench, &own);
    if (status == STATUS_NO) {
        bench_say(bench, "attention: left out: %s", own.message);
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        *e = own;
    return status;
}
