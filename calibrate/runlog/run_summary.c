/* Step times of a log: the warm-up left out, median and median absolute deviation. */
#include "base/values.h"
#include "calibrate/runlog/run_log.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Time of a step: stated, or from a rate. tokens/s a GPU: tokens of the step over all GPUs' rate;
 * sequences/s: the global batch over it. */
static double step_seconds(const struct run_step *step, const struct run_size *size)
{
    double batch = step->value[RUN_LOG_GLOBAL_BATCH] > 0 ? step->value[RUN_LOG_GLOBAL_BATCH]
                                                         : size->global_batch;
    double tokens = step->value[RUN_LOG_TOKENS_PER_S_PER_GPU] * size->gpus;
    if (step->value[RUN_LOG_STEP_S] > 0)
        return step->value[RUN_LOG_STEP_S];
    if (step->value[RUN_LOG_SAMPLES_PER_S] > 0 && batch > 0)
        return batch / step->value[RUN_LOG_SAMPLES_PER_S];
    return tokens > 0 && batch > 0 && size->seq_length > 0 ? batch * size->seq_length / tokens : 0;
}

/* The q-quantile of n sorted values, between neighbours in proportion. */
static double quantile(const double *sorted, size_t n, double q)
{
    double at = q * (double)(n - 1);
    size_t i = (size_t)at;
    double next = i + 1 < n ? sorted[i + 1] : sorted[i];
    return sorted[i] + (at - (double)i) * (next - sorted[i]);
}

static double median_of(const double *values, size_t n, double *scratch)
{
    memcpy(scratch, values, n * sizeof *scratch);
    values_sort(scratch, n);
    return quantile(scratch, n, 0.5);
}

/* Steps before the first that is near the median (within a fifth) are warm-up: compilation, caches,
 * communicators. The first is always, where there are more than three; never more than half. */
static size_t find_warmup(const double *seconds, size_t n, double *scratch)
{
    static const double near_frac = 0.2;
    double median = median_of(seconds + n / 2, n - n / 2, scratch);
    size_t i = n > 3 ? 1 : 0;
    while (i < n / 2 && seconds[i] > (1 + near_frac) * median)
        i++;
    return i;
}

/* The median of what the steps from `first` on say; 0: none says it. */
static double median_said(const struct run_log *log, size_t first, enum run_log_quantity q,
                          double *scratch)
{
    size_t n = 0;
    for (size_t i = first; i < log->count; i++) {
        if (log->steps[i].value[q] > 0)
            scratch[n++] = log->steps[i].value[q];
    }
    values_sort(scratch, n);
    return n > 0 ? quantile(scratch, n, 0.5) : 0;
}

static void summarise(const double *seconds, size_t n, double *scratch, struct run_summary *out)
{
    static const double outlier_factor = 1.5;
    const double *kept = seconds + out->warmup;
    size_t count = n - out->warmup, third = count / 3;
    out->steps = count;
    out->step_s = median_of(kept, count, scratch);
    out->low_s = quantile(scratch, count, 0.1);
    out->high_s = quantile(scratch, count, 0.9);
    for (size_t i = 0; i < count; i++)
        out->outliers += kept[i] > outlier_factor * out->step_s;
    if (third >= 3)
        out->drift_frac =
            median_of(kept + count - third, third, scratch) / median_of(kept, third, scratch) - 1;
    for (size_t i = 0; i < count; i++)
        scratch[i] = fabs(kept[i] - out->step_s);
    values_sort(scratch, count);
    out->mad_s = quantile(scratch, count, 0.5);
}

static double said_or(double said, double given)
{
    return said > 0 ? said : given;
}

enum status run_log_summary(const struct run_log *log, const struct run_size *given,
                            struct run_summary *out, struct error *e)
{
    const double *fact = log->fact;
    const struct run_size size = {said_or(fact[RUN_LOG_GPUS], given->gpus),
                                  said_or(fact[RUN_LOG_SEQ_LENGTH], given->seq_length),
                                  said_or(fact[RUN_LOG_GLOBAL_BATCH], given->global_batch)};
    double *seconds = malloc(2 * (log->count + 1) * sizeof *seconds);
    size_t n = 0;
    *out = (struct run_summary){.steps = 0};
    if (!seconds)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t i = 0; i < log->count; i++) {
        seconds[n] = step_seconds(&log->steps[i], &size);
        n += seconds[n] > 0;
    }
    if (n == 0) {
        error_set(e, STATUS_INPUT, "no step of the log has a time");
        error_set_hint(e, "a rate needs --gpus, --seq-length and --global-batch of the run");
    } else {
        double *scratch = seconds + n;
        out->warmup = find_warmup(seconds, n, scratch);
        summarise(seconds, n, scratch, out);
        out->tokens_per_s_per_gpu =
            median_said(log, out->warmup, RUN_LOG_TOKENS_PER_S_PER_GPU, scratch);
        out->flop_per_s_per_gpu =
            median_said(log, out->warmup, RUN_LOG_FLOP_PER_S_PER_GPU, scratch);
        out->memory_bytes = fact[RUN_LOG_MEMORY_BYTES];
        out->reserved_bytes = fact[RUN_LOG_RESERVED_BYTES];
    }
    free(seconds);
    return e->status;
}
