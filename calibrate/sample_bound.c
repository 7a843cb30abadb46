#include "calibrate/sample_bound.h"
#include "base/values.h"
#include <math.h>
#include <stdlib.h>

static double gemm_flop_s(const struct gpu *gpu, enum dtype dtype, double flop)
{
    double peak = gpu->peak_flop_per_s[dtype];
    return peak > 0 ? flop / peak : 0;
}

double sample_flop_s(const struct gpu *gpu, const struct sample *s)
{
    struct expert_products x;
    switch (s->kind) {
    case SAMPLE_GEMM:
    case SAMPLE_GROUPED:
        return gemm_flop_s(gpu, s->dtype, gemm_flop(&s->gemm));
    case SAMPLE_MOE:
        x = expert_products_of(&s->moe);
        return gemm_flop_s(gpu, s->dtype, gemm_flop(&x.up) + gemm_flop(&x.down));
    case SAMPLE_ATTENTION: {
        bool fp8 = attention_runs_fp8(gpu, s->dtype, s->kv_dtype);
        return gemm_flop_s(gpu, fp8 ? DTYPE_FP8 : DTYPE_BF16,
                           attention_flop(s->pass, &s->attention));
    }
    case SAMPLE_COLLECTIVE:
    case SAMPLE_MEMORY:
    case SAMPLE_KINDS:
        break;
    }
    return 0;
}

double sample_bytes_s(const struct gpu *gpu, const struct sample *s)
{
    struct expert_products x;
    double bytes = 0;
    switch (s->kind) {
    case SAMPLE_GEMM:
    case SAMPLE_GROUPED:
        bytes = gemm_bytes(s->dtype, &s->gemm);
        break;
    case SAMPLE_MOE:
        x = expert_products_of(&s->moe);
        bytes = gemm_bytes(s->dtype, &x.up) + gemm_bytes(s->dtype, &x.down);
        break;
    case SAMPLE_ATTENTION:
        bytes = attention_bytes(s->kv_dtype, s->pass, &s->attention);
        break;
    case SAMPLE_MEMORY:
        bytes = s->memory.bytes;
        break;
    case SAMPLE_COLLECTIVE:
    case SAMPLE_KINDS:
        break;
    }
    return bytes / gpu->memory_bandwidth_bytes_per_s;
}

/* Median of measured over least time, of the file's rows in a datatype whose least time is over 20
 * us; 0: none. */
static double median_slowness(const struct gpu *gpu, const struct samples *samples,
                              const struct sample_file *file, enum dtype dtype, double *ratio)
{
    const double long_s = 20e-6;
    size_t n = 0;
    for (size_t i = 0; i < file->count; i++) {
        const struct sample *s = &samples->items[file->first + i];
        double least = fmax(sample_flop_s(gpu, s), sample_bytes_s(gpu, s));
        if (s->kind != SAMPLE_COLLECTIVE && s->dtype == dtype && least > long_s)
            ratio[n++] = s->time_s / least;
    }
    if (n == 0)
        return 0;
    return values_upper_median(ratio, n);
}

static enum status check_type(const struct gpu *gpu, const struct samples *samples,
                              const struct sample_file *file, enum dtype dtype, double *scratch,
                              struct error *e)
{
    const double fastest = 0.25, slowest = 100;
    double slowness = median_slowness(gpu, samples, file, dtype, scratch);
    if (slowness == 0 || (slowness >= fastest && slowness <= slowest))
        return STATUS_OK;
    error_set(e, STATUS_INPUT,
              "half of its longer rows in %s take %.2g times the least that %s can need",
              dtype_names[dtype], slowness, gpu->name);
    error_set_hint(e, "time_us is in microseconds; or is it another GPU's?");
    error_set_file(e, file->path, 0, 0);
    return e->status;
}

enum status samples_check_units(const struct gpu *gpu, const struct samples *samples,
                                struct error *e)
{
    double *scratch = malloc((samples->count + 1) * sizeof *scratch);
    if (!scratch)
        return error_set(e, STATUS_IO, "out of memory");
    for (size_t f = 0; f < samples->file_count; f++)
        for (int d = 0; d < DTYPES && e->status == STATUS_OK; d++)
            check_type(gpu, samples, &samples->files[f], (enum dtype)d, scratch, e);
    free(scratch);
    return e->status;
}
