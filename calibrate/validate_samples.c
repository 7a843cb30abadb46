#include "calibrate/validate_samples.h"
#include "calibrate/sample_predict.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

const char *const sample_class_names[SAMPLE_CLASSES + 1] = {"all", "large", NULL};

void samples_predict(const struct system *system, const struct samples *samples,
                     struct sample_prediction *predictions)
{
    for (size_t i = 0; i < samples->count; i++) {
        const struct sample *s = &samples->items[i];
        predictions[i].time_s = sample_predict_s(system, s, &predictions[i].skipped);
    }
}

bool sample_is_large(const struct sample *s)
{
    const double large = 512, large_bytes = 1e6;
    if (s->kind == SAMPLE_GEMM)
        return s->gemm.m >= large && s->gemm.n >= large && s->gemm.k >= large;
    return s->kind == SAMPLE_COLLECTIVE && s->collective.bytes >= large_bytes;
}

static bool chosen(const struct samples *samples, const struct sample *s,
                   const struct sample_choice *choice)
{
    return (!choice->file || &samples->files[s->file] == choice->file) &&
           (choice->dtype < 0 || (int)sample_compute_dtype(s) == choice->dtype) &&
           (choice->class_ == SAMPLES_ALL || sample_is_large(s));
}

enum status samples_error(const struct samples *samples,
                          const struct sample_prediction *predictions,
                          const struct sample_choice *choice, struct sample_error *out,
                          struct error *e)
{
    double *sizes = malloc((samples->count + 1) * sizeof *sizes), sum = 0;
    size_t n = 0;
    memset(out, 0, sizeof *out);
    if (!sizes)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t i = 0; i < samples->count; i++) {
        if (!chosen(samples, &samples->items[i], choice))
            continue;
        if (predictions[i].skipped) {
            out->skipped++;
            continue;
        }
        double error = predictions[i].time_s / samples->items[i].time_s - 1;
        sizes[n++] = fabs(error);
        sum += error;
    }
    out->time = error_summary_of(sizes, n, sum);
    free(sizes);
    return STATUS_OK;
}

void samples_system(const struct gpu *gpu, struct system *system)
{
    const double usual_node = 8;
    double node = gpu->gpus_per_node > 0 ? gpu->gpus_per_node : usual_node;
    system_of_domain(gpu, fmax(node, gpu->scale_up_domain_gpus), system);
    system->tier[0].collective = gpu->calibration.collective;
}
